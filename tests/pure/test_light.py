"""Taking light out of pictures: nearer to the paint where there is light, and nothing wrecked where there is none."""

from __future__ import annotations

import dataclasses
import tomllib

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maquette.contracts import Float, Pixels, Subject, Surface
from maquette.errors import ModelError
from maquette.inference.card import find_card, load_card
from maquette.inference.depth import DepthModel
from maquette.inference.light import USUAL_METALLIC, USUAL_ROUGHNESS, Light, LightModel
from maquette.inference.light_colour import encode, to_linear, to_srgb
from maquette.inference.light_fit import fit_light
from maquette.inference.light_remove import remove_light
from maquette.inference.prepare import prepare_subject
from maquette.inference.session import Session

SIZE = 256
LAMPS = {"left": (-0.7, -0.5, 0.5), "right": (0.8, -0.5, 0.3), "above": (0.1, -0.4, 0.9)}


@pytest.fixture(scope="module")
def depth_model() -> DepthModel:
    return DepthModel(Session(load_card(find_card("maquette-depth")), "cpu"))


@pytest.fixture(scope="module")
def light_model() -> LightModel:
    return LightModel(Session(load_card(find_card("maquette-light")), "cpu"))


def _ball(size: int = SIZE) -> tuple[Float, npt.NDArray[np.bool_], Float]:
    """Normals (view frame) of a ball that fills most of a picture, its mask, and linear paint: two colours in
    stripes."""
    line = (np.arange(size, dtype=np.float32) + 0.5) / size * 2 - 1
    x, z = np.meshgrid(line / 0.9, -line / 0.9)
    mask = x**2 + z**2 < 1
    normals = np.stack([x, -np.sqrt(np.maximum(1 - x**2 - z**2, 0)), z], -1)
    stripes = (np.floor(z * 4) % 2 == 0)[..., None]
    return normals, mask, np.where(stripes, np.float32([0.55, 0.12, 0.08]), np.float32([0.35, 0.3, 0.22]))


def _picture(linear: Float, mask: npt.NDArray[np.bool_]) -> Pixels:
    return np.concatenate([encode(linear), mask[..., None].astype(np.uint8) * 255], -1) * mask[..., None]


def _lit_ball(lamp: str) -> tuple[Pixels, Pixels]:
    """A ball under a lamp, exposed to the mean brightness of its paint, and its paint alone."""
    normals, mask, paint = _ball()
    towards = np.array(LAMPS[lamp]) / np.linalg.norm(LAMPS[lamp])
    light = np.float32(0.18) + np.maximum(normals @ towards, 0)[..., None].astype(np.float32)
    linear = paint * light
    return _picture(linear * (paint[mask].mean() / linear[mask].mean()), mask), _picture(paint, mask)


def _without_light(
    picture: Pixels, depth: DepthModel, light: LightModel, strength: float = 1.0
) -> tuple[Subject, Subject]:
    subject = prepare_subject(picture)
    return subject, remove_light(subject, light.estimate(subject, depth.estimate(subject)), strength)


def _error(found: Subject, truth: Pixels) -> float:
    """RMSE in sRGB of 255 inside the mask."""
    expected = prepare_subject(truth).picture
    inside = expected[..., 3] == 255
    difference = found.picture[inside][:, :3].astype(np.float32) - expected[inside][:, :3]
    return float(np.sqrt((difference**2).mean()))


@pytest.mark.parametrize("lamp", LAMPS)
def test_a_lit_ball_comes_nearer_to_its_paint(lamp: str, depth_model: DepthModel, light_model: LightModel) -> None:
    picture, paint = _lit_ball(lamp)
    before, after = _without_light(picture, depth_model, light_model)
    assert _error(after, paint) < 0.7 * _error(before, paint)


