"""Writes ``docs/quality.md``: the scores of every set that `training.evaluate` has run, and all results in pictures."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from ..inference.card import EMBEDDED, load_card
from .defects import FLAT, HOLLOW, HOLLOW_SHARE, PART, SHORT, Findings, load_score, measure_defects
from .quality_sheets import ROWS, write_sheets
from .tilt import UPRIGHT, tilt_text

__all__ = ["write_page"]

KEYS = ("cd", "f0.05", "f0.1", "f0.2")
TITLES = {
    "images": "pictures cut out (`val/images`)",
    "photos": "photos on a floor, own matte (`val/photos`)",
    "true-depth": "true depth, normals and camera: the shape network by itself",
    "foreign-depth": "pictures cut out, with the foreign depth model",
}
NETWORK_STEPS = ("Cutting out the subject", "Estimating depth", "Completing the shape")
HEAD = """# Shape quality

How near the meshes come to the true shapes, at Standard, on the 40 validation objects of the shared folder beside the
checkout, none of which took part in training. `eval/score.py` there aligns each mesh (24 turns, 9 pitches, then
similarity ICP) and measures both ways between 10,000 points; the longest side is 2. CD is the mean distance, F@t the
F-score at distance t. *Upright*: the best fit is within 10 degrees of upright. Its numbers compare only with its own.

For orientation, from the same script (with the true camera and perfect depth): the visible surface alone 0.715 F@0.1,
an ellipsoid in the visible box 0.576.

This page and its pictures are written by `training.evaluate` (see `training/README.md`).
"""
DEFECTS = f"""## What is wrong, by measurement

After the script's best alignment, on `val/images` (`training/defects.py`):

- *slab*: less than half as thick as the truth along the viewing direction, or its least principal extent over its
  longest is less than {FLAT:.0%} of the truth's; and that by more than {SHORT}.
- *open shell*: the mesh has boundary edges, or a hollow back: of the rays from behind that meet the result, more than
  {HOLLOW_SHARE:.0%} meet it deeper inside its convex hull than they do the truth, by more than {HOLLOW}.
- *split*: more than one part holds {PART:.0%} of the volume where the truth is one piece.
"""
PICTURES = """## All results

The picture, then the result from the front, three-quarter, side and back; the worst first. *Too shallow* and *too
deep*: extent along the viewing direction against the truth's. *Misses*: share of the true surface farther than 0.1
from the result. *Adds*: share of the result farther than 0.1 from the truth.
"""


def _load(out: Path) -> dict[str, dict[str, Any]]:
    """What was run, by set, in the page's order."""
    return {name: json.loads((out / f"{name}.json").read_text()) for name in TITLES if (out / f"{name}.json").exists()}


def _table(head: str, rows: list[list[str]]) -> str:
    lines = [head, "|" + "---|" * (head.count("|") - 1), *("| " + " | ".join(row) + " |" for row in rows)]
    return "\n".join(lines) + "\n"


def _upright(rows: list[dict[str, Any]]) -> float:
    """Share of results whose best fit is within 10 degrees of upright."""
    return sum(abs(row.get("pitch", 90)) <= UPRIGHT for row in rows) / len(rows)


def _scores(sets: dict[str, dict[str, Any]]) -> str:
    rows: list[list[str]] = []
    for name, found in sets.items():
        title = TITLES[name] + (f" {found['models'][0]}" if name == "foreign-depth" else "")
        numbers = [f"{found['mean'][k]:.3f}" for k in KEYS] + [f"{_upright(found['rows']):.0%}"]
        rows.append([title, *numbers, str(len(found["failed"]))])
    return _table("| 40 objects | CD | F@0.05 | F@0.1 | F@0.2 | upright | without a mesh |", rows)


def _networks(sets: dict[str, dict[str, Any]]) -> str:
    """Files, and the time of the steps that run them."""
    cards = [load_card(path) for path in sorted(EMBEDDED.glob("*.toml"))]
    rows = [[card.id, card.task, f"{card.bytes / 1e6:.1f} MB", f"`{card.sha256[:16]}…`"] for card in cards]
    rows.append(["all", "", f"{sum(card.bytes for card in cards) / 1e6:.1f} MB", ""])
    text = _table("| network | task | size | sha256 |", rows)
    if "photos" in sets:
        seconds = [sets["photos"]["seconds"][step] for step in NETWORK_STEPS]
        steps = ", ".join(f"{step.lower()} {value:.2f} s" for step, value in zip(NETWORK_STEPS, seconds, strict=True))
        cores = sets["photos"]["cores"]
        text += f"\nMedian over `val/photos`, warm, on {cores} CPU cores: {steps}; together {sum(seconds):.2f} s.\n"
    return text


