"""An installation under way, in a thread of its own that waits for pip, so that nobody else has to."""

from __future__ import annotations

import threading
from pathlib import Path

from ..errors import CancelledError, MaquetteError
from .install import install
from .runtimes import Runtime

__all__ = ["Installation"]


class Installation:
    """Starts at once. ``step`` and ``fraction`` say how far it is; once `finished`, ``error`` says what went wrong,
    and is empty where nothing did or the user cancelled it."""

    def __init__(self, runtime: Runtime, folder: Path) -> None:
        self.step = "Starting"
        self.fraction = 0.0
        self.error = ""
        self.cancelled = False
        self._thread = threading.Thread(target=self._run, args=(runtime, folder), name="maquette-gpu", daemon=True)
        self._thread.start()

    @property
    def finished(self) -> bool:
        """Whether it has come to its end, however."""
        return not self._thread.is_alive()

    def cancel(self) -> None:
        """Ask it to stop, which it does within a fraction of a second while it downloads."""
        self.cancelled = True

    def wait(self) -> None:
        """Wait for its end."""
        self._thread.join()

    def _run(self, runtime: Runtime, folder: Path) -> None:
        try:
            install(runtime, folder, self._note, lambda: self.cancelled)
        except CancelledError:
            pass
        except MaquetteError as error:
            self.error = str(error)
        except Exception as error:  # a thread's exception would be nobody's
            self.error = f"Unexpected error, please report it: {type(error).__name__}: {error}"

    def _note(self, step: str, fraction: float) -> None:
        self.step, self.fraction = step, fraction
