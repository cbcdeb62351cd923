"""One run, from the scene's settings to the finished object, and the worker process that all runs share."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias

import bpy

from .. import launch, transfer
from ..blender.build import build_object
from ..blender.place import leave_edit_mode, place
from ..blender.redraw import redraw_sidebars
from ..blender.report import store_report
from ..blender.row import free_location
from ..errors import CancelledError, WorkerError
from ..events import Cancelled, Died, Done, Failed, Progress
from ..gpu_support.folder import runtime_folder
from ..gpu_support.install import offer
from ..jobs import Worker
from ..preferences import idle_minutes
from .run_settings import run_settings

__all__ = ["Ending", "Generation", "current", "rest", "shared_worker", "shut_down"]

Ending: TypeAlias = Cancelled | Died | Done | Failed

_REST_CHECK = 15.0
"""Seconds between two looks whether the worker has been idle for long."""

_worker: Worker | None = None
_current: Generation | None = None


def current() -> Generation | None:
    """The run under way, or None."""
    return _current


def shut_down() -> None:
    """Stop the run under way and the worker process, and wait until both are gone."""
    global _worker
    if _current is not None:
        _current.close()
    if _worker is not None:
        _worker.shutdown()
        _worker = None
        if bpy.app.timers.is_registered(_rest_when_idle):
            bpy.app.timers.unregister(_rest_when_idle)


def shared_worker() -> Worker:
    """The worker process that all runs share; it starts with its first job."""
    global _worker
    if _worker is None:
        offer(runtime_folder())
        _worker = Worker(launch.default_command(bpy.app.binary_path or None))
        if not bpy.app.background:
            bpy.app.timers.register(_rest_when_idle, first_interval=_REST_CHECK, persistent=True)
    return _worker


def rest() -> None:
    """End a worker that has nothing to do: the next run's sees what has changed."""
    if _worker is not None:
        _worker.rest()


def _rest_when_idle() -> float:
    """End a worker that has been idle for as long as the user set: it holds memory, the graphics card's too."""
    minutes = idle_minutes(bpy.context)
    if _worker is not None and minutes and _worker.idle > 60 * minutes:
        _worker.rest()
    return _REST_CHECK


class Generation:
    """A run under way. Make it, call `tick` until it returns an event, then `conclude`; `close` in any case.

    Parameters
    ----------
    picture
        Its path, as Blender has it; the one chosen in the panel unless given.
    in_row
        Whether the result is to stand beside earlier ones instead of in their way.

    Raises
    ------
    MaquetteError
        When the settings are out of range or the worker process cannot be started.
    """

    def __init__(self, context: bpy.types.Context, picture: str = "", in_row: bool = False) -> None:
        global _current
        started = time.perf_counter()
        picture = picture or context.scene.maquette.image_path
        self.picture = Path(bpy.path.abspath(picture)).absolute()
        self._in_row = in_row
        # The scene is looked up again at the end: undo and the user may replace or delete it meanwhile.
        self._scene = context.scene.session_uid
        self._timer: Any = None
        state = context.window_manager.maquette_state
        state.error, state.step, state.progress = "", "Starting", 0.0
        state.longest_tick_ms = state.handover_ms = 0.0
        settings = run_settings(context, picture)
        self._job = shared_worker().submit("generate", {"picture": str(self.picture), "settings": asdict(settings)})
        _current = self
        self._note_tick(context, started)

    def start_timer(self, context: bpy.types.Context) -> None:
        """Have Blender send timer events, 20 a second, until the end of the run."""
        self._timer = context.window_manager.event_timer_add(0.05, window=context.window)

    def cancel(self) -> None:
        """Ask the run to stop; `tick` returns `Cancelled` within half a second."""
        self._job.cancel()

    def tick(self, context: bpy.types.Context) -> Ending | None:
        """Take note of what the worker did; the event that ended the run, or None while it goes on."""
        started = time.perf_counter()
        last = None
        for event in self._job.poll():
            if isinstance(event, Progress):
                self._show(context, event)
            else:
                last = event
        self._note_tick(context, started)
        return last

    def conclude(self, context: bpy.types.Context, event: Ending) -> bpy.types.Object:
        """Turn a finished run into an object in the scene.

        Raises
        ------
        CancelledError
            When the user stopped the run.
        MaquetteError
            When it failed, with the reason.
        """
        if isinstance(event, Cancelled):
            raise CancelledError("Stopped: nothing was made.")
        if not isinstance(event, Done):
            raise WorkerError(event.message)
        started = time.perf_counter()
        item = self._hand_over(context, event.folder)
        context.window_manager.maquette_state.handover_ms = (time.perf_counter() - started) * 1000.0
        return item

    def close(self) -> None:
        """Let go of everything: the job with its files, the timer, the place of the current run."""
        global _current
        manager = bpy.context.window_manager
        if self._timer is not None:
            manager.event_timer_remove(self._timer)
            self._timer = None
        self._job.close()
        manager.maquette_state.step = ""
        if _current is self:
            _current = None
        redraw_sidebars()

    def _hand_over(self, context: bpy.types.Context, folder: Path) -> bpy.types.Object:
        arrays, report = transfer.load_result(folder)
        scene = next((scene for scene in bpy.data.scenes if scene.session_uid == self._scene), context.scene)
        here = scene == context.scene
        if here:
            leave_edit_mode(context)
        texture, light = (transfer.picture_path(folder, name) for name in (transfer.TEXTURE, transfer.LIGHT))
        item = build_object(arrays, texture, self.picture.stem, report.settings.material, report.finish, light)
        store_report(item, report)
        view_layer = context.view_layer if here else scene.view_layers[0]
        location = scene.cursor.location
        if self._in_row:
            view_layer.update()
            location = free_location(item, scene.objects, location)
        place(item, scene, view_layer, location, _spaces(context, scene))
        return item

    @staticmethod
    def _show(context: bpy.types.Context, progress: Progress) -> None:
        state = context.window_manager.maquette_state
        before = state.step, round(state.progress * 100)
        state.step, state.progress = progress.step, progress.fraction
        if before != (state.step, round(state.progress * 100)):
            redraw_sidebars()

    @staticmethod
    def _note_tick(context: bpy.types.Context, started: float) -> None:
        state = context.window_manager.maquette_state
        state.longest_tick_ms = max(state.longest_tick_ms, (time.perf_counter() - started) * 1000.0)


def _spaces(context: bpy.types.Context, scene: bpy.types.Scene) -> list[bpy.types.SpaceView3D]:
    """All 3D views that show the scene."""
    return [
        area.spaces.active
        for window in context.window_manager.windows
        if window.scene == scene
        for area in window.screen.areas
        if area.type == "VIEW_3D"
    ]
