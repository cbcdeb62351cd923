"""Enlarged pictures: sharper than interpolated ones, without seams, and with nothing in them that was not there."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from maquette.contracts import Float, Pixels
from maquette.errors import CancelledError, ModelError, OutputError, PictureError
from maquette.inference.card import Card, find_card, load_card
from maquette.inference.session import Session
from maquette.inference.upscale import UpscaleModel
from maquette.inference.upscale_size import LARGEST
from maquette.model_set import UPSCALE_MODEL
from maquette.upscale import enlarge_file
from PIL import Image, ImageDraw

CARD = Card("stand-in", "upscale", Path("x.onnx"), 0, "", "MIT", "image", 40, ("large",), scale=2, margin=6)


class StandIn:
    """A network that repeats pixels, and is a little darker the nearer they are to the tile's border."""

    provider = "CPUExecutionProvider"

    def __init__(self, card: Card, shade: float = 0.0) -> None:
        self.card, self.shade, self.runs = card, shade, 0

    def run(self, array: Float) -> dict[str, Float]:
        self.runs += 1
        size = self.card.input_size
        assert array.shape == (1, 3, size, size)
        near = np.minimum(np.arange(size), np.arange(size)[::-1])
        dark = 1 - self.shade * np.exp(-np.minimum(near[:, None], near).astype(np.float32) / 4)
        large = (array * dark).repeat(self.card.scale, 2).repeat(self.card.scale, 3)
        return {self.card.outputs[0]: large.astype(np.float32)}


def stand_in(shade: float = 0.0, **changes: object) -> UpscaleModel:
    return UpscaleModel(StandIn(replace(CARD, **changes), shade))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def network() -> UpscaleModel:
    return UpscaleModel(Session(load_card(find_card(UPSCALE_MODEL)), "cpu"))


