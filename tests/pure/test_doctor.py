"""The examination tells what works, what does not and why, and what to do about it."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from maquette import machine
from maquette.contracts import Device
from maquette.doctor import devices, examine
from maquette.doctor import machine as graphics
from maquette.doctor.models import check_models
from maquette.doctor.text import problems, tell
from maquette.inference.card import EMBEDDED
from maquette.inference.session import Session


def quiet(*_: object) -> None:
    """Progress that nobody looks at."""


@pytest.fixture(scope="module")
def report() -> Mapping[str, Any]:
    return examine.examine({"blender": "5.2.3", "online": False}, quiet, lambda: False)


def test_this_machine_works_and_all_of_it_is_told(report: Mapping[str, Any]) -> None:
    assert problems(report) == []
    assert json.loads(json.dumps(report)) == report
    text = tell(report)
    assert "Blender    5.2.3, online access off" in text
    assert "CPU      works" in text
    assert all(f"{card.stem} " in text for card in EMBEDDED.glob("*.toml"))
    assert report["run"]["first"] > 0 and "Completing the shape" in report["run"]["steps"]
    assert "None" not in text and "nan" not in text


def test_a_damaged_model_is_a_problem(tmp_path: Path, report: Mapping[str, Any]) -> None:
    card = (EMBEDDED / "maquette-upscale.toml").read_text(encoding="utf-8")
    (tmp_path / "maquette-upscale.toml").write_text(card, encoding="utf-8")
    (tmp_path / "maquette-upscale.onnx").write_bytes(b"half")
    found = check_models(lambda: False, tmp_path)
    assert "is not the file that its card describes" in found[0]["problem"]
    sick = {**report, "models": found}
    assert problems(sick) == [f"maquette-upscale: {found[0]['problem']}"]
    assert "is not the file" in tell(sick)


def test_a_device_that_fails_is_told_with_its_reason_and_is_no_problem_beside_one_that_works(
    report: Mapping[str, Any],
) -> None:
    sick = copy.deepcopy(dict(report))
    reason = "CUDA cannot be used here (libcuda.so.1 is missing)."
    sick["devices"].insert(0, {"device": "cuda", "title": "CUDA", "works": False, "reason": reason})
    sick["missing_libraries"] = ["libcuda.so.1", "libcudnn.so.9"]
    sick["graphics"] = [{"name": "Card", "driver_version": "600.1", "memory.total": "8 GiB", "memory.used": "1 GiB"}]
    text = tell(sick)
    assert f"CUDA     does not work: {reason}" in text
    assert "libcuda.so.1: install the graphics card's driver" in text
    assert "libcudnn.so.9: install GPU support" in text
    assert "Graphics   Card, driver 600.1, 1 GiB of 8 GiB used" in text
    assert problems(sick) == []
    sick["devices"] = sick["devices"][:1]
    assert problems(sick) == ["No device can run the networks; install Maquette again."]


def test_a_run_that_fails_is_a_problem(report: Mapping[str, Any]) -> None:
    sick = {**report, "run": {"problem": "Memory ran out."}}
    assert problems(sick) == ["Memory ran out."]
    assert "Draft      failed: Memory ran out." in tell(sick)


def test_a_device_with_wrong_numbers_does_not_work(monkeypatch: pytest.MonkeyPatch) -> None:
    class Off(Session):
        """Claims to be a graphics card, and is off by a tenth there."""

        def __init__(self, card: Any, device: Device = "auto") -> None:
            super().__init__(card, "cpu")
            self.provider = "CPUExecutionProvider" if device == "cpu" else "CUDAExecutionProvider"

        def run(self, array: Any) -> Any:
            off = 0.0 if self.provider == "CPUExecutionProvider" else 0.1
            return {name: np.asarray(values + off) for name, values in super().run(array).items()}

    monkeypatch.setattr(devices, "Session", Off)
    result = devices.try_device("cuda")
    assert not result["works"]
    assert "differ from the CPU's by 0.1" in result["reason"]


def test_a_device_the_runtime_lacks_does_not_work() -> None:
    result = devices.try_device("openvino")
    assert not result["works"] and "choose Auto or CPU" in result["reason"]


def test_memory_is_read_from_what_linux_says() -> None:
    text = "MemTotal:       1000 kB\nMemFree:  10 kB\nMemAvailable:    600 kB\nHugePages_Total:       0\n"
    assert machine._linux_memory(text) == (1_024_000, 614_400)


def test_memory_that_is_not_told_is_unknown(monkeypatch: pytest.MonkeyPatch, report: Mapping[str, Any]) -> None:
    monkeypatch.setattr(machine.sys, "platform", "plan9")
    assert machine.read_memory() == (None, None)
    sick = copy.deepcopy(dict(report))
    sick["machine"].update(memory_total=None, memory_free=None)
    assert "Memory     unknown, unknown free" in tell(sick)


def test_no_card_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert graphics.describe_graphics() == []


def test_cards_are_read_from_what_the_driver_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA H100, 580.1, 81559 MiB, 4 MiB'\n", encoding="utf-8")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert graphics.describe_graphics() == [
        {"name": "NVIDIA H100", "driver_version": "580.1", "memory.total": "81559 MiB", "memory.used": "4 MiB"}
    ]


def test_the_drawn_ball_is_a_picture_to_make_a_mesh_of() -> None:
    picture = devices.example_picture()
    assert picture.shape == (512, 512, 4) and picture.dtype == np.uint8
    assert 0.3 < (picture[..., 3] > 0).mean() < 0.6
