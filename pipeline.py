"""Picture to mesh, step by step, with progress and cancel. No bpy.

The steps take and give the dataclasses of `contracts`; each step is timed, and between steps the job can be cancelled.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from .contracts import Device, Finish, Float, Int, Kind, MeshArrays, Pixels, Report, Settings, Subject, Surface, Volume
from .drawing import DRAWINGS, draw
from .errors import CancelledError, ModelError
from .geometry.axes import place, view_to_object
from .geometry.bake import bake_texture
from .geometry.decimate import decimate
from .geometry.drawings.kinds import kind_of
from .geometry.extract import extract_surface
from .geometry.field import grid_to_view, refine_volume
from .geometry.measure import measure
from .geometry.parts import keep_parts
from .geometry.quads import pair_triangles
from .geometry.refine import subdivide
from .geometry.relief import sharpen
from .geometry.repair.polygons import from_faces
from .geometry.smooth import smooth_apart
from .geometry.unwrap import unwrap
from .geometry.visibility import seen_vertices
from .inference.card import Card, find_card, load_card
from .inference.cutout import cut_out
from .inference.decode import decode_picture
from .inference.depth import DepthModel
from .inference.foreign import ForeignDepth, open_foreign
from .inference.light import Light, LightModel
from .inference.light_map import encode_light, light_layer
from .inference.light_remove import remove_light
from .inference.matte import MatteModel
from .inference.mend import mend_picture
from .inference.prepare import prepare_subject
from .inference.scene import frame_scene
from .inference.session import Session
from .inference.shape import ShapeModel
from .inference.upscale import UpscaleModel
from .materials import AUTO
from .settings import QUALITY, check_settings
from .version import VERSION

__all__ = [
    "LIGHT_MODEL",
    "UPSCALE_MODEL",
    "Draft",
    "ModelSet",
    "Result",
    "Steps",
    "generate",
    "load_models",
    "reconstruct",
]

SMOOTHING = 12  # Taubin steps on the dense surface: takes the grid's stair-steps away before faces are reduced
SPARE = 1.6  # triangles of the dense surface per triangle asked for, at the least
QUAD_SHARE = 0.85  # quads made per face aimed at; a little under what pairing reaches

LIGHT_MODEL, UPSCALE_MODEL = "maquette-light", "maquette-upscale"

Progress = Callable[[str, float], None]
Cancelled = Callable[[], bool]


@dataclass(frozen=True)
class ModelSet:
    """The networks of one run, loaded; ``foreign`` improves what ``depth``, the embedded one, sees."""

    matte: MatteModel
    depth: DepthModel
    shape: ShapeModel
    light: LightModel
    upscale: UpscaleModel
    foreign: ForeignDepth | None = None

    def used(self, join: str, light: bool) -> tuple[Mapping[str, str], ...]:
        """What the report says of them: id, sha256, the provider really in use, and of a foreign depth model what came
        of it, in the words of ``join``; ``light``: whether that model was asked."""
        sessions = [self.matte.session, self.depth.session, self.shape.session, *[self.light.session] * light]
        if self.foreign:
            sessions.insert(2, self.foreign.session)
        entries = [{"id": s.card.id, "sha256": s.card.sha256, "provider": s.provider} for s in sessions]
        if self.foreign:
            entries[2]["join"] = join
        return tuple(entries)


@dataclass(frozen=True)
class Draft:
    """A textured mesh in the view frame, what it was made from, what came of a foreign depth model, and how the surface
    reflects, where that was asked for."""

    mesh: MeshArrays
    subject: Subject
    surface: Surface
    join: str
    finish: Finish | None


@dataclass(frozen=True)
class Result:
    """A finished run: the mesh in the object frame, in metres, and the report."""

    mesh: MeshArrays
    report: Report


def _open_card(name: str, *tasks: str) -> Card:
    card = load_card(find_card(name))
    if card.task not in tasks:
        raise ModelError(f"{card.id} is a {card.task} model; choose a {tasks[0]} model instead.")
    return card


@lru_cache(maxsize=4)
def _open_models(matte_model: str, depth_model: str, shape_model: str, device: Device) -> ModelSet:
    matte = MatteModel(Session(_open_card(matte_model, "matte"), device))
    depth = _open_card(depth_model, "depth", "pointmap")
    shape = _open_card(shape_model, "shape")
    light = LightModel(Session(_open_card(LIGHT_MODEL, "light"), device))
    upscale = UpscaleModel(Session(_open_card(UPSCALE_MODEL, "upscale"), device))
    if depth.task == "depth" and depth.meaning == "surface":
        if not {"depth", "normals", "confidence", "camera"} <= set(depth.outputs):
            raise ModelError(f'The card of {depth.id} does not say what its depth is; add meaning = "inverse", say.')
        return ModelSet(matte, DepthModel(Session(depth, device)), ShapeModel(Session(shape, device)), light, upscale)
    embedded = load_card(find_card(Settings.depth_model))
    foreign = open_foreign(Session(depth, device))
    return ModelSet(
        matte, DepthModel(Session(embedded, device)), ShapeModel(Session(shape, device)), light, upscale, foreign
    )


def load_models(settings: Settings) -> ModelSet:
    """The networks that ``settings`` name, loaded once and kept."""
    return _open_models(settings.matte_model, settings.depth_model, settings.shape_model, settings.device)


class Steps:
    """Tells each step's name and share of the work, times it, and stops between steps when asked to."""

    # Shares of the whole, from timings at Standard; they only place the progress bar.
    SHARES: Mapping[str, float] = {
        "Reading the picture": 0.02,
        "Mending the picture": 0.01,
        "Cutting out the subject": 0.07,
        "Making the drawing's mesh": 0.87,
        "Estimating depth": 0.05,
        "Estimating light and material": 0.03,
        "Completing the shape": 0.05,
        "Building the surface": 0.2,
        "Reducing faces": 0.15,
        "Unwrapping": 0.1,
        "Painting the texture": 0.22,
        "Checking the mesh": 0.1,
    }

    def __init__(self, progress: Progress, cancelled: Cancelled) -> None:
        self.progress, self.cancelled = progress, cancelled
        self.done, self.seconds = 0.0, dict[str, float]()

    @contextmanager
    def step(self, name: str) -> Generator[None]:
        if self.cancelled():
            raise CancelledError("Stopped; nothing was made.")
        self.progress(name, self.done)
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 4)
        self.done += self.SHARES[name]


