"""Write `gpu_support/runtimes.toml`: the wheels of each graphics runtime with their sizes and hashes."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .environment import SetupError, ensure, say
from .pythons import ROOT
from .wheels import PLATFORMS, read_name

__all__ = ["lock_gpu_command"]

TABLE = ROOT / "gpu_support" / "runtimes.toml"
PYTHONS = ("3.11", "3.13", "3.14")

CUDA = (
    "onnxruntime-gpu==1.31.1",
    "nvidia-cublas==13.10.0.20",
    "nvidia-cuda-nvrtc==13.5.37",
    "nvidia-cuda-runtime==13.5.37",
    "nvidia-cudnn-cu13==9.28.1.4",
    "nvidia-cufft==12.5.0.14",
    "nvidia-curand==10.4.5.25",
    "nvidia-nvjitlink==13.5.37",
)
"""What ``pip install onnxruntime-gpu[cuda,cudnn]`` resolves to, less what Blender has or ONNX Runtime runs without."""


@dataclass(frozen=True)
class Wanted:
    """One runtime to lock."""

    device: str
    title: str
    needs: str
    platform: str
    packages: tuple[str, ...]


_NVIDIA = "an NVIDIA graphics card with a driver for CUDA 13"
WANTED = (
    Wanted("cuda", "CUDA", _NVIDIA, "linux-x64", CUDA),
    Wanted("cuda", "CUDA", _NVIDIA, "windows-x64", CUDA),
    Wanted(
        "directml", "DirectML", "any graphics card with DirectX 12", "windows-x64", ("onnxruntime-directml==1.24.4",)
    ),
)


def lock_gpu_command(_arguments: Sequence[str]) -> int:
    """Download every wheel once, and write the table."""
    parts = ["# Written by `python3 dev.py lock-gpu`: the wheels of each graphics runtime.\n"]
    for wanted in WANTED:
        parts.extend(_entry(wanted))
    TABLE.write_text("\n".join(parts), encoding="utf-8")
    say(f"Written: {TABLE}")
    return 0


def _entry(wanted: Wanted) -> Iterator[str]:
    """The lines of one runtime."""
    disk = 0
    lines: list[str] = []
    for package in wanted.packages:
        name, version = package.split("==")
        files: list[str] = []
        largest = 0
        for python in PYTHONS:
            with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
                wheel = _download(package, python, wanted.platform, Path(folder))
                if wheel is None:
                    continue
                plain = read_name(wheel.name).abi == "none"
                largest = max(largest, _unpacked(wheel))
                digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
                key = "any" if plain else python
                files.append(f'{json.dumps(key)} = {{ bytes = {wheel.stat().st_size}, sha256 = "{digest}" }}')
            if plain:
                break
        if not files:
            raise SetupError(f"pip finds no {package} for {wanted.platform}.")
        disk += largest
        lines += [
            "[[runtime.package]]",
            f'name = "{name}"',
            f'version = "{version}"',
            "[runtime.package.files]",
            *files,
        ]
        lines.append("")
    head = [f"{key} = {json.dumps(getattr(wanted, key))}" for key in ("device", "title", "needs", "platform")]
    yield from ["[[runtime]]", *head, f"disk = {disk}", "", *lines]


def _download(package: str, python: str, platform: str, folder: Path) -> Path | None:
    """The wheel for one Python and platform, or None where there is none."""
    tags = [argument for tag in PLATFORMS[platform] for argument in ("--platform", tag)]
    if platform == "linux-x64":
        tags += ["--platform", "manylinux1_x86_64", "--platform", "manylinux2010_x86_64"]
    pip = [str(ensure()), "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    options = ["--only-binary=:all:", "--python-version", python, *tags, "-d", str(folder)]
    if subprocess.run([*pip, *options, package], check=False).returncode:
        return None
    return next(folder.glob("*.whl"))


def _unpacked(wheel: Path) -> int:
    with zipfile.ZipFile(wheel) as archive:
        return sum(entry.file_size for entry in archive.infolist())
