"""Models in Blender: the command, the operators, the menus and what the preferences and the sidebar show."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import bpy
import pytest
from maquette import cli
from maquette.commands import models
from maquette.errors import MaquetteError
from maquette.inference.card import find_card
from maquette.inference.model_folder import FOLDER_VARIABLE
from maquette.model_client import submit_download
from maquette.modelstore import choices
from maquette.modelstore.installed import find_model
from maquette.operators import model_tasks
from maquette.operators.model_tasks import finish_task, model_worker, start_task, tasks
from maquette.panels.models import MAQUETTE_PT_models, draw_models
from maquette.properties import read_settings

CARD = """id = "mine"
task = "depth"
meaning = "inverse"
licence = "MIT"

[input]
name = "image"
size = 14

[outputs]
depth = "inverse depth"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of models, which does not exist yet."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "models"))
    choices.forget()
    yield tmp_path / "models"
    choices.forget()


@pytest.fixture
def network(root: Path, tmp_path: Path) -> Path:
    """A small depth network with its card beside it."""
    spec = importlib.util.spec_from_file_location("onnx_file", root / "tests" / "data" / "onnx_file.py")
    assert spec is not None
    assert spec.loader is not None
    onnx: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(onnx)
    mean = onnx.node("ReduceMean", ["image"], ["depth"], {"axes": [1], "keepdims": 1})
    sides = {"image": (onnx.FLOAT, [1, 3, 14, 14])}, {"depth": (onnx.FLOAT, [1, 1, 14, 14])}
    path = tmp_path / "My Network.onnx"
    path.write_bytes(onnx.network([mean], *sides))
    path.with_suffix(".toml").write_text(CARD)
    return path


def test_the_command_lists_imports_verifies_and_removes(folder: Path, network: Path, capfd: Any) -> None:
    assert cli.main(["models", "import", str(network)]) == 0
    assert capfd.readouterr().out == "mine is imported.\n"
    assert cli.main(["models", "list"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert re.match(r"mine +depth +installed +0 +MIT", lines[-2])
    assert any(re.match(r"dav2-s +depth +available +99 +Apache-2.0 +fast +0.6 GB", line) for line in lines)
    assert lines[-1] == f"Folder: {folder}"
    assert cli.main(["models", "list", "--json"]) == 0
    listed = {one["id"]: one for one in json.loads(capfd.readouterr().out)["models"]}
    assert listed["mine"]["state"] == "installed"
    assert listed["moge2-vits"]["address"].startswith("https://huggingface.co/Ruicheng/")
    assert cli.main(["models", "verify"]) == 0
    assert "mine: right" in capfd.readouterr().out.splitlines()
    (folder / "mine.onnx").write_bytes(b"?")
    assert cli.main(["models", "verify", "mine"]) == 1
    assert "get it again" in capfd.readouterr().err
    assert cli.main(["models", "remove", "mine"]) == 0
    assert not list(folder.glob("mine*"))


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["download", "dav2-s"], 1, "may not go online"),
        (["download", "unknown"], 1, "choose one of dav2-s"),
        (["import", "missing.onnx"], 1, "cannot be read"),
        (["remove", "maquette-depth"], 1, "comes with Maquette"),
        (["verify", "dav2-s"], 1, "not installed"),
        (["verify", "unknown"], 1, "no model 'unknown'"),
        (["paint"], 2, "--help"),
        ([], 2, "--help"),
    ],
)
def test_what_the_command_refuses_is_one_line(
    folder: Path, capfd: Any, arguments: list[str], code: int, says: str
) -> None:
    assert not bpy.app.online_access
    assert cli.main(["models", *arguments]) == code
    err = capfd.readouterr().err
    assert says in err
    assert err.count("\n") == 1


def test_the_licence_is_told_before_a_download(folder: Path, capfd: Any) -> None:
    cli.main(["models", "download", "moge2-vits"])
    out = capfd.readouterr().out
    assert "Licence: MIT" in out
    assert "Download: 141 MB" in out


