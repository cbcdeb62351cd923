"""The stage of a training photograph: the subject, at times clutter behind it, and the camera that looks at them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene

from .camera import View
from .deform import choose_deformation
from .meshes import TrainingMesh, vertex_normals
from .paint import surface_colour
from .photo_light import unit

__all__ = ["SUBJECT", "Body", "Hits", "Stage", "choose_camera", "find_hits", "paint_hits", "place_bodies"]

Array = npt.NDArray[np.float32]
Rng = np.random.Generator
SUBJECT = 0  # the subject's number on the stage; clutter follows


@dataclass(frozen=True)
class Body:
    """A varied mesh where it stands; ``normals`` float64 [V, 3] where it is shaded smoothly."""

    mesh: TrainingMesh
    vertices: npt.NDArray[np.float64]
    normals: npt.NDArray[np.float64] | None
    seed: int


@dataclass(frozen=True)
class Stage:
    """Bodies, the subject first, in one scene to cast rays in."""

    bodies: list[Body]
    scene: EmbreeScene


@dataclass(frozen=True)
class Hits:
    """Where rays met bodies: ``rays`` and ``points`` and ``normals`` (towards the ray's origin) float32 [N, 3], and
    ``body``, ``triangle``, ``weights`` (barycentric, [N, 3])."""

    rays: Array
    points: Array
    normals: Array
    body: npt.NDArray[np.int64]
    triangle: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]


def _turn(rng: Rng, upright: float) -> npt.NDArray[np.float64]:
    """A rotation about Z, or, in all but ``upright`` of the cases, any."""
    if rng.random() > upright:
        turned, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        return turned * np.sign(np.linalg.det(turned))
    a = rng.uniform(0, 2 * math.pi)
    return np.array([[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1]])


def _body(mesh: TrainingMesh, rng: Rng, upright: float) -> Body:
    vertices = choose_deformation(mesh.vertices, rng).forward(mesh.vertices) @ _turn(rng, upright).T
    vertices = vertices - [*((vertices.min(0) + vertices.max(0)) / 2)[:2], vertices[:, 2].min()]
    normals = vertex_normals(vertices, mesh.faces) if rng.random() < 0.6 else None
    return Body(mesh, vertices, normals, int(rng.integers(1 << 31)))


def place_bodies(
    meshes: list[TrainingMesh], rng: Rng, forward: npt.NDArray[np.float64], upright: float
) -> Stage | None:
    """The first mesh at the origin on Z = 0, the others behind it as seen along ``forward``; None if it is no solid
    thing."""
    bodies = [_body(mesh, rng, upright) for mesh in meshes]
    ahead = unit(np.array([forward[0], forward[1], 0.0]))
    for k, body in enumerate(bodies[1:], 1):
        aside = np.array([ahead[1], -ahead[0], 0.0]) * rng.choice([-1, 1]) * rng.uniform(0.3, 2.0)
        moved = body.vertices * rng.uniform(0.3, 1.2) + ahead * rng.uniform(1.2, 4.0) + aside
        bodies[k] = Body(body.mesh, moved, body.normals, body.seed)
    scene = EmbreeScene()
    for body in bodies:
        if len(body.mesh.faces) < 4 or not np.isfinite(body.vertices).all():
            return None
        TriangleMesh(scene, body.vertices.astype(np.float32), body.mesh.faces.astype(np.int32))
    return Stage(bodies, scene)


def choose_camera(vertices: npt.NDArray[np.float64], azimuth: float, rng: Rng, floor: bool) -> View | None:
    """A camera that shows the subject at a random place and size; None where it would be below the floor."""
    kind = rng.random()
    if not floor:
        elevation = math.radians(rng.uniform(-25, 70))
    else:
        steep = (2, 22) if kind < 0.45 else (15, 50) if kind < 0.9 else (45, 85)
        elevation = math.radians(rng.uniform(*steep))
    tangent = math.tan(math.radians(rng.uniform(15, 62)) / 2)
    fill = rng.uniform(0.25, 0.7) if rng.random() < 0.5 else rng.uniform(0.6, 0.95)
    spare = 1 - fill
    aside, above = rng.uniform(-1, 1, 2) * spare
    if rng.random() < 0.08:  # cut off by the frame
        fill = rng.uniform(0.7, 1.2)
        aside, above = rng.uniform(-0.45, 0.45, 2)
    roll = rng.normal(0, 0.03)
    back = np.array(
        [-math.sin(azimuth) * math.cos(elevation), -math.cos(azimuth) * math.cos(elevation), math.sin(elevation)]
    )
    right = unit(np.cross(-back, [0.0, 0.0, 1.0])).astype(np.float64)
    up = np.cross(right, -back)
    right, up = math.cos(roll) * right + math.sin(roll) * up, math.cos(roll) * up - math.sin(roll) * right
    axes = np.stack([right, -back, up])
    seen = vertices[:: max(1, len(vertices) // 3000)]
    target, distance = seen.mean(0), 2.0
    for _ in range(6):
        local = (seen - (target + back * distance)) @ axes.T
        depth = np.maximum(local[:, 1], 0.05)
        x, z = local[:, 0] / depth, local[:, 2] / depth
        extent = max(float(np.ptp(x)), float(np.ptp(z))) / 2
        shift_x, shift_z = (x.max() + x.min()) / 2 - aside * tangent, (z.max() + z.min()) / 2 - above * tangent
        target = target + (shift_x * axes[0] + shift_z * axes[2]) * distance
        distance = max(distance * extent / (fill * tangent), 0.6)
    origin = target + back * distance
    if floor and origin[2] < 0.05:
        return None
    return View(origin, axes, tangent, elevation)


def find_hits(
    stage: Stage,
    found: dict[str, npt.NDArray[np.float32]],
    which: npt.NDArray[np.int64],
    origins: npt.NDArray[np.float64],
    rays: npt.NDArray[np.float64],
) -> Hits:
    """What embree ``found`` at the rays ``which``, all of which met something; ``origins``, ``rays`` as many."""
    body, triangle = found["geomID"][which].astype(np.int64), found["primID"][which].astype(np.int64)
    u, v = found["u"][which, None].astype(np.float64), found["v"][which, None].astype(np.float64)
    weights = np.concatenate([1 - u - v, u, v], 1)
    normals = unit(found["Ng"][which])
    for k, thing in enumerate(stage.bodies):
        mine = body == k
        if thing.normals is not None and mine.any():
            corner = thing.mesh.faces[triangle[mine]]
            normals[mine] = unit((thing.normals[corner] * weights[mine, :, None]).sum(1))
    normals = np.where(((normals * rays).sum(1) > 0)[:, None], -normals, normals)
    points = origins + rays * found["tfar"][which, None]
    return Hits(rays.astype(np.float32), points.astype(np.float32), normals, body, triangle, weights)


def paint_hits(stage: Stage, hits: Hits) -> Array:
    """Linear base colours [N, 3]; a body has the same paint in every call."""
    colour = np.zeros((len(hits.points), 3), np.float32)
    for k, thing in enumerate(stage.bodies):
        mine = np.flatnonzero(hits.body == k)
        if len(mine):
            # Patterns lie in the body's own frame, so they scale with it and stay put.
            paint = np.random.default_rng(thing.seed)
            colour[mine] = surface_colour(
                thing.mesh, hits.triangle[mine], hits.weights[mine], hits.points[mine].astype(np.float64), paint
            )
    return colour
