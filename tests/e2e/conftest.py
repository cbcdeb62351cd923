"""The extension as users get it: the checkout's command line, the built zip, and a real Blender where there is one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

Finished = subprocess.CompletedProcess[str]
Process = subprocess.Popen[str]
ROOT = Path(__file__).resolve().parents[2]
EXTRA_PYTHON = "3.14"
"""The Python of the real Blender: a Linux distribution's build, one newer than blender.org's."""
FIGURES = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what was measured."""
    for line in terminalreporter.config.stash.get(FIGURES, []):
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def tell(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Return a function that takes a line on something measured, for the end of the run."""
    return pytestconfig.stash.setdefault(FIGURES, []).append


@dataclass(frozen=True)
class RealBlender:
    """A real Blender in a root folder of its own. ``wrapper`` runs programs inside."""

    wrapper: Path

    def start(
        self, command: Sequence[str], variables: Mapping[str, str], folders: Sequence[Path], **how: Any
    ) -> Process:
        """Start a program inside, with ``variables`` as its environment and ``folders`` of this machine in sight."""
        environment = {
            "BLENDER_BIND": ":".join(map(str, folders)),
            "PROGRAM": "/usr/bin/env",
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        }
        inside = [f"{name}={value}" for name, value in variables.items()]
        return subprocess.Popen([str(self.wrapper), *inside, *command], env=environment, text=True, **how)

    def run(self, *command: str, profile: Path, folders: Sequence[Path] = (), limit: float = 240) -> Finished:
        """Run a program inside until it ends, with its own Blender profile."""
        variables = {"BLENDER_USER_RESOURCES": str(profile), "OMP_NUM_THREADS": "2"}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with self.start(command, variables, [profile, *folders], **pipes) as process:
            try:
                out, err = process.communicate(timeout=limit)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def play(
        self, story: Path, profile: Path, folder: Path, variables: Mapping[str, str], simulate: bool = True
    ) -> dict[str, Any]:
        """Play a story, a script beside ``stage.py``, in a window, and return what it saw; pytest fails if it failed.

        ``folder`` is for all files: the temporary ones lie in ``temporary`` there. ``simulate``: whether the story
        makes its keys and clicks inside Blender, which then hears no others and has a clipboard of its own.
        """
        for script in (story, story.with_name("stage.py")):
            shutil.copy(script, folder)
        seen, log = folder / "seen.json", folder / "blender.log"
        (folder / "temporary").mkdir()
        command = ["blender", "--offline-mode", "--window-geometry", "0", "0", "1400", "900"]
        command += ["--enable-event-simulate"] if simulate else []
        with self.screen() as screen, log.open("w") as output:
            all_variables = {
                "BLENDER_USER_RESOURCES": str(profile),
                "DISPLAY": screen,
                "LIBGL_ALWAYS_SOFTWARE": "1",
                "STORY_OUT": str(seen),
                "TMPDIR": str(folder / "temporary"),
                **variables,
            }
            pipes = {"stdout": output, "stderr": subprocess.STDOUT}
            command += ["--python", str(folder / story.name)]
            with self.start(command, all_variables, [profile, folder], **pipes) as process:
                try:
                    process.wait(1200)
                except subprocess.TimeoutExpired:
                    process.kill()
        told = {"failure": "Blender ended early", "log": log.read_text("utf-8", "replace")}
        if seen.is_file():
            del told["failure"]
            told |= json.loads(seen.read_text("utf-8"))
        if "failure" in told:
            pytest.fail("\n".join(f"{key}: {value}" for key, value in told.items()), pytrace=False)
        told["left"] = [path.name for path in (folder / "temporary").iterdir() if path.name.startswith("maquette")]
        return told

    @contextmanager
    def screen(self) -> Iterator[str]:
        """Yield the name of a virtual screen, such as ":3"."""
        server = ["Xvfb", "-displayfd", "1", "-screen", "0", "1400x900x24", "-nolisten", "tcp"]
        with self.start(server, {}, [], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            assert process.stdout is not None
            try:
                yield f":{process.stdout.readline().strip()}"
            finally:
                process.terminate()


@pytest.fixture(scope="session")
def example() -> Path:
    """Return the example picture."""
    return ROOT / "docs" / "examples" / "toy.png"


@pytest.fixture(scope="session")
def dev():
    """Return a function that runs ``dev.py`` with the arguments given."""

    def run(*arguments: str | Path, **how) -> Finished:
        command = [sys.executable, str(ROOT / "dev.py"), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, **how)

    return run


@pytest.fixture(scope="session")
def zip_file(dev, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the extension, built for Linux with the wheels of one more Python."""
    folder = tmp_path_factory.mktemp("dist")
    viewer = [] if shutil.which("npm") else ["--without-viewer"]
    built = dev("build", "--platform", "linux-x64", "--python", EXTRA_PYTHON, "--output", folder, *viewer)
    assert built.returncode == 0, built.stderr
    return Path(built.stdout.strip())


@pytest.fixture(scope="session")
def real_blender() -> RealBlender:
    """Return a real Blender made by ``setup_blender.sh`` of the shared folder, or skip without one."""
    folder = os.environ.get("MAQUETTE_BLENDER", "")
    if not folder:
        pytest.skip("MAQUETTE_BLENDER names no real Blender; .ci/run sets one up where the shared folder has the means")
    wrapper = Path(f"{folder}.run")
    assert wrapper.is_file(), f"MAQUETTE_BLENDER is {folder}, but {wrapper} is missing"
    return RealBlender(wrapper)


@pytest.fixture(scope="session")
def profile(real_blender: RealBlender, zip_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a fresh Blender profile with the built zip installed and enabled."""
    folder = tmp_path_factory.mktemp("profile")
    command = ("blender", "--command", "extension", "install-file", "-r", "user_default", "-e", str(zip_file))
    done = real_blender.run(*command, profile=folder, folders=[zip_file.parent])
    assert done.returncode == 0, done.stdout + done.stderr
    return folder
