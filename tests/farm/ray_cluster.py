"""A Ray cluster whose nodes are network namespaces of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .namespaces import NETWORK, Node, nodes

__all__ = ["Cluster", "cluster"]

PORT = 6379
LIMIT = 120.0
NOTE = Path("/tmp") / "ray" / "ray_current_cluster"
"""Where Ray notes the address of the last cluster that was started on a machine."""
# The head gives a node up after some 10 s, and a node gives up when it has not reached the head for 30: in between it
# works on alone. Ray's own figures are longer.
PATIENCE = {
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "1000",
    "RAY_health_check_failure_threshold": "4",
    "RAY_gcs_rpc_server_reconnect_timeout_s": "30",
}


class Cluster:
    """The nodes, the head first, which does three shards at a time; the others do one."""

    def __init__(self, python: Path, members: list[Node], folder: Path, environment: Mapping[str, str]) -> None:
        self.nodes = members
        self.address = f"{members[0].address}:{PORT}"
        self._ray, self._python, self._folder = python.with_name("ray"), python, folder
        self.environment = {**os.environ, **PATIENCE, **environment, "OMP_NUM_THREADS": "1"}
        head = ["--head", "--port", str(PORT), "--dashboard-host", members[0].address]
        for number, node in enumerate(members):
            self._start(node, number, ["--address", self.address] if number else head)
        for number in range(len(members)):
            self._wait(number)

    def _start(self, node: Node, number: int, what: list[str]) -> None:
        small = ["--num-cpus", "1" if number else "3", "--num-gpus", "0", "--object-store-memory", "80000000"]
        place = ["--node-ip-address", node.address, "--temp-dir", str(self._folder / str(number))]
        with self._log(number).open("w") as log:
            node.start(
                [str(self._ray), "start", "--block", "--disable-usage-stats", *place, *small, *what],
                self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        if not number:  # the others find it only once it is there
            self._wait(number)

    def _wait(self, number: int) -> None:
        end = time.monotonic() + LIMIT
        while "Ray runtime started" not in self._log(number).read_text():
            assert time.monotonic() < end, self._log(number).read_text()
            time.sleep(0.2)

    def _log(self, number: int) -> Path:
        return self._folder / f"node-{number}.log"

    def start(self, *arguments: object, **how: Any) -> subprocess.Popen[str]:
        """Start a Python program of the environment with Ray on the head."""
        return self.nodes[0].start([str(self._python), *map(str, arguments)], self.environment, **how)


@contextmanager
def cluster(python: Path, count: int, environment: Mapping[str, str]) -> Generator[Cluster]:
    """A cluster of some nodes, gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="mq", dir="/tmp"))  # Ray's sockets need a short path
    try:
        with nodes(count) as members:
            yield Cluster(python, members, folder, environment)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if NOTE.is_file() and NOTE.read_text() == f"{NETWORK}.1:{PORT}":
            NOTE.unlink()
