"""Reading pictures: every way of storing colour comes out right, and what cannot be used is refused in one sentence."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import signal
import struct
import sys
import threading
import zlib
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
import pytest
from maquette.contracts import Pixels
from maquette.errors import PictureError
from maquette.inference import colour_modes
from maquette.inference.decode import LONGEST_SIDE, decode_picture, read_picture
from PIL import Image, ImageCms

IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


@contextlib.contextmanager
def no_hang(seconds: int = 60) -> Generator[None]:
    """Turn a hang into a failure, where the system has alarms."""
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise TimeoutError("reading the picture hangs")

    previous = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


def refusal(path: Path) -> str:
    """Return the sentence with which a picture is refused."""
    with no_hang(), pytest.raises(PictureError) as caught:
        decode_picture(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    assert caught.value.exit_code == 3
    return message


def failure(read: Callable[[Path], Pixels], path: Path) -> str:
    """Return the sentence with which a picture is refused, or nothing where it is read."""
    try:
        with no_hang():
            assert read(path).shape[2] == 4
    except PictureError as error:
        assert "\n" not in str(error)
        return str(error)
    return ""


def scene(width: int = 64, height: int = 48) -> Image.Image:
    """Return an RGB picture whose corners differ: red top left, green top right, blue bottom left, grey elsewhere."""
    pixels = np.full((height, width, 3), 128, np.uint8)
    pixels[: height // 2, : width // 2] = (250, 10, 10)
    pixels[: height // 2, width // 2 :] = (10, 250, 10)
    pixels[height // 2 :, : width // 2] = (10, 10, 250)
    return Image.fromarray(pixels)


def png_header(width: int, height: int) -> bytes:
    """Return a PNG file that promises a size and holds no pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


# What is not a picture


def test_missing_folder_empty_and_text(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "none.png")
    folder = tmp_path / "folder.png"
    folder.mkdir()
    assert "is a folder" in refusal(folder)
    empty = tmp_path / "empty.png"
    empty.touch()
    assert "is an empty file" in refusal(empty)
    text = tmp_path / "text.png"
    text.write_text("This is no picture.\n" * 50)
    assert "is not a picture" in refusal(text)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    assert "not a picture file" in refusal(pipe)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
def test_endless_device_is_refused() -> None:
    assert "not a picture file" in refusal(Path("/dev/zero"))


def test_unreadable_file_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "locked.png"
    scene().save(path)
    path.chmod(0)
    if os.access(path, os.R_OK):

        def deny(*_: object, **__: object) -> int:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(os, "open", deny)
    assert "cannot be opened" in refusal(path)


def test_paths_no_file_can_have(tmp_path: Path) -> None:
    assert "check the path" in refusal(Path("a\0b.png"))
    assert "check the path" in refusal(tmp_path / ("x" * 3000))


def test_names_do_not_break_the_line(tmp_path: Path) -> None:
    message = refusal(tmp_path / "two\nlines\x1b[31m and \udcff.png")
    assert "\x1b" not in message
    message.encode()


def test_odd_names_are_read(tmp_path: Path) -> None:
    for name in ("with space.png", "-dash.png", "quote'\".png", "\N{SLICE OF PIZZA}.png", "UPPER.PNG", "none"):
        path = tmp_path / name
        scene().save(path, "PNG")
        assert decode_picture(path).shape == (48, 64, 4)


# What is damaged, too large or shows nothing


