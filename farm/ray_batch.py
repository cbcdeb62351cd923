"""A batch on a Ray cluster: ``python bootstrap.py farm.ray_batch INPUT… -o DIR [options] [-- options of batch]``.

The batch is cut into shards, each a run of ``maquette batch --shard I/N --resume`` on some node: first some small ones,
which show how fast the nodes are, then shards of a few minutes each. A shard whose node is lost is begun again on
another; it waits for the lost one's lock, should that be cut off only and still at work. The same command goes on with
what was stopped.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ..batching.inputs import find_pictures
from ..batching.jobfile import JOB_SUFFIXES, read_job_file
from ..batching.lock import work_folder
from ..errors import MaquetteError
from .sizes import Sizes

__all__ = ["main"]


def main() -> int:
    """Run the command; returns 0 if all pictures are done, 1 if not, 2 for wrong arguments."""
    own, rest = _split(sys.argv[1:])
    parser = _parser()
    options = parser.parse_args(own)
    try:
        return _run(options, rest)
    except MaquetteError as error:
        sys.stderr.write(f"maquette: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("maquette: stopped; the same command goes on with it.\n")
        return 1


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The arguments before and after ``--``."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return list(arguments[:end]), list(arguments[end + 1 :])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="farm.ray_batch",
        description="Make textured meshes of many pictures on a Ray cluster, on a folder that all its nodes share.",
        epilog="What stands after -- is for each shard: options of maquette batch, such as -- --quality draft.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("inputs", metavar="INPUT", nargs="+", help="folders, pictures, patterns (*.jpg), job files (.jsonl)")
    add("-o", "--output", metavar="DIR", type=Path, required=True, help="folder of the results")
    add("--recursive", action="store_true", help="search the folders within folders, too")
    add("--address", default="auto", metavar="HOST:PORT", help="the cluster (else the one this machine belongs to)")
    add(
        "--command",
        metavar="LINE",
        help="starts Maquette on a node (else MAQUETTE_COMMAND there, else blender -b --command maquette)",
    )
    add("--cpus", type=_from(0.01), default=1.0, metavar="N", help="CPUs of a node that a shard takes (else 1)")
    add("--gpus", type=_from(0.0), default=0.0, metavar="N", help="GPUs of a node that a shard takes (else 0)")
    add("--minutes", type=_from(0.01), default=3.0, metavar="M", help="how long a shard should take (else 3)")
    add(
        "--probe",
        type=_from(1, int),
        default=8,
        metavar="N",
        help="pictures of a first shard, to see the speed (else 8)",
    )
    add("--wait", type=_from(0.0), default=900.0, metavar="S", help="how long to wait for a lost node to let go")
    add(
        "--shard-retries",
        type=_from(0, int),
        default=3,
        metavar="N",
        help="how often to begin a lost shard again (else 3)",
    )
    return parser


def _from(least: float, kind: type[int] | type[float] = float) -> Callable[[str], float]:
    """A reader of numbers that are not below ``least``."""

    def read(text: str) -> float:
        value = kind(text)
        if not least <= value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text} is less than {least:g}")
        return value

    return read


def _run(options: argparse.Namespace, rest: Sequence[str]) -> int:
    if os.name == "nt":
        raise MaquetteError("Ray's part is for Linux and macOS: on Windows use Flamenco, or run the shards yourself.")
    if importlib.util.find_spec("ray") is None:
        raise MaquetteError("Ray is not installed here: pip install -r farm/requirements.txt.")
    from .cluster import Needs, connected
    from .run import Run

    output = Path(os.path.abspath(options.output))
    inputs = [os.path.abspath(text) for text in options.inputs]
    pictures = _count(inputs, options.recursive, output)
    arguments = [*inputs, "-o", str(output), *(["--recursive"] if options.recursive else []), *rest]
    needs = Needs(options.cpus, options.gpus, options.command, options.shard_retries)
    with work_folder(output, output / "farm") as place, connected(options.address) as cluster:
        cluster.check(place, needs)
        run = Run(cluster, needs, arguments, output, options.wait)
        return run.run(Sizes(pictures, cluster.slots(needs), options.probe, options.minutes * 60.0))


def _count(inputs: Sequence[str], recursive: bool, output: Path) -> int:
    """How many pictures some inputs name, as `commands.batch_tasks` finds them."""
    jobs = [text for text in inputs if text.lower().endswith(JOB_SUFFIXES)]
    rest = [text for text in inputs if text not in jobs]
    found = {line.found.path for text in jobs for line in read_job_file(text)}
    if rest:
        found.update(one.path for one in find_pictures(rest, recursive, output))
    if not found:
        raise MaquetteError(f"There is no picture in {', '.join(inputs)}: add lines to it.")
    return len(found)