def drawing(side: int) -> Pixels:
    """Letters, discs and lines, without grey levels between their colours but at the edges."""
    fine = Image.new("RGB", (side * 4, side * 4), (230, 220, 200))
    pen, rng = ImageDraw.Draw(fine), np.random.default_rng(3)
    for _ in range(side // 4):
        x, y, r = (float(v) for v in rng.uniform(0, 4 * side, 3))
        colour = tuple(int(c) for c in rng.integers(0, 256, 3))
        r *= 0.12
        pen.ellipse((x - r, y - r, x + r, y + r), fill=colour)
        pen.line((y, x, x, y + r), fill=colour, width=int(3 + r / 8))
    return np.asarray(fine.resize((side, side), Image.Resampling.BOX))


def error(found: Pixels, wanted: Pixels) -> float:
    return float(np.square(found.astype(np.float64) - wanted).mean())


def halved(picture: Pixels) -> Pixels:
    return np.asarray(
        Image.fromarray(picture).resize((picture.shape[1] // 2, picture.shape[0] // 2), Image.Resampling.BOX)
    )


@pytest.mark.parametrize("factor", [2, 4])
def test_nearer_to_the_truth_than_interpolation(network: UpscaleModel, factor: int) -> None:
    truth = drawing(256)
    small = halved(truth) if factor == 2 else halved(halved(truth))
    lanczos = np.asarray(Image.fromarray(small).resize((256, 256), Image.Resampling.LANCZOS))
    assert error(network.enlarge(small, factor), truth) < 0.75 * error(lanczos, truth)


def test_a_tile_s_border_cannot_be_seen(network: UpscaleModel) -> None:
    step = network.session.card.input_size - 2 * network.session.card.margin
    picture = drawing(step + 90)
    cut = slice(step - 80, step + 80)
    alone = network.enlarge(picture[cut, cut], 2)[60:-60, 60:-60]
    together = network.enlarge(picture, 2)[2 * cut.start : 2 * cut.stop, 2 * cut.start : 2 * cut.stop][60:-60, 60:-60]
    assert np.abs(alone.astype(int) - together).max() <= 1


def test_a_network_that_knows_where_its_tiles_end_shows_no_step() -> None:
    flat = np.full((100, 90, 3), 200, np.uint8)
    large = stand_in(shade=0.1).enlarge(flat, 2).astype(int)
    assert large.min() < 198, "the stand-in makes tiles darker at their borders"
    assert max(np.abs(np.diff(large, axis=axis)).max() for axis in (0, 1)) <= 2


@pytest.mark.parametrize("factor", [2, 4])
def test_grey_stays_grey_and_flat_stays_flat(network: UpscaleModel, factor: int) -> None:
    grey = np.repeat(drawing(96)[..., :1], 3, 2)
    large = network.enlarge(grey, factor).astype(int)
    assert np.ptp(large, axis=2).max() == 0
    for colour in ((0, 0, 0), (255, 255, 255), (13, 200, 77)):
        flat = np.full((20, 30, 3), colour, np.uint8)
        assert np.abs(network.enlarge(flat, factor).astype(int) - colour).max() <= 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (3, 2), (1, 300), (301, 5)])
@pytest.mark.parametrize("factor", [2, 4, 3.3])
def test_tiny_and_narrow_pictures(network: UpscaleModel, shape: tuple[int, int], factor: float) -> None:
    rng = np.random.default_rng(0)
    large = network.enlarge(rng.integers(0, 256, (*shape, 4), np.uint8), factor)
    assert large.shape == (round(shape[0] * factor), round(shape[1] * factor), 4)
    assert large.dtype == np.uint8


def test_a_pixel_grows_in_its_own_place() -> None:
    picture = drawing(70)
    assert (stand_in().enlarge(picture, 2) == picture.repeat(2, 0).repeat(2, 1)).all()
    assert (stand_in().enlarge(picture, 4) == picture.repeat(4, 0).repeat(4, 1)).all()


def test_hidden_colours_do_not_bleed_into_visible_ones(network: UpscaleModel) -> None:
    picture = np.zeros((40, 40, 4), np.uint8)
    picture[..., 1] = 255  # hidden: green
    picture[10:30, 8:25] = (200, 30, 40, 255)
    large = network.enlarge(picture, 2)
    shown = large[large[..., 3] > 0]
    assert np.abs(shown[:, :3].astype(int) - (200, 30, 40)).max() <= 1
    assert (large[24:56, 20:46, 3] == 255).all()
    assert (large[:16, :, 3] == 0).all()


def test_colours_under_an_alpha_of_another_meaning_are_kept(network: UpscaleModel) -> None:
    picture = np.full((24, 24, 4), (10, 250, 30, 0), np.uint8)
    picture[8:16, 8:16, 3] = 255
    large = network.enlarge(picture, 2, matted=False)
    assert np.abs(large[..., :3].astype(int) - (10, 250, 30)).max() <= 1


@pytest.mark.parametrize(("scale", "factor"), [(3, 2), (4, 2), (3, 4), (4, 4), (2, 3)])
def test_networks_of_other_scales_and_numbers(scale: int, factor: int) -> None:
    model = stand_in(scale=scale, white=255.0, mean=(120.0, 110.0, 100.0), std=(58.0, 57.0, 56.0))
    picture = np.repeat(np.linspace(20, 230, 60).astype(np.uint8)[None, :, None], 50, 0) * np.ones(3, np.uint8)
    picture[..., 2] = 77
    large = model.enlarge(picture, factor)
    assert large.shape == (50 * factor, 60 * factor, 3)
    wanted = np.asarray(Image.fromarray(picture).resize((60 * factor, 50 * factor), Image.Resampling.BILINEAR))
    assert np.abs(large.astype(int) - wanted).max() <= 6


def test_the_network_does_not_run_for_a_little_more() -> None:
    model = stand_in(scale=4)
    assert model.enlarge(drawing(60), 1.2).shape == (72, 72, 3)
    assert model.session.runs == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("factor", [0.5, 1, 4.5, float("nan")])
def test_other_factors_are_refused(factor: float) -> None:
    with pytest.raises(PictureError, match="factor"):
        stand_in().enlarge(drawing(16), factor)


def test_what_would_be_too_large_is_refused() -> None:
    strip = np.zeros((4, LARGEST // 2 + 1, 3), np.uint8)
    with pytest.raises(PictureError, match="choose less"):
        stand_in().enlarge(strip, 2)
    assert stand_in().enlarge(strip[:, :-1], 2).shape[1] == LARGEST


@pytest.mark.parametrize("shape", [(0, 4, 3), (4, 4), (4, 4, 2)])
def test_no_picture_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(PictureError, match="no picture"):
        stand_in().enlarge(np.zeros(shape, np.uint8), 2)


def test_progress_grows_and_cancelling_stops() -> None:
    told: list[float] = []
    model = stand_in()
    model.enlarge(drawing(80), 4, lambda _step, share: told.append(share))
    assert told[0] == 0
    assert told == sorted(told)
    assert len(told) == model.session.runs  # type: ignore[attr-defined]
    assert 0.9 < told[-1] < 1
    model = stand_in()
    with pytest.raises(CancelledError):
        model.enlarge(drawing(80), 4, cancelled=lambda: model.session.runs == 3)  # type: ignore[attr-defined]
    assert model.session.runs == 3  # type: ignore[attr-defined]


def test_memory_stays_near_that_of_the_result() -> None:
    picture = np.zeros((LARGEST // 4, LARGEST // 4, 3), np.uint8)
    model = stand_in(input_size=288, margin=16)
    tracemalloc.start()
    try:
        result = model.enlarge(picture, 4)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2.5 * result.nbytes


def test_cards_that_do_not_say_enough_are_refused() -> None:
    with pytest.raises(ModelError, match="scale"):
        stand_in(scale=1)
    with pytest.raises(ModelError, match="roles"):
        stand_in(outputs=("a", "b"))
    assert stand_in(outputs=("a", "b"), roles={"picture": "a"}).enlarge(drawing(8), 2).shape == (16, 16, 3)


def test_a_network_of_another_scale_than_its_card_says_is_refused() -> None:
    model = stand_in()
    model.session.card = replace(CARD, scale=3)
    model.session.run = StandIn(CARD).run  # type: ignore[method-assign]
    with pytest.raises(ModelError, match="card is right"):
        model.enlarge(drawing(8), 3)


def nothing(*_: object) -> bool:
    return False


def test_a_file_becomes_a_larger_file(tmp_path: Path) -> None:
    picture = drawing(40)
    Image.fromarray(picture).save(tmp_path / "small.png")
    enlarge_file(tmp_path / "small.png", tmp_path / "large.png", 2, nothing, nothing)
    with Image.open(tmp_path / "large.png") as large:
        assert (large.size, large.mode) == ((80, 80), "RGB")
        assert np.abs(halved(np.asarray(large)).astype(int) - picture).mean() < 4
    picture = np.concatenate([picture, np.full((40, 40, 1), 128, np.uint8)], 2)
    Image.fromarray(picture).save(tmp_path / "small.png")
    enlarge_file(tmp_path / "small.png", tmp_path / "large.png", 2, nothing, nothing)
    with Image.open(tmp_path / "large.png") as large:
        assert large.getchannel("A").getextrema() == (128, 128)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["large.png", "small.png"]


def test_files_that_cannot_be_made_say_why(tmp_path: Path) -> None:
    source = tmp_path / "small.png"
    Image.fromarray(drawing(40)).save(source)
    with pytest.raises(OutputError, match="another place"):
        enlarge_file(source, tmp_path / "none" / "large.png", 2, nothing, nothing)
    with pytest.raises(ModelError, match="depth model"):
        enlarge_file(source, tmp_path / "large.png", 2, nothing, nothing, model="maquette-depth")
    with pytest.raises(PictureError, match="factor"):
        enlarge_file(source, tmp_path / "large.png", 5, nothing, nothing)
    with pytest.raises(CancelledError):
        enlarge_file(source, tmp_path / "large.png", 2, nothing, lambda: True)
    assert [p.name for p in tmp_path.iterdir()] == ["small.png"]
