"""One run over the queue: its pictures one after the other, whatever becomes of each."""

from __future__ import annotations

import bpy

from ..blender.redraw import redraw_sidebars
from ..errors import CancelledError, MaquetteError, PictureError
from ..events import Failed
from .generation import Ending, Generation
from .picture_queue import count, find, next_waiting

__all__ = ["QueueRun", "current_queue", "shut_down"]

_current: QueueRun | None = None


def current_queue() -> QueueRun | None:
    """The run over the queue that is under way, or None."""
    return _current


def shut_down() -> None:
    """Stop the run under way."""
    if _current is not None:
        _current.close()


class QueueRun:
    """Make it, call `tick` until it says that all is done or stopped; `close` in any case.

    Each result is an undo step of its own. While the run is under way there is always a current `Generation`.
    """

    def __init__(self, context: bpy.types.Context) -> None:
        global _current
        self.made = 0
        self._scene = context.scene.session_uid
        self._stopping = False
        self._number = 0
        self._generation: Generation | None = None
        _current = self
        self._begin_next(context)

    def cancel(self) -> None:
        """Stop with the picture under way, which waits again then, like those after it."""
        self._stopping = True
        if self._generation is not None:
            self._generation.cancel()

    def skip(self, number: int) -> None:
        """Give a picture up if it is under way, and go on with the next."""
        if self._generation is not None and self._number == number:
            self._generation.cancel()

    def tick(self, context: bpy.types.Context) -> bool:
        """Whether the run is over; at the end of a picture the next is begun."""
        if self._generation is not None:
            ending = self._generation.tick(context)
            if ending is not None:
                self._finish(context, self._generation, ending)
                self._begin_next(context)
        return self._generation is None

    def close(self) -> None:
        """Let go of everything; a picture that was under way waits again."""
        global _current
        if self._generation is not None:
            self._generation.close()
            self._generation = None
            self._mark(bpy.context, "waiting")
        if _current is self:
            _current = None
        redraw_sidebars()

    def _begin_next(self, context: bpy.types.Context) -> None:
        """Begin the next picture that can be begun, in the scene that the run was started in."""
        scene = next((scene for scene in bpy.data.scenes if scene.session_uid == self._scene), context.scene)
        while not self._stopping and (entry := next_waiting(context)) is not None:
            self._number = entry.number
            self._mark(context, "running")
            try:
                with context.temp_override(scene=scene):
                    self._generation = Generation(bpy.context, entry.path, in_row=True)
            except MaquetteError as error:
                self._mark(context, "failed", str(error))
            else:
                break
        redraw_sidebars()

    def _finish(self, context: bpy.types.Context, generation: Generation, ending: Ending) -> None:
        """Take over what became of a picture; nothing that goes wrong with one may keep the next from its turn."""
        self._generation = None
        try:
            item = generation.conclude(context, ending)
        except CancelledError:
            self._mark(context, "waiting")
        except MaquetteError as error:
            refused = isinstance(ending, Failed) and ending.exit_code == PictureError.exit_code
            self._mark(context, "refused" if refused else "failed", str(error))
        except Exception as error:
            self._mark(context, "failed", f"Unexpected error, please report it: {type(error).__name__}: {error}")
        else:
            self.made += 1
            self._mark(context, "done", f"Generated {item.name}")
            bpy.ops.ed.undo_push(message=f"Generate {item.name}")
        finally:
            generation.close()

    def _mark(self, context: bpy.types.Context, state: str, message: str = "") -> None:
        entry = find(context, self._number)
        if entry is not None:
            entry.state, entry.message = state, message

    def summary(self, context: bpy.types.Context) -> str:
        """What became of the pictures, in one sentence."""
        bad = count(context, "refused", "failed")
        waiting = count(context, "waiting")
        parts = [f"{self.made} generated"]
        parts += [f"{bad} not usable: the queue says why"] if bad else []
        parts += [f"{waiting} still waiting"] if waiting else []
        return ", ".join(parts)
