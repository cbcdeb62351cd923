"""Cutting out: the picture's transparency where it is useful, the matte network where it is not."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from maquette.contracts import Float, Mask, Pixels
from maquette.errors import PictureError
from maquette.inference.card import EMBEDDED, load_card
from maquette.inference.cutout import cut_out, has_useful_alpha
from maquette.inference.decode import decode_picture
from maquette.inference.grid import box_mean, fill_missing, label_pieces
from maquette.inference.matte import MatteModel
from maquette.inference.prepare import prepare_subject
from maquette.inference.session import Session
from PIL import Image
from scipy import ndimage


@pytest.fixture(scope="module")
def matte() -> MatteModel:
    """Return the embedded matte model."""
    return MatteModel(Session(load_card(EMBEDDED / "maquette-matte.toml"), "cpu"))


def disc(size: int = 256, radius: float = 0.6, x: float = 0.0, y: float = 0.0) -> Mask:
    """Return a disc's mask; radius and centre in half sides."""
    axis = (np.arange(size) + 0.5) / size * 2 - 1
    return (axis[None] - x) ** 2 + (axis[:, None] - y) ** 2 < radius**2


def photo(mask: Mask, subject: tuple[int, int, int], ground: Pixels | tuple[int, int, int]) -> Pixels:
    """Return an opaque picture of a subject on a background, with a little noise."""
    size = mask.shape[0]
    colour = np.where(mask[..., None], np.array(subject), np.broadcast_to(np.array(ground), (size, size, 3)))
    colour = colour + np.random.default_rng(0).normal(0, 2, colour.shape)
    return np.concatenate([np.clip(colour, 0, 255), np.full((size, size, 1), 255)], -1).astype(np.uint8)


def overlap(alpha: Pixels, mask: Mask) -> float:
    """Return intersection over union of a matte and a mask."""
    found = alpha > 127
    return float((found & mask).sum() / max((found | mask).sum(), 1))


def test_auto_and_alpha_take_the_transparency(matte: MatteModel) -> None:
    picture = photo(disc(), (200, 60, 30), (240, 240, 240))
    picture[..., 3] = np.where(disc(radius=0.3), 255, 0)
    for background in ("auto", "alpha"):
        assert np.array_equal(cut_out(picture, background, matte), picture)


def test_keep_takes_the_whole_picture(matte: MatteModel) -> None:
    picture = photo(disc(), (200, 60, 30), (240, 240, 240))
    picture[:, :100, 3] = 0
    kept = cut_out(picture, "keep", matte)
    assert kept[..., 3].min() == 255
    assert np.array_equal(kept[..., :3], picture[..., :3])


def test_alpha_without_transparency_is_refused_with_advice(matte: MatteModel) -> None:
    with pytest.raises(PictureError, match="Remove"):
        cut_out(photo(disc(), (200, 60, 30), (240, 240, 240)), "alpha", matte)


def test_rounded_corners_are_no_cut_out(matte: MatteModel) -> None:
    """A photo whose corners are trimmed, or with a stray clear pixel, still has its background."""
    alpha = np.full((256, 256), 255, np.uint8)
    alpha[:12, :12] = alpha[-12:, -12:] = 0
    assert not has_useful_alpha(alpha)
    picture = photo(disc(), (200, 60, 30), (240, 240, 240))
    picture[..., 3] = alpha
    assert overlap(cut_out(picture, "auto", matte)[..., 3], disc()) > 0.95


@pytest.mark.parametrize("ground", [(255, 255, 255), (20, 20, 20), (90, 140, 200)])
def test_plain_background(matte: MatteModel, ground: tuple[int, int, int]) -> None:
    mask = disc(x=0.1, y=0.05)
    result = cut_out(photo(mask, (200, 60, 30), ground), "auto", matte)
    assert overlap(result[..., 3], mask) > 0.97
    assert result[0, 0, 3] == 0
    assert result[128, 128, 3] == 255