@pytest.mark.parametrize("size", [(20_000, 20_000), (2**31 - 1, 2**31 - 1), (12_000, 12_000)])
def test_huge_header_is_refused_from_the_header(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "huge.png"
    path.write_bytes(png_header(*size))
    assert "too large" in refusal(path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff", "bmp"])
def test_truncated_file_is_refused(tmp_path: Path, suffix: str) -> None:
    whole = tmp_path / f"whole.{suffix}"
    noise = np.random.default_rng(0).integers(0, 255, (96, 96, 3), dtype=np.uint8)
    Image.fromarray(noise).save(whole)
    data = whole.read_bytes()
    cut = tmp_path / f"cut.{suffix}"
    cut.write_bytes(data[: len(data) // 2])
    assert cut.name in refusal(cut)


def test_every_cut_and_flip_of_a_file_is_handled(tmp_path: Path) -> None:
    """Whatever is wrong with a file, the only error is ours."""
    rng = np.random.default_rng(1)
    for suffix in ("png", "jpg", "gif", "tiff", "webp"):
        stream = io.BytesIO()
        scene().save(stream, {"jpg": "jpeg"}.get(suffix, suffix))
        data = bytearray(stream.getvalue())
        for _ in range(40):
            damaged = bytearray(data)
            for place in rng.integers(0, len(data), 3):
                damaged[place] = rng.integers(0, 256)
            path = tmp_path / f"damaged.{suffix}"
            path.write_bytes(damaged[: rng.integers(1, len(data) + 1)])
            with no_hang(), contextlib.suppress(PictureError):
                assert read_picture(path).shape[2] == 4


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 10_000), (31, 31)])
def test_too_small(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "small.png"
    Image.effect_noise(size, 80).save(path)
    assert "use one of at least" in refusal(path)


def test_fully_transparent_and_one_colour(tmp_path: Path) -> None:
    path = tmp_path / "clear.png"
    clear = scene().convert("RGBA")
    clear.putalpha(0)
    clear.save(path)
    assert "fully transparent" in refusal(path)
    Image.new("RGB", (64, 64), (40, 80, 120)).save(path)
    assert "one colour" in refusal(path)
    Image.new("L", (64, 64), 0).save(path)
    assert "one colour" in refusal(path)


def test_silhouette_of_one_colour_is_accepted(tmp_path: Path) -> None:
    picture = np.zeros((64, 64, 4), np.uint8)
    picture[16:48, 16:48, 3] = 255
    Image.fromarray(picture).save(tmp_path / "silhouette.png")
    assert np.array_equal(decode_picture(tmp_path / "silhouette.png")[..., 3], picture[..., 3])


def test_unsupported_formats_are_named(tmp_path: Path) -> None:
    path = tmp_path / "phone.png"
    path.write_bytes(b"\x00\x00\x00\x18ftypheic" + bytes(200))
    assert "HEIC" in refusal(path)
    path.write_bytes(b"8BPS" + bytes(200))
    assert "Photoshop" in refusal(path)


# What comes out right


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff", "bmp", "gif", "ppm", "tga"])
def test_formats(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"picture.{suffix}"
    scene().save(path)
    pixels = decode_picture(path)
    assert pixels.dtype == np.uint8
    assert pixels.flags.writeable
    assert pixels.shape == (48, 64, 4)
    assert np.abs(pixels[12, 16].astype(int) - (250, 10, 10, 255)).max() < 12
    assert np.abs(pixels[36, 48].astype(int) - (128, 128, 128, 255)).max() < 12


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tiff", "webp"])
def test_exif_orientation_makes_the_picture_upright(tmp_path: Path, orientation: int, suffix: str) -> None:
    turned = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = scene() if turned is None else scene().transpose(turned)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"turned.{suffix}"
    stored.save(path, exif=exif)
    pixels = decode_picture(path)
    assert pixels.shape == (48, 64, 4)
    assert np.abs(pixels[..., :3].astype(int) - np.asarray(scene())).mean() < 4


def test_sixteen_bits_keep_their_range(tmp_path: Path) -> None:
    ramp = np.broadcast_to(np.linspace(0, 65535, 64).astype(np.uint16), (64, 64))
    for suffix in ("png", "tiff"):
        path = tmp_path / f"ramp.{suffix}"
        Image.fromarray(ramp).save(path)
        row = decode_picture(path)[10, :, 0].astype(int)
        assert np.abs(row - np.linspace(0, 255, 64)).max() <= 1


@pytest.mark.parametrize("white", [1.0, 255.0, 65535.0])
def test_floating_point_tiff(tmp_path: Path, white: float) -> None:
    ramp = np.broadcast_to(np.linspace(0, white, 64, dtype=np.float32), (64, 64))
    path = tmp_path / "float.tiff"
    Image.fromarray(ramp).save(path)
    assert np.abs(decode_picture(path)[10, :, 0].astype(int) - np.linspace(0, 255, 64)).max() <= 1


def test_floating_point_that_is_not_a_number_is_refused(tmp_path: Path) -> None:
    values = np.ones((64, 64), np.float32)
    values[3, 3] = np.nan
    path = tmp_path / "nan.tiff"
    Image.fromarray(values).save(path)
    assert "not numbers" in refusal(path)


def test_transparency_however_it_is_stored(tmp_path: Path) -> None:
    square = np.zeros((64, 64), np.uint8)
    square[16:48, 16:48] = 1
    expected = square * np.uint8(255)
    path = tmp_path / "clear.png"

    palette = Image.fromarray(square).convert("P")
    palette.putpalette([0, 0, 0, 200, 30, 30])
    palette.save(path, transparency=0)
    assert np.array_equal(decode_picture(path)[..., 3], expected)
    assert tuple(decode_picture(path)[32, 32, :3]) == (200, 30, 30)

    Image.fromarray(np.where(square[..., None] == 1, [200, 30, 30], [1, 2, 3]).astype(np.uint8)).save(
        path, transparency=(1, 2, 3)
    )
    assert np.array_equal(decode_picture(path)[..., 3], expected)

    Image.fromarray(square * np.uint8(200)).save(path, transparency=0)
    assert np.array_equal(decode_picture(path)[..., 3], expected)

    grey = Image.fromarray(square * np.uint8(200))
    grey.putalpha(Image.fromarray(expected))
    grey.save(path)
    assert np.array_equal(decode_picture(path)[..., 3], expected)

    Image.fromarray(square.astype(np.uint16) * 40_000).save(path, transparency=0)
    assert np.array_equal(decode_picture(path)[..., 3], expected)


def test_premultiplied_alpha_becomes_straight() -> None:
    straight = Image.new("RGBA", (4, 4), (200, 100, 50, 128))
    result = colour_modes.to_srgb(colour_modes.plain_mode(straight.convert("RGBa")), b"")
    assert np.abs(np.asarray(result).astype(int) - np.asarray(straight)).max() <= 1


def test_one_bit_grey_and_cmyk(tmp_path: Path) -> None:
    scene().convert("1").save(tmp_path / "bits.png")
    assert set(np.unique(decode_picture(tmp_path / "bits.png")[..., :3])) == {0, 255}
    scene().convert("L").save(tmp_path / "grey.jpg")
    assert decode_picture(tmp_path / "grey.jpg").shape == (48, 64, 4)
    scene().convert("CMYK").save(tmp_path / "print.jpg", quality=95)
    pixels = decode_picture(tmp_path / "print.jpg").astype(int)
    assert np.abs(pixels[12, 16] - (250, 10, 10, 255)).max() < 16


def test_lab(tmp_path: Path) -> None:
    path = tmp_path / "lab.tiff"
    lab = ImageCms.profileToProfile(
        scene(), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert lab is not None
    lab.save(path)
    # These colours lie at the rim of sRGB, where a step of 8-bit Lab is wide.
    assert np.abs(decode_picture(path)[..., :3].astype(int) - np.asarray(scene())).max() < 20


def linear_profile() -> bytes:
    """Return an RGB profile with sRGB primaries and linear light, made by changing the curves of the sRGB one."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", data[128:132])[0]
    for i in range(count):
        name, offset, _ = struct.unpack(">4sII", data[132 + 12 * i : 144 + 12 * i])
        if name in (b"rTRC", b"gTRC", b"bTRC"):
            # A parametric curve of type 0 is x to the power of its first number, in 16.16 fixed point.
            data[offset : offset + 16] = b"para" + bytes(4) + struct.pack(">HHI", 0, 0, 0x10000)
    return bytes(data)


def test_icc_profile_is_applied(tmp_path: Path) -> None:
    values = np.full((64, 64, 4), 255, np.uint8)
    values[:, :32, :3] = 55
    path = tmp_path / "linear.png"
    Image.fromarray(values).save(path, icc_profile=linear_profile())
    # 55 / 255 of linear light is 127 in sRGB.
    assert abs(int(decode_picture(path)[5, 5, 0]) - 127) <= 2
    assert decode_picture(path)[5, 60, 0] == 255
    assert decode_picture(path)[5, 5, 3] == 255


@pytest.mark.parametrize(
    "profile",
    [
        b"x" * 50,
        b"\xff" * 5000,
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()[:200],
        ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + bytes(5 * 2**20),
    ],
)
def test_hostile_profiles_are_ignored(tmp_path: Path, profile: bytes) -> None:
    path = tmp_path / "profile.tiff"
    scene().save(path, icc_profile=profile)
    assert np.array_equal(decode_picture(path)[..., :3], np.asarray(scene()))


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_large_pictures_are_reduced_in_proportion(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"large.{suffix}"
    scene(9000, 300).save(path)
    pixels = decode_picture(path)
    assert pixels.shape[1] == LONGEST_SIDE
    assert abs(pixels.shape[0] - 300 * LONGEST_SIDE / 9000) <= 1
    assert np.abs(pixels[30, 1000].astype(int) - (250, 10, 10, 255)).max() < 12


def test_animation_gives_its_first_frame(tmp_path: Path) -> None:
    path = tmp_path / "moving.gif"
    scene().save(path, save_all=True, append_images=[Image.new("RGB", (64, 48), (9, 9, 9))])
    assert decode_picture(path)[12, 16, 0] > 200


# The table of bad and odd pictures


def test_table_of_odd_pictures(shared: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Every picture of the table is read or refused as it says, silently, and without filling the memory."""
    resource = pytest.importorskip("resource")
    folder = shared / "test-images"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wrong: list[str] = []
    with (folder / "index.csv").open(newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    assert len(rows) > 60
    for row in rows:
        if row["class"] == "path" and "mode 000" in row["why"] and IS_ROOT:
            continue
        path = folder / row["file"]
        # Pictures of 1 x 1 pixels count as usable there, for the way they are stored: those must be read, and only then
        # be refused for what they show.
        if row["expected"] == "usable" and (error := failure(read_picture, path)):
            wrong.append(error)
        if row["expected"].startswith("must be refused") and not failure(decode_picture, path):
            wrong.append(f"{path.name} is accepted")
        failure(decode_picture, path)
    assert not wrong
    output = capfd.readouterr()
    assert output.out == ""
    assert output.err == ""
    # In KiB on Linux, in bytes on macOS.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / unit < 300
