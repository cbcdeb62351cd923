"""The plot and the table of what `training.evaluate_fixes` measures."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

__all__ = ["CLEAN", "FIXED", "PLAIN", "Scores", "write_page"]

CLEAN, PLAIN, FIXED = "clean", "plain", "fixed"
BEGIN, END = "<!-- evaluate_fixes: begin -->", "<!-- evaluate_fixes: end -->"

HEAD = """## What it does to the shape, and what the fixes bring back

Meshes made of the photos as they are, made worse, and made worse with the fix that the check offers for it (*small*:
Upscale; *under-exposed*: Expose; *two subjects*: a click on the one that is meant), as drafts through the real
pipeline, scored by the shared folder's script. Bars are standard errors of the difference to the clean pictures.

![F@0.1 against each degradation, with and without its fix]({plot})
"""

Scores = dict[tuple[str, int, str], list[float]]
"""F at 0.1 of each object, by degradation, strength (1 to 5, 0 for none) and way."""


def write_page(scores: Scores, kinds: list[str], plot: Path, page: Path) -> None:
    """Write the plot, and the table into the marked part of a Markdown page."""
    _plot(scores, kinds, plot)
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    # A page without such a part gets it at its end.
    before = before.rstrip("\n") + "\n\n"
    page.write_text(f"{before}{BEGIN}\n{HEAD.format(plot=plot.name)}\n{_table(scores, kinds)}\n{END}{after or chr(10)}")


def _strengths(scores: Scores) -> list[int]:
    return sorted({strength for _, strength, _ in scores if strength})


def _mean(scores: Scores, kind: str, strength: int, way: str) -> float:
    return float(np.mean(scores[kind, strength, way]))


def _table(scores: Scores, kinds: list[str]) -> str:
    strengths = _strengths(scores)
    clean = scores[CLEAN, 0, PLAIN]
    lines = [
        f"Mean F@0.1 of {len(clean)} photos; as they are {np.mean(clean):.3f}. A refused picture counts as 0.",
        "",
        f"| made worse | {' | '.join(str(s) for s in strengths)} | {' | '.join(f'{s}, fixed' for s in strengths)} |",
        f"|---|{'---|' * 2 * len(strengths)}",
    ]
    for kind in kinds:
        plain = [f"{_mean(scores, kind, s, PLAIN):.3f}" for s in strengths]
        fixed = [f"{_mean(scores, kind, s, FIXED):.3f}" if (kind, s, FIXED) in scores else "-" for s in strengths]
        lines.append(f"| {kind} | {' | '.join(plain + fixed)} |")
    return "\n".join(lines)


def _plot(scores: Scores, kinds: list[str], path: Path) -> None:
    columns = 4
    figure, grid = plt.subplots(
        -(-len(kinds) // columns), columns, figsize=(11, 5.4), sharex=True, sharey=True, squeeze=False
    )
    for axes, kind in zip(grid.ravel(), kinds, strict=False):
        _draw(axes, scores, kind)
    for axes in grid[-1]:
        axes.set_xlabel("strength")
    for axes in grid[:, 0]:
        axes.set_ylabel("F@0.1")
    handles = {
        label: handle for a in grid.ravel() for handle, label in zip(*a.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles.keys(), loc="upper center", ncols=3, frameon=False)
    figure.tight_layout(rect=(0, 0, 1, 0.94))
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _draw(axes: Axes, scores: Scores, kind: str) -> None:
    """One degradation, from the clean pictures to the strongest; a bar is the standard error of the mean difference."""
    clean = np.array(scores[CLEAN, 0, PLAIN])
    strengths = [s for s in _strengths(scores) if (kind, s, PLAIN) in scores]
    for way, colour, label in ((PLAIN, "#b5443a", "as it is"), (FIXED, "#2f7d4f", "with the fix applied")):
        shown = [s for s in strengths if (kind, s, way) in scores]
        if not shown:
            continue
        values = np.array([scores[kind, s, way] for s in shown])
        spread = (values - clean).std(axis=1) / np.sqrt(max(len(clean) - 1, 1))
        axes.errorbar(
            [0, *shown], [clean.mean(), *values.mean(1)], [0, *spread], color=colour, marker="o", capsize=2, label=label
        )
    axes.axhline(clean.mean(), color="#888888", linewidth=0.8, linestyle=":", label="clean pictures")
    axes.set_title(kind)
    axes.set_ylim(0, 1)
    axes.set_xticks([0, *strengths])
