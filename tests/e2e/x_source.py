"""What other programs do on an X11 screen: hand files over by drag and drop, or own the clipboard.

``x_source.py drop X Y FILE...`` drops files on the window at a place of the screen, and ends when they were taken.
``x_source.py text FILE`` and ``x_source.py image FILE`` own the clipboard, with a file's text or a PNG file, until they
are ended, and print a line once they do. Needs python-xlib, and DISPLAY.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from Xlib import X, Xatom
from Xlib.display import Display
from Xlib.protocol import event
from Xlib.xobject.drawable import Window

PATIENCE = 20.0
VERSION = 5  # of the XDND protocol, https://www.freedesktop.org/wiki/Specifications/XDND/


class Source:
    """A window of our own that owns a selection and gives it out in some formats."""

    def __init__(self, selection: str, formats: Mapping[str, bytes]) -> None:
        self.display = Display()
        self.root = self.display.screen().root
        self.window = self.root.create_window(0, 0, 1, 1, 0, self.display.screen().root_depth)
        self._formats = {self.atom(name): data for name, data in formats.items()}
        self.window.set_selection_owner(self.atom(selection), X.CurrentTime)
        self.display.sync()

    def atom(self, name: str) -> int:
        return self.display.intern_atom(name)

    def serve(self, until: Callable[[event.ClientMessage | None], bool]) -> None:
        """Answer requests until something holds, asked after each message and at least twenty times a second."""
        while True:
            message = None
            if self.display.pending_events():
                got = self.display.next_event()
                if got.type == X.SelectionRequest:
                    self._give(got)
                elif got.type == X.ClientMessage:
                    message = got
            else:
                time.sleep(0.05)
            if until(message):
                return

    def _give(self, request: event.SelectionRequest) -> None:
        place = request.property or request.target
        if request.target == self.atom("TARGETS"):
            names = [request.target, *self._formats]
            request.requestor.change_property(place, Xatom.ATOM, 32, names)
        elif request.target in self._formats:
            # Longer data would have to be sent in pieces (INCR): the tests' pictures are smaller than a request.
            request.requestor.change_property(place, request.target, 8, self._formats[request.target])
        else:
            place = X.NONE
        answer = event.SelectionNotify(
            time=request.time,
            requestor=request.requestor,
            selection=request.selection,
            target=request.target,
            property=place,
        )
        request.requestor.send_event(answer)
        self.display.flush()


def own_clipboard(kind: str, file: Path) -> None:
    """Be the program that something was copied in."""
    data = file.read_bytes()
    names = ["image/png"] if kind == "image" else ["UTF8_STRING", "text/plain;charset=utf-8", "STRING"]
    source = Source("CLIPBOARD", dict.fromkeys(names, data))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    source.serve(lambda _message: False)


def drop(x: int, y: int, files: list[str]) -> None:
    """Be the file manager that files are dragged out of."""
    addresses = "".join(f"{Path(file).as_uri()}\r\n" for file in files).encode()
    source = Source("XdndSelection", {"text/uri-list": addresses})
    target = aware(source.root, source.atom("XdndAware"), x, y)
    if target is None:
        sys.exit("no window there takes drops")

    def tell(kind: str, *values: int) -> None:
        data = (32, [source.window.id, *values, *[0] * (4 - len(values))])
        target.send_event(event.ClientMessage(window=target, client_type=source.atom(kind), data=data))
        source.display.flush()

    def answered(name: str) -> Callable[[event.ClientMessage | None], bool]:
        end = time.monotonic() + PATIENCE

        def holds(message: event.ClientMessage | None) -> bool:
            if time.monotonic() > end:
                sys.exit(f"the window never sent {name}")
            return message is not None and message.client_type == source.atom(name)

        return holds

    tell("XdndEnter", VERSION << 24, source.atom("text/uri-list"))
    # Twice: Blender learns from the first where the pointer is, and what lies under it only after a redraw.
    for _ in range(2):
        tell("XdndPosition", 0, x << 16 | y, X.CurrentTime, source.atom("XdndActionCopy"))
        source.serve(answered("XdndStatus"))
        time.sleep(0.5)
    tell("XdndDrop", 0, X.CurrentTime)
    source.serve(answered("XdndFinished"))


def aware(window: Window, atom: int, x: int, y: int) -> Window | None:
    """The window at a place of the screen, or within it, that takes drops."""
    for child in reversed(window.query_tree().children):
        at = child.get_geometry()
        if at.x <= x < at.x + at.width and at.y <= y < at.y + at.height:
            if child.get_full_property(atom, X.AnyPropertyType):
                return child
            found = aware(child, atom, x - at.x, y - at.y)
            if found is not None:
                return found
    return None


if __name__ == "__main__":
    if sys.argv[1] == "drop":
        drop(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
    else:
        own_clipboard(sys.argv[1], Path(sys.argv[2]))
