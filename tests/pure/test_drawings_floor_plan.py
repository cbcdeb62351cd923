"""Floor plans become buildings of the true size, closed, with their openings."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import numpy as np
import pytest
from maquette.contracts import MeshArrays, MeshReport, Pixels
from maquette.errors import PictureError
from maquette.geometry.drawings.floor_plan import Heights, floor_plan
from maquette.geometry.measure import measure
from maquette.geometry.repair.polygons import from_faces
from PIL import Image, ImageDraw

INK = (25, 25, 25)


def faultless(mesh: MeshArrays) -> MeshReport:
    report = measure(from_faces(mesh.vertices, mesh.faces))
    assert report.watertight
    assert report.volume > 0
    assert report.non_manifold_vertices == 0
    assert report.duplicate_faces == report.degenerate_faces == 0
    assert report.inconsistent_edges == report.self_intersections == 0
    return report


@dataclass
class Plan:
    """A house of 8 x 6 m over its outer walls of 0.30 m, parted at 4.5 m by one of 0.12 m; all in metres."""

    pixels_per_metre: float = 80
    turned: float = 0.0
    fine: int = 2
    outlined: bool = False
    furniture: bool = True
    doors: list[tuple[float, float, float, float]] = field(
        default_factory=lambda: [(1.0, 0.0, 1.9, 0.3), (4.5, 2.0, 4.62, 2.8)]
    )
    windows: list[tuple[float, float, float, float]] = field(
        default_factory=lambda: [(2.5, 5.7, 4.0, 6.0), (7.7, 2.0, 8.0, 3.4)]
    )

    def draw(self) -> Pixels:
        scale = self.pixels_per_metre * self.fine
        image = Image.new("RGB", (int(10 * scale), int(8 * scale)), (255, 255, 255))
        draw = ImageDraw.Draw(image)
        line = round(0.02 * scale)

        def box(x0: float, y0: float, x1: float, y1: float, fill: object = None, outline: object = None) -> None:
            ends = [round((x0 + 1) * scale), round((y0 + 1) * scale), round((x1 + 1) * scale) - 1,
                    round((y1 + 1) * scale) - 1]  # fmt: skip
            draw.rectangle(ends, fill=fill, outline=outline, width=line)

        if self.outlined:
            box(0, 0, 8, 6, outline=INK)
            box(0.28, 0.28, 4.52, 5.72, outline=INK)
            box(4.6, 0.28, 7.72, 5.72, outline=INK)
        else:
            box(0, 0, 8, 6, fill=INK)
            box(0.3, 0.3, 4.5, 5.7, fill=(255, 255, 255))
            box(4.62, 0.3, 7.7, 5.7, fill=(255, 255, 255))
        for x0, y0, x1, y1 in [*self.doors, *self.windows]:
            box(x0, y0, x1, y1, fill=(255, 255, 255))
            if self.outlined:
                wide = x1 - x0 > y1 - y0
                for end in ((x0 - 0.02, y0, x0, y1), (x1, y0, x1 + 0.02, y1)) if wide else (
                    (x0, y0 - 0.02, x1, y0), (x0, y1, x1, y1 + 0.02)):  # fmt: skip
                    box(*end, fill=INK)
        for x0, y0, x1, y1 in self.windows:
            box(x0, y0, x1, y1, outline=INK)
            if x1 - x0 > y1 - y0:
                box(x0, (y0 + y1) / 2 - 0.01, x1, (y0 + y1) / 2 + 0.01, fill=INK)
            else:
                box((x0 + x1) / 2 - 0.01, y0, (x0 + x1) / 2 + 0.01, y1, fill=INK)
        if self.furniture:
            # A door's leaf and arc, a table, chairs, a stove and text.
            box(1.0, 0.3, 1.03, 1.2, fill=INK)
            arc = [round((1.0 + 1 - 0.9) * scale), round((0.3 + 1 - 0.9) * scale), round((1.0 + 1 + 0.9) * scale),
                   round((0.3 + 1 + 0.9) * scale)]  # fmt: skip
            draw.arc(arc, 0, 90, fill=INK, width=line)
            box(2.2, 2.5, 3.4, 3.5, outline=INK)
            box(2.4, 2.1, 2.8, 2.45, outline=INK)
            box(6.9, 0.4, 7.5, 1.0, outline=INK)
            for x in (7.05, 7.35):
                ring = [round((x + 0.9) * scale), round(1.55 * scale), round((x + 1.1) * scale), round(1.75 * scale)]
                draw.ellipse(ring, outline=INK, width=line)
            draw.text((5.6 * scale + scale, 4.5 * scale), "Kitchen", fill=INK, font_size=0.3 * scale)
            draw.text((2 * scale, 5 * scale), "12.5 m2", fill=INK, font_size=0.25 * scale)
        if self.turned:
            image = image.rotate(self.turned, Image.Resampling.BICUBIC, expand=True, fillcolor=(255, 255, 255))
        size = (image.width // self.fine, image.height // self.fine)
        rgb = np.asarray(image.resize(size, Image.Resampling.BOX))
        return np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])


def true_volume() -> float:
    """Of walls 2.5 m high with two doors and two windows, and a slab of 0.1 m."""
    walls = (8 * 6 - 4.2 * 5.4 - 3.08 * 5.4) * 2.5
    doors = (0.9 * 0.3 + 0.8 * 0.12) * 2.0
    windows = (1.5 + 1.4) * 0.3 * (2.1 - 0.9)
    return walls - doors - windows + 8 * 6 * 0.1


def check(pixels: Pixels, tolerance: float = 0.01, **scale: float) -> MeshArrays:
    drawn = floor_plan(pixels, **scale)
    assert drawn.notes[0].startswith("Found 2 doors, 2 windows, 0 passages;")
    report = faultless(drawn.mesh)
    assert report.dimensions == pytest.approx((8, 6, 2.6), rel=tolerance)
    assert report.volume == pytest.approx(true_volume(), rel=0.02)
    assert report.loose_parts == 1
    return drawn.mesh


def inside(mesh: MeshArrays, points: list[tuple[float, float, float]]) -> list[bool]:
    """Whether points of the house's corner-based metres, Y down as drawn, are in the solid: rays straight up."""
    a, b, c = (mesh.vertices[mesh.faces[:, k]].astype(np.float64) for k in range(3))
    found = []
    for px, py, pz in points:
        p = np.array([px - 4.0, 3.0 - py])
        sides = [(q[:, 0] - s[:, 0]) * (p[1] - s[:, 1]) - (q[:, 1] - s[:, 1]) * (p[0] - s[:, 0])
                 for s, q in ((a, b), (b, c), (c, a))]  # fmt: skip
        over = ((np.min(sides, axis=0) > 0) | (np.max(sides, axis=0) < 0)) & (np.minimum(a, b)[:, 2] > pz)
        found.append(bool(np.count_nonzero(over) % 2))
    return found


