"""Training objects made from nothing or from others: vessels, furniture, plates with holes, parts cut off.

What the mesh archive has little of, and what completion from one view finds hard: thin parts, holes to look through,
hollows. Bodies are joined and cut exactly (manifold3d), so every result is closed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from manifold3d import CrossSection, Manifold, Mesh, OpType, set_circular_segments

from .meshes import load_mesh, normalise, training_names

__all__ = ["main"]

Array = npt.NDArray[np.float64]
Rng = np.random.Generator
MOST_FACES = 40_000  # faces; more would only slow the ray caster


def _profile(rng: Rng, count: int = 24) -> Array:
    """Radii of a vessel from its foot to its rim: a random smooth curve [count]."""
    knots = rng.uniform(0.25, 1.0, int(rng.integers(3, 6)))
    at = np.linspace(0, len(knots) - 1, count)
    low = np.minimum(at.astype(int), len(knots) - 2)
    share = at - low
    share = share * share * (3 - 2 * share)
    return (knots[low] * (1 - share) + knots[low + 1] * share) * 0.5


def _tube(points: Array, radius: float, around: int = 12) -> Manifold:
    """A round bar along a polyline [N, 3]."""
    bars = [
        Manifold.batch_hull(
            [Manifold.sphere(radius, around).translate(a), Manifold.sphere(radius, around).translate(b)]
        )
        for a, b in zip(points[:-1].tolist(), points[1:].tolist(), strict=True)
    ]
    return Manifold.batch_boolean(bars, OpType.Add)


def _revolve(radii: Array, heights: Array, around: int) -> Manifold:
    outline = [(0.0, float(heights[0])), *zip(radii.tolist(), heights.tolist(), strict=True), (0.0, float(heights[-1]))]
    return CrossSection([outline]).revolve(around)


def _vessel(rng: Rng) -> Manifold:
    """Bowl, cup, vase, pot, bottle or plate; most hollow, some with handles, spout or lid."""
    height, around = float(np.exp(rng.uniform(np.log(0.12), np.log(2.0)))), int(rng.choice([8, 24, 40, 40]))
    radii = _profile(rng)
    if rng.random() < 0.3:
        radii = np.linspace(radii[0], radii[-1], len(radii))
    heights = np.linspace(0, height, len(radii))
    body = _revolve(radii, heights, around)
    wall = float(rng.uniform(0.015, 0.06))
    if rng.random() < 0.75:
        inner = np.maximum(radii - wall, 0.01)
        inside = _revolve(inner, np.linspace(wall * rng.uniform(1, 2), height + 0.05, len(radii)), around)
        handles = 1 if rng.random() < 0.4 else 2 if rng.random() < 0.2 else 0
        for k in range(handles):
            reach, top, low = rng.uniform(0.1, 0.35), rng.uniform(0.6, 0.95), rng.uniform(0.1, 0.5)
            turn = np.linspace(-np.pi / 2, np.pi / 2, 9)
            at = float(np.interp((top + low) / 2, np.linspace(0, 1, len(radii)), radii)) * 0.9
            z = height * ((top + low) / 2 + (top - low) / 2 * np.sin(turn))
            bow = np.stack([at + reach * np.cos(turn), 0 * turn, z], 1)
            bar = _tube(bow, float(rng.uniform(0.015, 0.05)))
            body = body + (bar if k == 0 else bar.rotate((0, 0, 180)))
        body = body - inside
        if rng.random() < 0.1:
            body = body + Manifold.cylinder(0.03, float(radii[-1]) + 0.02, float(radii[-1]) + 0.02, around).translate(
                (0, 0, height)
            )
    return body


def _leg(rng: Rng, length: float) -> Manifold:
    thick = float(rng.uniform(0.015, 0.06))
    if rng.random() < 0.5:
        return Manifold.cube((thick * 2, thick * 2, length), True).translate((0, 0, length / 2))
    return Manifold.cylinder(length, thick * float(rng.uniform(0.5, 1)), thick, 12)


def _furniture(rng: Rng) -> Manifold:
    """Table, stool, bench or chair: a top on thin legs, at times with rungs, shelf, back and arms."""
    wide, deep, height = rng.uniform(0.4, 1.4), rng.uniform(0.35, 0.9), rng.uniform(0.3, 1.1)
    thick = rng.uniform(0.02, 0.12)
    if rng.random() < 0.3:
        deep = wide
        top = Manifold.cylinder(thick, wide / 2, wide / 2, 32)
    else:
        top = Manifold.cube((wide, deep, thick), True).translate((0, 0, thick / 2))
    parts = [top.translate((0, 0, height))]
    leg, inset = _leg(rng, height), rng.uniform(0.6, 0.95)
    splay = rng.uniform(-0.05, 0.25) if rng.random() < 0.4 else 0.0
    corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)] if rng.random() < 0.85 else [(0, -1), (0.87, 0.5), (-0.87, 0.5)]
    shrink = 0.7 if deep == wide else 1.0
    for x, y in corners:
        lean = leg.translate((0, 0, -height)).rotate((np.degrees(-splay) * -y, np.degrees(-splay) * x, 0))
        parts.append(lean.translate((x * wide / 2 * inset * shrink, y * deep / 2 * inset * shrink, height)))
    if rng.random() < 0.5:
        at, bar = height * rng.uniform(0.15, 0.6), rng.uniform(0.02, 0.05)
        size = (wide * inset * shrink, deep * inset * shrink)
        if rng.random() < 0.4:
            parts.append(Manifold.cube((*size, bar), True).translate((0, 0, at)))
        else:
            for s in (-0.5, 0.5):
                parts.append(Manifold.cube((size[0], bar, bar), True).translate((0, size[1] * s, at)))
                parts.append(Manifold.cube((bar, size[1], bar), True).translate((size[0] * s, 0, at)))
    if rng.random() < 0.4:
        tall, board = rng.uniform(0.3, 0.9), rng.uniform(0.02, 0.07)
        back = Manifold.cube((wide, board, tall), True)
        for k in range(int(rng.integers(0, 5))):
            gap = Manifold.cube((wide / 8, board * 3, tall * 0.7), True)
            back = back - gap.translate(((k - 2) * wide / 5, 0, -tall * 0.05))
        back = back.rotate((rng.uniform(-15, 2), 0, 0))
        parts.append(back.translate((0, deep / 2, height + tall / 2)))
    return Manifold.batch_boolean(parts, OpType.Add)


def _shelf(rng: Rng) -> Manifold:
    """An open case: boards around compartments, with or without a back."""
    size = rng.uniform((0.4, 0.2, 0.4), (1.2, 0.6, 1.6))
    board = float(rng.uniform(0.02, 0.06))
    body = Manifold.cube(tuple(size), True)
    across, up = int(rng.integers(1, 4)), int(rng.integers(1, 5))
    depth = float(size[1]) * (2.5 if rng.random() < 0.4 else rng.uniform(1.2, 1.9))
    cell = ((size[0] - board * (across + 1)) / across, (size[2] - board * (up + 1)) / up)
    for i in range(across):
        for k in range(up):
            if rng.random() < 0.85:
                x = -size[0] / 2 + board + cell[0] / 2 + i * (cell[0] + board)
                z = -size[2] / 2 + board + cell[1] / 2 + k * (cell[1] + board)
                body = body - Manifold.cube((cell[0], depth, cell[1]), True).translate((x, -size[1] / 2, z))
    return body


def _outline(rng: Rng) -> CrossSection:
    """Star, gear, heart-like or random round outline within the unit circle."""
    kind, count = rng.random(), 96
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
    if kind < 0.3:
        tips = int(rng.integers(3, 9))
        radius = np.where(np.arange(2 * tips) % 2 == 0, 1.0, rng.uniform(0.3, 0.8))
        turn = np.linspace(0, 2 * np.pi, 2 * tips, endpoint=False)
    elif kind < 0.5:
        radius = 1 - rng.uniform(0.1, 0.3) * (np.sin(turn * rng.integers(5, 15)) > 0)
    elif kind < 0.65:
        side = rng.uniform(0.4, 1)
        return CrossSection.square((2 * side, 2 * rng.uniform(0.3, 1)), True)
    else:
        radius = np.ones(count)
        for k in range(1, 6):
            radius = radius + rng.normal(0, 0.3 / k) * np.cos(k * turn + rng.uniform(0, 6))
        radius = np.maximum(radius, 0.15)
    points = np.stack([radius * np.cos(turn), radius * np.sin(turn)], 1)
    return CrossSection([points.tolist()])


def _plate(rng: Rng) -> Manifold:
    """A flat extrusion with holes, lying, standing or as a rim."""
    flat = _outline(rng)
    for _ in range(int(rng.integers(0, 5))):
        hole = CrossSection.circle(float(rng.uniform(0.05, 0.35)), 24)
        flat = flat - hole.translate((rng.uniform(-0.6, 0.6), rng.uniform(-0.6, 0.6)))
    if rng.random() < 0.3:
        flat = flat - flat.scale((rng.uniform(0.6, 0.9),) * 2)
    body = flat.extrude(float(np.exp(rng.uniform(np.log(0.04), np.log(1.2)))))
    stance = rng.random()
    return body.rotate((90, 0, 0)) if stance < 0.4 else body.rotate((90, 0, 90)) if stance < 0.5 else body


def _tool(rng: Rng) -> Manifold:
    """A long handle with a head: spoons, hammers, brushes, lollipops."""
    length, thin = float(rng.uniform(0.8, 2)), float(rng.uniform(0.02, 0.1))
    line = np.linspace(0, 1, 7)
    bow = np.stack([line * length, np.zeros(7), rng.normal(0, 0.1) * np.sin(line * np.pi * rng.uniform(0.5, 2))], 1)
    handle = _tube(bow, thin)
    size = rng.uniform((0.12, 0.1, 0.03), (0.5, 0.4, 0.3))
    ball = Manifold.sphere(1.0, 32)
    head = (ball if rng.random() < 0.6 else Manifold.cube((1.6, 1.6, 1.6), True)).scale(tuple(size))
    if rng.random() < 0.4:
        head = head - ball.scale(tuple(size * 0.9)).translate((0, 0, float(size[2]) * 0.5))
    body = handle + head.translate((length + float(size[0]) * 0.5, 0, float(bow[-1, 2])))
    return body.rotate((0, float(rng.choice([0, 0, -90, 90])), 0))


def _rounded_box(rng: Rng) -> Manifold:
    """Packs, pillows, soap, phones: boxes with round edges, some tapering, some dented."""
    size, round_by = rng.uniform((0.2, 0.15, 0.1), (1, 1, 1)), float(rng.uniform(0.005, 0.15))
    half = np.maximum(size / 2 - round_by, 0.01)
    tip = rng.uniform(0.6, 1, 2) if rng.random() < 0.3 else np.ones(2)
    balls = [
        Manifold.sphere(round_by, 16).translate(
            (x * half[0] * (tip[0] if z > 0 else 1), y * half[1] * (tip[1] if z > 0 else 1), z * half[2])
        )
        for x in (-1, 1)
        for y in (-1, 1)
        for z in (-1, 1)
    ]
    body = Manifold.batch_hull(balls)
    for _ in range(int(rng.integers(0, 4))):  # knobs, lenses, recesses
        knob = Manifold.cylinder(0.1, *rng.uniform(0.03, 0.2, 2).tolist(), 24, True)
        turn = [(0, 0, 0), (90, 0, 0), (0, 90, 0)][int(rng.integers(3))]
        side = np.array([(0, 0, 1), (0, 1, 0), (1, 0, 0)][[(0, 0, 0), (90, 0, 0), (0, 90, 0)].index(turn)])
        place = rng.uniform(-0.6, 0.6, 3) * half * (1 - side) + side * size / 2 * rng.choice([-1, 1])
        knob = knob.rotate(turn).translate(tuple(place))
        body = body + knob if rng.random() < 0.6 else body - knob
    return body


def _solid(root: Path, names: list[str], rng: Rng) -> Manifold | None:
    """A closed mesh of the archive, or None when the one drawn is not closed."""
    mesh = load_mesh(root, names[int(rng.integers(len(names)))])
    vertices, index = np.unique(np.round(normalise(mesh.vertices), 6), axis=0, return_inverse=True)
    body = Manifold(Mesh(vertices.astype(np.float32), index.reshape(-1)[mesh.faces].astype(np.uint32)))
    return None if body.is_empty() or body.volume() < 1e-3 else body


def _cut(root: Path, names: list[str], rng: Rng) -> Manifold | None:
    """A mesh of the archive with a piece taken out, sliced off, or hollowed."""
    body = _solid(root, names, rng)
    if body is None:
        return None
    kind = rng.random()
    if kind < 0.35:
        normal = rng.normal(size=3)
        return body.trim_by_plane(tuple(normal / np.linalg.norm(normal)), float(rng.uniform(-0.2, 0.1)))
    knife = [
        Manifold.sphere(float(rng.uniform(0.15, 0.4)), 32),
        Manifold.cube(tuple(rng.uniform(0.15, 0.8, 3)), True),
        Manifold.cylinder(2, *[float(rng.uniform(0.05, 0.3))] * 2, 32, True),
    ][int(rng.integers(3))]
    knife = knife.rotate(tuple(rng.uniform(0, 360, 3))).translate(tuple(rng.uniform(-0.4, 0.4, 3)))
    if kind < 0.85:
        return body - knife
    other = _solid(root, names, rng)
    return (
        None
        if other is None
        else body + other.scale((rng.uniform(0.3, 0.9),) * 3).translate(tuple(rng.uniform(-0.4, 0.4, 3)))
    )


KINDS: tuple[tuple[float, Callable[[Rng], Manifold]], ...] = (
    (0.26, _vessel),
    (0.2, _furniture),
    (0.08, _shelf),
    (0.16, _plate),
    (0.1, _tool),
    (0.2, _rounded_box),
)
CUT_SHARE = 0.3


def main() -> int:
    """``python bootstrap.py training.compose --meshes DIR --count N --seed N``; adds ``meshes/composed`` to DIR."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meshes", type=Path, required=True, help="unpacked train_meshes.tar")
    parser.add_argument("--count", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rng, names, start, done = np.random.default_rng(args.seed), training_names(args.meshes), time.time(), 0
    folder = args.meshes / "meshes" / "composed"
    folder.mkdir(parents=True, exist_ok=True)
    set_circular_segments(32)
    shares = np.array([share for share, _ in KINDS])
    while done < args.count:
        if rng.random() < CUT_SHARE:
            body = _cut(args.meshes, names, rng)
        else:
            body = KINDS[int(rng.choice(len(KINDS), p=shares / shares.sum()))][1](rng)
        if body is None or body.is_empty():
            continue
        mesh = body.to_mesh()
        vertices, faces = normalise(np.asarray(mesh.vert_properties)[:, :3]), np.asarray(mesh.tri_verts)
        if 4 <= len(faces) <= MOST_FACES and np.ptp(vertices, 0).min() > 1e-3:
            np.savez(folder / f"{done:05d}.npz", vertices=vertices.astype(np.float32), faces=faces.astype(np.int32))
            done += 1
    print(f"{done} objects in {time.time() - start:.0f} s")
    return 0
