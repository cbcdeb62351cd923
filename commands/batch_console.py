"""How a batch tells what it does: a live line on a terminal, plain lines in a log; and how it is stopped."""

from __future__ import annotations

import shutil
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from ..batching.entry import Entry
from ..batching.tally import Tally, counted
from ..errors import MaquetteError
from .common import say

__all__ = ["Console"]

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)]
_LIVE_EVERY = 100


class Console:
    """Told by `batching.batch.run_batch`; ``verbose`` asks for a line for each picture on a terminal too."""

    def __init__(self, verbose: bool) -> None:
        self._live = sys.stderr.isatty()
        self._all = verbose or not self._live
        self._width = 0
        self._stop = threading.Event()

    @contextmanager
    def listening(self) -> Generator[None]:
        """Meanwhile, Ctrl-C and the signals that end a program only ask it to stop."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, lambda *_: self._stop.set()) for number in _SIGNALS}
        try:
            yield
        finally:
            self._show("")
            for number, handler in before.items():
                signal.signal(number, handler if handler is not None else signal.SIG_DFL)

    def compared(self, count: int) -> None:
        """See `batching.batch.Listener`."""
        if count % _LIVE_EVERY == 0:
            self._show(f"{counted(count, 'picture')} compared with what is done")

    def begun(self, tally: Tally) -> None:
        """See `batching.batch.Listener`."""
        if not self._live:
            earlier = f", {tally.earlier:,} of them done earlier" if tally.earlier else ""
            self._tell(f"{counted(tally.total, 'picture')}{earlier}")
        self._show(tally.line())

    def finished(self, entry: Entry, tally: Tally) -> None:
        """See `batching.batch.Listener`."""
        if self._all or entry.state != "done":
            self._tell(f"[{tally.finished}/{tally.total}] {_line(entry)}")
        self._show(tally.line())

    def stopped(self) -> bool:
        """See `batching.batch.Listener`."""
        return self._stop.is_set()

    def conclude(self, tally: Tally, manifest: Path, lenient: bool = False) -> None:
        """Say how it ended.

        Raises
        ------
        MaquetteError
            If it was stopped, or, unless ``lenient``, if not all pictures are done.
        """
        speed = f"; {tally.per_minute():.1f} a minute" if tally.per_minute() else ""
        earlier = f" ({tally.earlier:,} earlier)" if tally.earlier else ""
        self._tell(f"{counted(tally.total, 'picture')}: {tally.counts()}{earlier}{speed}; {manifest}")
        if self.stopped() and tally.finished < tally.total:
            left = tally.total - tally.finished
            raise MaquetteError(f"Stopped with {counted(left, 'picture')} left: go on with the same and --resume.")
        if tally.states["done"] < tally.total and not lenient:
            again = "; --resume tries the failed again" if tally.states["failed"] else ""
            raise MaquetteError(f"Not all pictures are done: {manifest} says why{again}.")

    def _tell(self, line: str) -> None:
        """Write a line that stays."""
        self._show("")
        say(line)
        sys.stdout.flush()

    def _show(self, line: str) -> None:
        """Put a line in place of the live one."""
        if self._live:
            text = line[: shutil.get_terminal_size().columns - 1]
            sys.stderr.write(f"\r{text:{self._width}}\r{text}" if text else f"\r{'':{self._width}}\r")
            sys.stderr.flush()
            self._width = len(text)


def _line(entry: Entry) -> str:
    """What became of a picture."""
    if entry.state != "done":
        return f"{entry.state}: {entry.picture}: {entry.error}"
    unmet = f"; not met: {', '.join(entry.unmet)}" if entry.unmet else ""
    faces = entry.mesh["faces"] if entry.mesh else 0
    return f"done: {entry.picture}: {faces:,} faces, {entry.seconds['total']:.1f} s{unmet}"
