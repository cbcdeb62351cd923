"""Devices in the preferences: the graphics card's runtime comes and goes, the system report is copied."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest
from maquette import cli, preferences
from maquette.bootstrap import RUNTIME_VARIABLE
from maquette.errors import DeviceError
from maquette.gpu_support import task
from maquette.gpu_support.folder import runtime_folder
from maquette.gpu_support.install import installed_runtime
from maquette.gpu_support.runtimes import Package, Runtime
from maquette.operators import generation, gpu_support

CUDA = Runtime("cuda", "CUDA", "a card", 10, (Package("onnxruntime-gpu", "1.0", 10, "0" * 64),))


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's folders are the test's, and Blender may go online."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv(RUNTIME_VARIABLE, raising=False)
    monkeypatch.setattr(gpu_support, "available_runtimes", lambda: (CUDA,))


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    """The module has no preferences to allow it in."""
    app = SimpleNamespace(online_access=True, background=True)
    monkeypatch.setattr(gpu_support, "bpy", SimpleNamespace(app=app, types=bpy.types, context=bpy.context))


def installs(_runtime: Runtime, folder: Path, progress: Callable[[str, float], None], _: object) -> Path:
    """Stands for the download, which tests of its own try."""
    progress("Downloading", 0.5)
    place = folder / "runtime"
    (place / "onnxruntime").mkdir(parents=True)
    (place / "onnxruntime_gpu-1.0.dist-info").mkdir()
    return place


def devices() -> list[str]:
    return [item[0] for item in preferences._devices(None, None)]


def test_without_online_access_nothing_is_installed(registered: None) -> None:
    with pytest.raises(RuntimeError, match="may not go online"):
        bpy.ops.maquette.install_gpu_support(device="cuda")
    assert installed_runtime(runtime_folder()) is None


def test_gpu_support_is_installed_offered_to_the_worker_and_removed(
    registered: None, online: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, "install", installs)
    assert devices()[:2] == ["auto", "cpu"] and "cuda" not in devices()
    assert bpy.ops.maquette.install_gpu_support(device="cuda") == {"FINISHED"}
    place = installed_runtime(runtime_folder())
    assert place is not None and os.environ[RUNTIME_VARIABLE] == str(place)
    assert {"cuda", "tensorrt"} <= set(devices())
    assert gpu_support.current_installation() is None
    assert bpy.ops.maquette.remove_gpu_support() == {"FINISHED"}
    assert installed_runtime(runtime_folder()) is None and RUNTIME_VARIABLE not in os.environ
    assert "cuda" not in devices()
    assert not bpy.ops.maquette.remove_gpu_support.poll()


def test_a_download_that_fails_is_told(registered: None, online: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Path:
        raise DeviceError("onnxruntime-gpu cannot be downloaded: no route.")

    monkeypatch.setattr(task, "install", fails)
    with pytest.raises(RuntimeError, match="no route"):
        bpy.ops.maquette.install_gpu_support(device="cuda")
    assert gpu_support.current_installation() is None


def test_what_this_system_cannot_have_is_refused(registered: None, online: None) -> None:
    with pytest.raises(RuntimeError, match="no such runtime"):
        bpy.ops.maquette.install_gpu_support(device="directml")


def test_the_system_report_is_copied(registered: None, monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    report = {"step": "x"}
    monkeypatch.setattr("maquette.operators.copy_report.tell", lambda found: copied.append(json.dumps(found)) or "text")
    monkeypatch.setattr("maquette.operators.copy_report.transfer.load_examination", lambda _folder: report)
    try:
        assert bpy.ops.maquette.copy_report() == {"FINISHED"}
    finally:
        generation.shut_down()
    assert copied == [json.dumps(report)]


def test_doctor_examines_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor"]) == 0
    told = capsys.readouterr().out
    assert f"Blender    {bpy.app.version_string}" in told and "CPU      works" in told
    assert "maquette-shape" in told and "Draft " in told


def test_doctor_installs_nothing_offline(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "--install-gpu", "cuda"]) == 1
    assert "may not go online" in capsys.readouterr().err


def test_the_device_is_auto_where_the_chosen_one_is_gone() -> None:
    gone = SimpleNamespace(preferences=SimpleNamespace(device="", idle_minutes=3))
    context = SimpleNamespace(preferences=SimpleNamespace(addons={preferences.__package__: gone}))
    assert preferences.chosen_device(context) == "auto"
    assert preferences.idle_minutes(context) == 3