def _dense_surface(volume: Volume, surface: Surface, subject: Subject, settings: Settings) -> tuple[Float, Int]:
    """The closed surface of the completed shape, in the view frame, before faces are reduced."""
    alpha = subject.rgba[..., 3].astype(np.float32) / 255
    fine = refine_volume(volume, surface, alpha, QUALITY[settings.quality].detail)
    vertices, faces = grid_to_view(*extract_surface(fine.field), fine)
    vertices, faces = keep_parts(vertices, faces, settings.use)
    if settings.use != "raw":
        vertices = smooth_apart(vertices, faces, SMOOTHING)
    return vertices, faces


def _reduce(vertices: Float, faces: Int, settings: Settings) -> tuple[Float, Int]:
    """Triangles or quads of the number asked for."""
    quads = settings.topology == "quads"
    triangles = round(settings.target_faces * (1 + QUAD_SHARE)) if quads else settings.target_faces
    while len(faces) < SPARE * triangles:
        vertices, faces = subdivide(vertices, faces)
    vertices, faces = decimate(vertices, faces, triangles)
    return vertices, pair_triangles(vertices, faces, settings.target_faces) if quads else faces


def _see(pixels: Pixels, settings: Settings, models: ModelSet, steps: Steps) -> tuple[Subject, Surface, str]:
    """The subject, its visible surface, and what came of a foreign depth model."""
    with steps.step("Cutting out the subject"):
        cut = cut_out(pixels, settings.background, models.matte)
        subject = prepare_subject(cut)
    with steps.step("Estimating depth"):
        surface = models.depth.estimate(subject, settings.quality != "draft")
        note = ""
        if models.foreign:
            joined = models.foreign.improve(frame_scene(pixels, cut), surface)
            surface, note = joined.surface, joined.note
        surface = replace(surface, depth=sharpen(surface))
    return subject, surface, note


def _light(
    subject: Subject, surface: Surface, settings: Settings, models: ModelSet, steps: Steps
) -> tuple[Light | None, Finish | None]:
    """The light on the subject and how its surface reflects, where the settings ask for them."""
    if not settings.texture_size or not (settings.delight or settings.material == AUTO):
        return None, None
    with steps.step("Estimating light and material"):
        light = models.light.estimate(subject, surface)
    return light, Finish(light.roughness, light.metallic, light.evidence)


