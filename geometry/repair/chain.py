"""The whole cleaning: from the gentlest step to the strongest, and none that does not make the mesh better.

The union of bodies calls a native library: these functions are for a process of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from ...errors import CancelledError, MeshError
from .caps import close_holes
from .cleaned import Cleaned, Step
from .faces import remove_degenerate, remove_duplicates
from .faults import Faults, find_faults
from .keeping import Keeping
from .manifold import remove_non_manifold
from .merge import merge_vertices
from .parts import closed_parts, remove_flakes, remove_inner_shells, remove_scraps
from .polygons import Polygons
from .prepare import diagonal, drop_invalid
from .thicken import rebuild, thicken_open_parts
from .union import crossing_parts, resolve_self_intersections
from .winding import make_consistent, one_sided_faces

__all__ = ["Cancelled", "Progress", "clean_up", "make_solid"]

Progress: TypeAlias = Callable[[str, float], None]
Cancelled: TypeAlias = Callable[[], bool]
_Change: TypeAlias = Callable[[Polygons], Polygons]
_Note: TypeAlias = Callable[[Polygons, Polygons], str]

_NEAR = (1e-6, 1e-5, 1e-4)
"""Distances that corners which belong together may lie apart in, as shares of the box's diagonal."""


def clean_up(
    mesh: Polygons,
    *,
    leave_open: bool = False,
    progress: Progress = lambda step, share: None,
    cancelled: Cancelled = lambda: False,
) -> Cleaned:
    """Repair what can be repaired without guessing; what is sound stays as it is.

    Parameters
    ----------
    mesh : Polygons
        Any mesh, as `polygons.source` made it.
    leave_open : bool
        Whether holes, small parts and what lies inside stay: for meshes that are only looked at.
    progress, cancelled
        Told the name of each step and the share of the work before it; asked before each step whether to stop.

    Returns
    -------
    Cleaned
        Open surfaces whose rims are no holes stay open, with a warning.

    Raises
    ------
    MeshError
        If there is no surface to work on.
    CancelledError
        If ``cancelled`` said so.
    """
    run = _Run(mesh, progress, cancelled)
    _tidy(run)
    if not leave_open:
        _bound(run)
    run.finish()
    return run.result()


def make_solid(
    mesh: Polygons,
    *,
    keep_cavities: bool = True,
    progress: Progress = lambda step, share: None,
    cancelled: Cancelled = lambda: False,
) -> Cleaned:
    """Do everything that is needed for a closed, manifold body.

    What `clean_up` leaves open is given a thickness, by rebuilding its surface; if need be the surface of the whole.

    Parameters
    ----------
    mesh, progress, cancelled
        As for `clean_up`.
    keep_cavities : bool
        Whether hollows inside stay, or are filled.

    Raises
    ------
    MeshError, CancelledError
        As `clean_up`; and MeshError if no closed body with the same shape was found.
    """
    run = _Run(mesh, progress, cancelled)
    _tidy(run)
    _bound(run, keep_cavities)
    if not run.faults.closed and closed_parts(run.mesh, run.mesh.parts).any():
        run.strong("Thickening open surfaces", thicken_open_parts)
    if not run.faults.closed:
        run.strong("Rebuilding the surface", rebuild)
    run.finish()
    if not run.faults.closed:
        raise MeshError("No closed body could be made of this mesh without changing its shape; nothing was changed.")
    return run.result()


def _tidy(run: _Run) -> None:
    """Make the surface connected, manifold and consistently wound, without changing its shape."""
    if run.faults.total == 0:
        return
    run.step("Merging vertices", merge_vertices, _merged, always=True)
    run.step(
        "Removing duplicate faces", remove_duplicates, _fewer_faces("duplicate face", "duplicate faces"), always=True
    )
    run.step("Removing faces without area", remove_degenerate, _fewer_faces("face without area", "faces without area"))
    run.step("Turning faces outwards", make_consistent, _turned)
    run.step("Cutting crowded edges apart", remove_non_manifold, _cut, always=True)
    for near in _NEAR:
        if run.faults.boundary_edges == 0:
            break
        run.step("Merging near vertices", lambda mesh, near=near: _merge_near(mesh, near), _merged)
    run.step("Turning faces outwards", make_consistent, _turned, always=True)


def _bound(run: _Run, keep_cavities: bool = True) -> None:
    """Close holes, and remove what lies inside."""
    run.step("Removing specks", remove_scraps, _fewer_parts("removed", "speck"), always=True)
    run.step("Closing holes", close_holes, _closed)
    run.step("Removing flakes", remove_flakes, _fewer_parts("removed", "open flake"))
    run.step("Turning faces outwards", make_consistent, _turned)
    run.step(
        "Removing inner shells",
        lambda mesh: remove_inner_shells(mesh, keep_cavities=keep_cavities),
        _fewer_parts("removed", "inner shell"),
        always=True,
    )
    run.step("Uniting bodies", resolve_self_intersections, _united, always=True)
    # Cutting and uniting can leave slivers, and corners where bodies only touch.
    run.step("Removing faces without area", remove_degenerate, _fewer_faces("face without area", "faces without area"))
    run.step("Cutting crowded edges apart", remove_non_manifold, _cut)
    run.step("Closing holes", close_holes, _closed)
    run.step("Turning faces outwards", make_consistent, _turned)


