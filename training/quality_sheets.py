"""The sheets of all results: a labelled row each, the worst first."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

__all__ = ["CELL", "ROWS", "write_sheets"]

CELL = 160
"""Pixels a side of each view."""
ROWS = 8
"""Results a sheet."""
LABEL, INK, PAPER = 20, (40, 40, 40), (250, 250, 250)
QUALITY = 82  # of the JPEG files


def _row(views: Path, label: str) -> Image.Image:
    """One result: its label above its views, or the label alone where it has none."""
    strip = Image.open(views).convert("RGB") if views.exists() else Image.new("RGB", (5 * CELL, CELL), PAPER)
    row = Image.new("RGB", (strip.width, strip.height + LABEL), PAPER)
    ImageDraw.Draw(row).text((5, 2), label, INK, ImageFont.load_default(13))
    row.paste(strip, (0, LABEL))
    return row


def write_sheets(views: Path, labels: dict[str, str], out: Path) -> list[Path]:
    """Write ``results-1.jpg`` and so on into the folder ``out``.

    Parameters
    ----------
    views : Path
        Folder of ``NAME.png``, a strip of views each.
    labels : dict
        What is written above each, by name, in the order of the rows.
    out : Path
        Older sheets in it are replaced.
    """
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("results-*.jpg"):
        old.unlink()
    files, names = list[Path](), list(labels)
    for start in range(0, len(names), ROWS):
        rows = [_row(views / f"{name}.png", labels[name]) for name in names[start : start + ROWS]]
        sheet = Image.new("RGB", (rows[0].width, sum(row.height for row in rows)), PAPER)
        for k, row in enumerate(rows):
            sheet.paste(row, (0, k * row.height))
        files.append(out / f"results-{start // ROWS + 1}.jpg")
        sheet.save(files[-1], quality=QUALITY, optimize=True)
    return files