def test_walls_doors_and_windows_are_where_they_were_drawn() -> None:
    mesh = check(Plan().draw(), metres_per_pixel=1 / 80)
    wall, door, window = (4.011, 0.153), (1.453, 0.151), (3.252, 5.853)
    assert inside(mesh, [(*wall, h) for h in (0.05, 1.0, 2.55)]) == [True, True, True]
    assert inside(mesh, [(*door, h) for h in (0.05, 0.2, 2.05, 2.15, 2.55)]) == [True, False, False, True, True]
    assert inside(mesh, [(*window, h) for h in (0.05, 0.95, 1.05, 2.15, 2.25)]) == [True, True, False, False, True]
    assert inside(mesh, [(2.013, 4.011, 0.05), (2.013, 4.011, 0.15), (-0.2, 3.0, 0.05)]) == [True, False, False]
    x = np.unique(mesh.vertices[:, 0].round(3)) + 4
    for line in (0, 0.3, 4.5, 4.62, 7.7, 8):
        assert np.abs(x - line).min() < 0.012


def test_the_width_gives_the_scale() -> None:
    check(Plan().draw(), width_m=8)


@pytest.mark.parametrize("turned", [30, -12, 2])
def test_turned_plans_come_out_straight(turned: float) -> None:
    mesh = check(Plan(turned=turned).draw(), metres_per_pixel=1 / 80)
    way = mesh.vertices[mesh.faces[:, 0]] - mesh.vertices[mesh.faces[:, 1]]
    upright = np.abs(np.cross(way, mesh.vertices[mesh.faces[:, 2]] - mesh.vertices[mesh.faces[:, 0]])[:, 2]) < 1e-6
    normal = np.cross(way, mesh.vertices[mesh.faces[:, 2]] - mesh.vertices[mesh.faces[:, 0]])[upright]
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    assert np.abs(normal).max(axis=1).min() > 0.9999


@pytest.mark.parametrize("pixels_per_metre", [40, 150])
def test_resolutions(pixels_per_metre: int) -> None:
    check(Plan(pixels_per_metre=pixels_per_metre).draw(), metres_per_pixel=1 / pixels_per_metre)


def test_grey_scans_with_noise() -> None:
    pixels = Plan().draw()
    height, width = pixels.shape[:2]
    shade = np.linspace(150, 225, width)[None] * np.linspace(1, 0.85, height)[:, None]
    rng = np.random.default_rng(3)
    scan = 40 + (shade - 40)[:, :, None] * (pixels[:, :, :3] / 255) + rng.normal(0, 6, (height, width, 1))
    stream = io.BytesIO()
    Image.fromarray(np.clip(scan, 0, 255).astype(np.uint8)).save(stream, "JPEG", quality=60)
    rgb = np.asarray(Image.open(stream))
    check(np.dstack([rgb, np.full((height, width), 255, np.uint8)]), metres_per_pixel=1 / 80)


def test_walls_drawn_as_two_lines() -> None:
    drawn = floor_plan(Plan(outlined=True).draw(), metres_per_pixel=1 / 80)
    assert drawn.notes[0] == "Found 2 doors, 2 windows, 0 passages; walls drawn as two lines."
    report = faultless(drawn.mesh)
    assert report.dimensions == pytest.approx((8, 6, 2.6), rel=0.01)
    assert report.volume == pytest.approx(true_volume(), rel=0.04)


