"""A whole batch: compare with what was done, do the rest, keep the manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..errors import OutputError
from .driver import Driver
from .entry import Entry
from .lock import work_folder
from .manifest import Writer, read_manifest, write_manifest
from .order import Order
from .plan import make_plan
from .tally import Tally
from .task import Task, content_hash, task_key

__all__ = ["Batch", "Listener", "run_batch"]


@dataclass(frozen=True)
class Batch:
    """What is to be done.

    ``tasks``: the pictures of this shard. ``commands``: what starts each worker process. ``models``: the SHA-256 of the
    networks of each task, by ID. ``resume``: whether the manifest may be there already. ``wait``: seconds to wait for
    another driver that is at work on the manifest.
    """

    tasks: Sequence[Task]
    order: Order
    manifest: Path
    commands: Sequence[Sequence[str]]
    models: Callable[[Task], Mapping[str, str]]
    resume: bool
    wait: float = 0.0


class Listener(Protocol):
    """Is told how a batch goes."""

    def compared(self, count: int) -> None:
        """So many pictures were compared with what was done earlier."""

    def begun(self, tally: Tally) -> None:
        """The rest is being done."""

    def finished(self, entry: Entry, tally: Tally) -> None:
        """One picture has its entry."""

    def stopped(self) -> bool:
        """Whether to stop; asked all the time."""
        ...


def run_batch(batch: Batch, listener: Listener) -> Tally:
    """Do a batch, or what is left of it; returns the counts, which lack some pictures if it was stopped.

    Raises
    ------
    OutputError
        If there is a manifest that is not to be gone on with, another driver is at work on it, or the disk is full.
    WorkerError
        If no worker process can be started.
    """
    folder, manifest = batch.order.output, batch.manifest
    try:
        folder.mkdir(parents=True, exist_ok=True)
        manifest.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The folder {folder} cannot be made ({error.strerror}): choose another.") from error
    with work_folder(folder, manifest, batch.wait, listener.stopped) as work:
        entries = read_manifest(manifest).entries
        if entries and not batch.resume:
            raise OutputError(f"{manifest} is there already: add --resume to go on with it, or choose another -o.")

        def key(task: Task) -> str:
            return task_key(task, content_hash(task.path), batch.models(task))

        plan = make_plan(batch.tasks, entries, batch.order, key, listener.compared)
        write_manifest(manifest, [*plan.others, *plan.standing])
        tally = Tally(len(batch.tasks), plan.standing)
        with closing(Writer(manifest)) as writer:

            def take(entry: Entry) -> None:
                writer.append(entry)
                tally.add(entry)
                listener.finished(entry, tally)

            listener.begun(tally)
            if plan.todo:
                workers = batch.commands[: len(plan.todo)]
                Driver(plan.todo, batch.order, workers, work, key).run(take, listener.stopped)
    return tally
