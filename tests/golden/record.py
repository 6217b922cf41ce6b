#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Record training runs of the method in PyTorch, in double, for test_golden to replay.

    record.py FOLDER           write FOLDER/<variant>.bin for every variant
    record.py --check FOLDER   record again and compare with what is there; exit 77 where PyTorch is not installed

The method, for a batch of n rows x (without noise, which has its own tests):
    z = encoder(x), x' = decoder(z), r = ||x - x'||, e = r or |x - x'| by feature, e' = head(z)
    J = mean r + lambda1 sum theta^2 (encoder and decoder, weights and biases)
      + lambda2 sum ||z - mean z||^2 / (n k) + lambda3 mean ||e - e'||
where both means are of squares if `squared`, and the head sees z and e without gradient unless `head_gradient`. Adam, a
rate that is constant or falls by a cosine to zero, another rate for the head, and a bound on the norm of the gradient.

A file is a row of little-endian float64:
    n_features, activation, code activation, output activation, head activation (numbers of enum aep_activation),
    vector_error, squared, head_gradient, lambda1, lambda2, lambda3, rate, head_rate, beta1, beta2, epsilon,
    cosine, clip (0: none), n_steps;
    then for encoder, decoder and head: the number of widths, the widths (as in struct aep__net_config);
    parameters before training;
    for every step: n, x (n, n_features), the five losses (reconstruction, sum theta^2, compactness, prediction, J),
    the gradient of every parameter, before clipping;
    parameters after training.
