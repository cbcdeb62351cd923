"""What there is to install for a graphics card, per platform and Python, with sizes and hashes."""

from __future__ import annotations

import platform
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["TABLE", "Package", "Runtime", "runtimes_for", "this_platform", "this_python"]

TABLE = Path(__file__).with_name("runtimes.toml")


@dataclass(frozen=True)
class Package:
    """One wheel: its ``bytes`` to download, and the ``sha256`` it must have."""

    name: str
    version: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Runtime:
    """ONNX Runtime for a ``device``, with the libraries it needs; ``disk``: its size once installed, in bytes."""

    device: str
    title: str
    needs: str
    disk: int
    packages: tuple[Package, ...]

    @property
    def download(self) -> int:
        """The bytes to download."""
        return sum(package.bytes for package in self.packages)

    @property
    def sizes(self) -> str:
        """Both sizes, for the user: ``1.6 GB to download, 2.4 GB on disk``."""
        return f"{_size(self.download)} to download, {_size(self.disk)} on disk"


def this_platform() -> str:
    """Blender's name of this platform, such as ``linux-x64``; macOS is ``macos-arm64``, whose runtime is complete."""
    system = {"linux": "linux", "win32": "windows", "darwin": "macos"}.get(sys.platform, sys.platform)
    machine = platform.machine().lower()
    return f"{system}-{ {'amd64': 'x64', 'x86_64': 'x64', 'aarch64': 'arm64'}.get(machine, machine) }"


def this_python() -> str:
    """This Python's version, such as ``3.11``."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


@cache
def runtimes_for(system: str, python: str, table: Path = TABLE) -> tuple[Runtime, ...]:
    """What can be installed for Blender with that Python on that platform; empty where there is nothing."""
    entries: list[dict[str, Any]] = tomllib.loads(table.read_text(encoding="utf-8"))["runtime"]
    made = [_runtime(entry, python) for entry in entries if entry["platform"] == system]
    return tuple(runtime for runtime in made if runtime is not None)


def _runtime(entry: dict[str, Any], python: str) -> Runtime | None:
    """The runtime of one entry; None where one of its packages has no wheel for that Python."""
    packages: list[Package] = []
    for package in entry["package"]:
        files: dict[str, dict[str, Any]] = package["files"]
        file = files.get(python) or files.get("any")
        if file is None:
            return None
        packages.append(Package(package["name"], package["version"], file["bytes"], file["sha256"]))
    return Runtime(entry["device"], entry["title"], entry["needs"], entry["disk"], tuple(packages))


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
