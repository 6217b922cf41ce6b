# SPDX-License-Identifier: BSD-2-Clause
"""DAGMM, the deep autoencoding Gaussian mixture model (Zong et al., "Deep Autoencoding Gaussian Mixture Model for Unsupervised
Anomaly Detection", ICLR 2018).

    z_c   = encoder(x),  x' = decoder(z_c)
    z     = [z_c, ||x - x'|| / ||x||, x.x' / (||x|| ||x'||)]        what is left of a row: its code and how well it comes back
    gamma = softmax(estimation(z))                                  membership in each of K components
    phi_k = mean gamma_k,  mu_k = sum gamma_k z / sum gamma_k,  Sigma_k likewise
    E(z)  = -log sum_k phi_k N(z; mu_k, Sigma_k)
    loss  = mean ||x - x'||^2 + 0.1 mean E(z) + 0.005 sum_k sum_j 1 / Sigma_kjj

In training phi, mu and Sigma are those of the batch; scores are energies under those of all training rows, without dropout.

The paper leaves open how weights start (here Glorot's uniform distribution, biases of zero), what keeps Sigma regular (1e-6 on
its diagonal, and a mixture in double precision), what becomes of a last, smaller batch (see minibatch), and how features are
scaled. That is the caller's matter, and matters: the relative distance says little of rows near the origin, so that features
from 0 to 1 suit it better than standardised ones.
"""

import math

import torch
from torch.nn import functional

from . import minibatch

RIDGE = 1e-6  # on the diagonal of a covariance
TINY = 1e-12  # the least norm and the least mass of a component, so that nothing is divided by zero

# The paper's, but for the epochs of kdd: its 200 take about 180 s of one core, these 100 half of that (PyTorch 1.13, 198,371
# rows of 121 features; 72 s were measured for 80). The others: kdd-rev 79 to 90 s (48,639 rows), thyroid 64 to 71 s, arrhythmia
# 24 s. Images are not in the paper: widths as usual for their number of pixels, epochs so that a fit takes about 25 s.
SETTINGS = {
    "kdd": dict(layers=(60, 30, 10, 1), estimation=10, components=4, epochs=100, batch=1024, learning_rate=1e-4),
    "kdd-rev": dict(layers=(60, 30, 10, 1), estimation=10, components=2, epochs=400, batch=1024, learning_rate=1e-4),
    "thyroid": dict(layers=(12, 4, 1), estimation=10, components=2, epochs=20000, batch=1024, learning_rate=1e-4),
    "arrhythmia": dict(layers=(10, 2), estimation=10, components=2, epochs=10000, batch=128, learning_rate=1e-4),
    "mnist": dict(layers=(256, 64, 10), estimation=10, components=4, epochs=60, batch=128, learning_rate=1e-4),
    "cifar10": dict(layers=(256, 64, 10), estimation=10, components=4, epochs=30, batch=128, learning_rate=1e-4),
}


def mixture(z, gamma):
    """phi (K), mu (K, D) and Sigma (K, D, D) of rows z (n, D) with memberships gamma (K, n)."""
    mass = gamma.sum(1).clamp_min(TINY)
    mean = gamma @ z / mass[:, None]
    centred = z.t() - mean[:, :, None]
    covariance = (centred * gamma[:, None]) @ centred.transpose(1, 2) / mass[:, None, None]
    return mass / len(z), mean, covariance + RIDGE * torch.eye(z.shape[1], dtype=z.dtype)


def energy(z, phi, mean, covariance):
    """-log of the mixture's density at each row of z (n, D)."""
    factor = torch.linalg.cholesky(covariance)
    white = torch.linalg.solve_triangular(factor, z.t() - mean[:, :, None], upper=False)  # (K, D, n)
    log_scale = phi.log() - factor.diagonal(dim1=1, dim2=2).log().sum(1) - z.shape[1] / 2 * math.log(2 * math.pi)
    return -torch.logsumexp(log_scale[:, None] - white.square().sum(1) / 2, dim=0)


