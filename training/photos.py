"""Training photographs with their alpha: a training mesh on floors and before backdrops of all kinds.

``main`` writes shards ``photos-SEED.npz``: ``rgb`` uint8 [N, 3, S, S] (sRGB) and ``alpha`` uint8 [N, S, S]. Bodies and
shadows are ray-cast, alpha from 2 x 2 rays a pixel; backdrops are painted.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from scipy import ndimage

from .camera import View, cast_view, met
from .meshes import TrainingMesh, load_mesh, training_names
from .photo_camera import develop, expose
from .photo_light import Lighting, choose_lighting, light_plane, light_surface
from .photo_patterns import backdrop, floor_pattern, random_colour
from .photo_scene import SUBJECT, Stage, choose_camera, find_hits, paint_hits, place_bodies

__all__ = ["SIZE", "main", "render_photo"]

SIZE = 256
LEAST_SEEN = 0.012  # share of the picture that the subject covers
DRAWN, EMPTY, FLOATING, CLUTTER = 0.04, 0.015, 0.1, 0.13  # shares of all pictures
Array = npt.NDArray[np.float32]
Rng = np.random.Generator


@dataclass(frozen=True)
class _Layers:
    """The picture before it is put together: ``front`` [S, S, 3] with ``alpha`` [S, S], ``back`` [S, S, 3] and, where
    the back is a surface, its ``distance`` over the subject's, [S, S]."""

    front: Array
    alpha: Array
    back: Array
    distance: Array


@dataclass(frozen=True)
class _Plane:
    """A floor or wall: its visible ``pixels`` [N], ``points`` [N, 3] and coordinates ``at`` [N, 2], its normal [3]."""

    pixels: npt.NDArray[np.int64]
    points: Array
    at: Array
    normal: Array
    footprint: Array


def _pixel_rays(view: View, size: int) -> npt.NDArray[np.float64]:
    grid = ((np.arange(size) + 0.5) / size * 2 - 1) * view.tangent
    x, z = np.meshgrid(grid, -grid)
    rays = x.reshape(-1, 1) * view.axes[0] + view.axes[1] + z.reshape(-1, 1) * view.axes[2]
    return rays / np.linalg.norm(rays, axis=1, keepdims=True)


def _planes(view: View, size: int, hidden: npt.NDArray[np.bool_], rng: Rng) -> tuple[list[_Plane], Array]:
    """The floor and at times a wall as the camera sees them, and how far all pixels' surfaces are, [S*S]."""
    rays = _pixel_rays(view, size)
    with np.errstate(divide="ignore", invalid="ignore"):
        floor = np.where(rays[:, 2] < -1e-6, -view.origin[2] / rays[:, 2], np.inf)
    ahead = np.array([view.axes[1, 0], view.axes[1, 1], 0.0]) / math.hypot(*view.axes[1, :2])
    # Photographers like to look straight at the edge of a table.
    turn = math.atan2(ahead[1], ahead[0]) + rng.normal(0, 0.02) if rng.random() < 0.5 else rng.uniform(0, math.pi)
    wall = np.full(len(rays), np.inf)
    yaw, back = rng.normal(0, 0.35), rng.uniform(0.75, 3.0)
    facing = -np.array(
        [ahead[0] * math.cos(yaw) - ahead[1] * math.sin(yaw), ahead[0] * math.sin(yaw) + ahead[1] * math.cos(yaw), 0.0]
    )
    walled = rng.random() < 0.25
    if walled:
        slope = rays @ facing
        with np.errstate(divide="ignore", invalid="ignore"):
            wall = np.where(slope < -1e-6, (-back - view.origin @ facing) / slope, np.inf)
    across, along = np.array([math.cos(turn), math.sin(turn), 0.0]), np.array([-math.sin(turn), math.cos(turn), 0.0])
    if not walled and rng.random() < 0.5:  # a table, a rug, a board: the floor ends in sight
        points = view.origin + rays * np.where(np.isfinite(floor), floor, 0)[:, None]
        half = np.exp(rng.uniform(np.log(0.7), np.log(6), 2))
        floor = np.where((np.abs(points @ across) < half[0]) & (np.abs(points @ along) < half[1]), floor, np.inf)
    else:
        floor = np.where(floor < rng.uniform(8, 60), floor, np.inf)
    reach, angle = np.minimum(floor, wall), 2 * view.tangent / size
    planes: list[_Plane] = []
    sideways = np.array([-facing[1], facing[0], 0.0])
    for distance, normal, u, v in (
        (floor, np.array([0.0, 0.0, 1.0]), across, along),
        (wall, facing, sideways, np.array([0.0, 0.0, 1.0])),
    ):
        pixels = np.flatnonzero((distance <= reach) & np.isfinite(distance) & ~hidden)
        if len(pixels):
            points = view.origin + rays[pixels] * distance[pixels, None]
            # Along the slant a pixel covers more; the mean of both directions decides how fine a pattern may be.
            footprint = distance[pixels] * angle / np.sqrt(np.maximum(-(rays[pixels] @ normal), 1e-3))
            at = np.stack([points @ u, points @ v], 1)
            planes.append(_Plane(pixels, *(a.astype(np.float32) for a in (points, at, normal, footprint))))
    return planes, reach.astype(np.float32)


