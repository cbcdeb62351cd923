"""Everything a developer types: ``python3 dev.py COMMAND``, see `USAGE`. Needs only Python itself."""

import subprocess
import sys

from devtools.pythons import SUPPORTED, find_python, running, wanted

USAGE = """usage: python3 dev.py COMMAND

  run [IMAGE] [options]    make a textured mesh from a picture, or from an example picture when none is given;
                           options are those of `cli generate`; without -o the results go to runs/
  cli COMMAND ...          the extension's command line, the same as `blender --command maquette`
  test [--fast] [...]      check the code and run all tests; --fast: only those without Blender; the rest goes to pytest
  build [options]          extension zips in dist/, one per platform, complete with their wheels, and checked
  bench [options]          time every step and write the table in docs/performance.md
  judge FOLDER [options]   clean a folder of broken meshes and measure the results independently
  export NAME FILE -o OUT  a published checkpoint (triposr, depth-anything, moge) as an ONNX file with its card
"""


def restart() -> int:
    """Run this program again in a Python that Blender's module exists for, or say which one is needed."""
    for version in SUPPORTED:
        python = find_python(version)
        if python:
            return subprocess.call([python, *sys.argv])
    sys.stderr.write(f"Maquette runs on Python {wanted()}; this is {running()}, and no other was found here.\n")
    return 2


def main() -> int:
    """Run one command; return its exit code."""
    if running() not in SUPPORTED:
        return restart()
    from devtools.commands import COMMANDS, run

    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in COMMANDS:
        sys.stdout.write(USAGE)
        return 0 if name in ("-h", "--help") else 2
    return run(name, sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
