"""ONNX Runtime carries few types of its own; these are the parts that Maquette uses."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__version__: str

def disable_telemetry_events() -> None: ...
def get_available_providers() -> list[str]: ...

class ExecutionMode:
    ORT_SEQUENTIAL: ExecutionMode

class SessionOptions:
    enable_mem_pattern: bool
    execution_mode: ExecutionMode
    intra_op_num_threads: int
    inter_op_num_threads: int
    log_severity_level: int
    def add_session_config_entry(self, key: str, value: str, /) -> None: ...

class NodeArg:
    name: str
    type: str
    shape: list[int | str | None]

class OrtValue:
    @staticmethod
    def ortvalue_from_numpy(numpy_obj: npt.NDArray[Any], device_type: str = "cpu", device_id: int = 0) -> OrtValue: ...
    def numpy(self) -> npt.NDArray[Any]: ...

class InferenceSession:
    def __init__(
        self,
        path_or_bytes: str | bytes,
        sess_options: SessionOptions | None = None,
        providers: Sequence[str | tuple[str, Mapping[str, str]]] | None = None,
    ) -> None: ...
    def get_inputs(self) -> list[NodeArg]: ...
    def get_outputs(self) -> list[NodeArg]: ...
    def get_providers(self) -> list[str]: ...
    def run(
        self,
        output_names: Sequence[str] | None,
        input_feed: Mapping[str, npt.NDArray[Any]],
    ) -> list[npt.NDArray[np.float32]]: ...
    def run_with_ort_values(
        self, output_names: Sequence[str], input_dict_ort_values: Mapping[str, OrtValue]
    ) -> list[OrtValue]: ...