def _floor_colour(subject: Array, rng: Rng) -> Array:
    """A floor's main colour: of any kind, pale, or like the subject's mean colour."""
    kind = rng.random()
    if kind < 0.18:
        colour = subject * rng.uniform(0.6, 1.5) * rng.uniform(0.85, 1.15, 3)
    elif kind < 0.5:
        colour = np.full(3, rng.uniform(0.55, 0.95)) * rng.uniform(0.8, 1.0, 3)
    else:
        colour = random_colour(rng, rng.choice([0.35, 1.0]))
    return np.clip(colour, 0.01, 0.97).astype(np.float32)


def _mirror(stage: Stage, plane: _Plane, view: View, lighting: Lighting, light: Array, rng: Rng) -> Array:
    """A polished floor's light: what stands on it shows upside down, weaker the steeper one looks."""
    rays = (plane.points - view.origin).astype(np.float64)
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    up = rays * [1.0, 1.0, -1.0]
    found = stage.scene.run(
        plane.points + np.float32(2e-3) * plane.normal, up.astype(np.float32), query="INTERSECT", output=True
    )
    which = np.flatnonzero(met(found))
    share = rng.uniform(0.05, 0.5) * (1 - up[:, 2]) ** 2
    if len(which):
        hits = find_hits(stage, found, which, plane.points[which].astype(np.float64), up[which])
        diffuse, gloss = light_surface(stage.scene, hits.points, hits.normals, hits.rays, lighting, rng)
        seen = np.repeat(lighting.sky[None] * 0.6, len(up), 0)
        seen[which] = paint_hits(stage, hits) * diffuse + gloss
        return light * (1 - share[:, None]) + seen * share[:, None]
    return light


def _back(
    stage: Stage, view: View, lighting: Lighting, colour: Array, hidden: npt.NDArray[np.bool_], size: int, rng: Rng
) -> tuple[Array, Array]:
    """Backdrop, floor and wall [S*S, 3], and how far they are [S*S]."""
    planes, reach = _planes(view, size, hidden, rng)
    picture = backdrop(size, rng).reshape(-1, 3)
    seamless = rng.random() < 0.15
    if seamless:  # a studio's paper that bends upwards out of sight
        picture = np.broadcast_to(colour * lighting.sky * rng.uniform(0.5, 2.5), picture.shape).copy()
    polished = rng.random() < 0.15
    for number, plane in enumerate(planes):
        base = colour if number == 0 or rng.random() < 0.3 else _floor_colour(colour, rng)
        light = light_plane(stage.scene, plane.points, plane.normal, plane.pixels, size, lighting, rng)
        light = floor_pattern(plane.at, plane.footprint, base, rng) * light
        if polished and number == 0:
            light = _mirror(stage, plane, view, lighting, light, rng)
        if seamless:
            far = np.linalg.norm(plane.points, axis=1)
            start = rng.uniform(0.9, 2.5)
            share = np.clip((far - start) / rng.uniform(0.5, 4), 0, 1)[:, None]
            share = share * share * (3 - 2 * share)
            light = light * (1 - share) + picture[plane.pixels] * share
        picture[plane.pixels] = light
    return picture.astype(np.float32), reach


