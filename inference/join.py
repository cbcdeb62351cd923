"""Joins a foreign network's depth to the embedded network's: brings it to the view frame, and says how far to trust it.

A relative depth knows neither scale nor shift: both come from the embedded estimate. The scale is the ratio of the two
spreads (the reduced major axis) and not that of least squares, which flattens whatever disagrees. A point map knows its
own proportions, and both networks look along the same axes, so of a similarity's seven degrees of freedom none is left
to fit: rotation and sideways shift are zero, and the view frame's unit and origin follow from the points themselves.
What the embedded estimate adds is the judgement whether they can be trusted.

Nobody knows the truth at run time, so trust is agreement: of the foreign network with itself, between two looks at the
subject in different surroundings, and with the embedded network. The surface moves from the embedded estimate towards
the foreign one by that trust, coarse shape and fine relief alike: where the coarse shape is not to be trusted, neither
proved to be the relief (measured on the validation objects, with TCMonoDepth and with the true depth disturbed).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..contracts import Camera, Float, Mask, Surface
from .card import Meaning
from .grid import fill_missing

__all__ = ["Joined", "Sight", "depth_normals", "join_sights"]

# Correlation with the embedded depth, and between two looks, from which trust grows and at which it is full.
AGREEMENT, STEADINESS = (0.2, 0.6), (0.7, 0.95)
ALIKE = (0.25, 0.5)  # the same for the ratio of a point map's spread in depth to the embedded one's, or its inverse
STEADY_SPREAD = 0.8  # two looks of a point map whose spreads are as near as this are steady
LEAST_SHARE = 0.3  # of the mask must be seen by the foreign network
BEYOND = 1.0  # how far before and behind the embedded depth's range points may lie, in lengths of that range
NEAREST = 0.2  # share of the camera's distance before which no point may lie
ROUNDS = 12

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sight:
    """What one look of a foreign network says, on the crop's grid.

    ``depth`` float32 [S, S], of the meaning that the network's card states. ``seen`` bool [S, S]: where it says
    anything. Point maps know more: ``tangent`` of half the crop's field of view, with ``depth`` then the distance along
    the axis in a unit of its own, and ``normals`` float32 [S, S, 3], unit, view frame.
    """

    depth: Float
    seen: Mask
    tangent: float | None = None
    normals: Float | None = None


@dataclass(frozen=True)
class Joined:
    """The surface to go on with; how far the foreign network was trusted, 0..1; and a sentence for the report."""

    surface: Surface
    trust: float
    note: str


@dataclass(frozen=True)
class _Line:
    """``target = slope * x + offset``, with the correlation of the points that weigh."""

    slope: float
    offset: float
    correlation: float


def join_sights(sights: Sequence[Sight], meaning: Meaning, surface: Surface) -> Joined:
    """Improve ``surface``, the embedded network's, by one or more looks of a foreign one.

    Parameters
    ----------
    sights : sequence of Sight
        All of one network and one picture; the more they differ in framing, the more their agreement says.
    meaning : Meaning
        ``inverse`` or ``distance``, up to scale and shift; not regarded for point maps.
    surface : Surface
        The embedded estimate on the same grid.
    """
    seen = surface.mask & np.logical_and.reduce([s.seen for s in sights])
    if seen.sum() < max(LEAST_SHARE * surface.mask.sum(), 3):
        return Joined(surface, 0.0, "set aside: it sees too little of the subject")
    weight = np.maximum(surface.confidence[seen], 1e-3).astype(np.float64)
    if all(s.tangent is not None for s in sights):
        depth, trust, note = _place_points(sights, surface, seen, weight)
    else:
        depth, trust, note = _fit_depths(sights, meaning, surface, seen, weight)
    if trust == 0:
        return Joined(surface, 0.0, f"set aside: {note}")
    return Joined(_blend(surface, depth, seen, trust, sights), trust, f"{trust:.0%} trusted: {note}")


def _fit_line(x: Array, target: Array, weight: Array) -> _Line:
    """Robust reduced major axis: spreads and correlation under Huber's weights, found by reweighting.

    A spread of nothing but rounding gives slope 0.
    """
    factor = np.ones_like(weight)
    slope = offset = correlation = 0.0
    for _ in range(ROUNDS):
        share = weight * factor / (weight * factor).sum()
        mean_x, mean_t = float(share @ x), float(share @ target)
        dx, dt = x - mean_x, target - mean_t
        spread_x, spread_t = math.sqrt(share @ dx**2), math.sqrt(share @ dt**2)
        if spread_x <= 1e-6 * (abs(mean_x) + float(np.abs(dx).max())) or spread_t <= 1e-9:
            return _Line(0.0, mean_t, 0.0)
        correlation = float(share @ (dx * dt)) / (spread_x * spread_t)
        slope = math.copysign(spread_t / spread_x, correlation)
        offset = mean_t - slope * mean_x
        off = np.abs(slope * dx - dt)
        limit = 2.0 * 1.4826 * float(np.median(off)) + 1e-12
        factor = np.minimum(1.0, limit / np.maximum(off, limit))
    return _Line(slope, offset, correlation)


def _ramp(value: float, limits: tuple[float, float]) -> float:
    t = min(max((value - limits[0]) / (limits[1] - limits[0]), 0.0), 1.0)
    return t * t * (3 - 2 * t)


def _fit_depths(
    sights: Sequence[Sight], meaning: Meaning, surface: Surface, seen: Mask, weight: Array
) -> tuple[Float, float, str]:
    """Relative depths: all looks brought to the first, then their mean to the embedded depth."""
    distance = surface.camera.distance
    embedded = surface.depth[seen].astype(np.float64)
    maps = [np.where(seen, s.depth, 0).astype(np.float64) for s in sights]
    first, steadiness = maps[0], 1.0
    total = first.copy()
    for other in maps[1:]:
        line = _fit_line(other[seen], first[seen], weight)
        steadiness = min(steadiness, line.correlation)
        total += abs(line.slope) * other
    mean = total / len(maps)
    target = embedded if meaning == "distance" else 1 / (distance + embedded)
    line = _fit_line(mean[seen], target, weight)
    value = line.slope * mean + line.offset
    if meaning == "inverse":
        # Below this the point would lie beyond all that is kept.
        value = 1 / np.maximum(value, 1e-3 / distance) - distance
    trust = _ramp(line.correlation, AGREEMENT) * _ramp(steadiness, STEADINESS)
    return _within(value, surface, seen), trust, _note(line.correlation, steadiness)


def _place_points(sights: Sequence[Sight], surface: Surface, seen: Mask, weight: Array) -> tuple[Float, float, str]:
    """Point maps: their own proportions and focal length, in units of half the crop's side at their mean plane."""
    depths: list[Array] = []
    for sight in sights:
        tangent = sight.tangent or 1 / surface.camera.distance
        z = sight.depth.astype(np.float64)
        low, high = np.percentile(z[seen], [1, 99])
        plane = max(float(np.clip(z[seen], low, high).mean()), 1e-9)
        depths.append((z / plane - 1) / tangent)
    steadiness = 1.0
    for other in depths[1:]:
        line = _fit_line(other[seen], depths[0][seen], weight)
        steadiness = min(steadiness, line.correlation * min(1.0, _likeness(line.slope) / STEADY_SPREAD))
    embedded = surface.depth[seen].astype(np.float64)
    mean = np.mean(depths, axis=0)
    line = _fit_line(mean[seen], embedded, weight)
    agreement = _ramp(line.correlation, AGREEMENT) * _ramp(_likeness(line.slope), ALIKE)
    trust = agreement * _ramp(steadiness, STEADINESS)
    return _within(mean, surface, seen), trust, _note(line.correlation, steadiness)


