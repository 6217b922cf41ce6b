#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What bench_speed measures, by PyTorch in eager mode on one thread: the same network, losses and optimiser.

Prints one JSON object of rows per second. Weight decay is left to Adam, which adds the gradient of lambda1 sum theta^2
(its weight_decay is 2 lambda1): cheaper than writing it into the loss.
"""
import json
import statistics
import time

import torch
from torch import nn

COLUMNS, ROWS, REPEATS, SECONDS_A_REPEAT = 118, 4096, 9, 0.1
NOISE, LAMBDA1, LAMBDA2, LAMBDA3 = 0.1, 1e-6, 0.1, 1.0


def stack(widths):
    """Dense layers with tanh between them."""
    layers = []
    for n_in, n_out in zip(widths, widths[1:]):
        layers += [nn.Linear(n_in, n_out), nn.Tanh()]
    return nn.Sequential(*layers[:-1])


class Peer:
    def __init__(self):
        self.encoder = stack([COLUMNS, 60, 30, 8])
        self.decoder = stack([8, 30, 60, COLUMNS])
        self.head = stack([8, 64, 64, 1])
        autoencoder = [*self.encoder.parameters(), *self.decoder.parameters()]
        self.adam = torch.optim.Adam([{"params": autoencoder, "weight_decay": 2 * LAMBDA1},
                                      {"params": self.head.parameters()}], lr=1e-3)

    def train(self, x):
        z = self.encoder(x + NOISE * torch.randn_like(x))
        error = torch.linalg.vector_norm(x - self.decoder(z), dim=1)
        compactness = ((z - z.mean(dim=0)) ** 2).mean()
        prediction = (error.detach() - self.head(z.detach()).squeeze(1)).abs().mean()
        loss = error.mean() + LAMBDA2 * compactness + LAMBDA3 * prediction
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        self.adam.step()

    def score(self, x):
        with torch.no_grad():
            z = self.encoder(x)
            error = torch.linalg.vector_norm(x - self.decoder(z), dim=1)
            return (error - self.head(z).squeeze(1)).abs()


def rows_per_second(call, rows, batch):
    parts = rows.split(batch)
    calls, took = 1, 0.0

    def run(n):
        start = time.perf_counter()
        for i in range(n):
            call(parts[i % len(parts)])
        return time.perf_counter() - start

    while took < SECONDS_A_REPEAT:
        took = run(calls)
        calls *= 2
    calls //= 2
    return statistics.median(calls * batch / run(calls) for _ in range(REPEATS))


def main():
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rows = 2 * torch.rand(ROWS, COLUMNS) - 1
    peer = Peer()
    rates = {f"train_{n}": rows_per_second(peer.train, rows, n) for n in (32, 256, 1024)}
    rates.update({f"score_{n}": rows_per_second(peer.score, rows, n) for n in (1, 64, 4096)})
    print(json.dumps(rates))


if __name__ == "__main__":
    main()
