"""Pictures whose light is known exactly: the geometry of `training.views` in random paint, light and material, and what
the paint has been multiplied by.

Unlike `training.shade`, which only has to be varied, this keeps light and paint apart, draws hard and soft, white and
tinted light alike, none at all in some pictures, and one roughness and metallic per object: highlights after Blinn and
Phong with the exponent of that roughness, a mirrored sky as sharp as it, Fresnel after Schlick 1994.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .buffers import Buffers
from .shade import Dice, paint, smooth, surroundings, turn, unit

__all__ = ["LOG_LIMITS", "LitPicture", "light_picture", "mean_inside", "view_of"]

LOG_LIMITS = (-3.5, 2.5)
"""Natural logarithm of the darkest and the brightest light that is told from the usual."""
UNLIT_SHARE, METAL_SHARE, MATTE_SHARE = 0.2, 0.08, 0.35
DARKEST_PAINT = 0.01
SHEEN_PAINT = 0.06
"""Gloss counts as if paint were no darker: what it adds to black print is too little to be told from the print."""


@dataclass(frozen=True)
class LitPicture:
    """``rgb`` sRGB in 0..1 [B, 3, S, S]; ``light`` [B, 3, S, S], the logarithm of what the linear base colour was
    multiplied by, its mean over the object and the channels 0; ``roughness`` and ``metallic`` [B] in 0..1; ``lit``
    bool [B], false where there is no light to be seen and so no material."""

    rgb: Tensor
    light: Tensor
    roughness: Tensor
    metallic: Tensor
    lit: Tensor


@dataclass(frozen=True)
class View:
    """``points``, ``normals``, ``rays`` [B, 3, S, S] (both unit) and ``up`` [B, 3, 1, 1]."""

    points: Tensor
    normals: Tensor
    rays: Tensor
    up: Tensor


def mean_inside(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of ``values`` [B, C, S, S] over mask and channels: [B, 1, 1, 1]."""
    inside = mask.sum((1, 2, 3), keepdim=True).clamp(min=1) * values.shape[1]
    return (values * mask).sum((1, 2, 3), keepdim=True) / inside


def view_of(b: Buffers) -> View:
    """Where the surface lies and how the camera looks at it."""
    size = b.mask.shape[-1]
    line = (torch.arange(size, device=b.mask.device) + 0.5) / size * 2 - 1
    tangent = b.camera[:, 1, None, None, None]
    reach = 1 + b.depth * tangent
    points = torch.cat([line[None, None, None] * reach, b.depth, -line[None, None, :, None] * reach], 1)
    rays = unit(torch.cat([points[:, :1], b.depth + 1 / tangent, points[:, 2:]], 1))
    elevation = b.camera[:, 0]
    up = torch.stack([torch.zeros_like(elevation), -torch.sin(elevation), torch.cos(elevation)], 1)[:, :, None, None]
    return View(points, unit(b.normals), rays, up)


def _lamps(b: Buffers, view: View, roughness: Tensor, dice: Dice) -> tuple[Tensor, Tensor]:
    """Matte light and highlights (without Fresnel's share) of the three lamps, both [B, 3, S, S]."""
    diffuse, shine = torch.zeros_like(view.points), torch.zeros_like(view.points)
    exponent = 2 / roughness.clamp(min=0.15) ** 4 - 2 + 1e-3
    reached = smooth(b.lit, b.mask, 3)
    for k in range(3):
        towards = b.lights[:, k, :, None, None]
        strength = torch.exp(dice.uniform(math.log(0.15), math.log(3.0))) * dice.chance((0.85, 0.5, 0.25)[k])
        tint = strength * (1 + dice.chance(0.6) * dice.uniform(-0.4, 0.4, 3))
        hidden = (1 - reached[:, k : k + 1]) * dice.uniform(0.7, 1.0) * dice.chance(0.9)
        lambert = (view.normals * towards).sum(1, keepdim=True).clamp(0, 1) * (1 - hidden)
        diffuse = diffuse + lambert * tint
        half = (view.normals * unit(towards - view.rays)).sum(1, keepdim=True).clamp(0, 1)
        # Normalised, and bounded as the size of a real lamp would.
        lobe = half**exponent * ((exponent + 8) / 8).clamp(max=60.0)
        shine = shine + lobe * lambert * tint
    return diffuse, shine


