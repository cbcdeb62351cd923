"""One batch on a cluster, from its first shards to its manifest."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..batching.entry import Entry
from ..batching.manifest import manifest_name, read_manifest
from ..batching.tally import Tally, counted, duration
from ..errors import MaquetteError
from .cluster import Cluster, Needs, Outcome
from .manifests import deal, merge
from .sizes import Sizes

__all__ = ["Run"]

_WRONG_ARGUMENTS = 2


class Run:
    """A batch on a cluster.

    Parameters
    ----------
    cluster
        Checked.
    needs
        What a shard takes of a node.
    arguments
        Of ``maquette batch``, but for those that say which part to do.
    folder
        Where the results and the manifests are.
    wait
        Seconds to wait for a node that was given up, but is still at work on its shard.
    """

    def __init__(self, cluster: Cluster, needs: Needs, arguments: Sequence[str], folder: Path, wait: float) -> None:
        self._cluster, self._needs, self._folder = cluster, needs, folder
        self._arguments = [*arguments, "--resume", "--exit-zero", "--wait", f"{wait:g}"]
        self._earlier: set[tuple[str, str]] = set()
        self._made = 0
        self._started = time.monotonic()

    def run(self, sizes: Sizes) -> int:
        """Do all of it; returns 0 if every picture is done, else 1.

        Raises
        ------
        MaquetteError
            If a shard cannot be done anywhere.
        """
        where = f"; progress also at http://{self._cluster.dashboard}" if self._cluster.dashboard else ""
        _tell(f"{counted(sizes.pictures, 'picture')}, {counted(sizes.slots, 'shard')} at a time{where}")
        count = sizes.first()
        self._earlier = {(entry.picture, entry.time) for entry in deal(self._folder, count)}
        first = range(1, min(sizes.slots, count) + 1)
        speed = self._do("first shard", first, count, sizes)
        if len(first) < count:
            rest: Iterable[int] = range(len(first) + 1, count + 1)
            wanted = sizes.then(speed)
            if wanted != count:
                deal(self._folder, wanted)
                count, rest = wanted, range(1, wanted + 1)
            self._do("shard", rest, count, sizes)
        return self._conclude(merge(self._folder))

    def _do(self, what: str, shards: Iterable[int], count: int, sizes: Sizes) -> float:
        """Do some shards, those that fail again in the end: pictures per second in a slot, 0 if none was left to do."""
        waiting = list(shards)
        made, seconds, total = 0, 0.0, len(waiting)
        failed: list[Outcome] = []
        for _ in range(self._needs.retries + 1):
            failed = []
            tasks = {index: self._task(what, index, count) for index in waiting}
            for outcome in self._cluster.run(self._needs, tasks):
                if outcome.code == 0:
                    new = self._new(outcome.shard, count)
                    made, total = made + new, total - 1
                    seconds += outcome.seconds if new else 0.0
                    _tell(f"{what} {outcome.shard}/{count}: {self._line(outcome, new, sizes)}; {total:,} to go")
                elif outcome.code == _WRONG_ARGUMENTS:
                    raise MaquetteError(outcome.word.removeprefix("maquette: "))
                else:
                    failed.append(outcome)
                    _tell(f"{what} {outcome.shard}/{count} failed: {outcome.word}")
            waiting = [outcome.shard for outcome in failed]
            if not waiting:
                break
        if failed:
            one = failed[0]
            reason = one.word.removeprefix("maquette: ")
            raise MaquetteError(
                f"{counted(len(failed), 'shard')} failed, {one.shard}/{count} with: {reason} The same command goes on."
            )
        return made / seconds if made else 0.0

    def _task(self, what: str, index: int, count: int) -> tuple[str, list[str]]:
        return f"{what} {index}/{count}", ["batch", *self._arguments, "--shard", f"{index}/{count}"]

    def _new(self, index: int, count: int) -> int:
        """How many entries a shard has added to its manifest."""
        entries = read_manifest(self._folder / manifest_name(index, count)).entries
        new = {(entry.picture, entry.time) for entry in entries} - self._earlier
        self._earlier |= new
        return len(new)

    def _line(self, outcome: Outcome, new: int, sizes: Sizes) -> str:
        """What came of a shard, and how fast all of them are together."""
        self._made += new
        speed = self._made / (time.monotonic() - self._started) * 60.0
        return (
            f"{counted(new, 'picture')} in {duration(outcome.seconds)} on {outcome.node}; {speed:.1f} a minute in all"
        )

    def _conclude(self, entries: Sequence[Entry]) -> int:
        tally = Tally(len(entries), entries)
        passed = duration(time.monotonic() - self._started)
        _tell(f"{counted(len(entries), 'picture')}: {tally.counts()}; {passed}; {self._folder / manifest_name()}")
        return 0 if tally.states["done"] == len(entries) else 1


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
