"""The mesh attribute that tells the side which a picture showed from the one that was guessed."""

from __future__ import annotations

import bpy
import numpy as np

from ..contracts import Float

__all__ = ["read_seen"]

_SEEN = "seen"


def read_seen(mesh: bpy.types.Mesh) -> Float | None:
    """1 where the picture showed the surface, 0 where it was guessed: float32 [V]; None for a mesh without it."""
    attribute = mesh.attributes.get(_SEEN)
    if attribute is None or (attribute.data_type, attribute.domain) != ("FLOAT", "POINT") or not len(attribute.data):
        return None
    values = np.empty(len(mesh.vertices), np.float32)
    attribute.data.foreach_get("value", values)
    return np.clip(np.nan_to_num(values), 0.0, 1.0)