def test_ctrl_c_tells_that_the_part_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    def interrupted(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(models, "get_model", interrupted)
    monkeypatch.setattr(models, "_require_online", lambda: None)
    assert cli.main(["models", "download", "dav2-s"]) == 1
    assert "kept for the next try" in capfd.readouterr().err


@pytest.mark.usefixtures("registered")
def test_operators_import_verify_and_remove(folder: Path, network: Path) -> None:
    assert bpy.ops.maquette.import_model(filepath=str(network)) == {"FINISHED"}
    assert find_model("mine").state == "installed"
    assert bpy.ops.maquette.verify_model(name="mine") == {"FINISHED"}
    assert model_tasks.said()["mine"] == (True, "mine is whole and right.")
    (folder / "mine.onnx").write_bytes(b"?" * (folder / "mine.onnx").stat().st_size)
    with pytest.raises(RuntimeError, match="get it again"):
        bpy.ops.maquette.verify_model(name="mine")
    assert bpy.ops.maquette.remove_model(name="mine") == {"FINISHED"}
    assert find_model("dav2-s").state == "available"
    with pytest.raises(RuntimeError, match="There is no model 'mine'"):
        bpy.ops.maquette.remove_model(name="mine")
    network.write_bytes(b"<html>")
    with pytest.raises(RuntimeError, match="web page"):
        bpy.ops.maquette.import_model(filepath=str(network))
    with pytest.raises(RuntimeError, match="poll"):
        bpy.ops.maquette.download_model(name="dav2-s")


@pytest.mark.usefixtures("registered")
def test_a_download_that_fails_is_told_in_the_preferences(folder: Path) -> None:
    start_task("u2netp", submit_download(model_worker(), "u2netp", "http://mirror.example"))
    assert [text for kind, text in drawn_preferences() if kind == "progress"] == ["Waiting"]
    with pytest.raises(MaquetteError, match="HTTPS alone"):
        finish_task("u2netp")
    assert any("HTTPS alone" in text for kind, text in drawn_preferences() if kind == "label")
    assert not [text for kind, text in drawn_preferences() if kind == "progress"]


@pytest.fixture
def mirror(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A slow mirror with a file as large as the catalogue's smallest model, but another."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the program openssl for a certificate")
    spec = importlib.util.spec_from_file_location("model_server", root / "tests" / "data" / "model_server.py")
    assert spec is not None
    assert spec.loader is not None
    servers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(servers)
    certificate = servers.make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with servers.serve(servers.Server(bytes(4_574_861)), *certificate) as running:
        yield running


@pytest.mark.usefixtures("registered")
def test_a_download_is_followed_stopped_and_gone_on_with(folder: Path, mirror: Any) -> None:
    start_task("u2netp", submit_download(model_worker(), "u2netp", mirror.address))
    limit = time.monotonic() + 30
    while tasks()["u2netp"].fraction < 0.1 and time.monotonic() < limit:
        model_tasks.follow()
        time.sleep(0.01)
    shown = [text for kind, text in drawn_preferences() if kind == "progress"]
    assert re.fullmatch(r"Downloading U2-Net Portable: [01] of 5 MB", shown[0])
    bpy.ops.maquette.cancel_model(name="u2netp")
    with pytest.raises(MaquetteError, match="kept for the next time"):
        finish_task("u2netp")
    there = find_model("u2netp").here
    assert 0.1 * 4_574_861 < there < 4_574_861
    start_task("u2netp", submit_download(model_worker(), "u2netp", mirror.address))
    with pytest.raises(MaquetteError, match="SHA-256 differs"):
        finish_task("u2netp")
    assert ("u2netp", f"bytes={there}-") in mirror.asked
    assert find_model("u2netp").state == "available"
    assert not list(folder.glob("*"))[1:]


@pytest.mark.usefixtures("registered")
def test_the_process_goes_with_the_extension(folder: Path, network: Path) -> None:
    bpy.ops.maquette.import_model(filepath=str(network))
    worker = model_worker()
    worker.start()
    model_tasks.stop_tasks()
    assert worker.pid is None


@pytest.mark.usefixtures("registered")
def test_menus_show_what_is_installed_and_keep_what_is_not(folder: Path, network: Path) -> None:
    group = bpy.context.scene.maquette
    assert (group.depth_choice, group.matte_choice, group.shape_choice) == (
        "maquette-depth",
        "maquette-matte",
        "maquette-shape",
    )
    with pytest.raises(TypeError):
        group.depth_choice = "mine"
    bpy.ops.maquette.import_model(filepath=str(network))
    group.depth_choice = "mine"
    assert group.depth_model == "mine"
    assert read_settings(group, "auto").depth_model == "mine"
    assert group.matte_choice == "maquette-matte"
    bpy.ops.maquette.remove_model(name="mine")
    assert group.depth_choice == "mine"
    assert choices.choices("depth_model", "mine")[-1].title == "mine (missing)"
    group.depth_choice = "maquette-depth"
    assert [choice.id for choice in choices.choices("depth_model", group.depth_model)] == ["maquette-depth"]


@pytest.mark.usefixtures("registered")
def test_a_scene_cannot_name_a_network_outside_the_folder(folder: Path, network: Path) -> None:
    bpy.context.scene.maquette.depth_model = str(network.with_suffix(".toml"))
    named = read_settings(bpy.context.scene.maquette, "auto").depth_model
    assert find_card(named).parent == folder


class Layout:
    """Takes note of what is drawn."""

    def __init__(self, drawn: list[tuple[str, str]]) -> None:
        self.drawn = drawn

    def _inner(self, **_options: object) -> Layout:
        return Layout(self.drawn)

    row = column = box = _inner

    def separator(self) -> None:
        """Nothing to see."""

    def label(self, text: str, icon: str = "NONE") -> None:
        assert icon in bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items
        self.drawn.append(("label", text))

    def progress(self, factor: float, text: str) -> None:
        self.drawn.append(("progress", text))

    def prop(self, owner: Any, name: str, **_options: object) -> None:
        self.drawn.append(("prop", name))

    def operator(self, name: str, text: str = "", icon: str = "NONE") -> SimpleNamespace:
        assert icon in bpy.types.UILayout.bl_rna.functions["operator"].parameters["icon"].enum_items
        self.drawn.append((name, text))
        return SimpleNamespace()


def context() -> SimpleNamespace:
    """What drawing asks for; a window's scale is 0 without one."""
    return SimpleNamespace(
        scene=bpy.context.scene,
        preferences=SimpleNamespace(system=SimpleNamespace(ui_scale=1.0)),
        region=SimpleNamespace(width=800),
    )


def drawn_preferences() -> list[tuple[str, str]]:
    drawn: list[tuple[str, str]] = []
    draw_models(Layout(drawn), context(), SimpleNamespace())
    return drawn


@pytest.mark.usefixtures("registered")
def test_the_preferences_show_size_licence_and_what_can_be_done(folder: Path, network: Path) -> None:
    drawn = drawn_preferences()
    assert ("label", "Depth Anything V2 Small: depth") in drawn
    assert ("label", "99 MB, licence Apache-2.0, fast, 0.6 GB memory") in drawn
    assert ("maquette.download_model", "Download") in drawn
    assert ("maquette.import_model", "Import Model…") in drawn
    folder.mkdir()
    (folder / "dav2-s.onnx.part").write_bytes(b"x" * 9_906_084)
    bpy.ops.maquette.import_model(filepath=str(network))
    drawn = drawn_preferences()
    assert ("maquette.download_model", "Resume") in drawn
    assert ("label", "99 MB, licence Apache-2.0, fast, 0.6 GB memory, 10% downloaded") in drawn
    assert ("label", "mine: depth") in drawn
    assert ("maquette.verify_model", "Verify") in drawn


@pytest.mark.usefixtures("registered")
def test_the_sidebar_offers_the_models_and_the_way_to_more(folder: Path) -> None:
    drawn: list[tuple[str, str]] = []
    MAQUETTE_PT_models.draw(SimpleNamespace(layout=Layout(drawn)), context())
    assert [name for kind, name in drawn if kind == "prop"] == ["matte_choice", "depth_choice", "shape_choice"]
    assert ("maquette.show_models", "") in drawn
