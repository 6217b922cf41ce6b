# SPDX-License-Identifier: BSD-2-Clause
"""What the methods in PyTorch share: dense layers, a lean training loop, scores in pieces. Every random number comes from the
generator that is handed in, so that a seed decides a run, whatever else the process draws.
"""

import math

import torch

ROWS_A_PIECE = 16384


def dense(widths, generator):
    """Weights and biases of dense layers, as [(weight (out, in), bias (out))]; Glorot's uniform distribution, biases of zero."""
    layers = []
    for n_in, n_out in zip(widths, widths[1:]):
        limit = math.sqrt(6 / (n_in + n_out))
        layers.append(((2 * torch.rand(n_out, n_in, generator=generator) - 1) * limit, torch.zeros(n_out)))
    return layers


def tensors_of(*stacks):
    return [tensor for layers in stacks for layer in layers for tensor in layer]


def _gather(parameters):
    """One vector that the parameters become views of, and one for their gradients: Adam then takes one tensor, not twenty."""
    flat = torch.cat([parameter.reshape(-1) for parameter in parameters])
    flat.grad = torch.zeros_like(flat)
    begin = 0
    for parameter in parameters:
        end = begin + parameter.numel()
        parameter.set_(flat[begin:end].view_as(parameter)).requires_grad_()
        parameter.grad = flat.grad[begin:end].view_as(parameter)
        begin = end
    return flat


def minimise(loss, parameters, x, *, epochs, batch, learning_rate, generator):
    """Adam on loss(rows), a mean over rows. An epoch is one permutation of x, cut into batches of nearly equal size, at most
    `batch` each: a small rest would be a bad sample of the whole.
    """
    flat = _gather(parameters)
    adam = torch.optim.Adam([flat], lr=learning_rate)
    n_batches = -(-len(x) // batch)
    for _ in range(epochs):
        for chosen in torch.randperm(len(x), generator=generator).tensor_split(n_batches):
            flat.grad.zero_()
            loss(x.index_select(0, chosen)).backward()
            adam.step()
    for parameter in parameters:
        parameter.requires_grad_(False)
    if not torch.isfinite(flat).all():
        raise FloatingPointError("training has left weights that are not finite; scale the features, or lower the learning rate")


def in_pieces(function, x):
    """function(x) row by row, without the memory of all rows at once."""
    with torch.no_grad():
        return torch.cat([function(rows) for rows in x.split(ROWS_A_PIECE)])
