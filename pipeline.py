"""Picture to mesh, step by step, with progress and cancel. No bpy.

The steps take and give the dataclasses of `contracts`; each step is timed, and between steps the job can be cancelled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .contracts import Finish, Float, Int, Kind, MeshArrays, Pixels, Report, Settings, Subject, Surface, Volume
from .drawing import DRAWINGS, draw
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
from .inference.cutout import cut_out
from .inference.decode import decode_heights
from .inference.hand_mask import open_picture
from .inference.light import Light
from .inference.light_map import encode_light, light_layer
from .inference.light_remove import remove_light
from .inference.mend import mend_picture
from .inference.picture import Picture
from .inference.prepare import prepare_subject
from .inference.scene import frame_scene
from .inference.triplane import TriplaneModel
from .materials import AUTO
from .model_set import ModelSet, load_models
from .settings import QUALITY, check_settings
from .steps import Cancelled, Progress, Steps
from .version import VERSION
from .whole_shape import paint_shape, shape_surface

__all__ = ["Draft", "Result", "generate", "reconstruct"]

SMOOTHING = 12  # Taubin steps on the dense surface: takes the grid's stair-steps away before faces are reduced
SPARE = 1.6  # triangles of the dense surface per triangle asked for, at the least
QUAD_SHARE = 0.85  # quads made per face aimed at; a little under what pairing reaches


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


def _dense_surface(volume: Volume, surface: Surface, subject: Subject, settings: Settings) -> tuple[Float, Int]:
    """The closed surface of the completed shape, in the view frame, before faces are reduced."""
    alpha = subject.rgba[..., 3].astype(np.float32) / 255
    fine = refine_volume(volume, surface, alpha, QUALITY[settings.quality].detail)
    return _tidy(*grid_to_view(*extract_surface(fine.field), fine), settings)


def _tidy(vertices: Float, faces: Int, settings: Settings) -> tuple[Float, Int]:
    """A dense surface without the parts that the use has no place for, and without stair-steps."""
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


def _cut(picture: Picture, models: ModelSet, steps: Steps) -> tuple[Pixels, Subject]:
    """The picture with its subject's matte, and the subject."""
    with steps.step("Cutting out the subject"):
        cut = cut_out(picture.pixels, picture.background, models.matte, subject=picture.subject)
        return cut, prepare_subject(cut)


def _see(picture: Picture, settings: Settings, models: ModelSet, steps: Steps) -> tuple[Subject, Surface, str]:
    """The subject, its visible surface, and what came of a foreign depth model."""
    cut, subject = _cut(picture, models, steps)
    with steps.step("Estimating depth"):
        surface = models.depth.estimate(subject, settings.quality != "draft")
        note = ""
        if models.foreign:
            joined = models.foreign.improve(frame_scene(picture.pixels, cut), surface)
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


def _read(path: Path, settings: Settings, models: ModelSet, steps: Steps) -> Picture:
    """The picture as it is used."""
    check_settings(settings)
    with steps.step("Reading the picture"):
        picture = open_picture(path, settings)
    if settings.fixes:
        with steps.step("Mending the picture"):
            picture = mend_picture(picture, settings.fixes, models.matte, models.upscale)
    return picture


def _reconstruct(picture: Picture, settings: Settings, models: ModelSet, steps: Steps) -> Draft:
    subject, surface, join = _see(picture, settings, models, steps)
    light, finish = _light(subject, surface, settings, models, steps)
    with steps.step("Completing the shape"):
        volume = models.shape.complete(surface, settings.quality != "draft")
    with steps.step("Building the surface"):
        vertices, faces = _dense_surface(volume, surface, subject, settings)
    with steps.step("Reducing faces"):
        vertices, faces = _reduce(vertices, faces, settings)
    mesh = _looks(vertices, faces, subject, surface, settings, light, steps)
    return Draft(mesh, subject, surface, join, finish)


def _make_whole(
    picture: Picture, settings: Settings, models: ModelSet, triplane: TriplaneModel, steps: Steps
) -> tuple[MeshArrays, str]:
    """The mesh, in the view frame, of the shape that one network makes of the picture, and what there is to say."""
    _, subject = _cut(picture, models, steps)
    with steps.step("Completing the shape"):
        shape = triplane.look(subject)
    with steps.step("Building the surface"):
        vertices, faces, note = shape_surface(shape, QUALITY[settings.quality].detail, steps)
        vertices, faces = _tidy(vertices, faces, settings)
    with steps.step("Reducing faces"):
        vertices, faces = _reduce(vertices, faces, settings)
    return paint_shape(vertices, faces, shape, settings.texture_size, steps), note


def generate(
    picture: Path, settings: Settings, models: ModelSet | None, progress: Progress, cancelled: Cancelled
) -> Result:
    """Make a textured mesh from one picture.

    Parameters
    ----------
    picture : Path
        The picture file.
    settings : Settings
        What the user asks for.
    models : ModelSet or None
        From `load_models`; None has them loaded, as a step of its own, whose time a warm process saves.
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
    if models is None:
        with steps.step("Loading the networks"):
            models = load_models(check_settings(settings))
    opened = _read(picture, settings, models, steps)
    kind, notes = _kind(opened.pixels, settings)
    if kind in DRAWINGS:
        return _drawn(picture, opened.pixels, kind, notes, settings, steps)
    join, finish, elevation = "", None, 0.0
    if models.triplane:
        mesh, note = _make_whole(opened, settings, models, models.triplane, steps)
        notes = (*notes, note) if note else notes
        if settings.delight:
            notes = (*notes, f"{settings.shape_model} paints its own colours, whose light and shade stay as they are.")
    else:
        draft = _reconstruct(opened, settings, models, steps)
        mesh, join, finish, elevation = draft.mesh, draft.join, draft.finish, draft.surface.camera.elevation
    with steps.step("Checking the mesh"):
        mesh = replace(mesh, vertices=place(view_to_object(mesh.vertices, elevation), settings.height))
        report = measure(from_faces(mesh.vertices, mesh.faces))
    progress("Done", 1.0)
    used = models.used(join, finish is not None)
    told = (*notes, *dict.fromkeys(model["fallback"] for model in used if "fallback" in model))
    return Result(mesh, Report(VERSION, str(picture), settings, used, steps.seconds, report, finish, kind, told))


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
        # A mended picture no longer has the shape of its file.
        heights = decode_heights(picture).heights if kind == "relief" and not settings.fixes else None
        drawn = draw(pixels, kind, settings, heights)
    with steps.step("Checking the mesh"):
        report = measure(from_faces(drawn.mesh.vertices, drawn.mesh.faces))
    steps.progress("Done", 1.0)
    told = (*notes, *drawn.notes)
    return Result(drawn.mesh, Report(VERSION, str(picture), settings, (), steps.seconds, report, None, kind, told))
