"""Pictures from the geometry of `training.views`, shaded on the training device: no two draws look alike.

A stand-in for a path tracer: light of the surroundings as second-order spherical harmonics (Ramamoorthi and Hanrahan
2001) under ambient occlusion, three lights with cast shadows, gloss, a mirrored sky; paint that has nothing to do with
shape; then what cameras do to a picture.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["Dice", "length", "paint", "shade", "smooth", "surroundings", "turn", "unit", "wear"]

LATTICE = 24


class Dice:
    """Random tensors of shape [B, C, 1, 1] on one device, from a NumPy generator."""

    def __init__(self, rng: np.random.Generator, count: int, device: torch.device) -> None:
        self.rng, self.count, self.device = rng, count, device

    def uniform(self, low: float, high: float, channels: int = 1) -> Tensor:
        return self._tensor(self.rng.uniform(low, high, (self.count, channels)))

    def normal(self, size: float, channels: int = 1) -> Tensor:
        return self._tensor(self.rng.normal(0, size, (self.count, channels)))

    def chance(self, share: float) -> Tensor:
        return self._tensor(self.rng.random((self.count, 1)) < share)

    def _tensor(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(values.astype(np.float32)).to(self.device)[:, :, None, None]


def length(v: Tensor) -> Tensor:
    """Euclidean length over the channels, [B, 1, S, S]; torch's own norm takes 20 times as long on a CPU."""
    return (v * v).sum(1, keepdim=True).sqrt()


def unit(v: Tensor) -> Tensor:
    """``v`` [B, C, S, S] at length 1 over the channels."""
    return v / length(v).clamp(min=1e-6)


def turn(points: Tensor, rng: np.random.Generator) -> Tensor:
    """Points [B, 3, S, S], each sample turned at random."""
    turns = np.linalg.qr(rng.normal(size=(len(points), 3, 3)))[0].astype(np.float32)
    return torch.einsum("bij,bjhw->bihw", torch.from_numpy(turns).to(points.device), points)


def _noise(points: Tensor, frequency: Tensor, octaves: int, rng: np.random.Generator) -> Tensor:
    """Fractal value noise about 0..1 at points [B, 3, S, S]: [B, 1, S, S]."""
    b = len(points)
    lattice = torch.from_numpy(rng.random((b, 1, LATTICE, LATTICE, LATTICE), np.float32)).to(points.device)
    total, norm, amplitude = torch.zeros_like(points[:, :1]), 0.0, 1.0
    for octave in range(octaves):
        at = (points + 7.3 * octave) * frequency * 2.0**octave / LATTICE
        at = (at - 2 * torch.floor((at + 1) / 2)).permute(0, 2, 3, 1)[:, None]  # wrapped to -1..1
        total = total + amplitude * functional.grid_sample(lattice, at, align_corners=False)[:, :, 0]
        norm += amplitude
        amplitude *= 0.55
    return total / norm


def _pattern(points: Tensor, rng: np.random.Generator, dice: Dice) -> Tensor:
    """A solid pattern in 0..1 per sample: clouds, stripes, checks, rings, spots or print."""
    scale = torch.exp(dice.uniform(math.log(1.0), math.log(9.0)))
    turned = turn(points, rng) * scale
    warp = _noise(points, scale / 2, 2, rng) - 0.5
    kind = torch.from_numpy(rng.integers(0, 6, len(points))).to(points.device)[:, None, None, None]
    clouds = ((_noise(points, scale, 3, rng) - 0.5) * dice.uniform(1.5, 6) + 0.5).clamp(0, 1)
    stripes = (torch.sin(turned[:, :1] * 3 + warp * dice.uniform(0, 6)) > 0).float()
    checks = torch.floor(turned + warp * dice.uniform(0, 1)).sum(1, keepdim=True) % 2
    rings = 0.5 + 0.5 * torch.sin(length(turned[:, :2]) * 4 + warp * 5)
    spots = (length(turned - torch.round(turned)) < dice.uniform(0.2, 0.5)).float()
    # Lines of blocks, as print looks from afar.
    row = torch.floor(turned[:, 2:] * 3)
    letter = torch.sin(torch.floor(turned[:, :1] * dice.uniform(4, 10)) * 12.9898 + row * 78.233) * 43758.5453
    on_line = ((turned[:, 2:] * 3 - row) < 0.6) & (torch.sin(row * 3.7) > -0.3)
    text = ((letter - torch.floor(letter)) > 0.45).float() * on_line
    value = torch.zeros_like(clouds)
    for k, each in enumerate((clouds, stripes, checks, rings, spots, text)):
        value = torch.where(kind == k, each, value)
    return value


