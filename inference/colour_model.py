"""Colour as the matte needs it: perceptual and illumination-aware spaces, mixtures, and what shade does to a floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..contracts import Float, Mask, Pixels

__all__ = ["Mixture", "background_density", "fit_mixture", "log_colour", "to_lab"]

_XYZ_FROM_RGB = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], np.float32)
_WHITE = np.array([0.9505, 1.0, 1.089], np.float32)
_LOG_FLOOR = 0.02
"""Added to linear light before the logarithm, so that the noise of dark pixels stays small."""


def to_lab(rgb: Pixels) -> Float:
    """CIE Lab (D65) of sRGB pixels: uint8 [..., 3] to float32 [..., 3], lightness 0 to 100."""
    xyz = _linear(rgb) @ _XYZ_FROM_RGB.T / _WHITE
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16.0 / 116.0)
    return np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1, dtype=np.float32
    )


def log_colour(rgb: Pixels) -> Float:
    """Log intensity and two log chromaticities, in nats: uint8 [..., 3] to float32 [..., 3].

    A shadow lowers the first and hardly moves the other two.
    """
    log = np.log(_linear(rgb) + _LOG_FLOOR)
    red, green, blue = log[..., 0], log[..., 1], log[..., 2]
    return np.stack([log.mean(-1), red - green, blue - (red + green) / 2], axis=-1, dtype=np.float32)


def _linear(rgb: Pixels) -> Float:
    levels = np.arange(256, dtype=np.float32) / 255.0
    table = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4).astype(np.float32)
    return table[rgb]


@dataclass(frozen=True)
class Mixture:
    """Gaussians: ``log_weight`` [K], ``mean`` [K, D], ``whiten`` [K, D, D] (covariances' inverse Cholesky factors)."""

    log_weight: Float
    mean: Float
    whiten: Float

    def log_parts(self, points: Float) -> Float:
        """Log density of each weighted Gaussian, but for a constant: [N, D] to [N, K]."""
        parts = [
            weight - 0.5 * np.square((points - mean) @ whiten.T).sum(-1)
            for weight, mean, whiten in zip(self.log_weight, self.mean, self.whiten, strict=True)
        ]
        return np.stack(parts, axis=-1)

    def log_density(self, points: Float) -> Float:
        """Log density, but for a constant: [N, D] to [N]."""
        parts = self.log_parts(points)
        return np.logaddexp.reduce(parts, axis=-1)


def fit_mixture(points: Float, count: int, variance: Float, rounds: int = 4, sample: int = 2000) -> Mixture:
    """Fit a mixture by expectation maximisation, deterministically.

    Parameters
    ----------
    points : Float
        float32 [N, D], at least one.
    count : int
        Gaussians to start from.
    variance : Float
        float32 [D], added to the covariances' diagonal: detail finer than this is not modelled.
    rounds : int
        Rounds of expectation maximisation.
    sample : int
        Evenly spaced points that are used of more.
    """
    points = points[np.linspace(0, len(points) - 1, min(len(points), sample)).astype(int)]
    share = _cluster(points, count)
    mixture = _maximise(points, share, variance)
    for _ in range(rounds - 1):
        parts = mixture.log_parts(points)
        share = np.exp(parts - np.logaddexp.reduce(parts, axis=-1)[:, None])
        mixture = _maximise(points, share, variance)
    return mixture


def _cluster(points: Float, count: int, rounds: int = 6) -> Float:
    """Membership [N, K] by k-means from centres far apart."""
    centres = [points.mean(0)]
    nearest = np.full(len(points), np.inf)
    for _ in range(count):
        nearest = np.minimum(nearest, np.square(points - centres[-1]).sum(-1))
        centres.append(points[nearest.argmax()])
    means = np.array(centres[1:])
    share = np.zeros((len(points), count), np.float32)
    for _ in range(rounds):
        member = np.square(points[:, None] - means).sum(-1).argmin(1)
        share = np.eye(count, dtype=np.float32)[member]
        total = share.sum(0)
        means = np.where(total[:, None] > 0, share.T @ points / np.maximum(total, 1)[:, None], means)
    return share


def _maximise(points: Float, share: Float, variance: Float) -> Mixture:
    total = share.sum(0) + 1e-3
    means = share.T @ points / total[:, None]
    apart = points - means[:, None]
    scatter: Float = (apart * share.T[..., None]).swapaxes(1, 2) @ apart
    covariance: Float = scatter / total[:, None, None] + np.diag(variance)
    whiten = np.linalg.inv(np.linalg.cholesky(covariance))
    volume = np.log(np.diagonal(whiten, axis1=1, axis2=2)).sum(-1)
    return Mixture(np.log(total / total.sum()) + volume, means, whiten)


def background_density(difference: Float, known: Mask) -> tuple[Float, Float]:
    """How likely a background pixel differs this much from what its surroundings predict.

    Parameters
    ----------
    difference : Float
        float32 [H, W, 3]: pixel minus prediction in `log_colour`.
    known : Mask
        bool [H, W]: pixels of the background, which show how well the prediction holds.

    Returns
    -------
    lit, shaded : Float
        float32 [H, W], densities that add up: pixels that look as predicted, and pixels that look like it in the shade.
        A cast shadow takes 0.1 to 0.9 nats and tints a little; contact shadow goes darker and tints more.
    """
    drop = -difference[..., 0]
    tint = np.square(difference[..., 1:]).sum(-1)
    sample = np.abs(difference[known])
    spread = min(max(1.5 * float(np.median(sample[:, 0])), 0.10), 0.3)
    tint_spread = min(max(1.5 * float(np.median(sample[:, 1:])), 0.05), 0.2)
    lit = np.exp(-0.5 * np.square(drop / spread)) / (2.5066 * spread) * _planar(tint, tint_spread)
    cast = _step(drop - 0.1, 0.05) * _step(0.85 - drop, 0.12) / 0.75 * _planar(tint, 0.2)
    contact = _step(drop - 0.3, 0.1) * _step(1.8 - drop, 0.2) / 1.5 * _planar(tint, 0.35)
    return 0.865 * lit, 0.12 * cast + 0.015 * contact


def _step(value: Float, softness: float) -> Float:
    return 1.0 / (1.0 + np.exp(np.clip(-value / softness, -60, 60)))


def _planar(square: Float, spread: float) -> Float:
    """Density of a round Gaussian in the plane at a squared distance."""
    return np.exp(-0.5 * square / spread**2) / (2 * np.pi * spread**2)
