"""Whether the picture shows exactly one thing, whole and in the middle."""

from __future__ import annotations

import numpy as np

from ...contracts import Float
from ..choose import alpha_pieces, points_on_things
from ..grid import label_pieces
from .finding import Finding
from .scene import Scene

__all__ = ["check_subject", "second_share"]

_SECOND_FAIR, _SECOND = 0.15, 0.3
"""Size of the second thing, by area, beside the largest: a lid may lie there, but hardly half the subject."""
_RIM = 2
"""Pixels at the frame that the subject may not reach."""
_CUT_FAIR, _CUT = 0.02, 0.12
"""Length along which the frame cuts the subject, in its longest sides."""
_OFF = 0.4


def check_subject(scene: Scene, plain: bool) -> Finding:
    """Several things, one that is cut off at the frame, or one at the side.

    ``plain``: the background is plain enough for the cut-out to be believed; else the worst that is said is *fair*.
    """
    bad = "poor" if plain else "fair"
    second, cut, off = second_share(scene), _cut_length(scene), _off_centre(scene)
    if second >= _SECOND:
        count = len(points_on_things(_pieces(scene)))
        text = f"There are {count} things in the picture: choose the one to make."
        return Finding("Subject", bad, round(second, 3), "second by area", text, "choose")
    if cut >= _CUT:
        text = "The subject is cut off at the picture's edge: what is outside is guessed. Show it whole."
        return Finding("Subject", bad, round(cut, 3), "share cut off", text)
    if second >= _SECOND_FAIR:
        text = "Something lies beside the subject: choose the subject alone if it does not belong to it."
        return Finding("Subject", "fair", round(second, 3), "second by area", text, "choose")
    if cut >= _CUT_FAIR:
        text = "The subject touches the picture's edge: leave a little room around it."
        return Finding("Subject", "fair", round(cut, 3), "share cut off", text)
    if off >= _OFF:
        text = "The subject stands far from the middle: crop the picture around it."
        return Finding("Subject", "fair", round(off, 3), "half sides off centre", text, "crop")
    return Finding("Subject", "good", round(off, 3), "half sides off centre", "One subject, whole and in the middle")


def second_share(scene: Scene) -> float:
    """The second largest piece over the largest, by area; 0 where there is one piece."""
    labels, count = label_pieces(_pieces(scene) > 0.5)
    if count < 2:
        return 0.0
    areas = np.sort(np.bincount(labels.ravel())[1:])
    return float(areas[-2] / areas[-1])


def _pieces(scene: Scene) -> Float:
    """Everything found, as 0..1, at the matte's size; a picture's own transparency at a like one."""
    return alpha_pieces(scene.alpha) if scene.found is None else scene.found


def _cut_length(scene: Scene) -> float:
    """The longest stretch of the frame's four sides that shows the subject, over the subject's longest side."""
    mask = scene.mask
    rims = (mask[:_RIM].any(0), mask[-_RIM:].any(0), mask[:, :_RIM].any(1), mask[:, -_RIM:].any(1))
    return max(int(np.count_nonzero(rim)) for rim in rims) / scene.longest


def _off_centre(scene: Scene) -> float:
    """How far the middle of the subject's box lies from the picture's, in half sides of the picture."""
    left, top, right, bottom = scene.box
    height, width = scene.mask.shape
    return max(abs((left + right) / width - 1), abs((top + bottom) / height - 1))
