"""The real batch command and its real processes, with the worker of ``tests/data/batch_stand_in.py``, which takes its
time: half a second for a picture, so that a node can be lost in the midst of one."""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path
from typing import Any

SECONDS = 0.5
_SPEC = importlib.util.spec_from_file_location(
    "batch_stand_in", Path(__file__).resolve().parents[1] / "data" / "batch_stand_in.py"
)
assert _SPEC is not None
assert _SPEC.loader is not None
stand_in = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(stand_in)


def make(*job: Any) -> None:
    """As the other one, but later."""
    time.sleep(SECONDS)
    stand_in.make(*job)


def main() -> int:
    """Be Maquette's command line, or a worker of its batch."""
    stand_in.load()
    if len(sys.argv) > 1:
        from maquette import cli
        from maquette.commands import batch

        batch.worker_commands = lambda jobs, *_: [[sys.executable, __file__]] * jobs
        return cli.main()
    from maquette import worker
    from maquette.batching.attempt import JOB

    worker.run({JOB: make})
    return 0


if __name__ == "__main__":
    sys.exit(main())
