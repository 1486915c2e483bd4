"""What it takes to do the run again: command, versions, seeds, data and how long each network was trained."""

import hashlib
import shlex
from collections.abc import Mapping
from typing import Any

from analysis.report.html import Child, Html, tag
from analysis.report.record import Record
from analysis.report.tables import facts, folded, section


def reproduce(record: Record) -> Html:
    """The section."""
    asked, told = record.run.request, record.environment
    length: Mapping[str, Any] = record.facts.get("length", {})
    recipe: Mapping[str, Any] = length.get("recipe", {})
    seeds = sorted({trial.seed for trial in record.trials})
    command = told.get("command")
    typed = shlex.join(["nas", *map(str, command[1:])]) if isinstance(command, list) and command else "not recorded"
    pairs: list[tuple[str, Child]] = [
        ("command", tag("code", typed)),
        ("data", asked.data or "the Fashion-MNIST sample of the package"),
        ("images", _images(record)),
        ("split", f"seed {asked.seed}; the validation split steers, the test split was not touched"),
        ("epochs", str(recipe.get("epochs", "not recorded"))),
        ("seeds of the trainings", ", ".join(map(str, seeds)) or "none"),
        ("seed of the strategy", str(asked.seed)),
        ("space", f"{asked.space}, SHA-256 {hashlib.sha256(asked.space_text.encode()).hexdigest()[:16]}"),
        ("limits", _limits(record)),
        ("workers", str(record.facts.get("workers", "not recorded"))),
        ("versions", _versions(told)),
        ("machine", _machine(told)),
        ("commit", str(told.get("commit") or "not recorded")),
    ]
    return section(
        "reproduce",
        "To do it again",
        facts(pairs),
        folded("The recipe", facts((name, str(value)) for name, value in recipe.items())) if recipe else "",
        folded("The space", tag("pre", asked.space_text)),
    )


def _images(record: Record) -> str:
    length = record.facts.get("length", {})
    shape = f", {'x'.join(map(str, record.input))}" if record.input else ""
    if not length:
        return f"not recorded{shape}"
    return f"{length['train']:,} for training in each epoch, {length['val']:,} for validation{shape}"


def _limits(record: Record) -> str:
    asked = record.run.request
    limits = [
        f"{value:,} {name}" for name, value in (("MACs", asked.max_macs), ("parameters", asked.max_params)) if value
    ]
    if asked.max_latency:
        limits.append(f"{asked.max_latency * 1000:g} ms for one image")
    return " and ".join(limits) or "none"


def _versions(told: Mapping[str, Any]) -> str:
    packages = told.get("packages")
    if not isinstance(packages, dict):
        return "not recorded"
    found = [f"{name} {version}" for name, version in packages.items() if version]
    return ", ".join([f"Python {told.get('python', '?')}", *found])


def _machine(told: Mapping[str, Any]) -> str:
    devices = told.get("devices")
    parts = [told.get("platform"), told.get("processor"), f"{told['cores']} cores" if "cores" in told else None]
    parts += devices if isinstance(devices, list) else []
    return ", ".join(str(part) for part in parts if part) or "not recorded"