def _within(depth: Array, surface: Surface, seen: Mask) -> Float:
    """Stray points brought back to where the thing can reach."""
    near, far = float(surface.depth[seen].min()), float(surface.depth[seen].max())
    spare = BEYOND * (far - near)
    near = max(near - spare, (NEAREST - 1) * surface.camera.distance)
    return np.clip(depth, near, far + spare).astype(np.float32)


def _likeness(ratio: float) -> float:
    """How near to one the size of a ratio is, 0..1."""
    return min(abs(ratio), 1 / max(abs(ratio), 1e-9))


def _note(agreement: float, steadiness: float) -> str:
    return f"correlation {agreement:.2f} with the embedded depth, {steadiness:.2f} between its own looks"


def _blend(surface: Surface, depth: Float, seen: Mask, trust: float, sights: Sequence[Sight]) -> Surface:
    """The embedded surface moved towards the foreign ``depth``."""
    mask = surface.mask
    # What the foreign network did not see moves with what lies around it.
    change = fill_missing((np.where(seen, depth - surface.depth, 0))[..., None], seen.astype(np.float32))[..., 0]
    joined = surface.depth + trust * change
    joined = np.where(mask, joined - joined[mask].mean(), 0).astype(np.float32)
    tangents = [s.tangent for s in sights if s.tangent is not None]
    tangent = 1 / surface.camera.distance
    if tangents:
        tangent += trust * (float(np.mean(tangents)) - tangent)
    camera = Camera(surface.camera.elevation, 1 / tangent)
    given = [s.normals for s in sights if s.normals is not None]
    own = np.sum(given, axis=0) if given else depth_normals(depth, seen, camera.distance)
    normals = np.where(seen[..., None], _unit(own) * trust + surface.normals * (1 - trust), surface.normals)
    confidence = np.where(seen, surface.confidence + trust * (1 - surface.confidence), surface.confidence)
    return Surface(joined, _unit(normals), mask, confidence.astype(np.float32), camera)


def _unit(vectors: Float) -> Float:
    return (vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)).astype(np.float32)


def depth_normals(depth: Float, mask: Mask, distance: float) -> Float:
    """Unit normals towards the camera, float32 [S, S, 3] in the view frame, by differences within the mask.

    Central where both neighbours are inside, else one-sided; 0 outside the mask. A pixel without a neighbour on an axis
    is taken to be level along it.
    """
    size = len(depth)
    line = ((np.arange(size) + 0.5) / size * 2 - 1).astype(np.float32)
    scale = 1 + depth / distance
    points = np.stack([line[None] * scale, depth, -line[:, None] * scale], -1)
    across, down = (_difference(points, mask, axis) for axis in (1, 0))
    normals = np.cross(across, down)
    normals *= np.where(normals[..., 1:2] > 0, -1, 1)
    return _unit(normals) * mask[..., None]


def _difference(points: Float, mask: Mask, axis: int) -> Float:
    """Change of ``points`` [S, S, 3] per pixel along ``axis``."""
    p, m = points.swapaxes(0, axis), mask.swapaxes(0, axis).astype(np.float32)[..., None]
    step, both = np.diff(p, axis=0), m[1:] * m[:-1]
    total, count = np.zeros_like(p), np.zeros_like(m)
    total[:-1] += step * both
    total[1:] += step * both
    count[:-1] += both
    count[1:] += both
    level = np.array([1.0, 0.0, 0.0] if axis == 1 else [0.0, 0.0, -1.0], np.float32) * (2 / len(points))
    return np.where(count > 0, total / np.maximum(count, 1), level).swapaxes(0, axis)
