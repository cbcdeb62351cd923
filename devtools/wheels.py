"""The wheels an extension zip carries: downloading them with pip, and reading their names."""

from __future__ import annotations

import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

from .environment import SetupError, python_of, say
from .pythons import ROOT
from .requirements import RUNTIME

__all__ = ["PLATFORMS", "Wheel", "download", "modules_of", "read_name"]

CACHE = ROOT / "build" / "wheels"
PLATFORMS = {
    "linux-x64": [f"manylinux_2_{minor}_x86_64" for minor in range(28, 16, -1)] + ["manylinux2014_x86_64"],
    "windows-x64": ["win_amd64"],
    "macos-arm64": ["macosx_14_0_arm64"],
}
"""Blender's name of a platform, and pip's tags for it. Blender needs glibc 2.28; ONNX Runtime needs macOS 14."""

FAMILIES = {
    "linux-x64": ("manylinux", "_x86_64"),
    "windows-x64": ("win_amd64", ""),
    "macos-arm64": ("macosx_", "_arm64"),
}


@dataclass(frozen=True)
class Wheel:
    """What a wheel's file name says."""

    name: str
    version: str
    pythons: tuple[str, ...]
    abi: str
    platforms: tuple[str, ...]

    def fits(self, python: str, platform: str) -> bool:
        """Tell whether Blender with that Python, such as "3.11", on that platform can use it."""
        minor = int(python.split(".")[1])
        on_python = f"cp3{minor}" in self.pythons or "py3" in self.pythons
        if self.abi == "abi3":
            on_python = any(tag.startswith("cp3") and int(tag[3:]) <= minor for tag in self.pythons)
        start, end = FAMILIES[platform]
        on_platform = any(tag == "any" or (tag.startswith(start) and tag.endswith(end)) for tag in self.platforms)
        return on_python and on_platform


def read_name(file_name: str) -> Wheel:
    """Read a wheel's file name (PEP 427).

    Raises
    ------
    ValueError
        When it is not the name of a wheel.
    """
    parts = file_name.removesuffix(".whl").split("-")
    if not file_name.endswith(".whl") or len(parts) not in (5, 6):
        raise ValueError(f"{file_name} is not the name of a wheel")
    name = parts[0].lower().replace("_", "-")
    return Wheel(name, parts[1], tuple(parts[-3].split(".")), parts[-2], tuple(parts[-1].split(".")))


def modules_of(wheel: zipfile.ZipFile) -> set[str]:
    """Return the names that can be imported once the wheel is installed."""
    tops = {(name.split("/")[0], "/" in name) for name in wheel.namelist()}
    return {top if folder else top.split(".")[0] for top, folder in tops if not top.endswith((".dist-info", ".libs"))}


def _present(folder: Path, python: str, platform: str) -> dict[str, Path]:
    """Return the wheels of a folder that fit and have the pinned version, by name."""
    found = {path: read_name(path.name) for path in sorted(folder.glob("*.whl"))}
    return {
        wheel.name: path
        for path, wheel in found.items()
        if RUNTIME.get(wheel.name) == wheel.version and wheel.fits(python, platform)
    }


def download(python: str, platform: str) -> list[Path]:
    """Return the run-time wheels for one Python and platform, downloading those the cache lacks.

    Raises
    ------
    SetupError
        When pip finds no such wheel or cannot reach it.
    """
    folder = CACHE / f"{platform}-{python}"
    folder.mkdir(parents=True, exist_ok=True)
    missing = [name for name in RUNTIME if name not in _present(folder, python, platform)]
    if missing:
        say(f"Downloading {', '.join(missing)} for Python {python} on {platform}")
        tags = [argument for tag in PLATFORMS[platform] for argument in ("--platform", tag)]
        pip = [python_of(ROOT / ".venv"), "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
        options = ["--no-deps", "--only-binary=:all:", "--python-version", python, *tags, "-d", str(folder)]
        names = [f"{name}=={RUNTIME[name]}" for name in missing]
        if subprocess.run([*pip, *options, *names], check=False).returncode:
            raise SetupError(f"The wheels for Python {python} on {platform} cannot be had; pip says why above.")
    present = _present(folder, python, platform)
    if set(present) != set(RUNTIME):
        raise SetupError(f"pip left out {', '.join(set(RUNTIME) - set(present))} for Python {python} on {platform}.")
    return sorted(present.values())
