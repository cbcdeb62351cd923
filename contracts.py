"""The data that passes between Maquette's parts: frozen dataclasses, numpy arrays, no behaviour of weight.

Frames
------
*View frame*: X right, Y away from the camera, Z up, in units of half the side of the subject's square crop. The
camera sits at ``(0, -camera.distance, 0)`` and looks along +Y; the crop spans [-1, 1] x [-1, 1] in the plane Y = 0.
A pixel at ``u`` (right, -1..1) and ``v`` (up, -1..1) at depth ``y`` is the point
``(u * (1 + y / distance), y, v * (1 + y / distance))``.

*Object frame*: X right, Y back (the front looks towards -Y), Z up, standing on Z = 0, centred, in metres.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = [
    "Background",
    "Camera",
    "Device",
    "Finish",
    "Fix",
    "Float",
    "Int",
    "Kind",
    "Mask",
    "MeshArrays",
    "MeshReport",
    "Pixels",
    "Point",
    "Quality",
    "Relief",
    "Report",
    "Settings",
    "Subject",
    "Surface",
    "Topology",
    "Use",
    "Volume",
]

Float: TypeAlias = npt.NDArray[np.float32]
Int: TypeAlias = npt.NDArray[np.int32]
Mask: TypeAlias = npt.NDArray[np.bool_]
Pixels: TypeAlias = npt.NDArray[np.uint8]
Point: TypeAlias = tuple[float, float]
"""A place in a picture: right and down from its top left corner, 0..1."""

Background = Literal["auto", "alpha", "keep", "remove"]
Device = Literal["auto", "cpu", "cuda", "directml", "coreml", "tensorrt", "openvino"]
Fix = Literal["crop", "straighten", "expose", "upscale"]
Kind = Literal["auto", "photo", "illustration", "sketch", "logo", "relief", "floor_plan"]
Quality = Literal["draft", "standard", "high"]
Relief = Literal["lithophane", "coin", "terrain", "slice"]
Topology = Literal["tris", "quads"]
Use = Literal["solid", "visual", "raw"]


@dataclass(frozen=True)
class Settings:
    """What the user asks for. Values are checked by `settings.check_settings`.

    ``kind``: what kind of picture it is; from *sketch* on, it needs no networks (`drawing`). For such kinds alone:
    ``width`` and ``thickness`` in metres, 0 for the usual; ``wall_height`` of a floor plan; ``relief``, what a relief
    is for. ``fixes``: how the picture is mended before it is used (`inference.mend`).
    ``subject``: which of several things in the picture, as a point on or beside it in the file as it is; None for the
    one nearest the middle. ``mask``: a file that is white where the subject is, "" for none (`inference.hand_mask`).
    ``delight``: how much of the light and shade in the picture is taken out of the texture, 0..1. ``material``: one of
    `materials.PRESETS`.
    """

    kind: Kind = "auto"
    background: Background = "auto"
    fixes: tuple[Fix, ...] = ()
    subject: Point | None = None
    mask: str = ""
    quality: Quality = "standard"
    target_faces: int = 20_000
    topology: Topology = "tris"
    texture_size: int = 2048
    use: Use = "solid"
    height: float = 1.0
    width: float = 0.0
    thickness: float = 0.0
    wall_height: float = 2.5
    relief: Relief = "lithophane"
    delight: float = 0.0
    material: str = "auto"
    device: Device = "auto"
    depth_model: str = "maquette-depth"
    shape_model: str = "maquette-shape"
    matte_model: str = "maquette-matte"


@dataclass(frozen=True)
class Camera:
    """A pinhole camera looking at the subject's crop.

    ``elevation`` in radians, positive when the camera looks down on the subject. ``distance`` from the camera to the
    plane Y = 0 of the view frame, in half crop sides: 1 / tan(half the crop's field of view).
    """

    elevation: float
    distance: float

    @property
    def field_of_view(self) -> float:
        """The full angle of the crop, in radians."""
        return 2.0 * math.atan(1.0 / self.distance)


@dataclass(frozen=True)
class Subject:
    """A picture cut out, cropped and padded for the networks.

    ``rgba`` uint8 [S, S, 4], sRGB with straight alpha: the square crop, the subject's longest side filling
    `inference.prepare.FILL` of it. ``picture`` uint8 [H, W, 4]: the same at its own resolution, for the texture. A
    crop pixel centre (column c, row r) lies in ``picture`` at ``left + (c + 0.5) * side / S`` and ``top + (r + 0.5)
    * side / S`` (continuous pixel coordinates; ``left`` and ``top`` may be negative).
    """

    rgba: Pixels
    picture: Pixels
    left: float
    top: float
    side: float


@dataclass(frozen=True)
class Surface:
    """What the depth model sees, in the view frame.

    ``depth`` float32 [S, S]: Y of each pixel of the crop, 0 outside the mask. ``normals`` float32 [S, S, 3]: unit,
    towards the camera. ``mask`` bool [S, S]. ``confidence`` float32 [S, S]: 1 where the depth is sure, down to 0. The
    points follow from depth and camera (`geometry.axes.unproject`).
    """

    depth: Float
    normals: Float
    mask: Mask
    confidence: Float
    camera: Camera


@dataclass(frozen=True)
class Volume:
    """The complete shape as a scalar field on a frustum grid, positive inside.

    ``field`` float32 [D, H, W]: cell (i, j, k) has its centre at ``y = near + (i + 0.5) * step``,
    ``v = 1 - (2 * j + 1) / H``, ``u = (2 * k + 1) / W - 1`` (see the module's note on the view frame).
    """

    field: Float
    near: float
    step: float
    camera: Camera


@dataclass(frozen=True)
class Finish:
    """How a surface reflects, as estimated from the picture: both 0..1. ``note`` says in words where they come from."""

    roughness: float
    metallic: float
    note: str


@dataclass(frozen=True)
class MeshArrays:
    """A mesh as arrays.

    ``vertices`` float32 [V, 3]. ``faces`` int32 [F, 3], or [F, 4] where a triangle has -1 in its last column; counter-
    clockwise seen from outside. ``uv`` float32 [F, 3 or 4, 2] per face corner, origin at the bottom left, or None.
    ``texture`` uint8 [T, T, 3] sRGB, first row at the TOP (v = 1), or None. ``attributes``: named float32 [V] per
    vertex; ``seen`` is 1 where the picture shows the surface and 0 where it was guessed. ``maps``: further textures of
    the same UVs, uint8 [M, M, 3]; ``light`` is what was taken out of the picture (`inference.light_map`).
    """

    vertices: Float
    faces: Int
    uv: Float | None = None
    texture: Pixels | None = None
    attributes: Mapping[str, Float] = field(default_factory=dict[str, Float])
    maps: Mapping[str, Pixels] = field(default_factory=dict[str, Pixels])


@dataclass(frozen=True)
class MeshReport:
    """Counts of everything that makes a mesh unfit, and its size. Lengths in the mesh's own unit."""

    vertices: int
    faces: int
    boundary_edges: int
    non_manifold_edges: int
    non_manifold_vertices: int
    duplicate_faces: int
    degenerate_faces: int
    loose_parts: int
    inner_shells: int
    inconsistent_edges: int
    self_intersections: int
    watertight: bool
    volume: float
    dimensions: tuple[float, float, float]


@dataclass(frozen=True)
class Report:
    """What a run did. `dataclasses.asdict` of it is the JSON that ``--report`` writes.

    ``kind``: what kind of picture it was taken for; ``notes``: what there is to say of the picture and of the
    device, a sentence each.
    """

    version: str
    image: str
    settings: Settings
    models: tuple[Mapping[str, str], ...]
    seconds: Mapping[str, float]
    mesh: MeshReport
    finish: Finish | None = None
    kind: Kind = "photo"
    notes: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
