"""On whatever device there is, the embedded networks give what they give on the CPU, within half precision."""

from __future__ import annotations

from typing import get_args

import pytest
from maquette.contracts import Device
from maquette.devtools.measure_devices import NETWORKS, time_network
from maquette.inference.devices import installed

TOLERANCE = 0.02


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("device", [device for device in get_args(Device) if device != "auto"])
def test_numbers_are_those_of_the_cpu(device: Device, name: str) -> None:
    if device not in installed():
        pytest.skip(f"not run on {device}: the ONNX Runtime installed here was not built for it")
    found = time_network(name, device, 1)
    if "fallback" in found:
        pytest.skip(f"not run on {device}: {found['fallback']}")
    assert found["off"] <= TOLERANCE
