"""Sentences of any length in a panel of any width."""

from __future__ import annotations

import textwrap

import bpy

__all__ = ["draw_text"]

# Width of a character of the interface's font at scale 1, in pixels, and what tabs, icon and borders take.
CHARACTER, BORDER = 6.8, 80


def draw_text(
    layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str = "NONE", beside: int = 0
) -> None:
    """Draw a text in as many lines as the region's width asks for, with an icon at the first.

    ``beside``: pixels at scale 1 that something else takes in the same row.
    """
    scale = context.preferences.system.ui_scale
    width = max(12, int((context.region.width / scale - BORDER - beside) / CHARACTER))
    column = layout.column(align=True)
    column.scale_y = 0.8
    for number, line in enumerate(textwrap.wrap(text, width)):
        column.label(text=line, icon=icon if number == 0 else "BLANK1" if icon != "NONE" else "NONE")
