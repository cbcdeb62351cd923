"""The odd pictures of the shared folder through the worker and the commands: as their table says, and nothing left."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
USABLE = ("gen_UPPER.PNG", "gen_png_named.jpg", "pillow_transparent.webp", "pngsuite_basn6a16.png")
"""Those of the usable ones that a run is made of here; all of them are in ``docs/pictures-in.md``."""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of processes from /proc")
@pytest.mark.parametrize("way", ["worker", "command"])
def test_the_table_of_odd_pictures_holds(way: str, shared: Path, tmp_path: Path) -> None:
    folder = shared / "test-images"
    with (folder / "index.csv").open(newline="", encoding="utf-8") as table:
        expected = {row["file"]: row["expected"] for row in csv.DictReader(table)}
    refused = [name for name, what in expected.items() if what.startswith("must be") and name != "gen_unreadable.png"]
    out = tmp_path / "told.json"
    command = [sys.executable, HERE / "every_way_in.py", way, folder, out, *refused, *USABLE]
    environment = {**os.environ, "OMP_NUM_THREADS": "2"}
    done = subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(out.read_text("utf-8"))
    assert len(told["pictures"]) == len(refused) + len(USABLE) > 30
    sizes = []
    for name, steps in told["pictures"].items():
        for outcome, _, _, megabytes in steps.values():
            assert bool(outcome) == (name.strip("'") in refused), (name, outcome)
            assert outcome.strip().count("\n") == 0
            sizes.append(megabytes)
    assert max(sizes) - min(sizes) < 500
    assert told["left"] == []
    assert told["processes"] == []
    if way == "worker":
        assert not told["worker_changed"]
    else:
        assert told["blocks"][0] == told["blocks"][1]