class _Comparison(torch.autograd.Function):
    """||x - x'||^2, x.x' and ||x'||^2 of each row; the gradient, for x' alone, takes three passes instead of ten."""

    @staticmethod
    def forward(ctx, x, back):
        ctx.save_for_backward(x, back)
        return (x - back).square_().sum(1), (x * back).sum(1), (back * back).sum(1)

    @staticmethod
    def backward(ctx, g_squared, g_dot, g_norm):
        x, back = ctx.saved_tensors
        return None, (back * (2 * (g_squared + g_norm))[:, None]).addcmul_(x, (g_dot - 2 * g_squared)[:, None])


def _tanh_stack(x, layers):
    """Dense layers with tanh between them, none after the last."""
    for weight, bias in layers[:-1]:
        x = functional.linear(x, weight, bias).tanh()
    return functional.linear(x, *layers[-1])


class DAGMM:
    """`layers` are the widths of the encoder after its input, the last one the code's; the decoder mirrors it. `estimation` is
    the width of the estimation network's hidden layer, `components` the K of the mixture.
    """

    def __init__(self, n_features, *, layers, estimation, components, epochs, batch, learning_rate=1e-4, dropout=0.5,
                 energy_weight=0.1, covariance_weight=0.005, seed=0):
        self.widths = [n_features, *layers]
        self.estimation_widths = [layers[-1] + 2, estimation, components]
        self.training = dict(epochs=epochs, batch=batch, learning_rate=learning_rate)
        self.dropout, self.energy_weight, self.covariance_weight = dropout, energy_weight, covariance_weight
        self.seed = seed

    def fit(self, x):
        """x float32 (n, d). FloatingPointError or torch.linalg.LinAlgError if training diverges."""
        x = torch.from_numpy(x)
        self.generator = torch.Generator().manual_seed(self.seed)
        self.encoder = minibatch.dense(self.widths, self.generator)
        self.decoder = minibatch.dense(self.widths[::-1], self.generator)
        self.estimator = minibatch.dense(self.estimation_widths, self.generator)
        parameters = minibatch.tensors_of(self.encoder, self.decoder, self.estimator)
        minibatch.minimise(self._loss, parameters, x, generator=self.generator, **self.training)
        z = minibatch.in_pieces(lambda rows: self._compress(rows)[1], x)
        self.mixture = mixture(z.double(), self._memberships(z))
        return self

    def score(self, x):
        """Energies, float64 (n): the higher, the more anomalous."""
        def energies(rows):
            return energy(self._compress(rows)[1].double(), *self.mixture)

        return minibatch.in_pieces(energies, torch.from_numpy(x)).numpy()

    def _compress(self, x):
        """Squared errors (n) and z (n, code + 2)."""
        code = _tanh_stack(x, self.encoder)
        back = _tanh_stack(code, self.decoder)
        squared, dot, back_norm = _Comparison.apply(x, back)
        norm = torch.linalg.vector_norm(x, dim=1).clamp_min_(TINY)
        distance = (squared + TINY).sqrt() / norm
        cosine = dot / ((back_norm + TINY).sqrt() * norm)
        return squared, torch.cat([code, distance[:, None], cosine[:, None]], dim=1)

    def _memberships(self, z, keep=None):
        """gamma (K, n); `keep` (n, width) is what dropout multiplies the hidden units by."""
        (weight, bias), (last_weight, last_bias) = self.estimator
        hidden = functional.linear(z, weight, bias).tanh()
        if keep is not None:
            hidden = hidden * keep
        return torch.addmm(last_bias[:, None], last_weight, hidden.t()).double().softmax(0)

    def _loss(self, x):
        squared, z = self._compress(x)
        keep = torch.rand(len(x), self.estimation_widths[1], generator=self.generator).ge_(self.dropout).div_(1 - self.dropout)
        gamma, z = self._memberships(z, keep), z.double()
        phi, mean, covariance = mixture(z, gamma)
        small = covariance.diagonal(dim1=1, dim2=2).reciprocal().sum()
        return squared.mean() + self.energy_weight * energy(z, phi, mean, covariance).mean() + self.covariance_weight * small
