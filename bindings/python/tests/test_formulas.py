# SPDX-License-Identifier: BSD-2-Clause
"""Weights read as docs/file-format.md says and used as docs/method.md says give what the library computes.

Maps are (height, width, channels) here, as in the file.
"""

import struct

import aepred
import numpy as np
import pytest
from aepred import LayerKind, average_pool, conv, conv_transposed, max_pool, norm, upsample


class Weights:
    """The parameters of a model file, taken one array after the other."""

    def __init__(self, data):
        assert struct.unpack_from("<I", data, 8) == (4,)
        at = 24
        while data[at : at + 4] != b"WGHT":
            at += 12 + struct.unpack_from("<Q", data, at + 4)[0]
        n = struct.unpack_from("<Q", data, at + 12)[0]
        self.rest = np.frombuffer(data, "<f4", n, at + 20).astype(float)

    def take(self, *shape):
        n = int(np.prod(shape))
        taken, self.rest = self.rest[:n], self.rest[n:]
        return taken.reshape(shape)


def pairs(stride, padding, kernel, places, size):
    """Along one direction: output place, kernel position and input position of each product of a convolution."""
    every = [(i, u, stride * i + u - padding) for i in range(places) for u in range(kernel)]
    return [(i, u, at) for i, u, at in every if 0 <= at < size]


def convolve(x, shape, w, b, stride, padding):
    y = np.zeros((*shape[:2], w.shape[3])) + b
    for i, u, r in pairs(stride[0], padding[0], w.shape[0], shape[0], x.shape[0]):
        for j, v, q in pairs(stride[1], padding[1], w.shape[1], shape[1], x.shape[1]):
            y[i, j] += x[r, q] @ w[u, v]
    return y


def convolve_back(x, shape, w, b, stride, padding):
    y = np.zeros((*shape[:2], w.shape[3])) + b
    for r, u, i in pairs(stride[0], padding[0], w.shape[1], x.shape[0], shape[0]):
        for q, v, j in pairs(stride[1], padding[1], w.shape[2], x.shape[1], shape[1]):
            y[i, j] += x[r, q] @ w[:, u, v]
    return y


def pool(x, shape, kernel, stride, reduce):
    return np.array([[reduce(x[stride * i :, stride * j :][:kernel, :kernel], axis=(0, 1)) for j in range(shape[1])]
                     for i in range(shape[0])])


def group_norm(x, groups, gamma, beta):
    grouped = x.reshape(*x.shape[:2], groups, -1)
    mean, variance = (moment(grouped, axis=(0, 1, 3), keepdims=True) for moment in (np.mean, np.var))
    return ((grouped - mean) / np.sqrt(variance + 1e-5)).reshape(x.shape) * gamma + beta


def image_layer(x, layer, shape, weights, flat):
    """flat: whether the image has the size 1, by direction."""
    kernel, stride = ([1 if one else size for one in flat] for size in (layer.kernel, layer.stride))
    padding = [0 if one else layer.padding for one in flat]
    channels = x.shape[2]
    if layer.kind == LayerKind.CONV:
        w, b = weights.take(*kernel, channels, layer.size), weights.take(layer.size)
        return convolve(x, shape, w, b, stride, padding)
    if layer.kind == LayerKind.CONV_TRANSPOSED:
        w, b = weights.take(channels, *kernel, layer.size), weights.take(layer.size)
        return convolve_back(x, shape, w, b, stride, padding)
    if layer.kind == LayerKind.UPSAMPLE:
        return x.repeat(stride[0], axis=0).repeat(stride[1], axis=1)[: shape[0], : shape[1]]
    if layer.kind == LayerKind.NORM:
        return group_norm(x, layer.size, weights.take(channels), weights.take(channels))
    return pool(x, shape, layer.kernel, layer.stride, np.max if layer.kind == LayerKind.MAX_POOL else np.mean)


def is_conv(layer):
    return layer.kind in (LayerKind.CONV, LayerKind.CONV_TRANSPOSED)


def image_layers(x, model, part, weights):
    layers = model.image_layers[part]
    flat = [size == 1 for size in model.image[1:]]
    last = max((i for i, layer in enumerate(layers) if is_conv(layer)), default=None)
    pending = part == "decoder" and last is not None  # the activation of the dense layer in front
    is_last = False
    for i, (layer, (channels, *size)) in enumerate(zip(layers, model.image_maps[part])):
        if pending and layer.kind != LayerKind.NORM:
            x, pending = np.tanh(x), False
        if is_conv(layer):
            pending, is_last = True, part == "decoder" and i == last
        x = image_layer(x, layer, size, weights, flat)
        assert x.shape == (*size, channels)
        if pending and (layer.kind == LayerKind.NORM or i + 1 == len(layers) or layers[i + 1].kind != LayerKind.NORM):
            x, pending = x if is_last else np.tanh(x), False
    return x


def dense(x, widths, weights):
    for width in widths:
        x = np.tanh(x @ weights.take(x.size, width) + weights.take(width))
    return x


def linear(x, width, weights):
    return x @ weights.take(x.size, width) + weights.take(width)


def compute(model, image):
    """Latent variables, reconstruction and predicted error of an image (channels, height, width)."""
    weights = Weights(model.to_bytes())
    channels, height, width = model.image_maps["encoder"][-1]
    x = image_layers(image.transpose(1, 2, 0).astype(float), model, "encoder", weights).ravel()
    *hidden, code = model.layers["encoder"]
    z = linear(dense(x, hidden, weights), code, weights)
    x = linear(dense(z, model.layers["decoder"], weights), height * width * channels, weights)
    x = image_layers(x.reshape(height, width, channels), model, "decoder", weights)
    predicted = linear(dense(z, model.layers["head"], weights), model.error_size, weights)
    assert weights.rest.size == 0
    return z, x.transpose(2, 0, 1), predicted


@pytest.mark.parametrize(
    "arguments",
    [
        {"image": (1, 28, 28)},
        {"image": (3, 13, 9), "image_encoder": [conv(6, 3, 2), norm(2), conv(4, 5, 3, 1)], "encoder": (10, 5)},
        {"image": (2, 12, 11), "image_encoder": [conv(8, 3), max_pool(2), average_pool(3)]},
        {"image": (2, 7, 7), "image_encoder": [average_pool(3), norm(), conv(3, 2)], "error": "vector"},
        {
            "image": (2, 12, 12),
            "image_encoder": [conv(8, 4, 2), norm()],
            "image_decoder": [norm(4), upsample(2), conv(4, 3), norm(2), conv_transposed(2, 3)],
        },
        {"image": (2, 1, 61), "image_encoder": [conv(4, 5, 3), conv(3, 3, 2)]},
        {"image": (1, 8, 8), "image_encoder": [max_pool(2)]},
    ],
    ids=["presets", "odd sizes", "pools", "a norm without activation", "a decoder of its own", "signal", "pool alone"],
)
def test_the_library_computes_what_the_documents_say(arguments):
    model = aepred.Model(**{"encoder": (5,), "head": (7,), "scaling": "none", "seed": 3, **arguments})
    images = np.random.default_rng(1).normal(size=(20, *model.image)).astype(np.float32)
    for _ in range(5):  # away from biases of 0
        model.fit_batch(images)
    z, reconstruction, predicted = compute(model, images[0])
    assert np.allclose(model.encode(images[:1])[0], z, atol=1e-5)
    assert np.allclose(model.reconstruct(images[:1])[0], reconstruction, atol=1e-5)
    assert np.allclose(model.errors(images[:1])[1][0], predicted, atol=1e-5)