def test_the_light_is_brighter_where_the_lamp_is(depth_model: DepthModel, light_model: LightModel) -> None:
    subject = prepare_subject(_lit_ball("left")[0])
    shading = light_model.estimate(subject, depth_model.estimate(subject)).shading
    middle = len(shading) // 2
    assert shading[middle, middle // 2].mean() > 1.3 * shading[middle, 3 * middle // 2].mean()


def test_paint_without_light_hardly_changes(depth_model: DepthModel, light_model: LightModel) -> None:
    _, mask, paint = _ball()
    before, after = _without_light(_picture(paint, mask), depth_model, light_model)
    assert _error(after, before.picture) < 8


@pytest.mark.parametrize("level", [0.0, 0.02, 0.5, 1.0])
def test_plain_colours_stay_plain(level: float, depth_model: DepthModel, light_model: LightModel) -> None:
    _, mask, _ = _ball()
    before, after = _without_light(
        _picture(np.full((*mask.shape, 3), level, np.float32), mask), depth_model, light_model
    )
    inside = before.picture[..., 3] == 255
    change = after.picture[inside][:, :3].astype(int) - before.picture[inside][:, :3]
    assert np.abs(change).mean() < 14
    if not level:
        assert not after.picture[inside][:, :3].any()


def _some(size: int = 40, seed: int = 0) -> tuple[Subject, Light]:
    """A subject of noise and a light of noise."""
    rng = np.random.default_rng(seed)
    rgba = rng.integers(0, 256, (size, size, 4), dtype=np.uint8)
    rgba[..., 3] = np.where(rng.random((size, size)) < 0.8, 255, rgba[..., 3])
    shading = np.exp(rng.normal(0, 0.6, (128, 128, 3))).astype(np.float32)
    return prepare_subject(rgba), Light(shading, 0.5, 0.0, "")


def test_strength_0_changes_not_a_byte() -> None:
    subject, light = _some()
    same = remove_light(subject, light, 0.0)
    assert same.picture.tobytes() == subject.picture.tobytes()
    assert same.rgba.tobytes() == subject.rgba.tobytes()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), size=st.integers(24, 90))
def test_only_colours_change(seed: int, size: int) -> None:
    subject, light = _some(size, seed)
    found = remove_light(subject, light, 1.0)
    assert (found.picture[..., 3] == subject.picture[..., 3]).all()
    assert (found.rgba[..., 3] == subject.rgba[..., 3]).all()
    assert dataclasses.replace(found, picture=subject.picture, rgba=subject.rgba) == subject
    assert not found.picture[(subject.picture[..., :3] == 0).all(-1)][:, :3].any()


def test_more_strength_takes_out_more(depth_model: DepthModel, light_model: LightModel) -> None:
    picture, paint = _lit_ball("right")
    subject = prepare_subject(picture)
    light = light_model.estimate(subject, depth_model.estimate(subject))
    errors = [_error(remove_light(subject, light, k / 4), paint) for k in range(5)]
    assert errors == sorted(errors, reverse=True)


def test_a_known_light_is_divided_out_at_the_picture_s_own_edges() -> None:
    """Half of a picture lies in shadow; the network's light is eight times coarser than the picture."""
    size = 1024
    shadow = np.arange(size) < size // 2 + 21
    linear = np.where(shadow, 0.1, 0.4).astype(np.float32)[None, :, None] * np.ones((size, 1, 3), np.float32)
    subject = prepare_subject(_picture(linear, np.ones((size, size), np.bool_)))
    place = (np.arange(128) + 0.5) / 128 * subject.side + subject.left
    shading = np.where(place < size // 2 + 21, 0.5, 2.0).astype(np.float32)[None, :, None] * np.ones(
        (128, 1, 3), np.float32
    )
    found = remove_light(subject, Light(shading, 0.5, 0, ""), 1.0).picture[..., 0].astype(np.float32)
    flat = to_srgb(np.float32(0.2)) * 255
    assert np.abs(found - flat).mean() < 4
    # A narrow seam at most, no halo.
    assert (np.abs(found - flat) > 25).mean() < 0.01


def test_bright_colours_keep_their_hue() -> None:
    linear = np.full((64, 64, 3), (0.9, 0.45, 0.3), np.float32)
    subject = prepare_subject(_picture(linear, np.ones((64, 64), np.bool_)))
    found = remove_light(subject, Light(np.full((128, 128, 3), 0.3, np.float32), 0.5, 0, ""), 1.0)
    colour = to_linear(found.picture[32, 32, :3].astype(np.float32) / 255)
    assert colour == pytest.approx(linear[0, 0] / 0.9, abs=0.01)


