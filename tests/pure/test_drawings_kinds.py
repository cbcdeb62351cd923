"""Kinds of pictures are told apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from maquette.contracts import Pixels
from maquette.geometry.drawings.kinds import kind_of
from maquette.inference.decode import decode_picture
from maquette.training.kind_pictures import DRAWN, draw_kind

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"


@pytest.mark.parametrize("kind", ["sketch", "logo", "relief", "floor_plan"])
def test_drawn_pictures_are_known(kind: str) -> None:
    found = [kind_of(draw_kind(kind, np.random.default_rng(seed)))[0] for seed in range(500, 508)]
    assert found.count(kind) >= 7


def test_illustrations_are_never_taken_for_drawings_without_a_network() -> None:
    found = [kind_of(draw_kind("illustration", np.random.default_rng(seed)))[0] for seed in range(500, 508)]
    assert set(found) <= {"illustration", "photo"}
    assert found.count("illustration") >= 4


def test_photos_go_through_the_networks(shared: Path) -> None:
    paths = sorted((shared / "eval" / "val" / "photos").glob("*.jpg"))[1::5]
    found = [kind_of(decode_picture(path))[0] for path in paths]
    assert found and set(found) <= {"photo", "illustration"}
    assert found.count("photo") >= 0.85 * len(found)


@pytest.mark.parametrize("name", ["car", "teapot", "toy"])
def test_a_smooth_thing_in_a_plain_place_is_no_illustration(name: str) -> None:
    assert kind_of(decode_picture(EXAMPLES / f"{name}.png"))[0] == "photo"


@pytest.mark.parametrize("name", DRAWN)
def test_the_reason_is_one_sentence(name: str) -> None:
    kind, why = kind_of(draw_kind(name, np.random.default_rng(3)))
    assert kind
    assert why.endswith(".")
    assert why.count(".") == 1


def flat(value: int, alpha: int, shape: tuple[int, int]) -> Pixels:
    pixels = np.full((*shape, 4), value, np.uint8)
    pixels[:, :, 3] = alpha
    return pixels


@pytest.mark.parametrize("pixels", [flat(255, 255, (8, 40)), flat(0, 0, (40, 40)), flat(9, 255, (1, 1)),
                                    flat(90, 128, (3, 2000))])  # fmt: skip
def test_pictures_that_show_nothing_do_no_harm(pixels: Pixels) -> None:
    kind_of(pixels)
