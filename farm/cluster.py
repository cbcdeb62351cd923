"""A Ray cluster: its nodes, whether they can take part, and shards done on them. The only module that imports ray."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ..errors import MaquetteError
from ..version import VERSION
from . import node

__all__ = ["Cluster", "Needs", "Outcome", "connected"]


@dataclass(frozen=True)
class Needs:
    """What a shard takes of a node (``cpus``, ``gpus``), the ``command`` that starts Maquette there, if not the node's
    own, and how often it is begun again when its node is lost (``retries``)."""

    cpus: float
    gpus: float
    command: str | None
    retries: int


@dataclass(frozen=True)
class Outcome:
    """How a run of a shard ended: its exit ``code`` (None if its node was lost), the last it said, as ``word``, the
    ``seconds`` it took, and the ``node`` it ran on."""

    shard: int
    code: int | None
    word: str
    seconds: float
    node: str


@contextmanager
def connected(address: str) -> Generator[Cluster]:
    """Join a cluster; nothing that was started there goes on afterwards.

    Raises
    ------
    MaquetteError
        If there is none.
    """
    # What runs on the nodes is sent there: Maquette is no module of theirs.
    ray.cloudpickle.register_pickle_by_value(node)
    try:
        context = ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, RayError, ValueError, OSError) as error:
        raise MaquetteError(f"There is no Ray cluster at {address} ({error}): start one with ray start.") from error
    try:
        yield Cluster(context.dashboard_url)
    finally:
        ray.shutdown()


class Cluster:
    """The cluster that this process has joined; ``dashboard`` is the address of Ray's page, or None."""

    def __init__(self, dashboard: str | None) -> None:
        self.dashboard = dashboard

    def slots(self, needs: Needs) -> int:
        """How many shards all nodes together can do at the same time."""
        return sum(_slots(one["Resources"], needs) for one in _nodes())

    def check(self, place: Path, needs: Needs) -> None:
        """Make sure that each node that would get shards has Maquette, the shared folder, and locks that others feel.

        Parameters
        ----------
        place
            A folder on the shared folder, for the files that this takes.

        Raises
        ------
        MaquetteError
            With what is wrong with the first node that cannot take part.
        """
        nodes = {one["NodeID"]: one["NodeManagerAddress"] for one in _nodes() if _slots(one["Resources"], needs)}
        if not nodes:
            raise MaquetteError(f"No node has {needs.cpus:g} CPUs and {needs.gpus:g} GPUs: ask for less.")
        token = place / uuid4().hex
        try:
            token.write_text(token.name)
            self._check_nodes(nodes, token, needs)
            self._check_locks(nodes, token)
        except OSError as error:
            raise MaquetteError(f"{place} cannot be written to ({error.strerror}): choose another folder.") from error
        finally:
            token.unlink(missing_ok=True)

    def _check_nodes(self, nodes: Mapping[str, str], token: Path, needs: Needs) -> None:
        find = ray.remote(node.find_fault)
        asked = [
            find.options(name=f"check {address}", num_cpus=0, scheduling_strategy=_only(identity)).remote(
                needs.command, f"maquette {VERSION}", str(token)
            )
            for identity, address in nodes.items()
        ]
        for address, fault in zip(nodes.values(), _got(asked), strict=True):
            if fault:
                raise MaquetteError(f"Node {address}: {fault}")

    def _check_locks(self, nodes: Mapping[str, str], token: Path) -> None:
        """A retry must notice that a node that was given up is still writing: all rests on this."""
        first, *_ = nodes
        holder = ray.remote(node.Holder).options(num_cpus=0, scheduling_strategy=_only(first)).remote(str(token))
        try:
            feel = ray.remote(node.is_locked)
            held = _got([holder.hold.remote()])[0]
            felt = _got([feel.options(num_cpus=0, scheduling_strategy=_only(one)).remote(str(token)) for one in nodes])
        finally:
            ray.kill(holder)
        for address, is_felt in zip(nodes.values(), felt, strict=True):
            if not (held and is_felt):
                raise MaquetteError(
                    f"A lock that {nodes[first]} holds in {token.parent.parent} is not felt on {address}: "
                    "share the folder with a file system whose locks work between machines."
                )

    def run(self, needs: Needs, shards: Mapping[int, tuple[str, Sequence[str]]]) -> Generator[Outcome]:
        """Do some shards, as many at a time as there is room for, and tell of each as it ends.

        Parameters
        ----------
        shards
            By number: what the dashboard calls it, and Maquette's arguments.
        """
        do = ray.remote(node.do_shard)
        room: dict[str, Any] = {"num_cpus": needs.cpus, "num_gpus": needs.gpus, "scheduling_strategy": "SPREAD"}
        running = {
            do.options(name=name, max_retries=needs.retries, **room).remote(needs.command, arguments): number
            for number, (name, arguments) in shards.items()
        }
        while running:
            ended, _ = ray.wait(list(running))
            for task in ended:
                yield _outcome(running.pop(task), task)


def _outcome(shard: int, task: Any) -> Outcome:
    try:
        code, word, seconds, host = ray.get(task)
    except RayError as error:
        return Outcome(shard, None, f"its node was lost too often ({type(error).__name__}).", 0.0, "")
    return Outcome(shard, code, word, seconds, host)


def _nodes() -> list[dict[str, Any]]:
    return [one for one in ray.nodes() if one["Alive"]]


def _slots(resources: Mapping[str, float], needs: Needs) -> int:
    rooms = [(resources.get("CPU", 0.0), needs.cpus), (resources.get("GPU", 0.0), needs.gpus)]
    return int(min(there // taken for there, taken in rooms if taken))


def _only(identity: str) -> NodeAffinitySchedulingStrategy:
    return NodeAffinitySchedulingStrategy(identity, soft=False)


def _got(tasks: Sequence[Any]) -> list[Any]:
    try:
        return ray.get(list(tasks))
    except RayError as error:
        raise MaquetteError(f"A node went away while it was checked ({type(error).__name__}): run again.") from error
