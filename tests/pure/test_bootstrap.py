"""The package loads from any folder under a fixed alias, and its modules run from the command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROBE = """
import json, sys
from .errors import PictureError

def main():
    print(json.dumps({"name": __name__, "code": PictureError.exit_code, "argv": sys.argv[1:], "path": sys.path}))
    return 7
"""


@pytest.fixture
def copy(root: Path, tmp_path: Path) -> Path:
    """Make a small package of the same shape in a folder whose name is no identifier."""
    folder = tmp_path / "ma quette-é.1"
    folder.mkdir()
    for name in ("__init__.py", "bootstrap.py", "errors.py"):
        shutil.copy(root / name, folder / name)
    (folder / "probe.py").write_text(PROBE, encoding="utf-8")
    return folder


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the bootstrap of ``folder`` in a fresh interpreter, from inside that folder."""
    return subprocess.run(
        [sys.executable, "-X", "utf8", str(folder / "bootstrap.py"), *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_tests_use_one_copy_of_the_package(root: Path) -> None:
    import maquette
    from maquette import errors

    assert Path(str(maquette.__file__)) == root / "__init__.py"
    assert errors.__name__ == "maquette.errors"
    assert maquette.errors is errors
    assert sys.modules["maquette_bootstrap"].load_package("maquette") is maquette


def test_a_foreign_package_under_the_alias_is_not_taken_for_ours() -> None:
    with pytest.raises(ImportError, match="taken"):
        sys.modules["maquette_bootstrap"].load_package("json")


def test_module_runs_with_its_arguments_and_exit_code(copy: Path) -> None:
    done = run(copy, "probe", "one", "two words", "--", "three")
    answer = json.loads(done.stdout)
    assert done.returncode == 7
    assert answer["name"] == "maquette.probe"
    assert answer["code"] == 3
    assert answer["argv"] == ["one", "two words", "--", "three"]


def test_own_folder_is_not_importable_without_the_package(copy: Path) -> None:
    path = json.loads(run(copy, "probe").stdout)["path"]
    assert str(copy) not in path
    assert "" not in path


def test_parents_path_is_adopted_behind_the_own_one(copy: Path) -> None:
    plain = json.loads(run(copy, "probe").stdout)["path"]
    extra = [plain[0], "/wheels/é here"]
    adopted = json.loads(run(copy, "probe", MAQUETTE_SYS_PATH=json.dumps(extra)).stdout)["path"]
    assert adopted == [*plain, "/wheels/é here"]


def test_without_a_module_it_says_how_to_use_it(copy: Path) -> None:
    done = run(copy)
    assert done.returncode == 2
    assert "usage" in done.stderr