def paint(albedo: Tensor, points: Tensor, rng: np.random.Generator, dice: Dice) -> Tensor:
    """Linear base colour: the object's own, at times replaced, with patterns over it."""
    own = albedo.clamp(0.02, 1) ** 2.2
    bare = (albedo.amax((2, 3)) - albedo.amin((2, 3))).amax(1)[:, None, None, None] < 0.02  # no colours of its own
    grey, hue = dice.uniform(0.03, 0.95), dice.uniform(0.02, 0.95, 3)
    plain = torch.where(dice.chance(0.45) > 0, grey.expand_as(hue), hue)
    colour = torch.where((dice.chance(0.2) > 0) | bare, plain.expand_as(own), own)
    for share in (0.5, 0.25):
        some = torch.from_numpy(np.flatnonzero(rng.random(len(points)) < share)).to(points.device)
        if len(some):
            of_some = Dice(rng, len(some), points.device)
            value = _pattern(points[some], rng, of_some) * of_some.uniform(0.3, 1)
            over = colour[some] * (1 - value) + of_some.uniform(0, 1, 3) ** 1.5 * value
            colour = colour.index_copy(0, some, over)
    grain = _noise(points, dice.uniform(6, 25), 1, rng)
    return (colour * (1 + (grain - 0.5) * dice.uniform(0, 0.5))).clamp(0.005, 1)


