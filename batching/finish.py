"""From the ending of a try to files under their final names and an entry of the manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import OutputError, PictureError
from ..events import Died, Done, Failed
from ..outputs import Staging
from ..version import VERSION
from .attempt import Attempt, Ending, Late
from .entry import Entry, State, now
from .gates import unmet_gates
from .order import Order, gate_error
from .task import Task

__all__ = ["RESULT", "failure", "finish", "parts"]

RESULT = "result.json"
"""What the worker leaves in the job's folder beside the outputs: the report of `generate` as JSON."""


def parts(folder: Path, count: int) -> list[Path]:
    """The folders inside a job's folder where the worker leaves what goes to each of `Order.targets`."""
    return [folder / str(number) for number in range(count)]


def failure(ending: Failed | Died | Late) -> tuple[State, str, int]:
    """What a try that gave no mesh means for its picture: state, sentence, exit code."""
    if isinstance(ending, Late):
        return "failed", f"Stopped after {ending.seconds:g} seconds: allow more with --timeout.", 1
    if isinstance(ending, Died):
        return "failed", f"The worker process {ending.how}: run again with --resume, or use a smaller picture.", 1
    refused = ending.exit_code == PictureError.exit_code
    return "refused" if refused else "failed", ending.message, ending.exit_code


def finish(attempt: Attempt, ending: Ending, order: Order) -> Entry:
    """Put what came of a picture in place, and say what that is."""
    if not isinstance(ending, Done):
        state, error, code = failure(ending)
        return _entry(attempt, order, state, error, code)
    try:
        report: dict[str, Any] = json.loads((ending.folder / RESULT).read_bytes())
        unmet = unmet_gates(order.gates, report["mesh"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        attempt.close()
        return _entry(attempt, order, "failed", f"The worker left a damaged result ({error}): run again.", 1)
    refused = bool(unmet) and order.action == "refuse"
    try:
        outputs = _publish(ending.folder, attempt.task, order, report, not refused)
    except OutputError as error:
        return _entry(attempt, order, "failed", str(error), error.exit_code)
    finally:
        attempt.close()
    if refused:
        return _entry(attempt, order, "refused", gate_error(unmet), PictureError.exit_code, report, outputs, unmet)
    return _entry(attempt, order, "done", None, 0, report, outputs, unmet)


def _publish(folder: Path, task: Task, order: Order, report: Mapping[str, Any], mesh: bool) -> list[Path]:
    """Move the outputs to their places, the report last; all of them, main files first and companions last."""
    targets = order.targets(task, mesh)
    made = parts(folder, len(order.targets(task, True)))[-len(targets) :]
    staging = Staging()
    for place, target in zip(made, targets, strict=True):
        staging.adopt(place, target)
    try:
        targets[-1].parent.mkdir(parents=True, exist_ok=True)
        made[-1].mkdir(exist_ok=True)
        draft = made[-1] / targets[-1].name
        draft.touch()
        files = staging.targets()
        outputs = [*targets, *(path for path in files if path not in targets)]
        told = {**report, "image": task.source, "outputs": [order.told(path) for path in outputs]}
        draft.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{targets[-1]} cannot be written ({error.strerror}): free some disk space.") from error
    staging.publish()
    return outputs


def _entry(
    attempt: Attempt,
    order: Order,
    state: State,
    error: str | None,
    code: int,
    report: Mapping[str, Any] | None = None,
    outputs: list[Path] | None = None,
    unmet: list[str] | None = None,
) -> Entry:
    task, told = attempt.task, report or {}
    preview = order.targets(task, False)[0]
    return Entry(
        picture=task.picture,
        source=task.source,
        state=state,
        key=attempt.key,
        time=now(),
        version=VERSION,
        settings=asdict(task.settings),
        models=told.get("models", []),
        seconds={**told.get("seconds", {}), "total": round(attempt.seconds(), 3)},
        mesh=told.get("mesh"),
        outputs=[order.told(path) for path in outputs or []],
        preview=order.told(preview) if outputs else None,
        error=error,
        exit_code=code,
        attempts=attempt.number,
        unmet=unmet or [],
        notes=told.get("notes", []),
    )
