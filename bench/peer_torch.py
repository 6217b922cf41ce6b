#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What bench_speed and bench_conv measure, by PyTorch in eager mode on one thread: same networks, losses and optimiser.

    peer_torch.py dense|conv

Prints a line of JSON about itself, then, for each line of input, which names a measure, the rows per second of about a
tenth of a second, as bench.h describes. Weight decay is left to Adam, which adds the gradient of lambda1 sum theta^2
(its weight_decay is 2 lambda1): cheaper than writing it into the loss.
"""
import json
import sys
import time

import torch
from torch import nn

ROWS, SECONDS_A_REPEAT = 4096, 0.1
NOISE, LAMBDA1, LAMBDA2, LAMBDA3 = 0.1, 1e-6, 0.1, 1.0
MEASURES = {
    "dense": {"train_32": 32, "train_256": 256, "train_1024": 1024, "score_1": 1, "score_64": 64, "score_4096": 4096},
    "conv": {"train_128": 128, "score_1": 1, "score_16": 16, "score_1024": 1024},
}
SHAPES = {"dense": (118,), "conv": (1, 28, 28)}


def stack(widths):
    """Dense layers with tanh between them."""
    layers = []
    for n_in, n_out in zip(widths, widths[1:]):
        layers += [nn.Linear(n_in, n_out), nn.Tanh()]
    return nn.Sequential(*layers[:-1])


def dense_autoencoder(n_features):
    widths = [n_features, 60, 30, 10, 3]
    return stack(widths), stack(widths[::-1]), 3, [10, 10]


def conv_autoencoder():
    encoder = nn.Sequential(nn.Conv2d(1, 16, 3, 2, 1), nn.Tanh(), nn.Conv2d(16, 32, 3, 2, 1), nn.Tanh(), nn.Flatten(),
                            nn.Linear(32 * 7 * 7, 32))
    decoder = nn.Sequential(nn.Linear(32, 32 * 7 * 7), nn.Tanh(), nn.Unflatten(1, (32, 7, 7)),
                            nn.ConvTranspose2d(32, 16, 3, 2, 1, output_padding=1), nn.Tanh(),
                            nn.ConvTranspose2d(16, 1, 3, 2, 1, output_padding=1))
    return encoder, decoder, 32, [64, 64]


class Peer(nn.Module):
    def __init__(self, network, n_features=118):
        super().__init__()
        parts = dense_autoencoder(n_features) if network == "dense" else conv_autoencoder()
        self.encoder, self.decoder, code, head = parts
        self.head = stack([code, *head, 1])
        layers = [*self.encoder, *self.decoder]
        dense = [p for layer in layers if isinstance(layer, nn.Linear) for p in layer.parameters()]
        others = [p for layer in layers if not isinstance(layer, nn.Linear) for p in layer.parameters()]
        self.adam = torch.optim.Adam([{"params": dense, "weight_decay": 2 * LAMBDA1},
                                      {"params": [*others, *self.head.parameters()]}], lr=1e-3)

    def errors(self, x, reconstruction):
        return torch.linalg.vector_norm((x - reconstruction).flatten(1), dim=1)

    def fit_batch(self, x):
        z = self.encoder(x + NOISE * torch.randn_like(x))
        error = self.errors(x, self.decoder(z))
        compactness = ((z - z.mean(dim=0)) ** 2).mean()
        prediction = (error.detach() - self.head(z.detach()).squeeze(1)).abs().mean()
        loss = error.mean() + LAMBDA2 * compactness + LAMBDA3 * prediction
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        self.adam.step()

    def score(self, x):
        with torch.no_grad():
            z = self.encoder(x)
            return (self.errors(x, self.decoder(z)) - self.head(z).squeeze(1)).abs()


class Measure:
    """Rows per second of one kind of call."""

    def __init__(self, peer, name, rows, batch):
        self.peer, self.training = peer, name.startswith("train")
        self.call = peer.fit_batch if self.training else peer.score
        self.parts, self.batch, self.calls = rows.split(batch), batch, None

    def run(self, calls):
        start = time.perf_counter()
        for i in range(calls):
            self.call(self.parts[i % len(self.parts)])
        return time.perf_counter() - start

    def repeat(self):
        self.peer.train(self.training)
        if self.calls is None:
            self.calls = 1
            while self.run(self.calls) < SECONDS_A_REPEAT:
                self.calls *= 2
        return self.calls * self.batch / self.run(self.calls)


def main(network):
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rows = 2 * torch.rand(ROWS, *SHAPES[network]) - 1
    peer = Peer(network)
    measures = {name: Measure(peer, name, rows, batch) for name, batch in MEASURES[network].items()}
    one_dnn = "with" if torch.backends.mkldnn.is_available() else "without"
    name = f"PyTorch {torch.__version__}, {one_dnn} oneDNN"
    print(json.dumps({"name": name, "measures": list(measures)}), flush=True)
    for line in sys.stdin:
        print(f"{measures[line.strip()].repeat():.1f}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
