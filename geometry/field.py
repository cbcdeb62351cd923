"""Brings the shape model's coarse volume to the picture's own silhouette and to the visible surface's own depth."""

from __future__ import annotations

import numpy as np

from ..contracts import Float, Int, Mask, Surface, Volume
from .axes import unproject

__all__ = ["grid_to_view", "refine_volume", "resize_linear"]

LIMIT = 3.0  # logits beyond this say nothing more about where the surface is
SHEET = 0.053  # what counts as solid behind the visible surface at the least, in half crop sides
CAUTION = 0.5  # added to the logits: where the shape model is torn, thin parts vanish more often than they swell
SMOOTHING = 3  # passes over the coarse volume: its bins would show as terraces on the hidden side


def resize_linear(values: Float, size: int, axis: int) -> Float:
    """Resample one axis to ``size`` cells by linear interpolation between cell centres (clamped at the ends)."""
    length = values.shape[axis]
    if length == size:
        return values
    at = np.clip((np.arange(size) + 0.5) * length / size - 0.5, 0, length - 1)
    low = np.minimum(at.astype(np.int64), max(length - 2, 0))
    share = (at - low).astype(np.float32)
    share = share.reshape([-1 if a == axis % values.ndim else 1 for a in range(values.ndim)])
    first = np.take(values, low, axis)
    return first + (np.take(values, np.minimum(low + 1, length - 1), axis) - first) * share


def _blur(field: Float, axis: int) -> Float:
    """Blur along one axis with the binomial kernel 1-2-1, ends clamped."""
    last = field.shape[axis] - 1
    at = np.arange(last + 1)
    before, after = np.take(field, np.maximum(at - 1, 0), axis), np.take(field, np.minimum(at + 1, last), axis)
    return (before + 2 * field + after) / 4


def _smooth(field: Float, mask: Mask, passes: int) -> Float:
    """Blur a volume along all axes; rays outside ``mask`` know nothing and take what their neighbours know."""
    weight = np.where(mask, 1, 1e-4).astype(np.float32)
    for _ in range(passes):
        total, share = field * weight, weight
        for axis in (1, 2):
            total, share = _blur(total, axis), _blur(share, axis - 1)
        field = _blur(total / share, 0)
        weight = np.maximum(weight, np.where(share > 0.05, 0.05, 0).astype(np.float32))
    return field


def _extend(depth: Float, mask: Mask, steps: int = 3) -> Float:
    """Carry depth a few pixels past the mask, so that interpolation at the silhouette sees no false zero."""
    depth, known = np.where(mask, depth, 0), mask.astype(np.float32)
    for _ in range(steps):
        total, count = np.zeros_like(depth), np.zeros_like(known)
        for axis in (0, 1):
            for shift in (-1, 1):
                total += np.roll(depth * known, shift, axis)
                count += np.roll(known, shift, axis)
        fresh = (known == 0) & (count > 0)
        depth = np.where(fresh, total / np.maximum(count, 1), depth)
        known = np.maximum(known, fresh)
    return np.where(known > 0, depth, depth[mask].max()).astype(np.float32)


def refine_volume(volume: Volume, surface: Surface, alpha: Float, detail: int) -> Volume:
    """Resample ``volume`` to ``detail`` rays a side, empty before the visible surface and outside the silhouette.

    Parameters
    ----------
    volume : Volume
        Logits of *solid* from the shape model.
    surface : Surface
        The visible surface; its depth is where the solid begins.
    alpha : float32 [S, S]
        The crop's matte in 0..1, at any resolution; the silhouette is its 0.5 level.
    detail : int
        Rays a side of the result.
    """
    coarse = np.clip(volume.field + np.float32(CAUTION), -LIMIT, LIMIT)
    rays = resize_linear(resize_linear(surface.mask.astype(np.float32), coarse.shape[1], 0), coarse.shape[2], 1) > 0
    field = _smooth(coarse, rays, SMOOTHING)
    for axis in (1, 2):
        field = resize_linear(field, detail, axis)
    depth = _extend(surface.depth, surface.mask)
    silhouette = alpha
    for axis in (0, 1):
        depth, silhouette = resize_linear(depth, detail, axis), resize_linear(silhouette, detail, axis)
    bins = len(field)
    behind = (np.arange(bins, dtype=np.float32)[:, None, None] + 0.5) - ((depth - volume.near) / volume.step)[None]
    thick = np.float32(SHEET / volume.step)
    sheet = np.minimum(thick - np.abs(behind - thick), 1.0) * np.float32(LIMIT)
    field = np.maximum(field, sheet)
    field = np.minimum(field, behind * np.float32(LIMIT))
    field = np.minimum(field, ((silhouette - 0.5) * np.float32(2 * LIMIT))[None])
    return Volume(np.ascontiguousarray(field, np.float32), volume.near, volume.step, volume.camera)


def grid_to_view(vertices: Float, faces: Int, volume: Volume) -> tuple[Float, Int]:
    """A surface in index coordinates (i, j, k) of the volume's cell centres, brought to the view frame.

    Rows of the grid run down while the frame's Z runs up, so the faces [F, 3] are turned over to look outwards again.
    """
    _, h, w = volume.field.shape
    y = volume.near + (vertices[:, 0] + 0.5) * volume.step
    points = unproject((2 * vertices[:, 2] + 1) / w - 1, 1 - (2 * vertices[:, 1] + 1) / h, y, volume.camera)
    return points, np.ascontiguousarray(faces[:, ::-1])