def test_gradient_horizon_and_shadow(matte: MatteModel) -> None:
    """A floor that darkens, a backdrop of another colour, and the subject's shadow all belong to the background."""
    size = 256
    mask = disc(radius=0.4)
    floor = np.linspace(140, 220, size)[:, None, None] * np.array([0.9, 0.95, 1.0]) * np.ones((1, size, 1))
    floor[: size // 3] = (60, 80, 70)
    shadow = ndimage.gaussian_filter(disc(radius=0.3, x=0.35, y=0.3).astype(float), 3)
    floor[size // 3 :] *= (1 - 0.35 * shadow[size // 3 :])[..., None]
    assert overlap(cut_out(photo(mask, (210, 120, 20), floor.astype(np.uint8)), "remove", matte)[..., 3], mask) > 0.93


def test_hole_shows_the_background(matte: MatteModel) -> None:
    ring = disc() & ~disc(radius=0.3)
    result = cut_out(photo(ring, (30, 90, 160), (230, 225, 215)), "remove", matte)
    assert overlap(result[..., 3], ring) > 0.93


def test_subject_that_runs_out_of_the_picture_below_stays_whole(matte: MatteModel) -> None:
    """A bust: the bottom of the picture shows the subject, not the background."""
    mask = disc(radius=0.5, y=0.7)
    assert overlap(cut_out(photo(mask, (200, 60, 30), (200, 210, 220)), "remove", matte)[..., 3], mask) > 0.95


def test_remove_looks_again_within_the_transparency(matte: MatteModel) -> None:
    """What is transparent stays so, and its hidden colours do not matter."""
    mask = disc(radius=0.5)
    picture = photo(mask, (200, 60, 30), (255, 255, 255))
    clear = disc(radius=0.15)
    picture[clear] = (0, 255, 0, 0)
    result = cut_out(picture, "remove", matte)
    assert result[clear][:, 3].max() == 0
    assert overlap(result[..., 3], mask & ~clear) > 0.93


def test_nothing_to_find_is_refused_with_advice(matte: MatteModel) -> None:
    with pytest.raises(PictureError, match="plain background or a picture with transparency"):
        cut_out(photo(np.zeros((128, 128), bool), (0, 0, 0), (120, 130, 140)), "auto", matte)


class _Finds:
    """Stands in for a session: finds the same mask in every picture."""

    def __init__(self, mask: Mask) -> None:
        card = load_card(EMBEDDED / "maquette-matte.toml")
        self.card, self.mask = replace(card, input_size=len(mask)), mask

    def run(self, _: Float) -> dict[str, Float]:
        return {"alpha": np.where(self.mask, 9, -9).astype(np.float32)[None, None]}


def test_pieces_in_the_corners_are_no_subject_but_parts_beside_it_are() -> None:
    main, part, corner = disc(64, 0.3), disc(64, 0.15, x=0.5), disc(64, 0.25, x=-0.9, y=-0.9)
    model = MatteModel(cast(Session, _Finds(main | part | corner)))
    alpha = model.segment(np.zeros((64, 64, 3), np.uint8))
    assert np.array_equal(alpha > 0.5, main | part)


def test_holes_are_kept_where_they_are_seen_clearly() -> None:
    class Doubts(_Finds):
        def run(self, _: Float) -> dict[str, Float]:
            alpha = np.where(self.mask, 9.0, -9.0)
            alpha[disc(64, 0.12, x=-0.2)] = -0.8  # a spot that might be background
            alpha[disc(64, 0.12, x=0.2)] = -9.0  # a hole
            return {"alpha": alpha.astype(np.float32)[None, None]}

    model = MatteModel(cast(Session, Doubts(disc(64, 0.5))))
    alpha = model.segment(np.zeros((64, 64, 3), np.uint8))
    assert np.array_equal(alpha > 0.5, disc(64, 0.5) & ~disc(64, 0.12, x=0.2))


def test_edges_are_soft_and_follow_the_picture_at_full_size(matte: MatteModel) -> None:
    """At eight times the size at which the subject is found, the edge still lies within a few pixels, and is soft."""
    mask = disc(1200, 0.55)
    soft = ndimage.gaussian_filter(mask.astype(np.float32), 1.5)[..., None]
    colour = soft * (180, 40, 40) + (1 - soft) * (225, 230, 235)
    picture = np.concatenate([colour, np.full((1200, 1200, 1), 255)], -1).astype(np.uint8)
    alpha = cut_out(picture, "remove", matte)[..., 3]
    assert overlap(alpha, mask) > 0.99
    assert ((alpha > 20) & (alpha < 235)).sum() > 2000


@pytest.mark.parametrize("shape", [(8, 40), (33, 32), (64, 700), (500, 20)])
def test_any_shape_of_picture(matte: MatteModel, shape: tuple[int, int]) -> None:
    """Small and long pictures give a matte of their size or are refused; nothing else happens."""
    picture = np.full((*shape, 4), 255, np.uint8)
    picture[shape[0] // 4 : -shape[0] // 4, shape[1] // 4 : -shape[1] // 4, :3] = (10, 60, 90)
    for background in ("auto", "keep", "remove"):
        try:
            assert cut_out(picture, background, matte).shape == (*shape, 4)
        except PictureError:
            assert background != "keep"


def test_photos_are_cut_out_plausibly(matte: MatteModel, shared: Path) -> None:
    """Against the same views with true transparency. Eight of the forty, for time."""
    photos = sorted((shared / "eval/val/photos").glob("*.jpg"))[::5]
    scores: list[float] = []
    for path in photos:
        truth = np.asarray(Image.open(shared / "eval/val/images" / f"{path.stem}.png"))[..., 3] > 127
        alpha = cut_out(decode_picture(path), "auto", matte)[..., 3]
        scores.append(overlap(alpha, truth))
    assert len(scores) == 8
    assert min(scores) > 0.4
    assert np.mean(scores) > 0.8


def test_odd_pictures_pass_or_are_refused(matte: MatteModel, shared: Path) -> None:
    """Nothing that can be read makes the later steps fail in another way than with a sentence."""
    passed = 0
    with (shared / "test-images/index.csv").open(newline="", encoding="utf-8") as table:
        for row in csv.DictReader(table):
            try:
                subject = prepare_subject(cut_out(decode_picture(shared / "test-images" / row["file"]), "auto", matte))
            except PictureError as error:
                assert "\n" not in str(error)
                continue
            assert subject.rgba[..., 3].max() > 0
            passed += 1
    assert passed > 10


# The operations on grids


def test_box_mean_is_the_mean_of_the_window() -> None:
    values = np.random.default_rng(0).random((9, 13), np.float32)
    result = box_mean(values, 2)
    for row, column in ((0, 0), (4, 6), (8, 12), (1, 11)):
        window = values[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3]
        assert result[row, column] == pytest.approx(window.mean(), abs=1e-5)


@pytest.mark.parametrize("shape", [(1, 1), (1, 17), (31, 64)])
def test_fill_missing_keeps_the_known_and_stays_between(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    values = rng.random((*shape, 3), np.float32)
    known = rng.random(shape) < 0.2
    known[0, 0] = True
    filled = fill_missing(np.where(known[..., None], values, 99).astype(np.float32), known.astype(np.float32))
    assert np.allclose(filled[known], values[known], atol=1e-6)
    assert filled.min() >= values[known].min() - 1e-4
    assert filled.max() <= values[known].max() + 1e-4


@pytest.mark.parametrize("density", [0.0, 0.3, 0.55, 0.7, 1.0])
def test_label_pieces_agrees_with_scipy(density: float) -> None:
    mask = np.random.default_rng(2).random((60, 75)) < density
    labels, count = label_pieces(mask)
    expected, expected_count = ndimage.label(mask)
    assert count == expected_count
    assert len(set(zip(labels.ravel().tolist(), expected.ravel().tolist(), strict=True))) == count + (not mask.all())
