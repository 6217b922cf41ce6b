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
Of images (variants whose names begin so) the encoder is image layers, then dense ones, the decoder dense ones, then
image layers; theta are the dense ones alone.

A file is a row of little-endian float64:
    n_features, activation, code activation, output activation, head activation (numbers of enum aep_activation),
    vector_error, squared, head_gradient, lambda1, lambda2, lambda3, rate, head_rate, beta1, beta2, epsilon,
    cosine, clip (0: none), n_steps;
    then for encoder, decoder and head: the number of widths, the widths (as in struct aep__net_config);
    of images: channels, height, width; for encoder and decoder: the number of layers, each as kind, size, kernel,
    stride, padding (as aep_options_add_image_layer takes them; no layers of the decoder: mirrored);
    parameters before training;
    for every step: n, x (n, n_features), the five losses (reconstruction, sum theta^2, compactness, prediction, J),
    the gradient of every parameter, before clipping;
    parameters after training.
Parameters lie layer by layer, encoder, decoder, head: weights (n_in, n_out) row by row, then biases (n_out); of a
convolution (kernel height, kernel width, channels, filters) and biases, of a transposed one (channels of the input,
kernel height, kernel width, filters) and biases, of a norm gamma and beta. Rows are (channels, height, width), what dense
layers see of maps is (height, width, channels).
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
CONV, CONV_TRANSPOSED, UPSAMPLE, MAX_POOL, AVERAGE_POOL, NORM = range(6)
VARIANTS = {
    "default": DEFAULT,
    "vector": {**DEFAULT, "vector_error": True, "squared": True, "head_gradient": True, "cosine": False, "clip": 0.5,
               "head_rate": 3.0, "activation": LEAKY_RELU, "head_activation": SIGMOID, "seed": 2},
    "layers": {**DEFAULT, "encoder": [6, 4, 2], "decoder": [3, 5], "head": [4, 3], "activation": SILU,
               "code_activation": TANH, "head_activation": GELU, "output_activation": SIGMOID, "squared": True,
               "lambda2": 0.5, "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-3, "batches": [16, 9, 2], "seed": 3},
    "open": {**DEFAULT, "head_gradient": True, "activation": GELU, "output_activation": LEAKY_RELU, "lambda3": 0.3,
             "head_rate": 0.5, "clip": 0.4, "head": [5, 3], "seed": 4},
    "image": {**DEFAULT, "image": (1, 9, 7), "encoder": [5, 3], "decoder": [5], "batches": [8],
              "encoder_layers": [(CONV, 4, 3, 2, 1), (CONV, 6, 3, 2, 1)], "seed": 5},
    "image-colour": {**DEFAULT, "image": (3, 6, 5), "encoder": [3], "decoder": [], "batches": [8], "vector_error": True,
                     "head_gradient": True, "activation": SILU, "clip": 0.5,
                     "encoder_layers": [(CONV, 4, 3, 1, 1), (NORM, 2, 0, 0, 0), (MAX_POOL, 0, 2, 2, 0)],
                     # groups of more than one channel: else the biases before them have no gradient but rounding
                     "decoder_layers": [(UPSAMPLE, 0, 0, 2, 0), (CONV, 4, 3, 1, 1), (NORM, 2, 0, 0, 0),
                                        (CONV, 3, 1, 1, 0)],
                     "decoder_sizes": [(6, 5)] * 4, "seed": 6},
    "image-signal": {**DEFAULT, "image": (2, 1, 15), "encoder": [4, 2], "decoder": [4], "batches": [8, 5, 2],
                     "squared": True, "activation": GELU, "output_activation": TANH,
                     "encoder_layers": [(CONV, 4, 5, 2, 2), (AVERAGE_POOL, 0, 3, 3, 0), (CONV, 5, 2, 1, 0)], "seed": 7},
}
for _config in VARIANTS.values():
    if "image" in _config:
        _config["n_features"] = math.prod(_config["image"])


class Maps:
    """A stack of image layers over maps (n, channels, height, width). The sizes that come out are counted, not asked of
    the library: of a convolution what PyTorch makes, of an enlarging layer what `sizes` says."""

    def __init__(self, layers, shape, sizes, config, random, output):
        self.layers, self.params, self.sizes, self.shapes, signal = [], [], sizes, [shape], config["image"][1] == 1
        last_conv = max((i for i, layer in enumerate(layers) if layer[0] in (CONV, CONV_TRANSPOSED)), default=None)
        for i, (kind, size, kernel, stride, padding) in enumerate(layers):
            channels = self.shapes[-1][0]
            spans = [(1 if signal else n, n) for n in (kernel, stride)] + [(0 if signal else padding, padding)]
            activation = None
            if kind in (CONV, CONV_TRANSPOSED):
                activation = FUNCTIONS[config[output if i == last_conv else "activation"]]
                height, width = spans[0]
                shape = (height, width, channels, size) if kind == CONV else (channels, height, width, size)
                bound = math.sqrt(6 / (height * width * (channels + size)))
                self.params.append(torch.tensor(to_float(random.uniform(-bound, bound, shape)), requires_grad=True))
                self.params.append(torch.tensor(to_float(random.uniform(-0.1, 0.1, size)), requires_grad=True))
            elif kind == NORM:
                self.params += [torch.tensor(to_float(at + random.uniform(-0.1, 0.1, channels)), requires_grad=True)
                                for at in (1, 0)]
            normed = i + 1 < len(layers) and layers[i + 1][0] == NORM
            self.layers.append((kind, size, spans, activation, normed))
            with torch.no_grad():
                self.shapes.append(tuple(self.run(torch.zeros(1, *self.shapes[-1], dtype=torch.float64), i).shape[1:]))

    def run(self, x, first=0):
        """All layers, or while they are made the last alone."""
        params = iter(self.params if not first else self.params[-2:])
        waiting = None
        for i, (kind, size, (kernel, stride, padding), activation, normed) in enumerate(self.layers[first:], first):
            if kind == CONV:
                weights, biases = next(params), next(params)
                x = torch.nn.functional.conv2d(x, weights.permute(3, 2, 0, 1), biases, stride, padding)
            elif kind == CONV_TRANSPOSED:
                weights, biases = next(params), next(params)
                missing = [to - ((n - 1) * s + k - 2 * p)
                           for to, n, s, k, p in zip(self.sizes[i], x.shape[2:], stride, kernel, padding)]
                x = torch.nn.functional.conv_transpose2d(x, weights.permute(0, 3, 1, 2), biases, stride, padding,
                                                         missing)
            elif kind == UPSAMPLE:
                x = x.repeat_interleave(stride[0], 2).repeat_interleave(stride[1], 3)
                x = x[:, :, :self.sizes[i][0], :self.sizes[i][1]]
            elif kind == MAX_POOL:
                x = torch.nn.functional.max_pool2d(x, kernel, stride, ceil_mode=True)
            elif kind == AVERAGE_POOL:
                x = torch.nn.functional.avg_pool2d(x, kernel, stride, ceil_mode=True, count_include_pad=False)
            else:
                x = torch.nn.functional.group_norm(x, size, next(params), next(params), 1e-5)
            if activation and normed:
                waiting = activation
            elif activation or waiting:
                x = (activation or waiting)(x)
                waiting = None
        return x


def mirrored(layers, shapes):
    """The layers of a decoder that undoes those of an encoder, whose maps are given; and the sizes that come out."""
    decoder, sizes = [], []
    for (kind, size, kernel, stride, padding), shape in zip(reversed(layers), reversed(shapes[:-1])):
        decoder.append({CONV: (CONV_TRANSPOSED, shape[0], kernel, stride, padding),
                        NORM: (NORM, size, 0, 0, 0)}.get(kind, (UPSAMPLE, 0, 0, stride, 0)))
        sizes.append(shape[1:])
    return decoder, sizes


class Net:
    """Parameters as one list, weights (n_in, n_out) and biases in turn."""

    def __init__(self, config, random):
        self.config = config
        code, features = config["encoder"][-1], config["n_features"]
        error = features if config["vector_error"] else 1
        self.encoder = self.make([features, *config["encoder"]], random)
        self.decoder = self.make([code, *config["decoder"], features], random)
        self.head = self.make([code, *config["head"], error], random)
        self.decaying = self.autoencoder = self.encoder + self.decoder
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

    def encode(self, x):
        return self.run(self.encoder, x, "activation", "code_activation")

    def decode(self, z):
        return self.run(self.decoder, z, "activation", "output_activation")

    def losses(self, x):
        c = self.config
        z = self.encode(x)
        rebuilt = self.decode(z)
        r = torch.linalg.vector_norm(x - rebuilt, dim=1)
        e = (x - rebuilt).abs() if c["vector_error"] else r[:, None]
        if not c["head_gradient"]:
            z_head, e = z.detach(), e.detach()
        else:
            z_head = z
        s = torch.linalg.vector_norm(e - self.run(self.head, z_head, "head_activation", None), dim=1)
        power = 2 if c["squared"] else 1
        terms = [(r ** power).mean(), sum((p ** 2).sum() for p in self.decaying),
                 ((z - z.mean(dim=0)) ** 2).sum() / z.numel(), (s ** power).mean()]
        terms.append(terms[0] + c["lambda1"] * terms[1] + c["lambda2"] * terms[2] + c["lambda3"] * terms[3])
        return terms


class ImageNet(Net):
    """The same with image layers."""

    def __init__(self, config, random):
        self.config = config
        layers = config["encoder_layers"]
        self.encoder_maps = Maps(layers, config["image"], None, config, random, "activation")
        self.inner = self.encoder_maps.shapes[-1]
        decoder, sizes = config.get("decoder_layers"), config.get("decoder_sizes")
        if not decoder:
            decoder, sizes = mirrored(layers, self.encoder_maps.shapes)
        inner, code = math.prod(self.inner), config["encoder"][-1]
        self.encoder = self.make([inner, *config["encoder"]], random)
        self.decoder = self.make([code, *config["decoder"], inner], random)
        self.decoder_maps = Maps(decoder, self.inner, sizes, config, random, "output_activation")
        assert self.decoder_maps.shapes[-1] == config["image"]
        self.head = self.make([code, *config["head"], config["n_features"] if config["vector_error"] else 1], random)
        self.decaying = self.encoder + self.decoder
        self.autoencoder = self.encoder_maps.params + self.decaying + self.decoder_maps.params
        self.params = self.autoencoder + self.head

    def encode(self, x):
        maps = self.encoder_maps.run(x.reshape(-1, *self.config["image"]))
        return self.run(self.encoder, maps.permute(0, 2, 3, 1).flatten(1), "activation", "code_activation")

    def decode(self, z):
        channels, height, width = self.inner
        maps = self.run(self.decoder, z, "activation", "activation").reshape(-1, height, width, channels)
        return self.decoder_maps.run(maps.permute(0, 3, 1, 2)).flatten(1)


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
    net = (ImageNet if "image" in config else Net)(config, random)
    adam = torch.optim.Adam([{"params": net.autoencoder}, {"params": net.head}],
                            betas=(config["beta1"], config["beta2"]), eps=config["epsilon"])
    out = [[config[key] for key in HEADER]]
    out += [[len(config[part]), *config[part]] for part in ("encoder", "decoder", "head")]
    if "image" in config:
        out.append(config["image"])
        for part in ("encoder_layers", "decoder_layers"):
            layers = config.get(part, [])
            out += [[len(layers)], np.ravel(layers)]
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