Parameters lie layer by layer, encoder, decoder, head: weights (n_in, n_out) row by row, then biases (n_out).
"""
import math
import pathlib
import sys

try:
    import numpy as np
    import torch
except ImportError:
    print("skipped: PyTorch is not installed (Debian: python3-torch)")
    sys.exit(77)

IDENTITY, RELU, LEAKY_RELU, TANH, SIGMOID, GELU, SILU = range(7)
FUNCTIONS = [
    lambda x: x,
    torch.relu,
    lambda x: torch.nn.functional.leaky_relu(x, 0.01),
    torch.tanh,
    torch.sigmoid,
    torch.nn.functional.gelu,
    torch.nn.functional.silu,
]

DEFAULT = dict(n_features=7, encoder=[5, 3], decoder=[5], head=[4], activation=TANH, code_activation=IDENTITY,
               output_activation=IDENTITY, head_activation=TANH, vector_error=False, squared=False, head_gradient=False,
               lambda1=1e-3, lambda2=0.1, lambda3=1.0, rate=1e-2, head_rate=1.0, beta1=0.9, beta2=0.999, epsilon=1e-8,
               cosine=True, clip=0.0, n_steps=24, batches=[16], seed=1)
HEADER = ("n_features", "activation", "code_activation", "output_activation", "head_activation", "vector_error",
          "squared", "head_gradient", "lambda1", "lambda2", "lambda3", "rate", "head_rate", "beta1", "beta2", "epsilon",
          "cosine", "clip", "n_steps")
VARIANTS = {
    "default": DEFAULT,
    "vector": {**DEFAULT, "vector_error": True, "squared": True, "head_gradient": True, "cosine": False, "clip": 0.5,
               "head_rate": 3.0, "activation": LEAKY_RELU, "head_activation": SIGMOID, "seed": 2},
    "layers": {**DEFAULT, "encoder": [6, 4, 2], "decoder": [3, 5], "head": [4, 3], "activation": SILU,
               "code_activation": TANH, "head_activation": GELU, "output_activation": SIGMOID, "squared": True,
               "lambda2": 0.5, "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-3, "batches": [16, 9, 2], "seed": 3},
    "open": {**DEFAULT, "head_gradient": True, "activation": GELU, "output_activation": LEAKY_RELU, "lambda3": 0.3,
             "head_rate": 0.5, "clip": 0.4, "head": [5, 3], "seed": 4},
}


class Net:
    """Parameters as one list, weights (n_in, n_out) and biases in turn."""

    def __init__(self, config, random):
        self.config = config
        code, features = config["encoder"][-1], config["n_features"]
        error = features if config["vector_error"] else 1
        self.encoder = self.make([features, *config["encoder"]], random)
        self.decoder = self.make([code, *config["decoder"], features], random)
        self.head = self.make([code, *config["head"], error], random)
        self.autoencoder = self.encoder + self.decoder
        self.params = self.autoencoder + self.head

    @staticmethod
    def make(widths, random):
        params = []
        for n_in, n_out in zip(widths, widths[1:]):
            bound = math.sqrt(6 / (n_in + n_out))
            params.append(torch.tensor(to_float(random.uniform(-bound, bound, (n_in, n_out))), requires_grad=True))
            params.append(torch.tensor(to_float(random.uniform(-0.1, 0.1, n_out)), requires_grad=True))
        return params

    def run(self, params, x, hidden, last):
        layers = list(zip(params[::2], params[1::2]))
        for i, (weights, biases) in enumerate(layers):
            kind = last if i == len(layers) - 1 else hidden
            x = FUNCTIONS[self.config[kind] if kind else IDENTITY](x @ weights + biases)
        return x

    def losses(self, x):
        c = self.config
        z = self.run(self.encoder, x, "activation", "code_activation")
        rebuilt = self.run(self.decoder, z, "activation", "output_activation")
        r = torch.linalg.vector_norm(x - rebuilt, dim=1)
        e = (x - rebuilt).abs() if c["vector_error"] else r[:, None]
        if not c["head_gradient"]:
            z_head, e = z.detach(), e.detach()
        else:
            z_head = z
        s = torch.linalg.vector_norm(e - self.run(self.head, z_head, "head_activation", None), dim=1)
        power = 2 if c["squared"] else 1
        terms = [(r ** power).mean(), sum((p ** 2).sum() for p in self.autoencoder),
                 ((z - z.mean(dim=0)) ** 2).sum() / z.numel(), (s ** power).mean()]
        terms.append(terms[0] + c["lambda1"] * terms[1] + c["lambda2"] * terms[2] + c["lambda3"] * terms[3])
        return terms


def to_float(values):
    """Rounded to numbers that float holds too, so that runs in both types begin with the same."""
    return np.asarray(values).astype(np.float32).astype(np.float64)


def flat(tensors):
    return np.concatenate([t.detach().numpy().ravel() for t in tensors])


def draw_batch(config, n, random):
    """Rows near a curve, and some far from it."""
    t = random.uniform(-2, 2, (n, 1))
    curve = np.sin(t + np.arange(config["n_features"])) + 0.1 * random.standard_normal((n, config["n_features"]))
    return to_float(np.where(random.uniform(size=(n, 1)) < 0.1, 3 * curve, curve))


def rate_at(config, step):
    if not config["cosine"]:
        return config["rate"]
    return config["rate"] * 0.5 * (1 + math.cos(math.pi * step / config["n_steps"]))


def record(config):
    random = np.random.RandomState(config["seed"])
    net = Net(config, random)
    adam = torch.optim.Adam([{"params": net.autoencoder}, {"params": net.head}],
                            betas=(config["beta1"], config["beta2"]), eps=config["epsilon"])
    out = [[config[key] for key in HEADER]]
    out += [[len(config[part]), *config[part]] for part in ("encoder", "decoder", "head")]
    out.append(flat(net.params))
    for step in range(config["n_steps"]):
        x = draw_batch(config, config["batches"][step % len(config["batches"])], random)
        losses = net.losses(torch.tensor(x))
        adam.zero_grad()
        losses[-1].backward()
        out += [[len(x)], x.ravel(), [float(v.detach()) for v in losses], flat([p.grad for p in net.params])]
        if config["clip"]:
            norm = math.sqrt(sum(float((p.grad ** 2).sum()) for p in net.params))
            for p in net.params:
                p.grad *= min(1.0, config["clip"] / norm)
        adam.param_groups[0]["lr"] = rate_at(config, step)
        adam.param_groups[1]["lr"] = rate_at(config, step) * config["head_rate"]
        adam.step()
    out.append(flat(net.params))
    return np.concatenate([np.asarray(part, dtype="<f8") for part in out])


def check(path, recorded):
    """Another release of PyTorch may round differently, no more."""
    kept = np.fromfile(path, dtype="<f8")
    same = kept.shape == recorded.shape and np.allclose(kept, recorded, rtol=1e-9, atol=1e-12)
    print(f"{path.name}: {'agrees' if same else 'DIFFERS from what PyTorch computes now'}")
    return same


def main():
    arguments = sys.argv[1:]
    checking = arguments[:1] == ["--check"]
    if len(arguments) != 1 + checking:
        sys.exit(__doc__)
    folder = pathlib.Path(arguments[-1])
    torch.set_num_threads(1)
    good = True
    for name, config in VARIANTS.items():
        recorded, path = record(config), folder / f"{name}.bin"
        if checking:
            good = check(path, recorded) and good
        else:
            recorded.tofile(path)
            print(f"{path.name}: {recorded.nbytes} bytes")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
