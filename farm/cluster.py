"""A Ray cluster: its nodes, whether they can take part, and shards done on them. The only module that imports ray."""

from __future__ import annotations

import socket
from collections import Counter, deque
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

_PATIENCE = 10.0
_PAUSE = 2.0


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
    """How a run of a shard ended: its exit ``code`` (None if its nodes were lost), the last it said, as ``word``, the
    ``seconds`` it took, and the address of the ``node`` it ran on."""

    shard: int
    code: int | None
    word: str
    seconds: float
    node: str


@dataclass(frozen=True)
class _Member:
    """A node: Ray's name for it, its address, and how many shards it can do at the same time."""

    identity: str
    address: str
    slots: int


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
        _reach(address)
        context = ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, RayError, ValueError, RuntimeError, OSError) as error:
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
        return sum(member.slots for member in _members(needs))

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
        nodes = {member.identity: member.address for member in _members(needs)}
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

        Each is sent to a node of our choice, and given up when the cluster says that this node is dead. Left to itself,
        Ray would wait for an answer from a machine that went without a word for up to 7 minutes.

        Parameters
        ----------
        shards
            By number: what the dashboard calls it, and Maquette's arguments.

        Raises
        ------
        MaquetteError
            If there is no node any more.
        """
        waiting, lost = deque(shards), Counter[int]()
        running: dict[Any, tuple[int, _Member]] = {}
        while waiting or running:
            members = _members(needs)
            dead = [task for task, (_, member) in running.items() if member not in members]
            for task in dead:
                yield from _again(running.pop(task)[0], waiting, lost, needs)
            for number, member in _placed(waiting, members, Counter(member for _, member in running.values())):
                name, arguments = shards[number]
                running[self._start(needs, member, name, arguments)] = (number, member)
            if waiting and not running:
                raise MaquetteError("No node of the cluster is left: the same command goes on when there are some.")
            ended, _ = ray.wait(list(running), timeout=_PAUSE) if running else ([], [])
            for task in ended:
                number, member = running.pop(task)
                try:
                    code, word, seconds = ray.get(task)
                except RayError:
                    yield from _again(number, waiting, lost, needs)
                else:
                    yield Outcome(number, code, word, seconds, member.address)

    def _start(self, needs: Needs, member: _Member, name: str, arguments: Sequence[str]) -> Any:
        room = {"num_cpus": needs.cpus, "num_gpus": needs.gpus, "scheduling_strategy": _only(member.identity)}
        do = ray.remote(node.do_shard).options(name=name, max_retries=0, **room)
        return do.remote(needs.command, arguments, max(1, int(needs.cpus)))


def _again(number: int, waiting: deque[int], lost: Counter[int], needs: Needs) -> Generator[Outcome]:
    """Put a shard whose node was lost last in the line, or give it up; meanwhile a node that was cut off may notice."""
    lost[number] += 1
    if lost[number] <= needs.retries:
        waiting.append(number)
    else:
        yield Outcome(number, None, f"its node was lost {lost[number]} times.", 0.0, "")


def _placed(waiting: deque[int], members: Sequence[_Member], taken: Counter[_Member]) -> Generator[tuple[int, _Member]]:
    """Shards taken from the line, each with a node that has room for it: the one that has the least to do."""
    while waiting and members:
        member = min(members, key=lambda one: taken[one] / one.slots)
        if taken[member] >= member.slots:
            return
        taken[member] += 1
        yield waiting.popleft(), member


def _reach(address: str) -> None:
    """Fail at once where nobody listens: Ray itself tries for minutes."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdecimal() and "/" not in host:
        socket.create_connection((host, int(port)), timeout=_PATIENCE).close()


def _members(needs: Needs) -> list[_Member]:
    """The nodes that live and have room for a shard."""
    alive = [one for one in ray.nodes() if one["Alive"]]
    members = [_Member(one["NodeID"], one["NodeManagerAddress"], _slots(one["Resources"], needs)) for one in alive]
    return [member for member in members if member.slots]


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
