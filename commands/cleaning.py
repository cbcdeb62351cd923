"""The objects of a mesh file, cleaned in the open file, which is emptied for them and never saved."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .. import launch, remote
from ..contracts import MeshReport
from ..errors import MeshError, WorkerError
from ..geometry.measure import measure
from ..geometry.repair.cleaned import Cleaned, Step
from ..geometry.repair.polygons import Polygons
from ..geometry.repair.prepare import drop_invalid
from ..jobs import Worker

if TYPE_CHECKING:
    import bpy

__all__ = ["Outcome", "clean_file"]

_PATIENCE, _PATIENCE_PER_FACE = 40.0, 1e-4
"""Seconds that a solid may take to be made, before the surface is only cleaned."""

_FEWEST = 4
"""The triangles of the smallest closed body."""

Show: TypeAlias = Callable[[str, float], None]


@dataclass
class Outcome:
    """What became of a file: the mesh reports of all objects together, how many they are, what to call their faces, and
    the ``steps`` with the object each was for."""

    before: MeshReport
    after: MeshReport
    objects: int
    kind: str
    steps: list[tuple[str, Step]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass
class _Part:
    """An object on its way: its mesh in lengths of the world, as it came and as it is; ``matrix`` float64 [4, 4] takes
    both to their place in the world."""

    item: bpy.types.Object
    matrix: npt.NDArray[np.float64]
    before: Polygons
    after: Polygons
    steps: tuple[Step, ...] = ()
    warnings: tuple[str, ...] = ()


def clean_file(path: Path, target: Path, use: str, faces: int | None, show: Show) -> Outcome:
    """Read a mesh file, clean every mesh in it, and write what comes out.

    Objects are cleaned one by one: those of one file are never joined.

    Parameters
    ----------
    path, target : Path
        The suffixes say which formats.
    use : {"solid", "visual"}
        Whether closed bodies are wanted; where none can be made, the surface is left open, with a warning.
    faces : int or None
        How many triangles are to be left of all objects together.
    show : callable
        Is told each step and the share that is done.

    Raises
    ------
    MaquetteError
        If the file is refused, none of its meshes can be worked on, the worker dies, or nothing can be written.
    """
    from ..blender.import_mesh import import_file
    from ..blender.write_mesh import write_objects

    clock = _Clock()
    with clock.measure("Reading the file"):
        _empty_file()
        imported = import_file(path)
        parts = _parts(imported.objects)
    with clock.measure("Cleaning"):
        _clean(parts, use, show)
    if faces is not None:
        with clock.measure("Reducing faces"):
            _reduce(parts, faces)
    with clock.measure("Checking the meshes"):
        before, after = (
            _measured(parts, [part.before for part in parts]),
            _measured(parts, [part.after for part in parts]),
        )
    with clock.measure("Writing the file"):
        kept = write_objects(imported.objects, target)
    several = len(parts) > 1
    texts = [f"{part.item.name}: {text}" if several else text for part in parts for text in part.warnings]
    return Outcome(
        before,
        after,
        len(parts),
        "triangles" if all((part.after.sizes == 3).all() for part in parts) else "faces",
        [(part.item.name, step) for part in parts for step in part.steps],
        [*imported.warnings, *texts, *kept],
        clock.seconds,
    )


class _Clock:
    """The seconds that each step took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measure(self, step: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[step] = round(time.perf_counter() - started, 3)


def _empty_file() -> None:
    """Remove what the open file starts with, whose names would be in the way."""
    import bpy

    bpy.data.batch_remove([*bpy.data.objects, *bpy.data.meshes, *bpy.data.materials, *bpy.data.images])
    bpy.context.scene.unit_settings.scale_length = 1.0  # importers and exporters multiply by it


def _parts(objects: list[bpy.types.Object]) -> list[_Part]:
    """The objects with faces; of those that share a mesh the first."""
    from ..blender.polygons import world_scale
    from ..operators.cleanup import read_source

    by_mesh: dict[bpy.types.Mesh, bpy.types.Object] = {}
    for item in objects:
        if item.type == "MESH" and len(item.data.polygons):
            by_mesh.setdefault(item.data, item)
    parts: list[_Part] = []
    for item in by_mesh.values():
        source = read_source(item)
        matrix = np.array(item.matrix_world, np.float64)
        matrix[:3, :3] = matrix[:3, :3] @ np.linalg.inv(world_scale(item))
        parts.append(_Part(item, matrix, source, source))
    return parts


def _clean(parts: list[_Part], use: str, show: Show) -> None:
    """Clean every part; one that cannot be worked on stays as it is, unless there is no other."""
    import bpy

    from ..operators.cleanup import put_back

    worker = Worker(launch.default_command(bpy.app.binary_path or None))
    failures: list[MeshError] = []
    try:
        for number, part in enumerate(parts):
            try:
                result = _cleaned(worker, part.before, use, _share(show, number, len(parts)))
            except MeshError as error:
                failures.append(error)
                part.warnings = (f"{error} It is left as it was.",)
                continue
            part.steps, part.warnings = result.steps, result.warnings
            if result.mesh is not part.before:
                put_back(part.item, part.before, result.mesh, keep_loose=False)
                part.after = result.mesh
    finally:
        worker.shutdown()
    if len(failures) == len(parts):
        raise failures[0]


def _cleaned(worker: Worker, mesh: Polygons, use: str, show: Show) -> Cleaned:
    """Make a solid if that is wanted and can be done; what is left of that otherwise is a warning."""
    if use == "visual":
        return remote.clean(worker, mesh, "clean_up", {"leave_open": True}, show)
    try:
        return remote.clean(worker, mesh, "make_solid", {}, show, _PATIENCE + mesh.n_faces * _PATIENCE_PER_FACE)
    except (MeshError, WorkerError) as error:
        result = remote.clean(worker, mesh, "clean_up", {}, show)
        return replace(result, warnings=(*result.warnings, f"No solid was made: {error}"))


def _share(show: Show, number: int, count: int) -> Show:
    """Progress of one of several objects."""
    return lambda step, fraction: show(step, (number + fraction) / count)


def _reduce(parts: list[_Part], faces: int) -> None:
    """Bring all parts together down to so many triangles, each by the same share."""
    import bpy

    from ..blender.polygons import read_polygons, scaled, world_scale
    from ..operators.cleanup import Notes
    from ..operators.decimate import decimate

    counts = [int((part.after.sizes - 2).sum()) for part in parts]
    if sum(counts) <= faces:
        return
    for part, count in zip(parts, counts, strict=True):
        notes = Notes()
        try:
            text = decimate(bpy.context, part.item, max(_FEWEST, round(faces * count / sum(counts))), notes)
        except MeshError as error:
            part.warnings = (*part.warnings, f"Its faces were not reduced: {error}")
            continue
        part.after = scaled(read_polygons(part.item.data), world_scale(part.item))
        part.steps = (*part.steps, Step("Reducing faces", text[0].lower() + text[1:]))
        if notes.warned:
            part.warnings = (*part.warnings, f"{text}.")


def _measured(parts: list[_Part], meshes: list[Polygons]) -> MeshReport:
    """The reports of all objects together: counts add up, and the box is that around all."""
    meshes = [mesh if np.isfinite(mesh.points).all() else drop_invalid(mesh) for mesh in meshes]
    reports = [measure(mesh) for mesh in meshes]
    names = [entry.name for entry in fields(MeshReport) if entry.name not in ("dimensions", "watertight")]
    sums: dict[str, Any] = {name: sum(getattr(report, name) for report in reports) for name in names}
    boxes = np.concatenate([_box(part, mesh) for part, mesh in zip(parts, meshes, strict=True)])
    width, depth, height = np.ptp(boxes, axis=0).tolist()
    return MeshReport(
        watertight=all(report.watertight for report in reports), dimensions=(width, depth, height), **sums
    )


def _box(part: _Part, mesh: Polygons) -> npt.NDArray[np.float64]:
    """The lowest and the highest coordinates of the faces in the world, float64 [2, 3]."""
    used = np.unique(mesh.corners)
    points = mesh.points[used] @ part.matrix[:3, :3].T + part.matrix[:3, 3]
    return np.stack([points.min(axis=0), points.max(axis=0)])