@pytest.mark.parametrize("size", [24, 30])
def test_tiny_pictures_stay_sane(size: int, depth_model: DepthModel, light_model: LightModel) -> None:
    normals, mask, paint = _ball(size)
    linear = paint * (0.2 + np.maximum(-normals[..., :1], 0))
    rgba = _picture(linear, mask)
    rgba[size // 2, :, 3] = 255  # as wide as the picture, so that it is no smaller than a subject may be
    before, after = _without_light(rgba, depth_model, light_model)
    assert after.picture.shape == before.picture.shape
    inside = before.picture[..., 3] == 255
    assert 0.6 < after.picture[inside][:, :3].mean() / before.picture[inside][:, :3].mean() < 1.6


def test_what_cannot_be_seen_gets_the_usual_values(depth_model: DepthModel, light_model: LightModel) -> None:
    _, mask, paint = _ball()
    subject = prepare_subject(_picture(np.full_like(paint, 0.3), mask))
    light = light_model.estimate(subject, depth_model.estimate(subject))
    assert (light.roughness, light.metallic) == (USUAL_ROUGHNESS, USUAL_METALLIC)
    assert "usual" in light.evidence


def test_a_surface_of_another_size_is_refused(light_model: LightModel) -> None:
    subject, _ = _some()
    mask = np.ones((64, 64), np.bool_)
    normals = np.zeros((64, 64, 3), np.float32)
    surface = Surface(np.zeros((64, 64), np.float32), normals, mask, mask.astype(np.float32), None)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="128 x 128"):
        light_model.estimate(subject, surface)


def test_colours_survive_the_way_to_linear_light_and_back() -> None:
    values = np.arange(256, dtype=np.uint8)
    assert (encode(to_linear(values.astype(np.float32) / 255)) == values).all()


def test_the_network_is_the_one_that_was_trained() -> None:
    card = find_card("maquette-light")
    assert load_card(card).task == "light"
    assert tomllib.loads(card.read_text())["training"]["parity_to_pytorch"] < 1e-3


class _Says:
    """Stands in for a session: no light but on the left half, and the material it is told to say."""

    def __init__(self, material: tuple[float, float, float], lit: bool = True) -> None:
        self.card, self.material, self.lit = load_card(find_card("maquette-light")), material, lit

    def run(self, array: Float) -> dict[str, Float]:
        light = np.zeros((1, 3, 128, 128), np.float32)
        light[:, :, :64] = 0.8 * self.lit
        return {"light": light, "material": np.array([self.material], np.float32)}


@pytest.mark.parametrize(
    ("material", "lit", "roughness", "metallic", "words"),
    [
        ((0.2, -3.0, -4.0), True, 0.2, 0.0, "sharp highlights"),
        ((0.9, -3.0, 3.0), True, 0.9, 1.0, "metal and no highlights"),
        ((0.2, -1.0, 3.0), True, USUAL_ROUGHNESS, 1.0, "0.5 is the usual value"),
        ((0.2, -1.0, -4.0), True, USUAL_ROUGHNESS, USUAL_METALLIC, "does not show"),
        ((0.2, -3.0, 3.0), False, USUAL_ROUGHNESS, USUAL_METALLIC, "no light and shade"),
    ],
)
def test_only_what_the_network_is_sure_of_is_told(
    material: tuple[float, float, float],
    lit: bool,
    roughness: float,
    metallic: float,
    words: str,
    depth_model: DepthModel,
) -> None:
    subject = prepare_subject(_lit_ball("left")[0])
    model = LightModel(_Says(material, lit))  # type: ignore[arg-type]
    light = model.estimate(subject, depth_model.estimate(subject))
    assert (light.roughness, light.metallic) == (pytest.approx(roughness), metallic)
    assert words in light.evidence


def test_the_fitted_light_is_the_one_that_paint_was_multiplied_by() -> None:
    normals, mask, paint = _ball(64)
    facing = normals[mask]
    true = 0.6 * facing[:, 2] - 0.3 * facing[:, 0] + 0.2 * facing[:, 0] * facing[:, 2]
    found = fit_light(paint[mask] * np.exp(true)[:, None], facing).mean(1)
    assert found.mean() == pytest.approx(0, abs=1e-6)
    assert np.corrcoef(found, true)[0, 1] > 0.95
    # Cautious: what could as well be paint is left in part.
    assert 0.6 < found.std() / true.std() < 1.05
