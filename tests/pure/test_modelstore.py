"""The folder of models: what is downloaded, imported and removed is there whole or not at all."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import random
import re
import shutil
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from maquette import launch, remote
from maquette.errors import CancelledError, ModelError
from maquette.inference.card import CATALOGUE, find_card, load_card
from maquette.inference.model_folder import FOLDER_VARIABLE, choose_folder, default_folder, model_folder
from maquette.jobs import Worker
from maquette.model_client import read_said, submit_download, submit_import, submit_verify
from maquette.modelstore import catalogue, transport
from maquette.modelstore.catalogue import load_entries
from maquette.modelstore.files import locked
from maquette.modelstore.get import get_model
from maquette.modelstore.installed import check_model, find_model, installed_cards, list_models, remove_model
from maquette.modelstore.take import take_model
from maquette.modelstore.toml_text import write_table

DATA = random.Random(0).randbytes(300_000)
CARD = f"""id = "small"
task = "depth"
meaning = "inverse"
file = "small.onnx"
bytes = {len(DATA)}
sha256 = "{hashlib.sha256(DATA).hexdigest()}"
licence = "MIT"
source = "somebody/small"
revision = "1"

[download]
title = "Small One"
about = "For tests"
address = "https://example.org/somebody/good"
speed = "fast"
memory = 0

[input]
name = "image"
size = 14

[outputs]
depth = "inverse depth"
"""


def module(root: Path, name: str) -> ModuleType:
    """A module of ``tests/data``."""
    spec = importlib.util.spec_from_file_location(name, root / "tests" / "data" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of models, which does not exist yet."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def small(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A catalogue of one model."""
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "small.toml").write_text(CARD)
    monkeypatch.setattr(catalogue, "CATALOGUE", tmp_path / "catalogue")
    load_entries.cache_clear()
    yield
    load_entries.cache_clear()


