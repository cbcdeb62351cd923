"""The one place in the code that knows Maquette's version (the manifest and the change log repeat it; a test
compares)."""

from __future__ import annotations

__all__ = ["VERSION"]

VERSION = "0.1.0"
