"""A headless Chromium, for tests that look at a page as a person does."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--window-size=1100,1400",
)


def chromium(page: Path, *asked: str) -> str:
    """What Chromium prints when it opens a page, without a network; skips the test where there is none.

    Args:
        page: The file.
        asked: Flags, as `--dump-dom`.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    profile = f"--user-data-dir={page.parent / 'profile'}"
    command = [program, *_FLAGS, profile, *asked, page.resolve().as_uri()]
    environment = {**os.environ, "HOME": str(page.parent)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, env=environment)
    return done.stdout
