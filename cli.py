"""The command line: ``blender -b --command maquette …``, or ``python3 dev.py cli …`` in Blender's module."""

from __future__ import annotations

import argparse
import traceback
import warnings
from collections.abc import Sequence

from .commands import batch, check, clean, doctor, gallery, generate, models
from .commands.common import Parser, warn
from .errors import MaquetteError
from .gpu_support.folder import runtime_folder
from .gpu_support.install import activate
from .version import VERSION

__all__ = ["main"]

DONE, FAILED = 0, 1

_COMMANDS = {
    "generate": (generate, "make a textured mesh of a picture"),
    "batch": (batch, "make textured meshes of many pictures"),
    "gallery": (gallery, "make the page of a batch anew, to look at its meshes"),
    "clean": (clean, "repair a mesh of any origin"),
    "check": (check, "say what a picture is fit for"),
    "models": (models, "list, download, import, verify and remove networks"),
    "doctor": (doctor, "say what runs on this machine, and why not"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv
        What stands after ``maquette``; the process's own arguments unless given.

    Returns
    -------
    The exit code: 0 done, 1 something failed, 2 wrong arguments, 3 the picture or the mesh file was refused.
    """
    verbose = False
    try:
        options = _parser().parse_args(argv)
        verbose = options.verbose
        activate(runtime_folder())
        with warnings.catch_warnings():
            if not verbose:  # what libraries have to say is not for the user
                warnings.simplefilter("ignore")
            options.run(options)
    except SystemExit as end:  # --help and --version
        return end.code if isinstance(end.code, int) else DONE
    except MaquetteError as error:
        return _fail(str(error), error.exit_code, verbose)
    except KeyboardInterrupt:
        return _fail("stopped; nothing was written.", FAILED, verbose)
    except MemoryError:
        return _fail("memory ran out; close other programs, or ask for less.", FAILED, verbose)
    except Exception as error:
        return _fail(f"unexpected error, please report it: {type(error).__name__}: {error}", FAILED, verbose)
    return DONE


def _fail(message: str, code: int, verbose: bool) -> int:
    if verbose:
        traceback.print_exc()
    warn(message)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="maquette", description="One picture in, a clean, textured mesh out.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"maquette {VERSION}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for name, (command, text) in _COMMANDS.items():
        one = commands.add_parser(name, help=text, allow_abbrev=False)
        one.set_defaults(run=command.run)
        command.add_options(one)
    return parser
