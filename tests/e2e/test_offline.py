"""Without a network: the kernel ends whatever opens a socket, and everything still works."""

from __future__ import annotations

import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
GUARD = ROOT / "tests" / "data" / "without_sockets.py"

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"), reason="needs Linux's filter of calls"
)

WORK = """
import importlib.util, sys
from pathlib import Path
root, picture, network, folder = map(Path, sys.argv[1:])
spec = importlib.util.spec_from_file_location("maquette_bootstrap", root / "bootstrap.py")
module = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = module
spec.loader.exec_module(module)
module.load_package("maquette")
import bpy
from maquette import registration
from maquette.cli import main
assert not bpy.app.online_access
registration.register()
assert main(["models", "list"]) == 0
assert main(["models", "download", "dav2-s"]) == 1
assert main(["models", "import", str(network)]) == 0
assert main(["models", "verify"]) == 0
assert main(["models", "remove", "small"]) == 0
assert main(["check", str(picture)]) == 0
assert main(["generate", str(picture), "-o", str(folder / "toy.glb"), "--quality", "draft", "--texture", "0"]) == 0
bpy.context.scene.maquette.image_path = str(picture)
bpy.context.scene.maquette.quality = "draft"
bpy.context.scene.maquette.texture_size = "0"
assert bpy.ops.maquette.check_image() == {"FINISHED"}
assert bpy.ops.maquette.generate_from_image() == {"FINISHED"}
registration.unregister()
print("worked without a socket")
"""

CARD = """id = "small"
task = "depth"
meaning = "inverse"
licence = "MIT"
[input]
name = "image"
size = 14
[outputs]
depth = "inverse depth"
"""


def guarded(*command: str, **how) -> subprocess.CompletedProcess[str]:
    """Run Python without sockets."""
    line = [sys.executable, str(GUARD), sys.executable, *command]
    return subprocess.run(line, capture_output=True, text=True, timeout=400, check=False, **how)


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6"])
def test_the_guard_ends_what_opens_a_socket_and_what_a_child_opens(family: str) -> None:
    code = f"import socket; socket.socket(socket.{family})"
    assert guarded("-c", code).returncode == -signal.SIGSYS
    child = f"import subprocess, sys; sys.exit(subprocess.run([sys.executable, '-c', {code!r}]).returncode == -31)"
    assert guarded("-c", child).returncode == 1
    assert guarded("-c", "import socket; socket.socket(socket.AF_UNIX)").returncode == 0


def test_everything_works_without_a_socket(example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAQUETTE_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("BLENDER_USER_RESOURCES", str(tmp_path / "profile"))
    write_network(tmp_path / "small.onnx")
    done = guarded("-c", WORK, str(ROOT), str(example), str(tmp_path / "small.onnx"), str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "worked without a socket" in done.stdout
    assert "may not go online" in done.stderr
    assert (tmp_path / "toy.glb").stat().st_size > 50_000


def write_network(path: Path) -> None:
    """A small network and its card."""
    code = f"""
import runpy
o = runpy.run_path({str(ROOT / "tests" / "data" / "onnx_file.py")!r})
mean = o["node"]("ReduceMean", ["image"], ["depth"], {{"axes": [1], "keepdims": 1}})
sides = {{"image": (o["FLOAT"], [1, 3, 14, 14])}}, {{"depth": (o["FLOAT"], [1, 1, 14, 14])}}
open({str(path)!r}, "wb").write(o["network"]([mean], *sides))
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    path.with_suffix(".toml").write_text(CARD)


@pytest.mark.real_blender
def test_a_real_blender_shows_everything_without_a_socket(real_blender, profile: Path, tmp_path: Path) -> None:
    """Blender's own sound and screen open some, so here it is Python that is kept from it."""
    told = real_blender.play(HERE / "offline_window.py", profile, tmp_path, {})
    assert told["drawn"] == ["MAQUETTE_PT_generate", "MAQUETTE_PT_models", "preferences"]
    assert told["online"] is False
    assert told["download"] is False
    assert told["opened"] == []
    assert "Traceback" not in told["log"]
