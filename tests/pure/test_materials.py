"""Presets: sane values for the shader, and Auto that invents nothing."""

from __future__ import annotations

import pytest
from maquette.contracts import Finish
from maquette.materials import AUTO, PRESETS, USUAL, choose


@pytest.mark.parametrize("key", PRESETS)
def test_values_are_those_of_real_surfaces(key: str) -> None:
    preset = PRESETS[key]
    shares = (preset.roughness, preset.metallic, preset.specular, preset.coat, preset.coat_roughness)
    shares += (preset.sheen, preset.sheen_roughness, preset.subsurface, preset.transmission)
    assert all(0 <= share <= 1 for share in shares)
    assert preset.metallic in (0, 1)  # nothing is half a metal
    assert 1.3 < preset.ior < 1.8
    assert preset.metallic + preset.transmission + preset.subsurface <= 1
    assert preset.description.endswith(".")
    assert preset.description.count(". ") == 0


def test_auto_takes_what_the_picture_says() -> None:
    preset, source = choose(AUTO, Finish(0.23, 1.0, "estimated from highlights"))
    assert (preset.roughness, preset.metallic, source) == (0.23, 1.0, "estimated from highlights")


def test_auto_without_evidence_is_usual_and_says_so() -> None:
    preset, source = choose(AUTO)
    assert (preset.roughness, preset.metallic) == (USUAL.roughness, USUAL.metallic)
    assert "nothing was estimated" in source


def test_a_preset_chosen_by_hand_beats_the_picture() -> None:
    preset, source = choose("metal", Finish(0.9, 0.0, "estimated from highlights"))
    assert (preset.roughness, preset.metallic) == (PRESETS["metal"].roughness, 1.0)
    assert "Metal" in source