def _looks(
    vertices: Float,
    faces: Int,
    subject: Subject,
    surface: Surface,
    settings: Settings,
    light: Light | None,
    steps: Steps,
) -> MeshArrays:
    """The mesh in the view frame with what was seen of it, UVs and texture (size 0: without the last two)."""
    size = settings.texture_size
    if not size:
        return MeshArrays(vertices, faces, attributes={"seen": seen_vertices(vertices, faces, surface.camera)})
    with steps.step("Unwrapping"):
        uv = unwrap(vertices, faces)
    with steps.step("Painting the texture"):
        layers: dict[str, Float] = {}
        if light and settings.delight:
            layers = {"light": light_layer(light, len(subject.rgba)) ** settings.delight}
            subject = remove_light(subject, light, settings.delight)
        baked = bake_texture(vertices, faces, uv, subject, surface, size, layers)
        maps = {name: encode_light(values) for name, values in baked.maps.items()}
    return MeshArrays(vertices, faces, uv, baked.texture, {"seen": baked.seen}, maps)


def reconstruct(picture: Path, settings: Settings, models: ModelSet, steps: Steps) -> Draft:
    """All of `generate` but placing and measuring the mesh, for a picture that is no drawing."""
    return _reconstruct(_read(picture, settings, models, steps), settings, models, steps)


def _read(picture: Path, settings: Settings, models: ModelSet, steps: Steps) -> Pixels:
    """The picture as it is used."""
    check_settings(settings)
    with steps.step("Reading the picture"):
        pixels = decode_picture(picture)
    if settings.fixes:
        with steps.step("Mending the picture"):
            pixels = mend_picture(pixels, settings.fixes, settings.background, models.matte, models.upscale)
    return pixels


def _reconstruct(pixels: Pixels, settings: Settings, models: ModelSet, steps: Steps) -> Draft:
    subject, surface, join = _see(pixels, settings, models, steps)
    light, finish = _light(subject, surface, settings, models, steps)
    with steps.step("Completing the shape"):
        volume = models.shape.complete(surface, settings.quality != "draft")
    with steps.step("Building the surface"):
        vertices, faces = _dense_surface(volume, surface, subject, settings)
    with steps.step("Reducing faces"):
        vertices, faces = _reduce(vertices, faces, settings)
    mesh = _looks(vertices, faces, subject, surface, settings, light, steps)
    return Draft(mesh, subject, surface, join, finish)


def generate(picture: Path, settings: Settings, models: ModelSet, progress: Progress, cancelled: Cancelled) -> Result:
    """Make a textured mesh from one picture.

    Parameters
    ----------
    picture : Path
        The picture file.
    settings : Settings
        What the user asks for.
    models : ModelSet
        From `load_models`.
    progress : callable
        Called with each step's name and the share of the work done before it, 0..1.
    cancelled : callable
        Asked before each step; when it says yes, `CancelledError` is raised.

    Returns
    -------
    Result
        The mesh in the object frame (metres, Z up, front towards -Y, standing on Z = 0) and the report.

    Raises
    ------
    MaquetteError
        One of its children, with a sentence for the user.
    """
    steps = Steps(progress, cancelled)
    pixels = _read(picture, settings, models, steps)
    kind, notes = _kind(pixels, settings)
    if kind in DRAWINGS:
        return _drawn(picture, pixels, kind, notes, settings, steps)
    draft = _reconstruct(pixels, settings, models, steps)
    with steps.step("Checking the mesh"):
        upright = place(view_to_object(draft.mesh.vertices, draft.surface.camera.elevation), settings.height)
        mesh = replace(draft.mesh, vertices=upright)
        report = measure(from_faces(mesh.vertices, mesh.faces))
    progress("Done", 1.0)
    used = models.used(draft.join, draft.finish is not None)
    return Result(mesh, Report(VERSION, str(picture), settings, used, steps.seconds, report, draft.finish, kind, notes))


def _kind(pixels: Pixels, settings: Settings) -> tuple[Kind, tuple[str, ...]]:
    """What kind of picture it is, and a sentence on it where that was not asked for."""
    if settings.kind != "auto":
        return settings.kind, ()
    kind, why = kind_of(pixels)
    named = f"{'an' if kind[0] in 'aeiou' else 'a'} {kind.replace('_', ' ')}"
    return kind, () if kind == "photo" else (f"Taken for {named}: {why[0].lower()}{why[1:]}",)


def _drawn(
    picture: Path, pixels: Pixels, kind: Kind, notes: tuple[str, ...], settings: Settings, steps: Steps
) -> Result:
    """The result for a drawing: exact, without networks."""
    with steps.step("Making the drawing's mesh"):
        drawn = draw(pixels, kind, settings)
    with steps.step("Checking the mesh"):
        report = measure(from_faces(drawn.mesh.vertices, drawn.mesh.faces))
    steps.progress("Done", 1.0)
    told = (*notes, *drawn.notes)
    return Result(drawn.mesh, Report(VERSION, str(picture), settings, (), steps.seconds, report, None, kind, told))