def _what_fails(row: dict[str, Any], found: Findings | None) -> str:
    """What is wrong with one result, in words."""
    if found is None:
        return "no mesh"
    words = list(found.names)
    if abs(row["pitch"]) > UPRIGHT:
        words.append(f"tilted {row['pitch']:+.0f}°")
    excess, ratio = found.thickness - found.true_thickness, found.thickness / found.true_thickness
    if excess < -SHORT and ratio < 0.75 and not found.slab:
        words.append(f"too shallow ({ratio:.0%})")
    if excess > SHORT and ratio > 1.33:
        words.append(f"too deep ({ratio:.0%})")
    if found.complete < 0.75:
        words.append(f"misses {1 - found.complete:.0%}")
    if found.accurate < 0.75:
        words.append(f"adds {1 - found.accurate:.0%}")
    return ", ".join(words)


def _defect_counts(findings: dict[str, Findings | None]) -> str:
    lines: list[str] = []
    for defect in ("slab", "open shell", "split"):
        names = [name for name, found in findings.items() if found is not None and defect in found.names]
        which = f"{len(names)}: {', '.join(names)}" if names else "none"
        lines.append(f"- {defect}: **{which}**, of {len(findings)}.")
    return "\n".join(lines) + "\n"


def _objects(sets: dict[str, dict[str, Any]], order: list[str], fails: dict[str, str]) -> str:
    """A row per object, with F@0.1 of every other set."""
    by_name = {name: {row["name"]: row for row in found["rows"]} for name, found in sets.items()}
    others = [name for name in sets if name != "images"]
    head = "| object | CD | F@0.05 | F@0.1 | F@0.2 | pitch | " + "".join(f"{name} F@0.1 | " for name in others)
    rows: list[list[str]] = []
    for name in order:
        row = by_name["images"][name]
        numbers = [f"{row[k]:.3f}" for k in KEYS] + [f"{row.get('pitch', 0):+.0f}°"]
        rows.append([name, *numbers, *(f"{by_name[other][name]['f0.1']:.3f}" for other in others), fails[name]])
    return _table(head + "what fails |", rows)


def _measure(evaluation: Path, out: Path, rows: list[dict[str, Any]]) -> dict[str, Findings | None]:
    """Findings on each result of `val/images`, by name; None where there is no mesh."""
    score = load_score(evaluation / "score.py")
    cameras = json.loads((evaluation / "val" / "cameras.json").read_text())
    findings = dict[str, Findings | None]()
    for row in rows:
        name = row["name"]
        predicted, truth = out / "images" / f"{name}.ply", evaluation / "val" / "truth" / f"{name}.ply"
        elevation = math.radians(cameras[name]["elevation_deg"])
        findings[name] = measure_defects(score, predicted, truth, row, elevation) if predicted.exists() else None
    return findings


def write_page(evaluation: Path, out: Path, page: Path) -> None:
    """Write the page and its sheets of pictures.

    Parameters
    ----------
    evaluation : Path
        The shared folder's ``eval``.
    out : Path
        Where `training.evaluate` left its results; the set ``images`` must be among them.
    page : Path
        The Markdown file; the sheets go to the folder of its name beside it.
    """
    sets = _load(out)
    rows = sorted(sets["images"]["rows"], key=lambda row: row["f0.1"])
    findings = _measure(evaluation, out, rows)
    fails = {row["name"]: _what_fails(row, findings[row["name"]]) for row in rows}
    for name, found in findings.items():
        print(name, found, flush=True)
    labels = {row["name"]: f"{row['name']}   F@0.1 {row['f0.1']:.3f}   {fails[row['name']]}" for row in rows}
    sheets = write_sheets(out / "images", labels, page.with_suffix(""))
    pictures = [
        f"![results {k * ROWS + 1} to {min((k + 1) * ROWS, len(rows))}]({page.stem}/{sheet.name})\n"
        for k, sheet in enumerate(sheets)
    ]
    objects = "## Object by object\n\nFrom the cut-out pictures; in the columns named so, from the other sets.\n"
    tilt = tilt_text(sets["images"]["tilts"])
    parts = [HEAD, _scores(sets), tilt, _networks(sets), DEFECTS, _defect_counts(findings), PICTURES, *pictures]
    page.write_text("\n".join([*parts, objects, _objects(sets, [row["name"] for row in rows], fails)]))
