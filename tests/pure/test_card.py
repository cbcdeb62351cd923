"""Cards and network files: what is not as the card says is not run."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from maquette.errors import DeviceError, ModelError
from maquette.inference.card import EMBEDDED, find_card, load_card, read_network
from maquette.inference.session import Session

CARD = """id = "x"
task = "depth"
file = "x.onnx"
bytes = {bytes}
sha256 = "{sha256}"
licence = "MIT"
[input]
name = "subject"
size = 128
[outputs]
depth = "depth"
"""


FOREIGN = (
    CARD.replace('task = "depth"', 'task = "depth"\nmeaning = "inverse"').replace(
        "size = 128",
        "size = 518\nmultiple = 14\nrange = 255\nmean = [123.7, 116.3, 103.5]\nstd = [58.4, 57.1, 57]\n"
        "constants = {{ num_tokens = 1800 }}",
    )
    + """[roles]
depth = "depth"
"""
)


def write(folder: Path, data: bytes, text: str = CARD) -> Path:
    (folder / "x.onnx").write_bytes(data)
    card = folder / "x.toml"
    card.write_text(text.format(bytes=len(data), sha256=hashlib.sha256(data).hexdigest()))
    return card


def test_a_card_and_its_file_are_read(tmp_path: Path) -> None:
    card = load_card(write(tmp_path, b"network"))
    assert (card.id, card.task, card.input_size, card.outputs) == ("x", "depth", 128, ("depth",))
    assert read_network(card) == b"network"


def test_what_a_foreign_network_eats_is_read(tmp_path: Path) -> None:
    card = load_card(write(tmp_path, b"network", FOREIGN))
    assert (card.meaning, card.white, card.input_size) == ("inverse", 255, 518)
    assert (card.mean, card.std) == ((123.7, 116.3, 103.5), (58.4, 57.1, 57.0))
    assert (card.constants, card.roles) == ({"num_tokens": 1800}, {"depth": "depth"})


def test_how_much_a_network_enlarges_is_read(tmp_path: Path) -> None:
    text = CARD.replace('id = "x"', 'id = "x"\nscale = 3')
    card = load_card(write(tmp_path, b"network", text.replace("size = 128", "size = 128\nmargin = 9")))
    assert (card.scale, card.margin) == (3, 9)
    assert load_card(write(tmp_path, b"network", text)).margin == 16
    assert load_card(write(tmp_path, b"network", text.replace("size = 128", "size = 20"))).margin < 7


def test_a_model_is_named_by_its_id_or_by_the_path_of_its_card() -> None:
    assert find_card("maquette-depth") == EMBEDDED / "maquette-depth.toml"
    assert find_card("some/folder/x.toml") == Path("some/folder/x.toml")


@pytest.mark.parametrize("change", [b"networK", b"network plus", b""])
def test_a_changed_file_is_refused(tmp_path: Path, change: bytes) -> None:
    card = load_card(write(tmp_path, b"network"))
    card.path.write_bytes(change)
    with pytest.raises(ModelError, match="damaged"):
        read_network(card)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("not = [toml", "cannot be read"),
        (CARD.replace('task = "depth"\n', ""), "task"),
        (CARD.replace('"x.onnx"', '"../x.onnx"'), "outside"),
        (CARD.replace("size = 128", 'size = "big"'), "size"),
        (CARD.replace("size = 128", "size = 0"), "size"),
        (CARD.replace("size = 128", "size = 1000000"), "size"),
        (FOREIGN.replace("518", "512"), "multiple of 14"),
        (FOREIGN.replace('"inverse"', '"disparity"'), "surface, inverse, distance"),
        (FOREIGN.replace("57]", "0]"), "std"),
        (FOREIGN.replace("[123.7, ", "["), "mean"),
        (FOREIGN.replace("range = 255", "range = 0"), "range"),
        (FOREIGN.replace("1800", '"many"'), "constants"),
        (FOREIGN.replace('[roles]\ndepth = "depth"', '[roles]\ndepth = "other"'), "other"),
        (CARD.replace('id = "x"', 'id = "x"\nscale = 0'), "scale"),
        (CARD.replace('id = "x"', 'id = "x"\nscale = 2.0'), "scale"),
        (CARD.replace('id = "x"', 'id = "x"\nscale = 16'), "1 to 4"),
        (CARD.replace("size = 128", "size = 128\nmargin = 64"), "margin"),
    ],
)
def test_a_bad_card_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        load_card(write(tmp_path, b"network", text))


@pytest.mark.parametrize("path", sorted(EMBEDDED.glob("*.toml")), ids=lambda path: path.stem)
def test_an_embedded_network_is_the_one_of_its_card_and_tells_nothing_of_the_machine_that_trained_it(
    path: Path,
) -> None:
    network = read_network(load_card(path))
    for trace in (b"stack_trace", b"site-packages", b'File "/'):
        assert trace not in network


def test_a_missing_card_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="install"):
        load_card(tmp_path / "gone.toml")


def test_bytes_that_are_no_network_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot load"):
        Session(load_card(write(tmp_path, b"network")), "cpu")


def test_a_device_this_runtime_lacks_is_named() -> None:
    card = load_card(EMBEDDED / "maquette-depth.toml")
    with pytest.raises(DeviceError, match="directml"):
        Session(card, "directml")
    assert Session(card, "cpu").provider == "CPUExecutionProvider"
