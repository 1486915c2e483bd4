"""A PostgreSQL of the tests' own: on a socket and the loopback address, gone afterwards."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PASSWORD = "correct-horse"
_WITHIN_S = 30


class AbsentError(Exception):
    """PostgreSQL is not installed, or does not start."""


@contextmanager
def postgresql() -> Iterator[int]:
    """The port of a server on 127.0.0.1 that lets the user `nas` in with `PASSWORD`, and holds a database `nas`.

    Raises:
        AbsentError: it is not installed, or does not start.
    """
    binaries = _binaries()
    home = Path(tempfile.mkdtemp(prefix="pg"))
    try:
        user = _unprivileged(home)
        (home / "password").write_text(PASSWORD)
        shown = {"capture_output": True, "text": True, "timeout": _WITHIN_S, "cwd": home, **user}
        words = (
            "--pgdata data --username nas --pwfile password --auth scram-sha-256 --no-sync --encoding UTF8 --locale C"
        )
        made = subprocess.run([binaries / "initdb", *words.split()], **shown)
        if made.returncode:
            raise AbsentError(f"PostgreSQL makes no database: {made.stderr.strip()}")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        settings = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={home}", "fsync=off"]
        server = subprocess.Popen(
            [binaries / "postgres", "-D", home / "data", *(word for each in settings for word in ("-c", each))],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=home, **user,
        )  # fmt: skip
        try:
            _make_database(binaries / "createdb", server, port)
            yield port
        finally:
            server.terminate()
            server.wait(_WITHIN_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise AbsentError(f"PostgreSQL does not start: {error}") from error
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _binaries() -> Path:
    """Where PostgreSQL's programs lie; Debian keeps them apart by version."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    if not folders:
        raise AbsentError("PostgreSQL is not installed")
    return folders[-1]


def _unprivileged(home: Path) -> dict[str, Any]:
    """For `subprocess`: another user than root, whom PostgreSQL refuses, and who is given `home`."""
    if os.geteuid():
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(home, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _make_database(createdb: Path, server: "subprocess.Popen[bytes]", port: int) -> None:
    """As soon as the server is ready; at first it listens and refuses."""
    end, made = time.monotonic() + _WITHIN_S, None
    while server.poll() is None and time.monotonic() < end:
        made = subprocess.run(
            [createdb, "-h", "127.0.0.1", "-p", str(port), "-U", "nas", "nas"],
            env={**os.environ, "PGPASSWORD": PASSWORD}, capture_output=True, text=True, timeout=_WITHIN_S,
        )  # fmt: skip
        if not made.returncode:
            return
        time.sleep(0.1)
    raise AbsentError(f"PostgreSQL does not start: {made.stderr.strip() if made else 'it ended'}")
