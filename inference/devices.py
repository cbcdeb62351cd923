"""What networks can run on: which of ONNX Runtime's execution providers, in which order, and how each is set up."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias

import onnxruntime

from ..contracts import Device
from ..errors import DeviceError
from ..machine import available_cores
from .model_folder import default_folder

__all__ = [
    "COMPILING",
    "CPU",
    "PROVIDERS",
    "THREADS",
    "Provider",
    "compiled_folder",
    "device_title",
    "installed",
    "load_libraries",
    "processor_cores",
    "providers_for",
]

Provider: TypeAlias = tuple[str, dict[str, str]]
"""The name of an execution provider, and its options."""

CPU = "CPUExecutionProvider"
THREADS = "MAQUETTE_THREADS"

PROVIDERS: dict[Device, str] = {
    "cuda": "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cpu": CPU,
}

# On Windows, through the system's own collection, which the environment variable of `maquette.__init__` leaves alone.
onnxruntime.disable_telemetry_events()

_TITLES: dict[str, str] = {
    "CUDAExecutionProvider": "CUDA",
    "DmlExecutionProvider": "DirectML",
    "CoreMLExecutionProvider": "CoreML",
    "TensorrtExecutionProvider": "TensorRT",
    "OpenVINOExecutionProvider": "OpenVINO",
    CPU: "CPU",
}

COMPILING = (PROVIDERS["coreml"], PROVIDERS["tensorrt"], PROVIDERS["openvino"])
"""Providers that translate a network into something of their own first."""

# TensorRT builds an engine for minutes before its first run, and OpenVINO is one more way to use the processor: both
# only on request.
_AUTO: tuple[Device, ...] = ("cuda", "directml", "coreml", "cpu")


def installed() -> list[Device]:
    """The devices that the installed ONNX Runtime was built for. Whether they work, only a session can tell."""
    compiled = set(onnxruntime.get_available_providers())
    return [device for device, provider in PROVIDERS.items() if provider in compiled]


def device_title(provider: str) -> str:
    """What users call a provider."""
    return _TITLES.get(provider, provider.removesuffix("ExecutionProvider"))


def providers_for(device: Device, cache: Path | None = None) -> list[Provider]:
    """The providers to ask for, in order, the CPU always last.

    Parameters
    ----------
    device : str
        ``auto`` asks for the fastest one installed.
    cache : Path, optional
        A folder for what a provider compiles of a network, so that only its first run takes long.

    Raises
    ------
    DeviceError
        The installed ONNX Runtime was not built for the device.
    """
    found = installed()
    if device != "auto" and device not in found:
        raise DeviceError(f"The installed ONNX Runtime cannot use {device}; choose Auto or CPU.")
    asked: list[Device] = [one for one in _AUTO if one in found] if device == "auto" else [device]
    if "cpu" not in asked:
        asked.append("cpu")
    return [(PROVIDERS[one], _options(one, cache)) for one in asked]


def compiled_folder(sha256: str) -> Path | None:
    """Where providers keep what they compile of a network, per version of the runtime; None where it cannot be made.

    Only for those that compile for seconds or minutes. The CPU's own optimised graph is not worth keeping: loading it
    again saves a tenth of a second of a network of 100 MB, and nothing of one of 140 MB.
    """
    folder = default_folder().parent / "compiled" / f"{onnxruntime.__version__}-{sha256[:16]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder


def _options(device: Device, cache: Path | None) -> dict[str, str]:
    folder = str(cache) if cache else ""
    if device == "cuda":
        # Heuristics choose a convolution's algorithm at once; the exhaustive search takes seconds at each new size.
        return {"cudnn_conv_algo_search": "HEURISTIC", "arena_extend_strategy": "kSameAsRequested"}
    if device == "coreml":
        return {"ModelFormat": "MLProgram"} | ({"ModelCacheDirectory": folder} if folder else {})
    if device == "tensorrt" and folder:
        return {"trt_engine_cache_enable": "1", "trt_engine_cache_path": folder, "trt_timing_cache_enable": "1"}
    if device == "openvino" and folder:
        return {"cache_dir": folder}
    return {}


def load_libraries() -> None:
    """Load CUDA's libraries from the packages beside the runtime, where it can: nothing else would find them there."""
    preload = getattr(onnxruntime, "preload_dlls", None)
    if preload is not None and "cuda" in installed():
        preload()


def processor_cores() -> int:
    """How many cores this process may use, at most 16: more threads than that make small networks slower.

    ``MAQUETTE_THREADS`` in the environment says so for a process that shares the machine with others of its kind.
    """
    told = os.environ.get(THREADS, "")
    if told.isdecimal():
        return max(1, min(int(told), 16))
    return min(available_cores(), 16)
