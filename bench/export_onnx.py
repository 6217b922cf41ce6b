#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the dense network of peer_torch.py, its scoring alone, for the peers that run ONNX Runtime.

    export_onnx.py FOLDER

FOLDER gets dense.onnx, from rows (n, 118) to scores (n), dense.rows, and dense.scores, what PyTorch makes of these:
float32, one after another. The peers compare their scores with the latter before they measure.
"""
import pathlib
import sys

import torch
from torch import nn

import peer_torch


class Scoring(nn.Module):
    """As Peer.score, but with a norm that becomes one operator instead of six: ONNX Runtime is then faster."""

    def __init__(self, peer):
        super().__init__()
        self.peer = peer

    def forward(self, rows):
        z = self.peer.encoder(rows)
        error = torch.ops.aten.norm(rows - self.peer.decoder(z), 2, [1])
        return (error - self.peer.head(z).squeeze(1)).abs()


def write(path, tensor):
    path.write_bytes(tensor.contiguous().numpy().tobytes())


def main(folder):
    folder = pathlib.Path(folder)
    torch.manual_seed(0)
    rows = 2 * torch.rand(peer_torch.ROWS, *peer_torch.SHAPES["dense"]) - 1
    peer = peer_torch.Peer("dense").eval()
    any_number = {"rows": {0: "n"}, "scores": {0: "n"}}
    torch.onnx.export(Scoring(peer), rows[:2], str(folder / "dense.onnx"), opset_version=17, input_names=["rows"],
                      output_names=["scores"], dynamic_axes=any_number)
    write(folder / "dense.rows", rows)
    write(folder / "dense.scores", peer.score(rows))


if __name__ == "__main__":
    main(*sys.argv[1:])
