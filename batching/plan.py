"""What of a batch is done already and still holds, and what is to be done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from .entry import Entry
from .gates import unmet_gates
from .order import Order, gate_error
from .task import Task

__all__ = ["Plan", "make_plan"]

_READERS = 4


@dataclass(frozen=True)
class Plan:
    """``standing``: entries of this batch's pictures that hold. ``others``: those of other pictures, which are kept.
    ``todo``: the pictures without either."""

    standing: list[Entry]
    others: list[Entry]
    todo: list[Task]


def make_plan(
    tasks: Sequence[Task],
    entries: Iterable[Entry],
    order: Order,
    key: Callable[[Task], str],
    log: Callable[[int], None],
) -> Plan:
    """Compare what is asked for with what was done.

    An entry holds if the picture was done or refused, nothing that the result depends on has changed since (``key``),
    its files are there, and it meets the gates as it did, or as it is allowed to.

    Parameters
    ----------
    key
        `task.task_key` of a task: reads the picture.
    log
        Is told now and then how many pictures were compared.
    """
    old = {entry.picture: entry for entry in entries}
    asked = {task.picture for task in tasks}
    known = [task for task in tasks if task.picture in old and old[task.picture].state != "failed"]
    standing: dict[str, Entry] = {}
    with ThreadPoolExecutor(_READERS) as readers:
        for count, (task, now) in enumerate(zip(known, readers.map(key, known), strict=True), 1):
            entry = _judged(old[task.picture], order)
            if entry is not None and entry.key == now and _has_files(entry, task, order):
                standing[task.picture] = entry
            log(count)
    return Plan(
        list(standing.values()),
        [entry for entry in old.values() if entry.picture not in asked],
        [task for task in tasks if task.picture not in standing],
    )


def _judged(entry: Entry, order: Order) -> Entry | None:
    """The entry as today's gates want it, or None if other files would have been written under them."""
    if entry.mesh is None:
        return entry
    unmet = unmet_gates(order.gates, entry.mesh)
    refused = bool(unmet) and order.action == "refuse"
    if refused != (entry.state == "refused"):
        return None
    return replace(entry, unmet=unmet, error=gate_error(unmet) if refused else None)


def _has_files(entry: Entry, task: Task, order: Order) -> bool:
    """Whether the files that would be written are listed, and all that are listed are there."""
    wanted: set[str] = set()
    if entry.mesh is not None:
        wanted = {order.told(path) for path in order.targets(task, entry.state == "done")}
    return wanted <= set(entry.outputs) and all(_is_there(order.base / path) for path in entry.outputs)


def _is_there(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size > 0
    except OSError:
        return False
