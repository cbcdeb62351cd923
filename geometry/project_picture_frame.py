"""How a picture lies in a camera's view, and the camera that sees what a view of the 3D viewport shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..contracts import Pixels
from ..errors import MeshError
from .arrays import Points

__all__ = ["ViewCamera", "contained", "fitted", "view_camera"]


@dataclass(frozen=True)
class ViewCamera:
    """A camera that fits its view to the width of its picture.

    ``lens`` is twice the focal length as a share of the picture's width, or None where it is orthographic; then
    ``width`` is the width of the view. Shifts as shares of the picture's width.
    """

    lens: float | None
    width: float
    shift: tuple[float, float]


def contained(matrix: Points, view: tuple[int, int], picture: tuple[int, int]) -> Points:
    """The clip matrix of a picture (width, height) laid over the middle of a view (width, height), as large as it goes
    without cropping; ``matrix`` float64 [4, 4] is that of the whole view."""
    scale = min(view[0] / picture[0], view[1] / picture[1])
    grown = np.diag([view[0] / (picture[0] * scale), view[1] / (picture[1] * scale), 1.0, 1.0])
    return grown @ matrix


def fitted(matrix: Points, points: Points, picture: Pixels) -> Points:
    """The clip matrix with which what is not transparent of a picture uint8 [h, w, 4] covers points [N, 3] from border
    to border.

    Raises
    ------
    MeshError
        If the camera does not see the points side by side, or the picture is fully transparent.
    """
    clip = points @ matrix[:, :3].T + matrix[:, 3]
    clip = clip[clip[:, 2] + clip[:, 3] > 0]
    rows, columns = picture[..., 3].any(1).nonzero()[0], picture[..., 3].any(0).nonzero()[0]
    if not len(clip) or not len(rows):
        raise MeshError("The camera does not see the object, or the picture is empty: choose another one.")
    seen = clip[:, :2] / clip[:, 3:]
    low, high = seen.min(0), seen.max(0)
    if (high - low).min() < 1e-9:
        raise MeshError("The camera sees the object from its edge: choose another view.")
    size = np.array([picture.shape[1], picture.shape[0]])
    left_top, right_bottom = np.array([columns[0], rows[0]]) / size, (np.array([columns[-1], rows[-1]]) + 1) / size
    to_low = np.array([left_top[0] * 2 - 1, 1 - right_bottom[1] * 2])
    to_high = np.array([right_bottom[0] * 2 - 1, 1 - left_top[1] * 2])
    scale = (to_high - to_low) / (high - low)
    move = np.diag([*scale, 1.0, 1.0])
    move[:2, 3] = to_low - scale * low
    return move @ matrix


def view_camera(window: Points) -> ViewCamera:
    """What camera has the projection ``window`` float64 [4, 4], of a view with square pixels.

    Its picture must have the view's proportions.
    """
    aspect = float(window[1, 1] / window[0, 0])
    if abs(window[3, 2]) > 1e-9:
        return ViewCamera(float(window[0, 0]), 0.0, (float(window[0, 2]) / 2, float(window[1, 2]) / 2 / aspect))
    return ViewCamera(None, float(2 / window[0, 0]), (-float(window[0, 3]) / 2, -float(window[1, 3]) / 2 / aspect))
