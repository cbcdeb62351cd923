"""Times pymeshfix and pymeshlab on a mesh, in their own environment: ``python measure_peers.py TASK MESH RUNS``.

Prints the same JSON object as `measure_cleanup`, without the package: only edges are counted here.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from importlib import import_module
from statistics import median
from typing import Any

import numpy as np


def _pymeshfix(vertices: Any, faces: Any) -> tuple[Any, Any]:
    library: Any = import_module("pymeshfix")
    return library.clean_from_arrays(vertices, faces)


def _pymeshlab_basics(vertices: Any, faces: Any) -> tuple[Any, Any]:
    return _pymeshlab(vertices, faces, holes=False)


def _pymeshlab_all(vertices: Any, faces: Any) -> tuple[Any, Any]:
    return _pymeshlab(vertices, faces, holes=True)


def _pymeshlab(vertices: Any, faces: Any, holes: bool) -> tuple[Any, Any]:
    library: Any = import_module("pymeshlab")
    work = library.MeshSet()
    work.add_mesh(library.Mesh(vertices, faces))
    work.meshing_remove_duplicate_vertices()
    work.meshing_remove_duplicate_faces()
    work.meshing_remove_null_faces()
    work.meshing_remove_connected_component_by_face_number(mincomponentsize=50)
    if holes:
        work.meshing_repair_non_manifold_edges()
        work.meshing_repair_non_manifold_vertices()
        work.meshing_close_holes(maxholesize=1000)
    work.meshing_re_orient_faces_coherently()
    mesh = work.current_mesh()
    return mesh.vertex_matrix(), mesh.face_matrix()


TASKS: dict[str, Callable[[Any, Any], tuple[Any, Any]]] = {
    "pymeshfix": _pymeshfix,
    "pymeshlab-basics": _pymeshlab_basics,
    "pymeshlab-all": _pymeshlab_all,
}


def _left(faces: Any) -> tuple[int, bool]:
    """How many edges do not have two faces, and whether there is none such."""
    sides = np.sort(np.stack([faces, np.roll(faces, -1, axis=1)], axis=2).reshape(-1, 2), axis=1)
    _, count = np.unique(sides, axis=0, return_counts=True)
    left = int(np.count_nonzero(count != 2))
    return left, left == 0


def main() -> None:
    """Do the task a few times."""
    task, path, runs = TASKS[sys.argv[1]], sys.argv[2], int(sys.argv[3])
    with np.load(path) as arrays:
        vertices, faces = arrays["vertices"].astype(np.float64), arrays["faces"]
    seconds: list[float] = []
    result = faces
    for _ in range(runs):
        began = time.perf_counter()
        result = task(vertices.copy(), faces.copy())[1]
        seconds.append(time.perf_counter() - began)
    left, closed = _left(np.asarray(result))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    sys.stdout.write(json.dumps({"seconds": median(seconds), "memory": peak, "left": left, "closed": closed}) + "\n")


if __name__ == "__main__":
    main()
