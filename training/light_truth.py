"""Validation objects whose base colours are known: flat-lit, and under three lights with cast shadows and ambient
occlusion, from one camera."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import trimesh
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene

from ..contracts import Pixels
from ..inference.decode import decode_picture
from ..inference.light_colour import LUMA, encode, to_linear
from ..inference.light_fit import fit_light
from .camera import View, cast_view, choose_view, met
from .meshes import load_mesh
from .paint import own_colour

__all__ = ["LIGHTS", "LitObject", "archive_object", "archive_objects", "validation_object"]

SIZE = 512
CREASE = math.cos(math.radians(35))
SKY_RAYS, LAMP_RAYS, LIFT = 32, 12, 2e-3
GLOSS, EXPONENT, BURNT, WHITE = 0.04, 30.0, 0.02, 0.6
Array = npt.NDArray[np.float64]
Solid = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Lamp:
    """``towards`` it in the view's axes (right, away, up), linear ``colour``, ``size`` as the spread of directions."""

    towards: tuple[float, float, float]
    colour: tuple[float, float, float]
    size: float


@dataclass(frozen=True)
class _Setting:
    lamps: tuple[_Lamp, ...]
    sky: tuple[float, float, float]
    ground: tuple[float, float, float]


LIGHTS = {
    "side": _Setting((_Lamp((-0.85, -0.4, 0.45), (1.0, 0.98, 0.95), 0.03),), (0.16,) * 3, (0.1,) * 3),
    "sky": _Setting((), (0.95, 1.0, 1.08), (0.22, 0.2, 0.18)),
    "two lamps": _Setting(
        (_Lamp((0.7, -0.5, 0.5), (1.0, 0.72, 0.45), 0.15), _Lamp((-0.8, -0.4, 0.1), (0.3, 0.42, 0.7), 0.15)),
        (0.15,) * 3,
        (0.08,) * 3,
    ),
}


@dataclass(frozen=True)
class LitObject:
    """Cut-out pictures uint8 [S, S, 4] of one object: ``flat`` its base colours alone, ``lit`` one for each of
    `LIGHTS`."""

    name: str
    flat: Pixels
    lit: tuple[Pixels, ...]


@dataclass(frozen=True)
class _Seen:
    """What a camera sees of a mesh: ``points``, ``normals`` and ``rays`` float64 [P, 3] of the pixels ``mask`` [S, S]
    meets something in, ``triangle`` [P] and ``weights`` [P, 3] of each."""

    scene: EmbreeScene
    view: View
    mask: Solid
    points: Array
    normals: Array
    rays: Array
    triangle: npt.NDArray[np.int64]
    weights: Array


def _unit(a: Array) -> Array:
    return a / (np.linalg.norm(a, axis=-1, keepdims=True) + 1e-12)


def _see(vertices: Array, faces: npt.NDArray[np.int64], view: View) -> _Seen:
    scene = EmbreeScene()
    TriangleMesh(scene, vertices.astype(np.float32), faces.astype(np.int32))
    hits, rays, _ = cast_view(scene, view, SIZE)
    hit = met(hits)
    triangle = hits["primID"][hit].astype(np.int64)
    u, v = hits["u"][hit, None].astype(np.float64), hits["v"][hit, None].astype(np.float64)
    weights = np.concatenate([1 - u - v, u, v], 1)
    normals = _unit((_corner_normals(vertices, faces)[triangle] * weights[..., None]).sum(1))
    normals = np.where(((normals * rays[hit]).sum(1) > 0)[:, None], -normals, normals)
    points = view.origin + rays[hit] * hits["tfar"][hit, None].astype(np.float64)
    return _Seen(scene, view, hit.reshape(SIZE, SIZE), points, normals, rays[hit], triangle, weights)


