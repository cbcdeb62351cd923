"""`maquette batch`: many pictures become textured meshes."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, get_args

from ..batching.batch import Batch, run_batch
from ..batching.gates import Action, parse_gates
from ..batching.manifest import MANIFEST, manifest_name, merge_manifests, shard_manifests
from ..batching.models import model_hashes
from ..batching.order import Order
from ..batching.shard import parse_shard
from ..batching.tally import Tally, counted
from ..contracts import Settings
from ..errors import MaquetteError
from .batch_console import Console
from .batch_tasks import read_tasks
from .batch_workers import check_formats, default_jobs, worker_commands
from .common import ArgumentError, say
from .gallery import write_gallery
from .settings_options import add_settings, read_settings

__all__ = ["add_options", "read_batch", "run"]

RETRIES, TIMEOUT = 1, 600.0
MOST_JOBS, MOST_RETRIES = 256, 100


def add_options(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add = parser.add_argument
    add("inputs", metavar="INPUT", nargs="*", help="folders, pictures, patterns (*.jpg), job files (.jsonl)")
    add("-o", "--output", metavar="DIR", type=Path, required=True, help="folder of the results")
    add("--recursive", action="store_true", help="search the folders within folders, too")
    add("--resume", action="store_true", help="go on: leave what is done and unchanged, try the failed again")
    add("--jobs", type=int, metavar="N", help="worker processes (else one for each core, memory allowing)")
    add("--shard", metavar="I/N", default="1/1", help="do only part I of N of the pictures")
    add("--manifest", metavar="FILE", type=Path, help="where to write down each picture (else DIR/manifest.jsonl)")
    add("--blender", metavar="FILE", help=argparse.SUPPRESS)  # the panel's batch runs outside of Blender
    add("--merge", action="store_true", help="make one manifest of those that the shards left in DIR")
    add("--wait", type=float, metavar="S", default=0.0, help="how long to wait for another driver of the same manifest")
    add("--exit-zero", action="store_true", help="count as done though some pictures are not: the manifest says which")
    add("--retries", type=int, metavar="N", default=RETRIES, help="how often to try a failed picture again")
    add("--timeout", type=float, metavar="S", default=TIMEOUT, help="seconds that one picture may take")
    add("--devices", metavar="LIST", help="a device for each worker, in turn: cuda:0,cuda:1 (else --device)")
    add("--require", metavar="LIST", default="", help="what a mesh must meet: watertight,faces<=20000,loose_parts==1")
    add("--require-action", choices=get_args(Action), default="refuse", help="write no mesh that does not, or mark it")
    add("--gallery", action="store_true", help="write a page to look at, gallery.html, beside the manifest")
    add("--formats", metavar="LIST", default="glb", help="kinds of mesh files: glb,fbx,obj,stl,ply,usdz")
    add_settings(parser)
    add("-v", "--verbose", action="store_true", help="a line for each picture, and where an error comes from")


def run(options: argparse.Namespace) -> None:
    """Do the batch, or merge what shards did."""
    if options.merge:
        _merge(options)
        return
    batch = read_batch(options)
    console = Console(options.verbose)
    with console.listening():
        tally = run_batch(batch, console)
    if options.gallery:
        write_gallery(batch.manifest)
    console.conclude(tally, batch.manifest, options.exit_zero)


def read_batch(options: argparse.Namespace, settings: Settings | None = None) -> Batch:
    """What the options ask for, checked before anything is done; with ``settings`` in place of those among them."""
    if not options.inputs:
        raise ArgumentError("Name the pictures: folders, files, patterns or a job file.")
    _check_numbers(options)
    shard = _typed(parse_shard, options.shard)
    gates = _typed(parse_gates, options.require)
    formats = check_formats(options.formats)
    jobs = default_jobs() if options.jobs is None else options.jobs
    commands = worker_commands(jobs, options.devices, options.blender)
    settings = settings or read_settings(options)
    output = Path(os.path.abspath(options.output))
    manifest = Path(os.path.abspath(options.manifest or output / manifest_name(shard.index, shard.count)))
    how = (options.timeout, options.retries, gates, options.require_action, options.gallery)
    order = Order(output, manifest.parent, formats, *how)
    tasks = [task for task in read_tasks(options, settings, output) if shard.holds(task.picture)]
    # Before anything starts: a network that is missing is no picture's fault.
    hashes = {settings: model_hashes(settings) for settings in {task.settings for task in tasks}}
    return Batch(tasks, order, manifest, commands, lambda task: hashes[task.settings], options.resume, options.wait)


def _check_numbers(options: argparse.Namespace) -> None:
    if options.jobs is not None and not 1 <= options.jobs <= MOST_JOBS:
        raise ArgumentError(f"There cannot be {options.jobs} jobs: choose 1 to {MOST_JOBS}.")
    if not 0 <= options.retries <= MOST_RETRIES:
        raise ArgumentError(f"A picture cannot be tried again {options.retries} times: choose 0 to {MOST_RETRIES}.")
    if not (math.isfinite(options.timeout) and options.timeout > 0):
        raise ArgumentError(f"A picture cannot take {options.timeout:g} seconds: choose more than 0.")
    if not (math.isfinite(options.wait) and options.wait >= 0):
        raise ArgumentError(f"Nobody can wait {options.wait:g} seconds: choose 0 or more.")


_Read = TypeVar("_Read")


def _typed(read: Callable[[str], _Read], text: str) -> _Read:
    """What a text says; what is wrong with it was typed wrong."""
    try:
        return read(text)
    except MaquetteError as error:
        raise ArgumentError(str(error)) from error


def _merge(options: argparse.Namespace) -> None:
    """Make one manifest of those of the shards; what is there of an earlier merge, or of a batch in one, counts too."""
    target = options.manifest or options.output / MANIFEST
    paths = [*shard_manifests(options.output), *([target] if target.is_file() else [])]
    if not paths:
        raise ArgumentError(f"There is no manifest in {options.output}: run the shards first.")
    entries = merge_manifests(paths, target)
    tally = Tally(len(entries), entries)
    say(f"{target}: {counted(len(entries), 'picture')}, {tally.counts()}")
    if options.gallery:
        write_gallery(target)
