"""A graphics runtime is installed whole or not at all, goes on where it stopped, and is used by the worker alone."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from maquette.bootstrap import ROOT, RUNTIME_VARIABLE
from maquette.errors import CancelledError, DeviceError, OutputError
from maquette.gpu_support.install import activate, find_pip, install, installed_runtime, offer, remove
from maquette.gpu_support.runtimes import Package, Runtime, runtimes_for

NEVER = lambda: False  # noqa: E731


def write_wheel(folder: Path, name: str, files: dict[str, str]) -> Package:
    """A small, whole wheel."""
    file = folder / f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
    info = f"{name.replace('-', '_')}-1.0.dist-info"
    about = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(file, "w") as wheel:
        for path, text in (files | about).items():
            wheel.writestr(path, text)
    return Package(name, "1.0", file.stat().st_size, hashlib.sha256(file.read_bytes()).hexdigest())


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """A runtime of two wheels, and a pip that finds them in a folder."""
    index = tmp_path / "index"
    index.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    packages = (
        write_wheel(index, "onnxruntime-gpu", {"onnxruntime/__init__.py": "MARK = 'gpu'\n"}),
        write_wheel(index, "nvidia-cublas", {"nvidia/cublas/lib/libcublas.so": "x" * 1000}),
    )
    return Runtime("cuda", "CUDA", "a card", 5000, packages)


def test_it_is_installed_whole_and_leaves_nothing_else(runtime: Runtime, tmp_path: Path) -> None:
    seen: list[tuple[str, float]] = []
    place = install(runtime, tmp_path / "gpu", lambda step, share: seen.append((step, share)), NEVER)
    assert installed_runtime(tmp_path / "gpu") == place
    assert (place / "nvidia/cublas/lib/libcublas.so").read_text() == "x" * 1000
    assert [path.name for path in (tmp_path / "gpu").iterdir()] == ["runtime"]
    shares = [share for _, share in seen]
    assert shares == sorted(shares) and seen[-1] == ("Done", 1.0)


def test_installing_twice_replaces_and_removing_twice_is_harmless(runtime: Runtime, tmp_path: Path) -> None:
    folder = tmp_path / "gpu"
    place = install(runtime, folder, lambda *_: None, NEVER)
    (place / "stale").touch()
    install(runtime, folder, lambda *_: None, NEVER)
    assert not (place / "stale").exists()
    remove(folder)
    remove(folder)
    assert installed_runtime(folder) is None and not list(folder.iterdir())


def test_a_wheel_with_another_hash_is_refused(runtime: Runtime, tmp_path: Path) -> None:
    bad = Package("nvidia-cublas", "1.0", 10, "0" * 64)
    with pytest.raises(DeviceError, match=r"^nvidia-cublas cannot be downloaded: .*(HASH|hash)"):
        install(Runtime("cuda", "CUDA", "", 1, (*runtime.packages[:1], bad)), tmp_path / "gpu", lambda *_: None, NEVER)
    assert installed_runtime(tmp_path / "gpu") is None


def test_a_wheel_that_is_not_to_be_had_is_named(runtime: Runtime, tmp_path: Path) -> None:
    missing = Package("nvidia-nothing", "1.0", 10, "0" * 64)
    with pytest.raises(DeviceError, match="nvidia-nothing cannot be downloaded: No matching distribution"):
        install(Runtime("cuda", "CUDA", "", 1, (missing,)), tmp_path / "gpu", lambda *_: None, NEVER)


def test_what_was_downloaded_is_kept_when_cancelled(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "gpu"
    at_the_second = lambda: bool(list((folder / "wheels").glob("onnxruntime*.whl")))  # noqa: E731
    with pytest.raises(CancelledError, match="goes on from here"):
        install(runtime, folder, lambda *_: None, at_the_second)
    assert installed_runtime(folder) is None
    (tmp_path / "index" / "onnxruntime_gpu-1.0-py3-none-any.whl").unlink()
    monkeypatch.setenv("PIP_FIND_LINKS", f"{tmp_path / 'index'} {folder / 'wheels'}")
    install(runtime, folder, lambda *_: None, NEVER)
    assert (folder / "runtime" / "onnxruntime").is_dir()


def test_cancelling_ends_a_pip_that_hangs(runtime: Runtime, tmp_path: Path) -> None:
    asked: list[int] = []
    hanging = [sys.executable, "-c", "import time; time.sleep(600)"]
    with pytest.raises(CancelledError):
        install(runtime, tmp_path / "gpu", lambda *_: None, lambda: bool(asked.append(1)) or len(asked) > 3, hanging)


def test_a_half_unpacked_runtime_is_never_used(runtime: Runtime, tmp_path: Path) -> None:
    half = tmp_path / "gpu" / "new" / "onnxruntime"
    half.mkdir(parents=True)
    assert installed_runtime(tmp_path / "gpu") is None
    install(runtime, tmp_path / "gpu", lambda *_: None, NEVER)
    assert not (tmp_path / "gpu" / "new").exists()


def test_too_little_space_is_told_before_anything_is_downloaded(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(OutputError, match="make room"):
        install(runtime, tmp_path / "gpu", lambda *_: None, NEVER, ["false"])


def test_a_folder_that_cannot_be_made_is_told(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        install(runtime, tmp_path / "file" / "gpu", lambda *_: None, NEVER)


def test_pip_is_found_and_runs() -> None:
    found = subprocess.run([*find_pip(), "--version"], capture_output=True, text=True, check=True)
    assert found.stdout.startswith("pip ")


@pytest.mark.parametrize("python", ["3.11", "3.13", "3.14"])
@pytest.mark.parametrize("system", ["linux-x64", "windows-x64"])
def test_there_is_a_runtime_for_every_blender_but_on_macos(system: str, python: str) -> None:
    devices = [runtime.device for runtime in runtimes_for(system, python)]
    assert devices == (["cuda", "directml"] if system == "windows-x64" else ["cuda"])
    for runtime in runtimes_for(system, python):
        assert runtime.packages[0].name.startswith("onnxruntime-")
        assert "numpy" not in [package.name for package in runtime.packages]
        assert all(len(package.sha256) == 64 for package in runtime.packages)
    assert runtimes_for("macos-arm64", python) == ()


def test_the_sizes_are_told_in_words(runtime: Runtime) -> None:
    assert runtimes_for("linux-x64", "3.11")[0].sizes == "1.6 GB to download, 2.5 GB on disk"


def test_the_worker_imports_it_before_all_else(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RUNTIME_VARIABLE, "before")
    place = install(runtime, tmp_path / "gpu", lambda *_: None, NEVER)
    offer(tmp_path / "gpu")
    probe = tmp_path / "probe.py"
    probe.write_text(
        f"import runpy, sys\nsys.argv = ['', 'nothing']\nsys.path.insert(0, {str(ROOT)!r})\nimport bootstrap\n"
        "bootstrap._adopt_path()\nimport onnxruntime\nprint(onnxruntime.__file__, onnxruntime.MARK)\n",
        encoding="utf-8",
    )
    printed = subprocess.run([sys.executable, str(probe)], capture_output=True, text=True, check=True).stdout
    assert printed == f"{place / 'onnxruntime' / '__init__.py'} gpu\n"
    remove(tmp_path / "gpu")
    offer(tmp_path / "gpu")
    assert RUNTIME_VARIABLE not in os.environ


def test_a_process_of_its_own_activates_it_once(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RUNTIME_VARIABLE, "before")
    place = install(runtime, tmp_path / "gpu", lambda *_: None, NEVER)
    monkeypatch.setattr(sys, "path", ["elsewhere"])
    activate(tmp_path / "nothing")
    assert sys.path == ["elsewhere"]
    activate(tmp_path / "gpu")
    activate(tmp_path / "gpu")
    assert sys.path == [str(place), "elsewhere"]