@pytest.fixture(scope="module")
def secure(root: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[ModuleType, tuple[Path, Path]]:
    if shutil.which("openssl") is None:
        pytest.skip("needs the program openssl for a certificate")
    servers = module(root, "model_server")
    return servers, servers.make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def mirror(secure: tuple[ModuleType, tuple[Path, Path]], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A mirror that has the small model."""
    servers, certificate = secure
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    transport.trusted_certificates.cache_clear()
    with servers.serve(servers.Server(DATA), *certificate) as running:
        yield running
    transport.trusted_certificates.cache_clear()


def get(mirror: Any, way: str = "") -> str:
    return get_model("small", mirror.address + way, lambda *_: None, lambda: False)


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name[0] != ".")


@pytest.mark.usefixtures("small")
def test_a_model_comes_and_goes(folder: Path, mirror: Any) -> None:
    assert find_model("small").state == "available"
    assert get(mirror) == "Small One is installed."
    assert mirror.asked == [("good", "")]
    assert visible(folder) == ["small.onnx", "small.toml"]
    assert find_model("small").state == "installed"
    assert load_card(find_card("small")).path == folder / "small.onnx"
    check_model(find_model("small"), lambda: False)
    assert get(mirror) == "Small One is installed already."
    assert len(mirror.asked) == 1
    assert remove_model("small") == len(DATA)
    assert visible(folder) == []
    with pytest.raises(ModelError, match="nothing to remove"):
        remove_model("small")


@pytest.mark.usefixtures("small")
def test_a_damaged_model_is_found_and_mended(folder: Path, mirror: Any) -> None:
    get(mirror)
    (folder / "small.onnx").write_bytes(DATA[:-1] + b"?")
    with pytest.raises(ModelError, match="get it again"):
        check_model(find_model("small"), lambda: False)
    (folder / "small.onnx").write_bytes(DATA[:-1])
    assert find_model("small").state == "damaged"
    get(mirror)
    assert (folder / "small.onnx").read_bytes() == DATA


@pytest.mark.usefixtures("small")
def test_a_network_without_its_card_needs_no_download(folder: Path, mirror: Any) -> None:
    folder.mkdir()
    (folder / "small.onnx").write_bytes(DATA)
    get(mirror)
    assert not mirror.asked
    assert find_model("small").state == "installed"


@pytest.mark.usefixtures("small")
def test_two_at_once_are_one_download(folder: Path, mirror: Any) -> None:
    said: list[str] = []

    def one() -> None:
        try:
            said.append(get(mirror))
        except ModelError as error:
            said.append(str(error))

    with locked(folder, "small"):
        one()
    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said[0] == "Another Blender is at work on small; wait for its end."
    assert said.count("Small One is installed.") == 1
    assert set(said) <= {said[0], "Small One is installed.", "Small One is installed already."}
    assert (folder / "small.onnx").read_bytes() == DATA


@pytest.mark.usefixtures("small")
def test_a_folder_that_cannot_be_made_or_written_is_said(folder: Path, mirror: Any) -> None:
    folder.write_text("a file")
    with pytest.raises(ModelError, match="choose another"):
        get(mirror)


@pytest.mark.usefixtures("small")
def test_a_part_is_shown_and_can_be_removed(folder: Path, mirror: Any) -> None:
    part = folder / "small.onnx.part"
    with pytest.raises(CancelledError):
        get_model("small", mirror.address, lambda *_: None, lambda: part.exists() and part.stat().st_size > 0)
    assert find_model("small").state == "partial"
    assert find_model("small").here > 0
    remove_model("small")
    assert visible(folder) == []


KILLED = """
import importlib.util, sys
from pathlib import Path
root, catalogue_folder, mirror = sys.argv[1:]
spec = importlib.util.spec_from_file_location("maquette_bootstrap", Path(root) / "bootstrap.py")
module = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = module
spec.loader.exec_module(module)
module.load_package("maquette")
from maquette.modelstore import catalogue
from maquette.modelstore.get import get_model
catalogue.CATALOGUE = Path(catalogue_folder)
print("ready", flush=True)
while True:
    get_model("small", mirror, lambda *_: None, lambda: False)
    from maquette.modelstore.installed import remove_model
    remove_model("small")
"""


@pytest.mark.usefixtures("small")
def test_killed_at_any_point_the_model_is_whole_or_absent(
    folder: Path, mirror: Any, root: Path, tmp_path: Path
) -> None:
    """A process that downloads and removes all the time is killed at random moments."""
    chance, states = random.Random(3), set()
    command = [sys.executable, "-c", KILLED, str(root), str(tmp_path / "catalogue"), mirror.address]
    for _ in range(8):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0.0, 0.08))
            process.kill()
        states.add(find_model("small").state)
        if (folder / "small.toml").exists():
            check_model(find_model("small"), lambda: False)
        if (folder / "small.onnx").exists():
            assert (folder / "small.onnx").read_bytes() == DATA
    assert states <= {"available", "partial", "installed"}
    get(mirror)
    check_model(find_model("small"), lambda: False)


def test_the_catalogue_is_complete_and_pinned() -> None:
    entries = load_entries()
    assert {"dav2-s", "moge2-vits", "moge2-vitb", "moge2-vitl", "u2netp", "birefnet-lite-fp16"} <= {
        entry.card.id for entry in entries
    }
    for entry in entries:
        assert re.fullmatch("[0-9a-f]{64}", entry.card.sha256)
        assert entry.address.startswith("https://")
        assert entry.revision in entry.address
        assert entry.source in entry.address
        assert entry.card.licence in ("MIT", "Apache-2.0")
        assert entry.speed in ("fast", "medium", "slow")
        assert entry.card_path.stem == entry.card.id == entry.card.path.stem
        assert entry.card.mean != (0, 0, 0) or entry.card.task in ("pointmap", "shape")


def test_the_page_on_models_has_the_catalogue(root: Path) -> None:
    page = (root / "docs" / "models.md").read_text("utf-8")
    for entry in load_entries():
        row = re.search(rf"^\| {re.escape(entry.card.id)} \|.*\| (.*) \| (.*) \| (.*) \|(.*)\|$", page, re.MULTILINE)
        assert row is not None
        memory = f"{entry.memory / 1e9:.1f} GB" if entry.memory else ""
        facts = [f"{entry.card.bytes / 1e6:,.0f}", entry.card.licence, entry.speed, memory]
        assert [cell.strip() for cell in row.groups()] == facts


def test_embedded_models_are_listed_first_and_stay(folder: Path) -> None:
    states = [model.state for model in list_models()]
    assert states == ["embedded"] * states.count("embedded") + ["available"] * len(load_entries())
    assert not folder.exists()
    with pytest.raises(ModelError, match="comes with Maquette"):
        remove_model("maquette-depth")


def test_one_folder_for_all_blenders_unless_another_is_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert default_folder("linux") == tmp_path / "maquette" / "models"
    assert default_folder("win32") == tmp_path / "local" / "maquette" / "models"
    assert default_folder("darwin") == Path.home() / "Library" / "Application Support" / "maquette" / "models"
    choose_folder(str(tmp_path / "other"))
    assert model_folder() == tmp_path / "other"
    assert launch._environment()[FOLDER_VARIABLE] == str(tmp_path / "other")
    choose_folder("")
    assert model_folder() == default_folder()


def test_cards_that_are_broken_or_misnamed_are_left_out(folder: Path) -> None:
    folder.mkdir()
    (folder / "small.toml").write_text(CARD)
    (folder / "other.toml").write_text(CARD)
    (folder / "broken.toml").write_text("nothing = [")
    (folder / "maquette-depth.toml").write_text(CARD.replace('"small"', '"maquette-depth"'))
    assert [card.id for card in installed_cards()] == ["small"]
    assert find_card("maquette-depth").parent != folder
    assert find_card("../../small").parent == folder


NETWORK_CARD = CARD[: CARD.index("[download]")] + CARD[CARD.index("[input]") :]
UNMEASURED = re.sub("(?m)^(file|bytes|sha256) = .*\n", "", NETWORK_CARD)


@pytest.fixture
def network(root: Path, tmp_path: Path) -> Path:
    """A depth network with the card for it beside it, which says nothing of its size and hash."""
    onnx = module(root, "onnx_file")
    mean = onnx.node("ReduceMean", ["image"], ["depth"], {"axes": [1], "keepdims": 1})
    path = tmp_path / "mine.onnx"
    sides: list[int | str] = [1, 3, 14, 14]
    path.write_bytes(onnx.network([mean], {"image": (onnx.FLOAT, sides)}, {"depth": (onnx.FLOAT, [1, 1, 14, 14])}))
    path.with_suffix(".toml").write_text(UNMEASURED)
    return path


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """The real worker process."""
    running = Worker()
    yield running
    running.shutdown()


def do(job: Any) -> str:
    try:
        remote.wait(job, limit=60)
        return read_said(job.folder)
    finally:
        job.close()


def test_a_network_of_the_users_own_is_tried_and_installed(folder: Path, network: Path, worker: Worker) -> None:
    assert do(submit_import(worker, network, None)) == "small is imported."
    assert visible(folder) == ["small.onnx", "small.toml"]
    assert (folder / "small.onnx").read_bytes() == network.read_bytes()
    assert do(submit_verify(worker, "small")) == "small is whole and right."
    assert find_model("small").state == "installed"
    with pytest.raises(ModelError, match="remove it first"):
        do(submit_import(worker, network, None))
    remove_model("small")
    assert [path.name for path in folder.iterdir()] == [".small.lock"]


def test_a_download_runs_in_the_worker_too(folder: Path, mirror: Any) -> None:
    """A mirror with another file of that name shows that it was asked for under its path."""
    worker = Worker()
    try:
        with pytest.raises(ModelError, match="offers 300000 bytes where the file has 4574861"):
            do(submit_download(worker, "u2netp", mirror.address))
    finally:
        worker.shutdown()
    assert mirror.asked == [("u2netp", "")]
    assert visible(folder) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('id = "small"', 'id = "../small"', "small letters"),
        ('id = "small"', 'id = "Small"', "small letters"),
        ('id = "small"', 'id = "con"', "small letters"),
        ('id = "small"', 'id = "maquette-depth"', "comes with Maquette"),
        ('id = "small"', 'id = "small"\nsha256 = "00"', "SHA-256 differ"),
        ('id = "small"', 'id = "small"\nsince = 2020-01-01', "cannot hold"),
        ('task = "depth"', 'task = "sorcery"', "task must be one of"),
        ('task = "depth"\nmeaning = "inverse"', 'task = "matte"', "alpha"),
        ('meaning = "inverse"\n', "", "not usable as a depth model|failed"),
        ('name = "image"', 'name = "pixels"', "correct the card"),
        ("size = 14", "size = 28", "card is right"),
        ('licence = "MIT"\n', "", "licence"),
    ],
)
def test_a_card_that_is_wrong_is_named(
    folder: Path, network: Path, worker: Worker, old: str, new: str, says: str
) -> None:
    assert old in UNMEASURED
    network.with_suffix(".toml").write_text(UNMEASURED.replace(old, new))
    with pytest.raises(ModelError, match=says):
        do(submit_import(worker, network, None))
    assert not folder.exists() or visible(folder) == []
    assert not folder.exists() or not list(folder.glob(".*.import"))


def test_a_file_that_the_catalogue_knows_needs_no_card(
    folder: Path, network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for a download by a web browser on another machine."""
    network.with_suffix(".toml").unlink()
    with pytest.raises(ModelError, match=r"write mine\.toml"):
        take_model(network, None, lambda _: None, lambda *_: None, lambda: False)
    shelf = folder.parent / "catalogue"
    shelf.mkdir()
    data = network.read_bytes()
    text = CARD.replace(str(len(DATA)), str(len(data)))
    (shelf / "small.toml").write_text(text.replace(hashlib.sha256(DATA).hexdigest(), hashlib.sha256(data).hexdigest()))
    monkeypatch.setattr(catalogue, "CATALOGUE", shelf)
    load_entries.cache_clear()
    assert take_model(network, None, lambda _: None, lambda *_: None, lambda: False) == "small"
    assert find_model("small").title == "Small One"
    load_entries.cache_clear()


def test_a_network_with_a_second_file_takes_it_along(folder: Path, network: Path) -> None:
    shutil.copy(network, network.with_name("second.onnx"))
    card = network.with_suffix(".toml")
    card.write_text(
        UNMEASURED.replace('task = "depth"\nmeaning = "inverse"', 'task = "shape"\nfamily = "triplane"')
        + '\n[decoder]\nfile = "second.onnx"\n'
    )
    take_model(network, None, lambda _: None, lambda *_: None, lambda: False)
    assert visible(folder) == ["small.decoder.onnx", "small.onnx", "small.toml"]
    check_model(find_model("small"), lambda: False)
    remove_model("small")
    assert visible(folder) == []
    network.with_name("second.onnx").unlink()
    with pytest.raises(ModelError, match=r"second\.onnx"):
        take_model(network, None, lambda _: None, lambda *_: None, lambda: False)


def test_a_whole_shape_network_is_tried_with_its_decoder(
    folder: Path, root: Path, tmp_path: Path, worker: Worker
) -> None:
    o = module(root, "onnx_file")
    encoder = [o.node("Transpose", ["image"], ["code"], {"perm": [1, 0, 2, 3]})]
    decoder = [
        o.node("ReduceMean", ["points"], ["solid"], {"axes": [1], "keepdims": 0}),
        o.node("Sigmoid", ["points"], ["colour"]),
    ]
    points = {"points": (o.FLOAT, ["count", 3]), "code": (o.FLOAT, [3, 1, 16, 16])}
    answers = {"solid": (o.FLOAT, ["count"]), "colour": (o.FLOAT, ["count", 3])}
    code = {"code": (o.FLOAT, [3, 1, 16, 16])}
    (tmp_path / "a.onnx").write_bytes(o.network(encoder, {"image": (o.FLOAT, [1, 3, 16, 16])}, code))
    (tmp_path / "b.onnx").write_bytes(o.network(decoder, points, answers))
    card = (
        'id = "whole"\ntask = "shape"\nfamily = "triplane"\nlicence = "MIT"\n[input]\nname = "image"\nsize = 16\n'
        '[outputs]\ncode = "planes"\n[decoder]\nfile = "b.onnx"\n'
    )
    (tmp_path / "a.toml").write_text(card)
    assert do(submit_import(worker, tmp_path / "a.onnx", None)) == "whole is imported."
    assert load_card(find_card("whole")).decoder is not None
    (tmp_path / "a.toml").write_text(card.replace("whole", "other") + 'sha256 = "00"\n')
    with pytest.raises(ModelError, match=r"b\.onnx is not the file"):
        do(submit_import(worker, tmp_path / "a.onnx", None))
    (tmp_path / "b.onnx").write_bytes(o.network(decoder[:1], points, {"solid": answers["solid"]}))
    (tmp_path / "a.toml").write_text(card.replace("whole", "other"))
    with pytest.raises(ModelError, match="correct the card"):
        do(submit_import(worker, tmp_path / "a.onnx", None))


@pytest.mark.usefixtures("small")
def test_a_checkpoint_says_how_it_is_exported(folder: Path, mirror: Any, tmp_path: Path) -> None:
    (tmp_path / "catalogue" / "small.toml").write_text(CARD.replace("memory = 0", 'memory = 0\nexport = "make {file}"'))
    load_entries.cache_clear()
    assert get(mirror).endswith(f"export it with: make {folder / 'small.onnx'}")
    assert find_model("small").state == "to export"
    assert not installed_cards()
    remove_model("small")
    assert visible(folder) == []


def test_a_killed_import_leaves_no_model_and_the_next_completes(folder: Path, network: Path) -> None:
    folder.mkdir()
    (folder / ".small.import").mkdir()
    (folder / ".small.import" / "small.onnx").write_bytes(b"half")
    (folder / "small.onnx").write_bytes(b"a network without its card")
    assert not installed_cards()
    take_model(network, None, lambda _: None, lambda *_: None, lambda: False)
    assert (folder / "small.onnx").read_bytes() == network.read_bytes()
    assert sorted(path.name for path in folder.iterdir()) == [".small.lock", "small.onnx", "small.toml"]


def test_hostile_files_are_refused_in_the_worker_each_with_its_reason(
    shared: Path, folder: Path, tmp_path: Path, worker: Worker
) -> None:
    reasons = {
        "custom_op.onnx": "evil.ops:RunMe",
        "git_lfs_pointer.onnx": "Git LFS",
        "html_error_page.onnx": "web page",
        "huge_dims.onnx": "dimensions",
        "pyop.onnx": "PyOp",
        "truncated.onnx": "cut off",
        "zero.onnx": "empty",
        "ext_absolute.onnx": "other files",
        "ext_negative_length.onnx": "parse value",
        "ext_offset_past_end.onnx": "other files",
        "ext_traversal.onnx": "other files",
    }
    files = sorted((shared / "test-models" / "hostile").rglob("*"))
    files = [path for path in files if path.suffix in (".onnx", ".zip", ".blend", ".bin")]
    assert set(reasons) <= {path.name for path in files}
    card = tmp_path / "card.toml"
    card.write_text(UNMEASURED)
    pid = None
    for path in files:
        with pytest.raises(ModelError) as caught:
            do(submit_import(worker, path, card))
        assert reasons.get(path.name, "archive" if path.suffix == ".zip" else "cut off") in str(caught.value)
        assert pid in (None, worker.pid), f"{path.name} took the worker down"
        pid = worker.pid
        assert visible(folder) == [] if folder.exists() else True
    assert not list(tmp_path.glob("outside*"))


def test_a_real_network_can_be_imported_and_is_used(shared: Path, folder: Path, tmp_path: Path, worker: Worker) -> None:
    card = tmp_path / "tc.toml"
    card.write_text(
        'id = "tcmonodepth-384"\ntask = "depth"\nmeaning = "inverse"\nlicence = "MIT"\n'
        '[input]\nname = "image"\nsize = 384\nmultiple = 32\nrange = 255.0\n'
        '[outputs]\ninv_depth = "near is large"\n[roles]\ndepth = "inv_depth"\n'
    )
    do(submit_import(worker, shared / "test-models" / "tcmonodepth_384.onnx", card))
    found = load_card(find_card("tcmonodepth-384"))
    assert found.bytes == 783_257
    assert found.path == folder / "tcmonodepth-384.onnx"


@pytest.mark.parametrize("what", ["folder", "missing", "pipe"])
def test_what_is_no_file_is_refused(folder: Path, network: Path, what: str) -> None:
    path = network.with_name("other.onnx")
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        if not hasattr(os, "mkfifo"):
            pytest.skip("needs a system with named pipes")
        os.mkfifo(path)
    with pytest.raises(ModelError, match="choose"):
        take_model(path, network.with_suffix(".toml"), lambda _: None, lambda *_: None, lambda: False)


def test_a_written_card_reads_the_same() -> None:
    for path in CATALOGUE.glob("*.toml"):
        table = tomllib.loads(path.read_text("utf-8"))
        assert tomllib.loads(write_table(table)) == table
    odd = {"a b": '\x7f\n"\\é\x00', "n": [1, -2.5, True], "t": {"x.y": {"z": 1e300}, "empty": {}}, "f": False}
    assert tomllib.loads(write_table(odd)) == odd
