"""Load the folder this file lies in as a package, whatever the folder is called, and run one of its modules.

``python bootstrap.py MODULE [arguments]`` calls ``main()`` of that module, and so does
``blender --background --python bootstrap.py -- MODULE [arguments]``. Standard library only: it runs before any wheel
is within reach.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType

__all__ = ["ALIAS", "PATH_VARIABLE", "ROOT", "RUNTIME_VARIABLE", "load_package"]

ALIAS = "maquette"
PATH_VARIABLE = "MAQUETTE_SYS_PATH"
RUNTIME_VARIABLE = "MAQUETTE_RUNTIME"
"""Names a folder to import from before all else: the graphics card's runtime (`gpu_support`)."""
ROOT = Path(__file__).resolve().parent


def load_package(alias: str = ALIAS) -> ModuleType:
    """Import the package under ``alias``; a second call returns the same module.

    Parameters
    ----------
    alias : str
        The name its modules get in `sys.modules`: ``maquette.geometry`` and so on.

    Raises
    ------
    ImportError
        If another package already goes by that name, or the folder has no ``__init__.py``.
    """
    source = ROOT / "__init__.py"
    loaded = sys.modules.get(alias)
    if loaded is not None:
        if loaded.__file__ is None or Path(loaded.__file__).resolve() != source:
            raise ImportError(f"The name {alias!r} is taken by {loaded.__file__}; choose another alias.")
        return loaded
    if not source.is_file():
        raise ImportError(f"{source} is missing; install Maquette again.")
    spec = importlib.util.spec_from_file_location(alias, source, submodule_search_locations=[str(ROOT)])
    if spec is None or spec.loader is None:
        raise ImportError(f"{source} cannot be loaded as a package.")
    package = importlib.util.module_from_spec(spec)
    sys.modules[alias] = package
    try:
        spec.loader.exec_module(package)
    except BaseException:
        del sys.modules[alias]
        raise
    return package


def _arguments() -> list[str]:
    """Return what follows the script: Blender keeps its own arguments in front, ended by ``--``."""
    if Path(sys.argv[0]).resolve() == Path(__file__).resolve():
        return sys.argv[1:]
    return sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []


def _adopt_path() -> None:
    """Leave the package's own folder off `sys.path`, append the entries handed over by a parent process, and put the
    graphics card's runtime in front.

    Python puts a script's folder in front; ours holds modules with plain names (``errors``, ``blender``) that must not
    be importable without the package, nor shadow anyone else's.
    """
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT]
    for entry in json.loads(os.environ.pop(PATH_VARIABLE, "[]")):
        if entry not in sys.path:
            sys.path.append(entry)
    if runtime := os.environ.get(RUNTIME_VARIABLE):
        sys.path.insert(0, runtime)


def _run() -> int:
    """Run the module named on the command line; its ``main()`` may return an exit code."""
    arguments = _arguments()
    if not arguments:
        sys.stderr.write("usage: python bootstrap.py MODULE [arguments]\n")
        return 2
    _adopt_path()
    load_package()
    module = importlib.import_module(f"{ALIAS}.{arguments[0]}")
    sys.argv[:] = [sys.argv[0], *arguments[1:]]
    return int(module.main() or 0)


if __name__ == "__main__":
    sys.exit(_run())