def _coverage(
    found: dict[str, npt.NDArray[np.float32]], wanted: npt.NDArray[np.bool_], size: int
) -> tuple[Array, npt.NDArray[np.int64]]:
    """Share of each pixel's four rays that are ``wanted``, [S, S], and the first such ray of each that has one."""
    blocks = wanted.reshape(size, 2, size, 2).transpose(0, 2, 1, 3).reshape(size * size, 4)
    index = np.arange(4 * size * size).reshape(size, 2, size, 2).transpose(0, 2, 1, 3).reshape(size * size, 4)
    some = np.flatnonzero(blocks.any(1))
    return blocks.mean(1, dtype=np.float32).reshape(size, size), index[some, blocks[some].argmax(1)]


def _cast(stage: Stage, view: View, size: int, floating: bool, rng: Rng, empty: bool) -> _Layers | None:
    """Cast, light and paint everything; None where too little can be seen of the subject."""
    found, rays, _ = cast_view(stage.scene, view, 2 * size)
    hit = met(found)
    alpha, first = _coverage(found, hit & (found["geomID"] == SUBJECT), size)
    around, behind = _coverage(found, hit & (found["geomID"] != SUBJECT), size)
    if alpha.mean() < LEAST_SEEN:
        return None
    which = np.concatenate([first, behind])
    hits = find_hits(stage, found, which, np.broadcast_to(view.origin, (len(which), 3)), rays[which])
    base = paint_hits(stage, hits)
    if rng.random() < 0.12:  # pale things, which pale floors swallow
        base[: len(first)] = 0.75 + 0.22 * base[: len(first)]
    colour = _floor_colour(base[: len(first)].mean(0), rng)
    lighting = choose_lighting(np.full(3, 0.2, np.float32) if floating else colour, rng)
    diffuse, gloss = light_surface(stage.scene, hits.points, hits.normals, hits.rays, lighting, rng)
    lit = base * diffuse + gloss
    pixel = (which // (2 * size) // 2) * size + (which % (2 * size)) // 2
    front = np.zeros((size * size, 3), np.float32)
    front[pixel[: len(first)]] = lit[: len(first)]
    if floating:
        back = backdrop(size, rng, 0.6).reshape(-1, 3) * (0.5 + lighting.sky)
        reach = np.full(size * size, np.inf, np.float32)
    else:
        back, reach = _back(stage, view, lighting, colour, (alpha.reshape(-1) == 1) & (not empty), size, rng)
    if len(behind):
        share = (around / np.maximum(1 - alpha, 0.25)).clip(0, 1).reshape(-1)[pixel[len(first) :], None]
        back[pixel[len(first) :]] = back[pixel[len(first) :]] * (1 - share) + lit[len(first) :] * share
        reach[pixel[len(first) :]] = found["tfar"][behind]
    away = float(np.median(found["tfar"][first]))
    if empty:
        alpha = np.zeros_like(alpha)
    return _Layers(front.reshape(size, size, 3), alpha, back.reshape(size, size, 3), (reach / away).reshape(size, size))


def _join(layers: _Layers, rng: Rng) -> Array:
    """Front over back, linear [S, S, 3]; at times what is farther than the subject is out of focus."""
    size, back, alpha = len(layers.alpha), layers.back, layers.alpha[..., None]
    if rng.random() < 0.35:
        sigma = np.exp(rng.uniform(np.log(0.004), np.log(0.04))) * size
        # Behind the subject the back may be unknown: blur only what is seen of it.
        seen = (1 - alpha) + 1e-4
        soft = ndimage.gaussian_filter(back * seen, (sigma, sigma, 0)) / ndimage.gaussian_filter(
            seen, (sigma, sigma, 0)
        )
        share = np.clip((np.abs(layers.distance - 1) - 0.15) / rng.uniform(0.3, 1.5), 0, 1)[..., None]
        back = back * (1 - share) + soft * share
    return layers.front * alpha + back * (1 - alpha)


def _drawing(size: int, rng: Rng) -> tuple[Array, Array]:
    """A flat shape in flat colours on a plain or busy ground, linear [S, S, 3], and its alpha [S, S]."""
    fine = 2 * size
    canvas = Image.new("L", (fine, fine))
    pen, centre, radius = ImageDraw.Draw(canvas), rng.uniform(0.35, 0.65, 2) * fine, rng.uniform(0.15, 0.6) * fine
    corners = int(rng.integers(3, 12))
    reach = radius * (rng.uniform(0.5, 1, corners) if rng.random() < 0.5 else np.ones(corners))
    angles = 2 * np.pi * (np.arange(corners) + rng.uniform(0, 1)) / corners
    outline = np.stack([centre[0] + reach * np.cos(angles), centre[1] + reach * np.sin(angles)], 1)
    if rng.random() < 0.5:
        pen.ellipse((*(centre - radius), *(centre + radius)), fill=255)
    else:
        pen.polygon([tuple(p) for p in outline.tolist()], fill=255)
    if rng.random() < 0.3:
        pen.ellipse((*(centre - 0.45 * radius), *(centre + 0.45 * radius)), fill=0)
    alpha = np.asarray(canvas, np.float32).reshape(size, 2, size, 2).mean((1, 3)) / 255
    paint = backdrop(size, rng, 0.7)
    ground = backdrop(size, rng, 0.7)
    if float(np.abs(np.sqrt(paint.mean((0, 1))) - np.sqrt(ground.mean((0, 1)))).sum()) < 0.25:
        paint = 1 - np.clip(ground, 0, 1)
    return paint * alpha[..., None] + ground * (1 - alpha[..., None]), alpha


def render_photo(meshes: list[TrainingMesh], rng: Rng, size: int = SIZE) -> dict[str, npt.NDArray[np.uint8]] | None:
    """One training photograph of the first mesh, the others being clutter; None where it shows too little of it."""
    if rng.random() < DRAWN:
        linear, alpha = _drawing(size, rng)
    else:
        floating, empty = rng.random() < FLOATING, rng.random() < EMPTY
        azimuth = rng.uniform(0, 2 * math.pi)
        stage = place_bodies(
            meshes, rng, np.array([math.sin(azimuth), math.cos(azimuth), 0.0]), 0.3 if floating else 0.85
        )
        view = choose_camera(stage.bodies[0].vertices, azimuth, rng, not floating) if stage else None
        layers = _cast(stage, view, size, floating, rng, empty) if stage and view else None
        if layers is None:
            return None
        linear, alpha = _join(layers, rng), layers.alpha
    picture, alpha = develop(expose(linear, alpha, rng), alpha, rng)
    return {"rgb": picture.transpose(2, 0, 1), "alpha": (alpha * 255 + 0.5).astype(np.uint8)}


def main() -> int:
    """``python bootstrap.py training.photos --meshes DIR --out DIR --seed N --count N --shards N``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meshes", type=Path, required=True, help="unpacked train_meshes.tar")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0, help="of the first shard; each has its own")
    parser.add_argument("--count", type=int, default=250, help="pictures a shard")
    parser.add_argument("--shards", type=int, default=1, help="those that exist already are left alone")
    parser.add_argument("--split", default="train")
    args = parser.parse_args()
    names = training_names(args.meshes, args.split)
    args.out.mkdir(parents=True, exist_ok=True)
    for seed in range(args.seed, args.seed + args.shards):
        path, rng, start = args.out / f"photos-{seed:04d}.npz", np.random.default_rng(seed), time.time()
        if path.exists():
            continue
        pictures: list[dict[str, npt.NDArray[np.uint8]]] = []
        while len(pictures) < args.count:
            count = 1 + int(rng.integers(1, 4)) * int(rng.random() < CLUTTER)
            meshes = [load_mesh(args.meshes, names[rng.integers(len(names))]) for _ in range(count)]
            picture = render_photo(meshes, rng)
            if picture is not None:
                pictures.append(picture)
        with path.with_suffix(".part").open("wb") as file:
            np.savez(file, **{k: np.stack([p[k] for p in pictures]) for k in pictures[0]})
        path.with_suffix(".part").rename(path)
        print(f"{path.name}: {args.count} pictures in {time.time() - start:.0f} s", flush=True)
    return 0
