"""ONNX Runtime sessions: which device really runs, and as few threads as there are cores."""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt
import onnxruntime

from ..contracts import Device, Float
from ..errors import DeviceError, ModelError
from .card import Card, read_network

__all__ = ["PROVIDERS", "Session"]

PROVIDERS: dict[Device, str] = {
    "cuda": "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "cpu": "CPUExecutionProvider",
}


def _wanted(device: Device) -> list[str]:
    """Providers to ask for, the CPU always last."""
    compiled = set(onnxruntime.get_available_providers())
    if device == "auto":
        return [p for p in PROVIDERS.values() if p in compiled]
    if PROVIDERS[device] not in compiled:
        raise DeviceError(f"The installed ONNX Runtime cannot use {device}; choose Auto or CPU.")
    return list(dict.fromkeys([PROVIDERS[device], PROVIDERS["cpu"]]))


def _cores() -> int:
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    return max(1, min(count, 16))


class Session:
    """One network, loaded and verified.

    ``provider`` is what runs it: a failed GPU start falls back to the CPU without an exception, and only the session
    knows.
    """

    def __init__(self, card: Card, device: Device = "auto") -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = _cores()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4
        self.card = card
        try:
            self._session = onnxruntime.InferenceSession(read_network(card), options, providers=_wanted(device))
        except (DeviceError, ModelError):
            raise
        except Exception as error:  # ONNX Runtime raises its own classes, which derive from Exception alone
            raise ModelError(f"ONNX Runtime cannot load {card.path.name}; install the model again.") from error
        self.provider: str = self._session.get_providers()[0]
        self._constants = self._check_names()

    def _check_names(self) -> dict[str, npt.NDArray[np.int64]]:
        """The constant inputs, shaped as the network wants them, once all names of the card are found in it."""
        inputs = {i.name: len(i.shape) for i in self._session.get_inputs()}
        wanted = {self.card.input_name, *self.card.constants}
        outputs = {o.name for o in self._session.get_outputs()}
        if wanted != set(inputs) or not set(self.card.outputs) <= outputs:
            raise ModelError(
                f"The network {self.card.path.name} has the inputs {', '.join(inputs)} and the outputs "
                f"{', '.join(sorted(outputs))}, which are not those of its card; correct the card."
            )
        return {k: np.full([1] * inputs[k], v, np.int64) for k, v in self.card.constants.items()}

    def run(self, array: Float) -> dict[str, Float]:
        """Run on one float32 input [1, C, S, S]; outputs by name.

        Raises
        ------
        ModelError
            If the network fails or gives values that are not finite.
        """
        try:
            feed = {self.card.input_name: np.ascontiguousarray(array), **self._constants}
            values = [np.asarray(v, np.float32) for v in self._session.run(list(self.card.outputs), feed)]
        except Exception as error:
            raise ModelError(
                f"The network {self.card.id} failed on {self.provider}; try the device CPU, or see whether its card "
                "is right."
            ) from error
        named: dict[str, Float] = dict(zip(self.card.outputs, values, strict=True))
        if not all(np.isfinite(v).all() for v in named.values()):
            raise ModelError(
                f"The network {self.card.id} gave no usable numbers on {self.provider}; try the device CPU."
            )
        return named
