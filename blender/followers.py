"""What in the scene holds on to single vertices of a mesh: hooks, and objects parented to vertices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..geometry.arrays import Indices, Points
from ..geometry.repair.polygons import NONE

__all__ = ["Followers", "read_followers", "write_followers"]


@dataclass(frozen=True)
class Followers:
    """Hook modifiers and children, each with the vertices it holds on to, int64 [N]."""

    hooks: list[tuple[Any, Indices]]
    children: list[tuple[bpy.types.Object, Indices]]


def read_followers(mesh: bpy.types.Mesh) -> Followers:
    """Find all that holds on to vertices of a mesh; Blender forgets it when a mesh is emptied."""
    users = {item for item in bpy.data.objects if item.data == mesh}
    hooks = [
        (modifier, np.array(modifier.vertex_indices[:], np.int64))
        for item in users
        for modifier in item.modifiers
        if modifier.type == "HOOK" and len(modifier.vertex_indices)
    ]
    children = [
        (item, np.array(item.parent_vertices[:], np.int64))
        for item in bpy.data.objects
        if item.parent in users and item.parent_type in {"VERTEX", "VERTEX_3"}
    ]
    return Followers(hooks, children)


def write_followers(followers: Followers, target: Indices | None, before: Points, after: Points) -> None:
    """Let them hold on to the same vertices of the rebuilt mesh.

    Parameters
    ----------
    followers
    target : int64 [V], optional
        What has become of each vertex, or `NONE`; where nothing is known of that, the nearest is taken.
    before, after : float64 [V, 3] and [N, 3]
        The vertices before and now. A child whose vertex is gone takes the nearest; a hook loses it.
    """
    for modifier, vertices in followers.hooks:
        vertices = vertices[vertices < len(before)]
        held = _nearest(before[vertices], after) if target is None else target[vertices]
        modifier.vertex_indices_set(np.unique(held[held != NONE]).tolist())
    for item, vertices in followers.children:
        vertices = np.where(vertices < len(before), vertices, 0)
        found = _nearest(before[vertices], after)
        if target is not None:
            found = np.where(target[vertices] != NONE, target[vertices], found)
        item.parent_vertices = found.tolist()


def _nearest(places: Points, points: Points) -> Indices:
    """The nearest of many points to each of a few places, int64 [N]."""
    return np.array([((points - place) ** 2).sum(axis=1).argmin() for place in places], np.int64)
