"""What a run was made with: versions, machine, devices and the commit of the source."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from nas.runs.storage import hidden

_PACKAGES = ("nas-space", "torch", "numpy", "optuna", "ray", "pandas")


def environment(devices: Sequence[str]) -> str:
    """The content of `environment.json`; what cannot be found out is null."""
    told = {
        "python": platform.python_version(),
        "packages": {package: _version(package) for package in _PACKAGES},
        "platform": platform.platform(),
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "devices": list(devices),
        "commit": _commit(),
        "command": list(map(hidden, sys.argv)),
    }
    return json.dumps(told, indent=2) + "\n"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def processor() -> str | None:
    """What the processor calls itself; None where that cannot be found out."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), None)


def _commit() -> str | None:
    """The commit of the checkout that this package lies in, "+" after it where files differ; None outside of one."""
    git = ["git", "-C", str(Path(__file__).parent)]
    try:
        commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True, timeout=10)
        changed = subprocess.run(
            [*git, "status", "--porcelain", "--untracked-files=no"],
            capture_output=True, text=True, check=True, timeout=10,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return commit.stdout.strip() + ("+" if changed.stdout else "")