def test_heights_are_as_asked() -> None:
    heights = Heights(wall=3.0, door=2.2, sill=0.5, window=2.2, slab=0.25)
    mesh = floor_plan(Plan().draw(), metres_per_pixel=1 / 80, heights=heights).mesh
    faultless(mesh)
    assert np.unique(mesh.vertices[:, 2].round(4)).tolist() == pytest.approx([0, 0.25, 0.75, 2.45, 3.25])


def test_slanted_walls_keep_their_direction() -> None:
    scale = 80 * 4
    image = Image.new("RGB", (10 * scale, 8 * scale), (255, 255, 255))
    draw = ImageDraw.Draw(image)
    for fill, inset in ((INK, 0.0), ((255, 255, 255), 0.3)):
        k = inset * (2**0.5 - 1)
        outline = [
            (1 + inset, 1 + inset),
            (7 - k, 1 + inset),
            (9 - inset, 3 + k),
            (9 - inset, 7 - inset),
            (1 + inset, 7 - inset),
        ]
        draw.polygon([(round(x * scale), round(y * scale)) for x, y in outline], fill=fill)
    rgb = np.asarray(image.resize((800, 640), Image.Resampling.BOX))
    mesh = floor_plan(np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)]), metres_per_pixel=1 / 80).mesh
    report = faultless(mesh)
    assert report.dimensions == pytest.approx((8, 6, 2.6), rel=0.01)
    k = 0.3 * (2**0.5 - 1)
    inner = 7.4 * 5.4 - 0.5 * (2 - 0.3 + k) ** 2
    outer = 48 - 2
    assert report.volume == pytest.approx((outer - inner) * 2.5 + outer * 0.1, rel=0.02)


@pytest.mark.parametrize("seed", range(200, 206))
def test_random_doors_and_windows_are_found(seed: int) -> None:
    rng = np.random.default_rng(seed)
    left, low, high = rng.uniform(0.5, 1.6), rng.uniform(0.6, 2.5), rng.uniform(0.7, 1.4)
    door, window = rng.uniform(0.7, 1.3, 2)
    plan = Plan(
        pixels_per_metre=float(rng.uniform(60, 110)),
        turned=float(rng.uniform(-44, 44)),
        furniture=bool(rng.integers(2)),
        doors=[(left, 0.0, left + door, 0.3), (4.5, low, 4.62, low + 0.8)],
        windows=[(5.2, 5.7, 5.2 + window, 6.0), (7.7, low, 8.0, low + high)],
    )
    drawn = floor_plan(plan.draw(), metres_per_pixel=1 / plan.pixels_per_metre)
    assert drawn.notes[0] == "Found 2 doors, 2 windows, 0 passages; walls drawn filled."
    assert faultless(drawn.mesh).dimensions == pytest.approx((8, 6, 2.6), rel=0.01)


def test_a_gap_with_a_wall_in_it_is_said_to_stay_open() -> None:
    def box(draw: ImageDraw.ImageDraw, *ends: float) -> None:
        draw.rectangle([round(160 * end) for end in ends], fill=INK)

    image = Image.new("RGB", (1600, 960), (255, 255, 255))
    draw = ImageDraw.Draw(image)
    for ends in ((1, 1, 4, 1.3), (5.6, 1, 9, 1.3), (4.7, 1.27, 4.9, 4), (1, 1, 1.3, 5), (8.7, 1, 9, 5), (1, 4.7, 9, 5)):
        box(draw, *ends)
    rgb = np.asarray(image.resize((800, 480), Image.Resampling.BOX))
    drawn = floor_plan(np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)]), metres_per_pixel=1 / 80)
    faultless(drawn.mesh)
    assert any("stayed open" in note for note in drawn.notes)


def blank() -> Pixels:
    return np.full((100, 100, 4), 255, np.uint8)


def text_only() -> Pixels:
    image = Image.new("RGB", (300, 200), (255, 255, 255))
    ImageDraw.Draw(image).text((40, 80), "no plan here", fill=INK, font_size=20)
    rgb = np.asarray(image)
    return np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])


@pytest.mark.parametrize(("pixels", "scale"), [(blank(), 0.01), (text_only(), 0.01), (text_only(), None)])
def test_what_is_no_plan_is_refused(pixels: Pixels, scale: float | None) -> None:
    with pytest.raises(PictureError):
        floor_plan(pixels, metres_per_pixel=scale)


@pytest.mark.parametrize("seed", range(6))
def test_busy_pictures_give_a_sound_mesh_or_one_sentence(seed: int) -> None:
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (24, 30, 3), np.uint8))
    rgb = np.asarray(coarse.resize((240, 180), Image.Resampling.BICUBIC)).astype(float) + rng.normal(
        0, 9, (180, 240, 3)
    )
    pixels = np.dstack([np.clip(rgb, 0, 255).astype(np.uint8), np.full((180, 240), 255, np.uint8)])
    try:
        mesh = floor_plan(pixels, width_m=8 + 4 * seed).mesh
    except PictureError as error:
        assert str(error).endswith(".")
    else:
        faultless(mesh)
