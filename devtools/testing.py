"""`dev.py test`: code checkers and every suite, in each environment this machine can have; one count at the end."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from .environment import ensure, environment_version, say
from .pythons import ROOT, SUPPORTED, find_python

__all__ = ["run_tests"]

PURE, BLENDER, END_TO_END, FARM = "tests/pure", "tests/blender", "tests/e2e", "tests/farm"
NO_TESTS_COLLECTED = 5
TYPED = "3.11"
"""The Python whose numpy the annotations are checked against; numpy's own differ from release to release."""


class Tally:
    """How many tests and checks passed, failed and were skipped so far."""

    def __init__(self) -> None:
        self.passed = self.failed = self.skipped = 0

    def check(self, name: str, command: Sequence[str | Path]) -> None:
        """Run a checker, which counts as one test."""
        say(f"== {name}")
        if subprocess.run([str(part) for part in command], cwd=ROOT, check=False).returncode:
            self.failed += 1
        else:
            self.passed += 1

    def suite(self, name: str, python: Path, arguments: Sequence[str]) -> None:
        """Run pytest and add up its results; a run that dies, or finds nothing to test, counts as one failure."""
        say(f"== {name}")
        with tempfile.TemporaryDirectory() as folder:
            results = Path(folder) / "results.xml"
            command = [str(python), "-m", "pytest", f"--junitxml={results}", *arguments]
            code = subprocess.run(command, cwd=ROOT, check=False).returncode
            before = self.failed
            if results.is_file():
                self._add(ElementTree.parse(results).getroot())
        if code and self.failed == before:
            self.failed += 1
            say("no test was found" if code == NO_TESTS_COLLECTED else f"pytest ended with code {code}")

    def _add(self, root: ElementTree.Element) -> None:
        for suite in root.iter("testsuite"):
            total, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
            failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            self.failed += failed
            self.skipped += skipped
            self.passed += total - failed - skipped


def _other_version() -> str:
    """Return the supported Python that the main environment does not have."""
    main = environment_version(ROOT / ".venv")
    return next(version for version in SUPPORTED if version != main)


def _is_selection(arguments: Sequence[str]) -> bool:
    """Tell whether pytest's arguments name files or folders of their own."""
    named = [argument.split("::")[0] for argument in arguments if argument.startswith("tests")]
    return any((ROOT / name).exists() for name in named)


def run_tests(arguments: Sequence[str], fast: bool) -> int:
    """Set up what is missing, run the tests, and end with a line such as ``212 passed, 0 failed``.

    Parameters
    ----------
    arguments : sequence of str
        For pytest. Where they name files or folders, only those are run.
    fast : bool
        Only the suite that needs no Blender.

    Returns
    -------
    int
        0 when all passed, else 1.
    """
    started, tally, whole = time.monotonic(), Tally(), not fast and not _is_selection(arguments)
    python = ensure(tests=True, checkers=whole)
    version, other = environment_version(ROOT / ".venv"), _other_version()
    # Set up beforehand: the end-to-end tests install the zip in every environment there is.
    second = ensure(other, tests=True) if whole and find_python(other) else None
    if whole:
        tally.check("ruff", [python, "-m", "ruff", "check", "."])
        if version == TYPED:
            tally.check("pyright", [python, "-m", "pyright"])
        else:
            say(f"== pyright is left out: the types it checks are those of numpy for Python {TYPED}")
    folders = [PURE] if fast else [PURE, BLENDER, END_TO_END, FARM] if whole else []
    tally.suite(f"tests, Python {version}", python, [*folders, *arguments])
    if second:
        tally.suite(f"Blender's tests, Python {other}", second, [BLENDER, *arguments])
    elif whole:
        say(f"== Python {other} is not installed here: Blender's tests were not run on it")
    say(f"finished in {time.monotonic() - started:.0f} s")
    skipped = f", {tally.skipped} skipped" if tally.skipped else ""
    print(f"{tally.passed} passed, {tally.failed} failed{skipped}", flush=True)
    return 1 if tally.failed else 0