def _merge_near(mesh: Polygons, near: float) -> Polygons:
    """Merge at rims, and tidy what that leaves."""
    merged = merge_vertices(mesh, distance=near * diagonal(mesh), rims_only=True)
    if merged is mesh:
        return mesh
    return remove_non_manifold(make_consistent(remove_degenerate(remove_duplicates(merged))))


class _Run:
    """A mesh on its way through the steps."""

    def __init__(self, mesh: Polygons, progress: Progress, cancelled: Cancelled) -> None:
        self._progress, self._cancelled = progress, cancelled
        self._steps: list[Step] = []
        self._warnings: list[str] = []
        self._count = 0
        self._tell("Looking at the mesh")
        self.mesh = drop_invalid(mesh)
        dropped = mesh.n_faces - self.mesh.n_faces
        if dropped:
            self.warn(f"{_many(dropped, 'face')} had coordinates that are not numbers and were dropped.")
        self._source = Keeping(self.mesh)
        self.faults = find_faults(self.mesh)

    def step(self, name: str, change: _Change, note: _Note, *, always: bool = False) -> None:
        """Take a step, if it leaves fewer faults, or no more of them where it is ``always`` wanted."""
        self._tell(name)
        try:
            changed = change(self.mesh)
        except MeshError as error:
            self.warn(str(error))
            return
        if changed is self.mesh:
            return
        faults = find_faults(changed)
        if faults.total < self.faults.total or always:
            self._steps.append(Step(name, note(self.mesh, changed)))
            self.mesh, self.faults = changed, faults

    def strong(self, name: str, change: Callable[[Polygons], tuple[Polygons, str]]) -> None:
        """Take a step that makes new surface, if it leaves the body closed and its shape as it was."""
        self._tell(name)
        changed, note = change(self.mesh)
        faults = find_faults(changed)
        # Held against the mesh as it is now: what closing holes has added is no fault of this step.
        if faults.closed and Keeping(self.mesh).kept(changed):
            self._steps.append(Step(name, note))
            self.warn(f"{note[0].upper()}{note[1:]}.")
            self.mesh, self.faults = changed, faults

    def finish(self) -> None:
        """Say what is still wrong, and how far the surface has moved."""
        self._tell("Checking the result")
        for text in (*_remaining(self.mesh, self.faults), *self._source.notes(self.mesh)):
            self.warn(text)

    def warn(self, text: str) -> None:
        """Note a sentence for the user, once."""
        if text not in self._warnings:
            self._warnings.append(text)

    def result(self) -> Cleaned:
        return Cleaned(self.mesh, tuple(self._steps), tuple(self._warnings))

    def _tell(self, name: str) -> None:
        if self._cancelled():
            raise CancelledError("Stopped; the mesh is as it was.")
        self._progress(name, min(0.95, self._count / 16))
        self._count += 1


def _remaining(mesh: Polygons, faults: Faults) -> list[str]:
    """Sentences on what keeps a mesh from being closed."""
    texts: list[str] = []
    one_sided = one_sided_faces(mesh)
    if one_sided.any():
        texts.append("A part of the surface has one side only, like a Moebius strip, so that it encloses nothing.")
    elif faults.boundary_edges:
        texts.append(f"The surface is still open ({_many(faults.boundary_edges, 'edge')}); Make Solid can close it.")
    if faults.crowded_edges:
        texts.append(f"{_many(faults.crowded_edges, 'edge')} with more than two faces are left.")
    return texts


def _merged(before: Polygons, after: Polygons) -> str:
    return f"merged {_many(len(before.points) - len(after.points), 'vertex', 'vertices')}"


def _fewer_faces(what: str, more: str) -> _Note:
    # A face without area may go by giving its corner to a neighbour, which then counts for two.
    return lambda before, after: f"removed {_many(max(1, before.n_faces - after.n_faces), what, more)}"


def _turned(before: Polygons, after: Polygons) -> str:
    second = after.corner_from[after.first[:-1] + 1] != before.corner_from[before.first[:-1] + 1]
    return f"turned {_many(int(np.count_nonzero(second)), 'face')} over"


def _cut(before: Polygons, after: Polygons) -> str:
    split = len(after.points) - len(np.unique(after.point_from))
    gone = before.n_faces - after.n_faces
    texts = [f"split {_many(split, 'vertex', 'vertices')}"] if split > 0 else []
    return " and ".join([*texts, *([f"removed {_many(gone, 'face')} of fins"] if gone else [])]) or "cut edges apart"


def _closed(before: Polygons, after: Polygons) -> str:
    return f"closed holes with {_many(after.n_faces - before.n_faces, 'face')}"


def _fewer_parts(verb: str, what: str) -> _Note:
    return lambda before, after: f"{verb} {_many(int(before.parts.max()) - int(after.parts.max()), what)}"


def _united(before: Polygons, after: Polygons) -> str:
    count = int(np.count_nonzero(crossing_parts(before, before.parts)))
    return f"united {_many(count, 'body', 'bodies')} that passed through each other"


def _many(count: int, one: str, more: str = "") -> str:
    return f"{count:,} {one if count == 1 else more or one + 's'}"
