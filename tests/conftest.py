"""What all tests share: the package under its fixed alias, and the shared folder beside the checkout."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
HAS_BPY = importlib.util.find_spec("bpy") is not None


def _bootstrap() -> ModuleType:
    """Load ``bootstrap.py`` by its path, without putting the checkout on `sys.path`."""
    spec = importlib.util.spec_from_file_location("maquette_bootstrap", ROOT / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


_bootstrap().load_package("maquette")


def pytest_report_header() -> list[str]:
    """Say at the top what this run can and cannot cover."""
    return [
        f"bpy: {'found' if HAS_BPY else 'missing, tests/blender is left out'}",
        f"shared folder beside the checkout: {'found' if SHARED.is_dir() else 'missing, tests needing it skip'}",
    ]


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave ``tests/blender`` out where bpy is missing: its modules import bpy at their top."""
    blender_tests = ROOT / "tests" / "blender"
    if not HAS_BPY and blender_tests in (collection_path, *collection_path.parents):
        return True
    return None


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the checkout's folder, which is the package."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the shared folder beside the checkout (pictures, meshes, models), or skip the test without it."""
    if not SHARED.is_dir():
        pytest.skip("needs the shared folder beside the checkout, which is not there")
    return SHARED
