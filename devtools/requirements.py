"""Every version that Maquette is run, built and tested with, in one place."""

from __future__ import annotations

__all__ = [
    "BLENDER",
    "CHECKERS",
    "EXPORTING",
    "GLTF_VALIDATOR",
    "LIBRARIES",
    "MODEL_VIEWER",
    "PEERS",
    "PLAYWRIGHT",
    "RUNTIME",
    "TESTING",
    "requirement",
]

BLENDER = {"3.11": "bpy==4.5.*", "3.13": "bpy==5.2.*"}
"""The Blender module that fits a Python version: the two long-term releases."""

RUNTIME = {"manifold3d": "3.5.4", "onnxruntime": "1.32.0", "pillow": "13.0.0"}
"""The wheels the extension ships with. They are installed without their dependencies: Blender brings numpy, and ONNX
Runtime needs protobuf, flatbuffers and packaging only for tools that Maquette does not use."""

LIBRARIES = {"manifold3d": "manifold3d", "onnxruntime": "onnxruntime", "pillow": "PIL"}
"""The module each of those wheels must hold."""

PEERS = {"pymeshfix": "0.18.1", "pymeshlab": "2025.7.post1"}
"""What the cleaning is compared with, in an environment that only the bench makes."""

EXPORTING = {
    "numpy": "2.4.6",
    "onnx": "1.23.2",
    "onnxruntime": "1.32.0",
    "onnxscript": "0.7.2",
    "torch": "2.13.0",
    "transformers": "5.23.0",
}
"""What turns published checkpoints into ONNX files, in the environment that training uses too."""

TESTING = {
    "hypothesis": "6.170.15",
    "pytest": "9.2.0",
    "python-xlib": "0.33",
    "rtree": "1.4.1",
    "scipy": "1.17.1",
    "trimesh": "5.2.0",
}
GLTF_VALIDATOR = "2.0.0-dev.3.10"
"""The npm package that the end-to-end tests hold exported files against, where Node.js is."""
MODEL_VIEWER = "4.4.0"
"""The npm package `@google/model-viewer`: the gallery's 3D view, which the zips carry."""
PLAYWRIGHT = "1.65.1"
"""The npm package `playwright-core`, which drives a Chromium through the gallery's page in a test."""
CHECKERS = {"pyright[nodejs]": "1.1.414", "ruff": "0.17.6"}


def requirement(versions: dict[str, str]) -> list[str]:
    """Return pip's spelling of pinned versions."""
    return [f"{name}=={version}" for name, version in versions.items()]
