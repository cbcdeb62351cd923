"""ONNX Runtime sessions: which device really runs, why not another, and what happens when it fails."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from ..contracts import Device, Float
from ..errors import DeviceError, ModelError
from .card import Card, read_network
from .devices import (
    COMPILING,
    CPU,
    PROVIDERS,
    Provider,
    compiled_folder,
    device_title,
    load_libraries,
    processor_cores,
    providers_for,
)
from .load_fault import load_fault
from .native_output import catch_output

__all__ = ["Session"]

_NO_MEMORY = re.compile(r"out of memory|failed to allocate|E_OUTOFMEMORY|bad alloc|BFCArena", re.IGNORECASE)

_IN_CUDA_MEMORY = (PROVIDERS["cuda"], PROVIDERS["tensorrt"])

_TYPES: dict[str, type[np.number[Any]]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
}
"""What inputs may be, by ONNX Runtime's names; float32 comes in, and is rounded to what the network takes."""


class Session:
    """One network, loaded and verified.

    ``provider`` is what runs it: a failed GPU start falls back to the CPU without an exception, and only the session
    knows. ``fallback``: why it is not the device that was asked for, one sentence; empty when it is.
    """

    def __init__(self, card: Card, device: Device = "auto") -> None:
        self.card = card
        self.fallback = ""
        asked = providers_for(device)
        if asked[0][0] in COMPILING:
            asked = providers_for(device, compiled_folder(card.sha256))
        self._open(asked)
        if self.provider != asked[0][0]:
            self.fallback = f"{device_title(asked[0][0])} cannot be used here{_reason(self._printed)}."
        self._constants = self._check_names()

    def _open(self, providers: list[Provider]) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = processor_cores()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4
        if providers[0][0] == PROVIDERS["directml"]:  # which can do neither
            options.enable_mem_pattern = False
            options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        network = read_network(self.card)
        try:
            with catch_output() as caught:
                load_libraries()
                self._session = onnxruntime.InferenceSession(network, options, providers=providers)
        except (DeviceError, ModelError):
            raise
        except Exception as error:  # ONNX Runtime raises its own classes, which derive from Exception alone
            raise ModelError(
                f"ONNX Runtime cannot load {self.card.path.name} ({load_fault(str(error))}); get the network again, or "
                "export it otherwise."
            ) from error
        self._printed = caught.text
        self._held: dict[str, tuple[Float, onnxruntime.OrtValue]] = {}
        self.provider: str = self._session.get_providers()[0]

    def _check_names(self) -> dict[str, npt.NDArray[Any]]:
        """The constant inputs, as the network wants them, once all names of the card are found in it."""
        inputs = {i.name: i for i in self._session.get_inputs()}
        outputs = [o.name for o in self._session.get_outputs()]
        self._input = _placed(self.card.input_name, list(inputs))
        self._outputs = [_placed(name, outputs) for name in self.card.outputs]
        if {self._input, *self.card.constants, *self.card.given} != set(inputs) or not set(self._outputs) <= set(
            outputs
        ):
            raise ModelError(
                f"The network {self.card.path.name} has the inputs {', '.join(inputs)} and the outputs "
                f"{', '.join(sorted(outputs))}, which are not those of its card; correct the card."
            )
        types = {name: _TYPES.get(i.type) for name, i in inputs.items()}
        if strange := [name for name, kind in types.items() if kind is None]:
            raise ModelError(
                f"The network {self.card.path.name} takes no numbers as {strange[0]}; export it otherwise."
            )
        self._type = types[self._input]
        self._given = {name: types[name] for name in self.card.given}
        return {k: np.full([1] * len(inputs[k].shape), v, types[k]) for k, v in self.card.constants.items()}

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the network's input; 1 where it leaves a size open."""
        found = next(i for i in self._session.get_inputs() if i.name == self._input)
        return tuple(size if isinstance(size, int) else 1 for size in found.shape)

    def run(self, array: Float, given: Mapping[str, Float] | None = None) -> dict[str, Float]:
        """Run on one float32 input [1, C, S, S], and those that the card calls ``given``; outputs by name. What fails
        on a GPU is done again on the CPU, now and from then on.

        Raises
        ------
        ModelError
            If the network fails or gives values that are not finite.
        """
        try:
            return self._run(array, given or {})
        except ModelError as error:
            if self.provider == CPU:
                raise
            self.fallback = _failure(self.provider, error)
        self._open([(CPU, {})])
        return self._run(array, given or {})

    def _run(self, array: Float, given: Mapping[str, Float]) -> dict[str, Float]:
        try:
            feed = {self._input: np.ascontiguousarray(array, self._type), **self._constants}
            found = self._run_bound(feed, given) if self._given else self._session.run(self._outputs, feed)
            values = [np.asarray(v, np.float32) for v in found]
        except Exception as error:
            raise ModelError(f"The network {self.card.id} failed; see whether its card is right.") from error
        named: dict[str, Float] = dict(zip(self.card.outputs, values, strict=True))
        if not all(np.isfinite(v).all() for v in named.values()):
            raise ModelError(f"The network {self.card.id} gave no usable numbers; try another picture or model.")
        return named

    def _run_bound(self, feed: Mapping[str, npt.NDArray[Any]], given: Mapping[str, Float]) -> list[npt.NDArray[Any]]:
        """Run with the given inputs kept in the device's memory for as long as they are the same arrays: a decoder is
        asked hundreds of times for one code."""
        bound = {name: onnxruntime.OrtValue.ortvalue_from_numpy(value) for name, value in feed.items()}
        for name, kind in self._given.items():
            if name not in self._held or self._held[name][0] is not given[name]:
                value = np.ascontiguousarray(given[name], kind)
                memory = "cuda" if self.provider in _IN_CUDA_MEMORY else "cpu"
                self._held[name] = (given[name], onnxruntime.OrtValue.ortvalue_from_numpy(value, memory, 0))
            bound[name] = self._held[name][1]
        return [value.numpy() for value in self._session.run_with_ort_values(self._outputs, bound)]


def _placed(name: str, names: Sequence[str]) -> str:
    """The name itself, or the one that ``#1`` and the like stand for."""
    place = int(name[1:]) if name[:1] == "#" and name[1:].isdecimal() else 0
    return names[place - 1] if 0 < place <= len(names) else name


def _reason(printed: str) -> str:
    """Why a provider did not start, from what the runtime printed: `` (libcuda.so.1 is missing)``."""
    linux = re.search(r"with error: (?:.*?\s)?(\S+): cannot open shared object file", printed)
    windows = re.search(r'which depends on "([^"]+)" which is missing', printed)
    if library := linux or windows:
        return f" ({library[1]} is missing)"
    failed = re.search(r'with error:? (\d+ "[^"]*"|[^\n]{1,200})', printed)
    failed = failed or re.search(r"Error \w+: ([^\n]{1,200})", printed)
    return f" ({failed[1].strip().rstrip('.')})" if failed else ""


def _failure(provider: str, error: ModelError) -> str:
    """What happened to a run on a GPU, one sentence."""
    cause = f"{error.__cause__ or error}"
    why = "ran out of memory" if _NO_MEMORY.search(cause) else "failed"
    return f"{device_title(provider)} {why}, so the CPU did the work."