def smooth(values: Tensor, mask: Tensor, width: int) -> Tensor:
    """Mean over ``width`` pixels inside the mask."""
    share = functional.avg_pool2d(mask, width, 1, width // 2)
    return functional.avg_pool2d(values * mask, width, 1, width // 2) / share.clamp(min=1e-3) * mask


def surroundings(normals: Tensor, up: Tensor, dice: Dice) -> Tensor:
    """Light from all around on a surface facing ``normals``: [B, 3, S, S]."""
    sky, ground = (
        dice.uniform(0.5, 1.1, 3) * dice.uniform(0.2, 1.0),
        dice.uniform(0.3, 1.0, 3) * dice.uniform(0.05, 0.6),
    )
    rise = (normals * up).sum(1, keepdim=True)
    light = ground + (sky - ground) * (0.5 + 0.5 * rise)
    x, y, z = normals.unbind(1)
    basis = torch.stack([x, y, z, x * y, y * z, x * z, x * x - y * y, 3 * z * z - 1], 1)
    weights = torch.cat([dice.normal(0.22, 3), dice.normal(0.1, 5)], 1)
    tinted = (basis * weights).sum(1, keepdim=True) * (1 + dice.normal(0.25, 3))
    return (light * (1 + tinted * dice.uniform(0, 1.6))).clamp(min=0.01)


def shade(
    albedo: Tensor,
    depth: Tensor,
    normals: Tensor,
    mask: Tensor,
    sky: Tensor,
    lights: Tensor,
    lit: Tensor,
    camera: Tensor,
    rng: np.random.Generator,
) -> Tensor:
    """Shaded pictures, sRGB in 0..1 [B, 3, S, S], of the buffers that `training.views` describes.

    ``albedo`` in 0..1 [B, 3, S, S]; ``depth``, ``mask``, ``sky`` (open share) [B, 1, S, S]; ``normals`` and ``lit``
    [B, 3, S, S]; ``lights`` [B, 3, 3]; ``camera`` [B, 2].
    """
    b, size = len(albedo), albedo.shape[-1]
    dice = Dice(rng, b, albedo.device)
    line = (torch.arange(size, device=albedo.device) + 0.5) / size * 2 - 1
    reach = 1 + depth * camera[:, 1, None, None, None]
    points = torch.cat([line[None, None, None] * reach, depth, -line[None, None, :, None] * reach], 1)
    rays = unit(torch.cat([points[:, :1], depth + 1 / camera[:, 1, None, None, None], points[:, 2:]], 1))
    elevation = camera[:, 0]
    up = torch.stack([torch.zeros_like(elevation), -torch.sin(elevation), torch.cos(elevation)], 1)[:, :, None, None]
    normals = unit(normals)
    colour = paint(albedo, points, rng, dice)
    ambient = surroundings(normals, up, dice) * (0.2 + 0.8 * smooth(sky, mask, 5))
    diffuse, gloss = ambient, torch.zeros_like(ambient)
    shine, amount = dice.uniform(6, 120), dice.uniform(0, 0.6) * dice.chance(0.7)
    soft = smooth(lit, mask, 3)
    for k in range(3):
        towards = lights[:, k, :, None, None]
        strength = dice.uniform(0.1, 1.1) * dice.chance((0.95, 0.6, 0.35)[k])
        tint = strength * dice.uniform(0.8, 1.2, 3)
        reached = 1 - (1 - soft[:, k : k + 1]) * dice.uniform(0.6, 1.0) * dice.chance(0.8)
        lambert = (normals * towards).sum(1, keepdim=True).clamp(0, 1) * reached
        diffuse = diffuse + lambert * tint
        half = (normals * unit(towards - rays)).sum(1, keepdim=True).clamp(0, 1)
        gloss = gloss + half**shine * (lambert > 0.02) * tint * amount
    mirrored = rays - 2 * (rays * normals).sum(1, keepdim=True) * normals
    fresnel = 0.04 + 0.96 * (1 - (-(rays * normals).sum(1, keepdim=True)).clamp(0, 1)) ** 5
    waves = 0.5 + 0.5 * torch.sin(turn(mirrored, rng) * dice.uniform(1, 8) + dice.uniform(0, 6, 3))
    above = (mirrored * up).sum(1, keepdim=True) > 0
    polish = dice.uniform(0.1, 1.0) * dice.chance(0.4)
    gloss = gloss + (fresnel + 0.25 * polish * dice.chance(0.2)) * polish * (0.5 * waves + 0.5 * above)
    inside = mask.sum((2, 3), keepdim=True).clamp(min=1)
    level = (diffuse.mean(1, keepdim=True) * mask).sum((2, 3), keepdim=True) / inside
    linear = (colour * diffuse + gloss) * dice.uniform(0.45, 1.15) / level.clamp(min=0.15)
    return linear.clamp(1e-4, 1) ** (1 / dice.uniform(1.9, 2.5))


def wear(rgb: Tensor, mask: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """What cameras, tone curves, small sizes, JPEG and imperfect mattes do to a picture: RGB and mask after it."""
    b, size = len(rgb), rgb.shape[-1]
    dice = Dice(rng, b, rgb.device)
    rgb = rgb.clamp(1e-4, 1) ** dice.uniform(0.75, 1.35) * dice.uniform(0.8, 1.25) * dice.uniform(0.9, 1.1, 3)
    grey = rgb.mean(1, keepdim=True)
    rgb = grey + (rgb - grey) * dice.uniform(0.0, 1.6)
    if rng.random() < 0.6:  # soft pictures; the mask keeps the blur inside
        sigma = rng.uniform(0.4, 1.3)
        line = torch.exp(-(torch.arange(-3, 4, device=rgb.device) ** 2) / (2 * sigma**2))
        kernel = (line[:, None] * line / line.sum() ** 2)[None, None].expand(4, 1, 7, 7)
        blurred = functional.conv2d(torch.cat([rgb * mask, mask], 1), kernel, padding=3, groups=4)
        rgb = blurred[:, :3] / blurred[:, 3:].clamp(min=1e-3)
    if rng.random() < 0.2:  # colours coarser than brightness, as JPEG keeps them
        grey = rgb.mean(1, keepdim=True)
        coarse = functional.interpolate(functional.avg_pool2d(rgb - grey, 4), size=(size, size), mode="bilinear")
        rgb = grey + coarse
    if rng.random() < 0.3:  # mattes too wide or too narrow, with the background showing
        width = int(rng.choice([3, 3, 5]))
        pool = functional.max_pool2d
        wider = pool(mask, width, 1, width // 2) if rng.random() < 0.5 else -pool(-mask, width, 1, width // 2)
        rgb, mask = torch.where(mask > 0, rgb, dice.uniform(0, 1, 3).expand_as(rgb)), wider
    noise = torch.from_numpy(rng.standard_normal(tuple(rgb.shape), np.float32)).to(rgb.device)
    return (rgb + noise * dice.uniform(0, 0.03)).clamp(0, 1), mask
