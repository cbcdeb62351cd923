"""One cleaning by the worker process, of one object after the other; the scene changes only at the end of all."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import bpy
import numpy as np

from .. import remote
from ..blender.redraw import redraw_sidebars
from ..blender.report import counted, store_cleaning
from ..errors import CancelledError, MaquetteError, MeshError, WorkerError
from ..events import Cancelled, Done, Progress
from ..geometry.repair.cleaned import Cleaned
from ..geometry.repair.polygons import Polygons
from ..jobs import Job
from ..polygon_files import load_cleaned
from .cleanup import Notes, put_back, read_source, told_of_modifiers
from .generation import shared_worker
from .targets import find_targets, object_mode

__all__ = ["Cleaning", "current_cleaning", "shut_down"]

_current: Cleaning | None = None


def current_cleaning() -> Cleaning | None:
    """The cleaning under way, or None."""
    return _current


def shut_down() -> None:
    """Stop the cleaning under way, if there is one."""
    if _current is not None:
        _current.close()


@dataclass
class _Piece:
    """One object on its way. It is looked up again at the end: undo and the user may replace or delete it meanwhile."""

    uid: int
    name: str
    source: Polygons
    cleaned: Cleaned | None = None


class Cleaning:
    """Make it, call `tick` until it returns True, then `conclude`; `close` in any case."""

    def __init__(self, context: bpy.types.Context, action: str, options: Mapping[str, float | bool | str]) -> None:
        global _current
        started = time.perf_counter()
        self._action, self._options = action, options
        self._notes = Notes()
        self._pieces: list[_Piece] = []
        self._job: Job | None = None
        self._started = 0.0
        self._cancelled = False
        targets = find_targets(context)
        with object_mode(context):
            for item in targets:
                try:
                    self._pieces.append(_Piece(item.session_uid, item.name, read_source(item)))
                except MaquetteError as error:
                    self._notes.failed.append((item.name, str(error)))
        self._waiting = list(self._pieces)
        _current = self
        state = context.window_manager.maquette_state
        state.longest_tick_ms = state.handover_ms = 0.0
        self._show(context, "Starting", 0.0)
        _note_tick(context, started)

    def cancel(self) -> None:
        """Stop at the next `tick`; nothing will have changed."""
        self._cancelled = True
        if self._job is not None:
            self._job.cancel()

    def tick(self, context: bpy.types.Context) -> bool:
        """Take note of what the worker did, and give it its next mesh; whether all is over."""
        if self._cancelled or not self._waiting:
            return True
        started = time.perf_counter()
        piece = self._waiting[0]
        try:
            over = self._follow(context, piece)
        except MaquetteError as error:
            self._notes.failed.append((piece.name, str(error)))
            over = True
        if over:
            self._waiting.pop(0)
            self._drop_job()
        _note_tick(context, started)
        return self._cancelled or not self._waiting

    def conclude(self, context: bpy.types.Context) -> tuple[Notes, list[bpy.types.Object]]:
        """Put the results in their places; what became of each object, and the objects that were cleaned.

        Raises
        ------
        CancelledError
            If the user stopped it.
        """
        if self._cancelled:
            raise CancelledError("Stopped: nothing was changed.")
        started = time.perf_counter()
        items: list[bpy.types.Object] = []
        with object_mode(context):
            for piece in self._pieces:
                if piece.cleaned is None:
                    continue
                try:
                    items.append(self._finish(piece, piece.cleaned))
                except MaquetteError as error:
                    self._notes.failed.append((piece.name, str(error)))
        context.window_manager.maquette_state.handover_ms = (time.perf_counter() - started) * 1000.0
        return self._notes, items

    def close(self) -> None:
        """Let go of the job with its files and of the place of the current cleaning."""
        global _current
        self._drop_job()
        if _current is self:
            _current = None
        bpy.context.window_manager.maquette_state.cleaning_step = ""
        redraw_sidebars()

    def _follow(self, context: bpy.types.Context, piece: _Piece) -> bool:
        """Start the piece's job or listen to it; whether it has ended."""
        if self._job is None:
            self._started = time.monotonic()
            self._job = remote.submit_clean(shared_worker(), piece.source, self._action, self._options)
            return False
        for event in self._job.poll():
            if isinstance(event, Progress):
                self._show(context, event.step, event.fraction)
            elif isinstance(event, Done):
                piece.cleaned = load_cleaned(self._job.folder, piece.source)
                return True
            elif isinstance(event, Cancelled):
                self._cancelled = True
                return True
            else:
                raise WorkerError(event.message)
        if time.monotonic() - self._started > remote.LIMIT:
            raise WorkerError(f"Stopped after {remote.LIMIT:g} seconds: try fewer faces first (Decimate).")
        return False

    def _finish(self, piece: _Piece, cleaned: Cleaned) -> bpy.types.Object:
        """Give the object its cleaned mesh, unless somebody has changed it since it was read."""
        item = next((item for item in bpy.data.objects if item.session_uid == piece.uid), None)
        if item is None:
            raise MeshError("The object was deleted while it was being cleaned.")
        if not _same(read_source(item), piece.source):
            raise MeshError("The mesh was changed while it was being cleaned: nothing was done to it, so try again.")
        texts = [step.note for step in cleaned.steps]
        stray = len(piece.source.points) - len(np.unique(piece.source.corners))
        if stray:
            texts.append(f"removed {counted(stray, 'vertex', 'vertices')} without a face")
        if not _same(cleaned.mesh, piece.source):
            put_back(item, piece.source, cleaned.mesh, keep_loose=False)
        store_cleaning(item, texts, cleaned.warnings)
        text = ", ".join(texts) or "nothing to repair"
        line = told_of_modifiers(item, text[0].upper() + text[1:])
        self._notes.done.append((piece.name, ". ".join([line, *(warning.rstrip(".") for warning in cleaned.warnings)])))
        self._notes.warned |= bool(cleaned.warnings)
        return item

    def _show(self, context: bpy.types.Context, step: str, fraction: float) -> None:
        """Show the progress of all objects together."""
        done = len(self._pieces) - len(self._waiting)
        state = context.window_manager.maquette_state
        name = f"{self._waiting[0].name}: {step}" if len(self._pieces) > 1 and self._waiting else step
        state.cleaning_step = name
        state.cleaning_progress = (done + fraction) / max(len(self._pieces), 1)
        redraw_sidebars()

    def _drop_job(self) -> None:
        if self._job is not None:
            self._job.close()
            self._job = None


def _note_tick(context: bpy.types.Context, started: float) -> None:
    state = context.window_manager.maquette_state
    state.longest_tick_ms = max(state.longest_tick_ms, (time.perf_counter() - started) * 1000.0)


def _same(one: Polygons, other: Polygons) -> bool:
    """Whether two meshes are the same, coordinates that are no numbers included."""
    return (
        np.array_equal(one.corners, other.corners)
        and np.array_equal(one.first, other.first)
        and np.array_equal(one.points, other.points, equal_nan=True)
    )
