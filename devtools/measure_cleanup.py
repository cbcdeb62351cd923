"""Times the cleaning and Blender's own operators: ``bootstrap.py devtools.measure_cleanup TASK MESH RUNS``.

Prints one JSON object: the median seconds of the task, the peak memory of the process, and what was left to mend.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from ..geometry.measure import measure
from ..geometry.repair.chain import clean_up
from ..geometry.repair.faces import remove_duplicates
from ..geometry.repair.faults import find_faults
from ..geometry.repair.merge import merge_vertices
from ..geometry.repair.parts import remove_loose_parts
from ..geometry.repair.polygons import Polygons, from_faces, source
from ..geometry.repair.winding import make_consistent

__all__ = ["main"]


def _report(mesh: Polygons) -> Polygons:
    measure(mesh)
    return mesh


def _basics(mesh: Polygons) -> Polygons:
    merged = remove_duplicates(merge_vertices(mesh))
    return make_consistent(remove_loose_parts(merged, fewest_faces=50))


def _all(mesh: Polygons) -> Polygons:
    return clean_up(mesh).mesh


def _blender_basics(mesh: Polygons) -> Polygons:
    return _blender(mesh, holes=False)


def _blender_all(mesh: Polygons) -> Polygons:
    return _blender(mesh, holes=True)


def _blender(mesh: Polygons, holes: bool) -> Polygons:
    """The operators an artist would call in edit mode, through bmesh, with the mesh read and written."""
    import bpy

    data = bpy.data.meshes.new("bench")
    data.vertices.add(len(mesh.points))
    data.loops.add(len(mesh.corners))
    data.polygons.add(mesh.n_faces)
    data.vertices.foreach_set("co", mesh.points.astype(np.float32).ravel())
    data.loops.foreach_set("vertex_index", mesh.corners.astype(np.int32))
    data.polygons.foreach_set("loop_start", mesh.first[:-1].astype(np.int32))
    data.update(calc_edges=True)
    import bmesh  # known only once bpy is

    work = bmesh.new()
    work.from_mesh(data)
    bmesh.ops.remove_doubles(work, verts=work.verts, dist=1e-6)
    bmesh.ops.dissolve_degenerate(work, dist=1e-7, edges=work.edges)
    if holes:
        bmesh.ops.holes_fill(work, edges=[edge for edge in work.edges if edge.is_boundary], sides=0)
    bmesh.ops.recalc_face_normals(work, faces=work.faces)
    work.to_mesh(data)
    work.free()
    points = np.empty(len(data.vertices) * 3, np.float32)
    data.vertices.foreach_get("co", points)
    data.calc_loop_triangles()
    faces = np.empty(len(data.loop_triangles) * 3, np.int32)
    data.loop_triangles.foreach_get("vertices", faces)
    bpy.data.meshes.remove(data)
    return from_faces(points.reshape(-1, 3), faces.reshape(-1, 3))


TASKS: dict[str, Callable[[Polygons], Polygons]] = {
    "report": _report,
    "basics": _basics,
    "all": _all,
    "blender-basics": _blender_basics,
    "blender-all": _blender_all,
}

CLEANED = "-cleaned"
"""Behind a task's name: do it to the mesh after Clean Up."""


def main() -> int:
    """Do the task a few times, each on a mesh that nothing is known of."""
    name, path, runs = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    task = TASKS[name.removesuffix(CLEANED)]
    with np.load(path) as arrays:
        result = from_faces(arrays["vertices"], arrays["faces"])
    if name.endswith(CLEANED):
        result = clean_up(result).mesh
    start = result
    seconds: list[float] = []
    for _ in range(runs):
        mesh = source(start.points, start.corners, start.first)
        began = time.perf_counter()
        result = task(mesh)
        seconds.append(time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    faults = find_faults(result)
    answer = {"seconds": median(seconds), "memory": peak, "left": faults.total, "closed": faults.closed}
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0