def _corner_normals(vertices: Array, faces: npt.NDArray[np.int64]) -> Array:
    """Normals [F, 3, 3] of the faces' corners: the mean over the faces around that are not turned away by more than
    `CREASE`, each weighing by its area."""
    at = vertices[faces]
    across = np.cross(at[:, 1] - at[:, 0], at[:, 2] - at[:, 0])
    facing, corner = _unit(across), faces.ravel()
    order = np.argsort(corner, kind="stable")
    count = np.bincount(corner, minlength=len(vertices))
    start = np.cumsum(count) - count
    # All pairs of a corner and a face around its vertex.
    own = np.repeat(np.arange(len(corner)), count[corner])
    nth = np.arange(len(own)) - np.repeat(np.cumsum(count[corner]) - count[corner], count[corner])
    other = order[start[corner[own]] + nth] // 3
    alike = (facing[own // 3] * facing[other]).sum(1) > CREASE
    total = [np.bincount(own, across[other, k] * alike, minlength=len(corner)) for k in range(3)]
    return _unit(np.stack(total, 1)).reshape(-1, 3, 3)


def _reached(seen: _Seen, directions: Array, reach: float) -> Array:
    """1 where nothing is met along ``directions`` [P, 3] within ``reach``."""
    start = (seen.points + seen.normals * LIFT).astype(np.float32)
    far = np.full(len(start), reach, np.float32)
    return (seen.scene.run(start, directions.astype(np.float32), far, query="OCCLUDED") < 0).astype(np.float64)


def _open(seen: _Seen, rng: np.random.Generator) -> Array:
    """Share of the sky [P] that each point sees, weighted by the cosine."""
    total = np.zeros(len(seen.points))
    for _ in range(SKY_RAYS):
        total += _reached(seen, _unit(seen.normals + _unit(rng.normal(size=seen.points.shape))), 1.0)
    return total / SKY_RAYS


def _shadow(seen: _Seen, lamp: _Lamp, rng: np.random.Generator) -> tuple[Array, Array]:
    """Direction [3] towards a lamp in the world, and how much of it each point [P] sees."""
    towards = _unit(np.array(lamp.towards)) @ seen.view.axes
    total = np.zeros(len(seen.points))
    for _ in range(LAMP_RAYS):
        total += _reached(seen, _unit(towards + lamp.size * rng.normal(size=seen.points.shape)), 1e6)
    return towards, total / LAMP_RAYS


def _light(seen: _Seen, base: Array, setting: _Setting, open_share: Array, rng: np.random.Generator) -> Array:
    """Linear colours [P, 3] of the base colours under a light, exposed to the mean luminance of these, or less where
    more than `BURNT` of the pixels would be burnt out."""
    rise = seen.normals[:, 2:]
    sky, ground = np.array(setting.sky), np.array(setting.ground)
    diffuse = (ground + (sky - ground) * (0.5 + 0.5 * rise)) * open_share[:, None]
    gloss = np.zeros_like(diffuse)
    for lamp in setting.lamps:
        towards, reached = _shadow(seen, lamp, rng)
        matte = np.clip(seen.normals @ towards, 0, 1)[:, None] * reached[:, None] * np.array(lamp.colour)
        half = _unit(towards - seen.rays)
        diffuse += matte
        gloss += np.clip((seen.normals * half).sum(1), 0, 1)[:, None] ** EXPONENT * (EXPONENT + 8) / 8 * matte * GLOSS
    linear = base * diffuse + gloss
    level = (base @ LUMA).mean() / max(float((linear @ LUMA).mean()), 1e-6)
    return linear * min(level, 1 / max(float(np.quantile(linear.max(1), 1 - BURNT)), 1e-6))


def _lit_object(name: str, seen: _Seen, base: Array, open_share: Array, rng: np.random.Generator) -> LitObject:
    # Room for light: hardly any real surface gives back more of it.
    base = np.clip(base * min(1, WHITE / float(np.quantile(base.max(1), 1 - BURNT))), 0.002, 1)

    def picture(linear: Array) -> Pixels:
        rgba = np.zeros((SIZE, SIZE, 4), np.uint8)
        rgba[seen.mask, :3], rgba[seen.mask, 3] = encode(linear), 255
        return rgba

    lit = tuple(picture(_light(seen, base, setting, open_share, rng)) for setting in LIGHTS.values())
    return LitObject(name, picture(base), lit)


def validation_object(evaluation: Path, name: str) -> LitObject:
    """An object of the evaluation set from its camera. Its base colours are those of its picture without the soft light
    in that: fitted on the true shape, with the true ambient occlusion. What is left of it counts as paint."""
    folder, rng = evaluation / "val", np.random.default_rng(0)
    mesh = trimesh.load(folder / "truth" / f"{name}.ply", force="mesh")
    vertices, faces = np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces, np.int64)
    camera = json.loads((folder / "cameras.json").read_text())[name]
    elevation, tangent = math.radians(camera["elevation_deg"]), math.tan(math.radians(camera["fov_deg"]) / 2)
    forward = np.array([0.0, math.cos(elevation), -math.sin(elevation)])
    right = np.array([1.0, 0.0, 0.0])
    origin = (vertices.min(0) + vertices.max(0)) / 2 - forward * camera["distance"]
    seen = _see(vertices, faces, View(origin, np.stack([right, forward, np.cross(right, forward)]), tangent, elevation))
    open_share = _open(seen, rng)
    rgba = decode_picture(folder / "images" / f"{name}.png")
    colours = to_linear(rgba[seen.mask][:, :3].astype(np.float32) / 255).astype(np.float64)
    opaque = rgba[seen.mask][:, 3] > 250
    colours[~opaque] = np.median(colours[opaque], 0)
    light = fit_light(colours, seen.normals, np.log(np.clip(open_share, 0.1, 1)))
    return _lit_object(name, seen, colours / np.exp(light.mean(1, keepdims=True)), open_share, rng)


def archive_objects(meshes: Path, count: int) -> list[str]:
    """``count`` held-out objects of the training archive that have colours of their own, the same ones each time."""
    names: list[str] = json.loads((meshes / "split.json").read_text())["val"]
    rng = np.random.default_rng(0)
    found = list[str]()
    for name in rng.permutation(sorted(names)):
        mesh = load_mesh(meshes, str(name))
        colours = mesh.texture if mesh.texture is not None else mesh.vertex_colour
        if colours is not None and float(colours.reshape(-1, 3).std(0).max()) > 0.05:
            found.append(str(name))
        if len(found) == count:
            break
    return found


def archive_object(meshes: Path, name: str) -> LitObject:
    """A held-out object of the training archive in its own, true base colours, from a camera of the training's kind."""
    mesh, rng = load_mesh(meshes, name), np.random.default_rng(sum(name.encode()))
    # Split at its seams: welded, or the light would break there. Faces keep their order, which leads to the colours.
    _, first, welded = np.unique(np.round(mesh.vertices, 6), axis=0, return_index=True, return_inverse=True)
    faces = welded.reshape(-1)[mesh.faces]
    seen = _see(mesh.vertices[first], faces, choose_view(mesh.vertices, rng))
    srgb = own_colour(mesh, seen.triangle, seen.weights)
    if srgb is None:
        raise ValueError(f"{name} has no colours of its own")
    base = to_linear(srgb.astype(np.float32)).astype(np.float64)
    return _lit_object(Path(name).stem, seen, base, _open(seen, rng), rng)