def _mirrored(view: View, roughness: Tensor, around: Dice, rng: np.random.Generator) -> Tensor:
    """The surroundings as the surface mirrors them, blurred by roughness: [B, 3, S, S]."""
    way = view.rays - 2 * (view.rays * view.normals).sum(1, keepdim=True) * view.normals
    rise = (way * view.up).sum(1, keepdim=True)
    edge = torch.sigmoid(rise / (0.02 + roughness**2 * 0.6))
    windows = torch.sin(turn(way, rng) * around.uniform(1, 8) + around.uniform(0, 6, 3)).mean(1, keepdim=True)
    windows = torch.sigmoid(windows * 6 / (0.1 + 4 * roughness**2)) * (1 - roughness)
    ground, sky = around.uniform(0.05, 0.5, 3), around.uniform(0.5, 1.2, 3)
    return ground + (sky - ground) * edge + windows * around.uniform(0, 2.0)


def _light_of(
    b: Buffers, view: View, colour: Tensor, roughness: Tensor, metallic: Tensor, rng: np.random.Generator
) -> Tensor:
    """What ``colour`` is multiplied by, [B, 3, S, S], at a level of no meaning."""
    dice = Dice(rng, len(colour), colour.device)
    open_share = smooth(b.sky, b.mask, 5)
    hollow = 1 - (1 - open_share) * dice.uniform(0.3, 1.0)
    ambient = surroundings(view.normals, view.up, dice) * hollow
    ambient = ambient * torch.exp(dice.uniform(math.log(0.15), math.log(1.5)))
    diffuse, shine = _lamps(b, view, roughness, dice)
    facing = -(view.rays * view.normals).sum(1, keepdim=True)
    at_rim = (1 - facing.clamp(0, 1)) ** 5 * (1 - roughness) ** 2
    base = 0.04 + (colour - 0.04) * metallic
    fresnel = base + (1 - base) * at_rim
    sky = mean_inside(ambient, b.mask)
    mirrored = _mirrored(view, roughness, dice, rng) * sky * hollow
    # A share of matte objects has no gloss worth speaking of.
    gloss = fresnel * (shine + mirrored) * (1 - dice.chance(MATTE_SHARE) * (1 - metallic) * (roughness > 0.6))
    return (diffuse + ambient) * (1 - metallic) + gloss / colour.clamp(min=SHEEN_PAINT)


def light_picture(b: Buffers, rng: np.random.Generator) -> LitPicture:
    """Pictures of ``b``, each in paint, light, material and exposure of its own."""
    view, dice = view_of(b), Dice(rng, len(b.mask), b.mask.device)
    colour = paint(b.albedo, view.points, rng, dice).clamp(min=DARKEST_PAINT)
    metallic, roughness = dice.chance(METAL_SHARE), dice.uniform(0.15, 1.0)
    unlit = dice.chance(UNLIT_SHARE)
    light = _light_of(b, view, colour, roughness, metallic, rng)
    light = light * (1 - unlit) + unlit * dice.uniform(0.8, 1.0, 1)
    linear = colour * light
    level = mean_inside(linear, b.mask) / mean_inside(colour, b.mask).clamp(min=1e-3)
    # A camera exposes neither a black nor a white object to mid grey, and not to its own colour either.
    linear = linear / level.clamp(min=1e-4) * torch.exp(dice.uniform(-0.5, 0.25))
    tone = dice.uniform(0.85, 1.2)
    rgb = functional.relu(linear) ** tone
    logarithm = (tone * torch.log(light.clamp(min=1e-4))) * b.mask
    logarithm = (logarithm - mean_inside(logarithm, b.mask)).clamp(*LOG_LIMITS) * b.mask
    return LitPicture(
        _srgb(rgb.clamp(0, 1)), logarithm, roughness.reshape(-1), metallic.reshape(-1), unlit.reshape(-1) < 0.5
    )


def _srgb(linear: Tensor) -> Tensor:
    return torch.where(linear < 0.0031308, 12.92 * linear, 1.055 * linear.clamp(min=1e-6) ** (1 / 2.4) - 0.055)
