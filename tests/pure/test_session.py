"""A network runs on the device asked for, or on the CPU with the reason why."""

from __future__ import annotations

import os
import sys
from typing import Any, get_args

import numpy as np
import onnxruntime
import pytest
from maquette.contracts import Device
from maquette.errors import DeviceError, ModelError
from maquette.inference import devices, session
from maquette.inference.card import Card, find_card, load_card
from maquette.inference.devices import providers_for
from maquette.inference.native_output import catch_output

Real = onnxruntime.InferenceSession

MISSING = (
    "2026-01-01 [E:onnxruntime] FAIL : Failed to load library /a/libonnxruntime_providers_cuda.so with error: "
    "libcudnn.so.9: cannot open shared object file: No such file or directory\n"
)
WINDOWS = (
    'Error loading "C:\\\\x\\\\onnxruntime_providers_cuda.dll" which depends on "cudnn64_9.dll" which is missing.\n'
)


@pytest.fixture
def card() -> Card:
    return load_card(find_card("maquette-upscale"))


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).random((1, 3, 286, 286), np.float32)


def with_cuda(monkeypatch: pytest.MonkeyPatch, start: str = "", run: Exception | None = None) -> None:
    """A runtime built for CUDA, which prints ``start`` and does not come up, or fails at each ``run``."""

    class Runtime:
        def __init__(self, network: bytes, options: Any, providers: list[tuple[str, Any]]) -> None:
            self._real = Real(network, options, providers=["CPUExecutionProvider"])
            self._first = providers[0][0]
            if start and self._first != "CPUExecutionProvider":
                os.write(2, start.encode())
                self._first = "CPUExecutionProvider"

        def get_providers(self) -> list[str]:
            return [self._first]

        def run(self, names: list[str], feed: Any) -> Any:
            if run is not None and self._first != "CPUExecutionProvider":
                raise run
            return self._real.run(names, feed)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)

    names = ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: names)
    monkeypatch.setattr(onnxruntime, "InferenceSession", Runtime)
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None, raising=False)


def test_auto_takes_cuda_before_the_cpu_and_never_tensorrt(monkeypatch: pytest.MonkeyPatch) -> None:
    with_cuda(monkeypatch)
    assert [name for name, _ in providers_for("auto")] == ["CUDAExecutionProvider", "CPUExecutionProvider"]
    assert [name for name, _ in providers_for("tensorrt")] == ["TensorrtExecutionProvider", "CPUExecutionProvider"]


def test_a_device_the_runtime_was_not_built_for_is_refused(card: Card) -> None:
    with pytest.raises(DeviceError, match="cannot use openvino; choose Auto or CPU"):
        session.Session(card, "openvino")


def test_what_runs_as_asked_says_nothing(card: Card) -> None:
    one = session.Session(card, "cpu")
    assert (one.provider, one.fallback) == ("CPUExecutionProvider", "")


def test_a_gpu_that_does_not_start_is_replaced_and_the_missing_library_named(
    card: Card, picture: np.ndarray, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    expected = session.Session(card, "cpu").run(picture)["large"]
    with_cuda(monkeypatch, start=MISSING)
    one = session.Session(card, "cuda")
    assert one.provider == "CPUExecutionProvider"
    assert one.fallback == "CUDA cannot be used here (libcudnn.so.9 is missing)."
    assert np.array_equal(one.run(picture)["large"], expected)
    assert capfd.readouterr().err == ""


def test_a_start_that_fails_without_a_word_is_told_too(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    with_cuda(monkeypatch, start="something unheard of")
    assert session.Session(card).fallback == "CUDA cannot be used here."


def test_the_library_that_windows_misses_is_named(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    with_cuda(monkeypatch, start=WINDOWS)
    assert session.Session(card).fallback == "CUDA cannot be used here (cudnn64_9.dll is missing)."


@pytest.mark.parametrize(
    ("cause", "says"),
    [
        ("BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer", "CUDA ran out of memory"),
        ("CUDNN_STATUS_EXECUTION_FAILED", "CUDA failed"),
    ],
)
def test_what_fails_on_the_gpu_is_done_on_the_cpu(
    cause: str, says: str, card: Card, picture: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = session.Session(card, "cpu").run(picture)["large"]
    with_cuda(monkeypatch, run=RuntimeError(cause))
    one = session.Session(card, "cuda")
    assert (one.provider, one.fallback) == ("CUDAExecutionProvider", "")
    assert np.array_equal(one.run(picture)["large"], expected)
    assert one.provider == "CPUExecutionProvider"
    assert one.fallback == f"{says}, so the CPU did the work."


def test_a_network_that_fails_on_the_cpu_fails(card: Card) -> None:
    one = session.Session(card, "cpu")
    with pytest.raises(ModelError, match="maquette-upscale failed"):
        one.run(np.zeros((1, 4, 286, 286), np.float32))


def test_numbers_that_are_none_fail(card: Card) -> None:
    with pytest.raises(ModelError, match="no usable numbers"):
        session.Session(card, "cpu").run(np.full((1, 3, 286, 286), np.nan, np.float32))


def test_every_device_of_the_settings_has_a_provider() -> None:
    assert {*devices.PROVIDERS, "auto"} == set(get_args(Device))


def test_what_a_provider_compiles_is_kept_where_one_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    with_cuda(monkeypatch)
    assert providers_for("tensorrt", tmp_path)[0][1]["trt_engine_cache_path"] == str(tmp_path)
    assert "trt_engine_cache_path" not in providers_for("tensorrt")[0][1]


def test_what_tensorrt_compiles_goes_to_a_folder_of_the_network(
    card: Card, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(devices, "default_folder", lambda: tmp_path / "models")
    with_cuda(monkeypatch)
    session.Session(card, "cuda")
    assert list(tmp_path.iterdir()) == [], "CUDA compiles nothing"
    session.Session(card, "tensorrt")
    name = f"{onnxruntime.__version__}-{card.sha256[:16]}"
    assert [path.name for path in (tmp_path / "compiled").iterdir()] == [name]


def test_no_folder_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(devices, "default_folder", lambda: tmp_path / "file" / "models")
    assert devices.compiled_folder("0" * 64) is None


def test_output_of_python_and_of_native_code_is_caught_and_the_streams_come_back(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with catch_output() as caught:
        sys.stdout.write("from Python\n")
        os.write(1, b"from below\n")
        os.write(2, "größer\n".encode())
    os.write(2, b"afterwards")
    assert sorted(caught.text.split("\n")) == ["", "from Python", "from below", "größer"]
    assert capfd.readouterr() == ("", "afterwards")


def test_an_error_passes_and_the_streams_come_back(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyError), catch_output() as caught:
        os.write(2, b"last words")
        raise KeyError("x")
    os.write(2, b"afterwards")
    assert (caught.text, capfd.readouterr().err) == ("last words", "afterwards")
