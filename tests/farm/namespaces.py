"""Nodes of a cluster on one machine: each a network namespace, all on one bridge, whose links can be cut."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

__all__ = ["NETWORK", "Node", "can_isolate", "nodes"]

BRIDGE = f"mqb{os.getpid() % 100000}"
NETWORK = "10.213.77"


class Node:
    """One namespace with an address of its own."""

    def __init__(self, number: int) -> None:
        self.name = f"mqn{os.getpid() % 100000}-{number}"
        self.address = f"{NETWORK}.{number}"
        self._link = f"mqv{os.getpid() % 100000}{number}"

    def make(self) -> None:
        _ip("netns", "add", self.name)
        _ip("link", "add", self._link, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _ip("link", "set", self._link, "master", BRIDGE, "up")
        for words in ("addr add {}/24 dev eth0", "link set lo up", "link set eth0 up"):
            _ip("-n", self.name, *words.format(self.address).split(" "))

    def cut(self) -> None:
        """Take it off the network; its processes go on."""
        _ip("link", "set", self._link, "down")

    def start(self, command: Sequence[str], environment: Mapping[str, str], **how: Any) -> subprocess.Popen[str]:
        """Start a program on it."""
        inside = ["ip", "netns", "exec", self.name, *command]
        return subprocess.Popen(inside, env=dict(environment), text=True, **how)

    def processes(self) -> list[int]:
        """The ids of what runs on it."""
        found = subprocess.run(["ip", "netns", "pids", self.name], capture_output=True, text=True, check=False)
        return [int(line) for line in found.stdout.split()]

    def kill(self) -> None:
        """Kill all that runs on it, at once."""
        for process in self.processes():
            subprocess.run(["kill", "-9", str(process)], stderr=subprocess.DEVNULL, check=False)

    def remove(self) -> None:
        self.kill()
        _ip("netns", "del", self.name)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def can_isolate() -> bool:
    """Whether this machine lets us make network namespaces."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        return False
    name = f"mqt{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode == 0
    if made:
        _ip("netns", "del", name)
    return made


@contextmanager
def nodes(count: int) -> Generator[list[Node]]:
    """Some nodes that reach each other; all that runs on them is killed at the end."""
    made: list[Node] = []
    _ip("link", "add", BRIDGE, "type", "bridge")
    try:
        _ip("link", "set", BRIDGE, "up")
        for number in range(1, count + 1):
            made.append(Node(number))
            made[-1].make()
        yield made
    finally:
        for node in made:
            node.remove()
        _ip("link", "del", BRIDGE)
