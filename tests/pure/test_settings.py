"""Settings outside the limits are refused with a sentence that names the way out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from maquette.contracts import Settings
from maquette.errors import MaquetteError
from maquette.settings import QUALITY, check_settings


def test_defaults_are_the_standard_preset() -> None:
    settings = check_settings(Settings())
    preset = QUALITY[settings.quality]
    assert (settings.target_faces, settings.texture_size) == (preset.target_faces, preset.texture_size)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"target_faces": 99}, "100"),
        ({"target_faces": 2_000_001}, "2,000,000"),
        ({"texture_size": 1000}, "1024"),
        ({"height": 0.0}, "0.001"),
        ({"height": float("nan")}, "metres"),
        ({"height": float("inf")}, "metres"),
        ({"quality": "best"}, "standard"),
        ({"topology": "ngons"}, "quads"),
        ({"background": "blur"}, "alpha"),
        ({"device": "tpu"}, "cpu"),
        ({"use": "print"}, "solid"),
    ],
)
def test_refused_with_the_way_out(change: dict[str, object], names: str) -> None:
    with pytest.raises(MaquetteError, match=names):
        check_settings(replace(Settings(), **change))
