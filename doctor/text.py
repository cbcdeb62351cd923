"""The examination's report in words, a line each, with what to do about what does not work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["problems", "tell"]


def tell(report: Mapping[str, Any]) -> str:
    """The report as text."""
    return "\n".join([*_host(report), *_devices(report), *_models(report), *_run(report)])


def problems(report: Mapping[str, Any]) -> list[str]:
    """What keeps Maquette from working here, a sentence each; empty where it works, on whatever device."""
    found = [f"{entry['id']}: {entry['problem']}" for entry in report["models"] if entry["problem"]]
    if not any(entry["works"] for entry in report["devices"]):
        found.append("No device can run the networks; install Maquette again.")
    if "problem" in report["run"]:
        found.append(report["run"]["problem"])
    return found


def _host(report: Mapping[str, Any]) -> Iterator[str]:
    machine = report["machine"]
    yield f"Maquette   {report['maquette']}"
    yield f"Blender    {report['blender']}, online access {'allowed' if report['online'] else 'off'}"
    yield f"Python     {report['python']}"
    yield f"System     {machine['system']}"
    yield f"Processor  {machine['processor']}, {machine['cores']} cores to use"
    yield f"Memory     {_gigabytes(machine['memory_total'])}, {_gigabytes(machine['memory_free'])} free"
    runtime = report["runtime"]
    yield f"Runtime    ONNX Runtime {runtime['version']} in {runtime['folder']}"
    for card in report["graphics"]:
        yield (
            f"Graphics   {card['name']}, driver {card['driver_version']}, {card['memory.used']} of "
            f"{card['memory.total']} used"
        )


def _devices(report: Mapping[str, Any]) -> Iterator[str]:
    yield "Devices"
    for entry in report["devices"]:
        if entry["works"]:
            times = f"works; {entry['first']:.2f} s with loading, then {entry['again']:.3f} s"
            yield f"  {entry['title']:<9}{times}"
        else:
            yield f"  {entry['title']:<9}does not work: {entry['reason']}"
    for name in report["missing_libraries"]:
        advice = (
            "install the graphics card's driver" if "cuda.so" in name or "nvcuda" in name else "install GPU support"
        )
        yield f"  missing  {name}: {advice}"
    names = {entry["title"] for entry in report["devices"]}
    for title, needs, sizes in report["runtime"]["installable"]:
        if title not in names:
            yield f"  {title:<9}not installed ({sizes}; needs {needs})"


def _models(report: Mapping[str, Any]) -> Iterator[str]:
    yield "Models"
    for entry in report["models"]:
        state = entry["problem"] or f"whole, {entry['bytes'] / 1e6:.1f} MB, sha256 {entry['sha256'][:16]}"
        yield f"  {entry['id']:<18}{entry['task'] or '-':<9}{state}"


def _run(report: Mapping[str, Any]) -> Iterator[str]:
    run = report["run"]
    if "problem" in run:
        yield f"Draft      failed: {run['problem']}"
        return
    yield f"Draft      {run['first']:.1f} s with loading the networks, then {run['again']:.1f} s, on {run['device']}"
    for step, seconds in run["steps"].items():
        yield f"  {seconds:6.2f} s  {step}"


def _gigabytes(count: int | None) -> str:
    return "unknown" if count is None else f"{count / 1e9:.1f} GB"
