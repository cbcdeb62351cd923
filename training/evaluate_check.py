"""How often each line of the picture check speaks up for pictures made bad in a known way, and for good ones."""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from ..contracts import Mask, Pixels, Settings
from ..inference.checks.check import check_picture
from ..inference.checks.finding import Finding
from ..inference.checks.lighting import SHADOW_UNIT
from ..inference.cutout import OPAQUE
from ..inference.decode import decode_picture
from ..model_set import ModelSet, load_models
from .degrade import DEGRADATIONS, STRENGTHS, degrade

__all__ = ["main"]

# The line that each degradation is the business of.
OWN = {
    "blurred": "Sharpness",
    "small": "Resolution",
    "over-exposed": "Lighting",
    "under-exposed": "Lighting",
    "hard shadow": "Lighting",
    "cut off": "Subject",
    "two subjects": "Subject",
    "cluttered": "Background",
    "JPEG": "Artefacts",
    "letterbox": "Artefacts",
}
SHADOW = "of it shadow"
"""A column of its own for the pictures whose lighting is poor for a shadow's edge."""
SETS = {"images": ".png", "photos": ".jpg"}
BEGIN, END = "<!-- evaluate_check: begin -->", "<!-- evaluate_check: end -->"

Poor = Mapping[tuple[str, str, int], list[list[str]]]
"""By set, degradation and strength: for each picture the lines that were poor."""


def _pictures(folder: Path, which: str, count: int) -> Iterator[tuple[Pixels, Mask]]:
    """The pictures of a set with the true masks of their subjects."""
    paths = sorted((folder / which).glob(f"*{SETS[which]}"))
    for path in paths[:: max(1, len(paths) // count)][:count]:
        alpha = decode_picture(folder / "images" / f"{path.stem}.png")[..., 3]
        yield decode_picture(path), alpha >= OPAQUE


def _poor(findings: tuple[Finding, ...]) -> list[str]:
    poor = [finding for finding in findings if finding.level == "poor"]
    return [finding.line for finding in poor] + [SHADOW for finding in poor if finding.unit == SHADOW_UNIT]


def _measure(folder: Path, models: ModelSet, count: int, strengths: list[int]) -> tuple[Poor, float]:
    """All verdicts, and the median seconds of a check."""
    poor: dict[tuple[str, str, int], list[list[str]]] = defaultdict(list)
    seconds: list[float] = []
    for which in SETS:
        for number, (pixels, mask) in enumerate(_pictures(folder, which, count)):
            cases = {("clean", 0): pixels}
            for kind in DEGRADATIONS:
                if which == "images" and kind == "letterbox":
                    continue  # bars are opaque: the transparency that shows the subject would be gone
                for strength in strengths:
                    rng = np.random.default_rng([number, strength])
                    cases[kind, strength] = degrade(pixels, mask, kind, strength, rng)
            for (kind, strength), bad in cases.items():
                start = time.process_time()
                findings = check_picture(bad, "auto", models.matte, models.depth, models.shadow)
                seconds.append(time.process_time() - start)
                poor[which, kind, strength].append(_poor(findings))
    return poor, float(np.median(seconds))


def _share(poor: Poor, which: str, kind: str, strength: int, line: str) -> float:
    verdicts = poor[which, kind, strength]
    return sum(line in lines for lines in verdicts) / len(verdicts)


def _tables(poor: Poor, strengths: list[int]) -> str:
    lines = list(dict.fromkeys(OWN.values()))
    lines.insert(lines.index("Lighting") + 1, SHADOW)
    parts: list[str] = []
    for which in SETS:
        kinds = ["clean", *(kind for kind in DEGRADATIONS if (which, kind, strengths[0]) in poor)]
        head = f"| `val/{which}`, strongest | {' | '.join(lines)} |\n|---|{'---|' * len(lines)}\n"
        rows = [
            f"| {kind} | "
            + " | ".join(
                f"{'**' if OWN.get(kind) == line else ''}{share:.0%}{'**' if OWN.get(kind) == line else ''}"
                for line in lines
                for share in [_share(poor, which, kind, 0 if kind == "clean" else strengths[-1], line)]
            )
            + " |"
            for kind in kinds
        ]
        parts.append(head + "\n".join(rows))
        head = f"| `val/{which}`, own line | {' | '.join(str(s + 1) for s in strengths)} |\n"
        head += f"|---|{'---|' * len(strengths)}\n"
        rows = [
            f"| {kind}: {OWN[kind]} | "
            + " | ".join(f"{_share(poor, which, kind, s, OWN[kind]):.0%}" for s in strengths)
            + " |"
            for kind in kinds[1:]
        ]
        parts.append(head + "\n".join(rows))
    return "\n\n".join(parts)


def main() -> int:
    """``python bootstrap.py training.evaluate_check --eval DIR --page FILE.md [--count N] [--strengths ...]``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eval", type=Path, required=True, help="the shared folder's eval")
    parser.add_argument("--page", type=Path, help="Markdown page whose marked part is written")
    parser.add_argument("--count", type=int, default=40, help="pictures of each set, evenly among all")
    parser.add_argument("--strengths", type=int, nargs="+", default=list(range(1, STRENGTHS + 1)))
    args = parser.parse_args()
    strengths = [strength - 1 for strength in sorted(args.strengths)]
    poor, seconds = _measure(args.eval / "val", load_models(Settings()), args.count, strengths)
    count = len(poor["photos", "clean", 0])
    text = f"{count} pictures of each set.\n\n{_tables(poor, strengths)}\n\n"
    text += f"Median processor time of a check: {seconds:.2f} s."
    print(text)
    if args.page:
        before, _, rest = args.page.read_text().partition(BEGIN)
        _, _, after = rest.partition(END)
        args.page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
    return 0
