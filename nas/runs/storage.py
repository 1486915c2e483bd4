"""The database of a study, by its URL: opened, or said why not, and its password shown to nobody."""

import re
import weakref
from pathlib import Path
from typing import Any

import optuna
from sqlalchemy import URL, create_engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from nas.errors import RunError

_PATIENCE_S = 60.0
"""Who looks at a run while it goes on holds its file for a moment."""

_CONNECT_S = 10
"""Within so long a server answers, or is out of reach."""

_EXAMPLES = "for example postgresql://user@host/database or sqlite:////path/to/study.db"


def absolute(url: str) -> str:
    """The same database for a process in any folder: a relative path of SQLite's is relative to this one.

    Raises:
        RunError: it is no URL of a database.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return url
    return parsed.set(database=str(Path(str(parsed.database)).absolute())).render_as_string(hide_password=False)


def reach(url: str) -> None:
    """See that the database answers.

    Raises:
        RunError: the URL cannot be read, its driver is not installed, or no server answers that lets this user in.
    """
    parsed = _driven(_parsed(url))
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise RunError(f"a study is kept, got {url!r}", path="--storage", hint=_EXAMPLES)
        return
    engine = create_engine(parsed, **_options(parsed))
    try:
        engine.connect().close()
    except SQLAlchemyError as error:
        raise _out_of_reach(url, error) from None
    finally:
        engine.dispose()


def open_storage(url: str, *, new: bool) -> optuna.storages.RDBStorage:
    """Optuna's storage at a URL; its tables are made where `new`, unless they are there.

    Raises:
        RunError: as `reach`.
    """
    parsed = _driven(_parsed(url))
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        storage = optuna.storages.RDBStorage(
            parsed.render_as_string(hide_password=False), engine_kwargs=_options(parsed), skip_table_creation=not new
        )
    except SQLAlchemyError as error:
        if parsed.get_backend_name() == "sqlite":  # A file can be damaged; a server is there or not.
            raise
        raise _out_of_reach(url, error) from None
    weakref.finalize(storage, storage.engine.dispose)  # Its connections end with it.
    return storage


def file_url(file: Path) -> str:
    """The URL of an SQLite file."""
    return URL.create("sqlite", database=str(file)).render_as_string()


def hidden(text: str) -> str:
    """A text with `***` in place of the passwords of the URLs in it."""
    text = re.sub(r"(://[^:/@\s]*):[^@\s]*@", r"\1:***@", text)
    return re.sub(r"([?&]\w*password=)[^&\s]*", r"\1***", text)


def why(error: Exception) -> str:
    """The cause of an error in a line: what the database said, where Optuna only says that it said something."""
    return hidden(str(error.__cause__ or error).partition("\n")[0])


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise RunError(
            f"a storage is the URL of a database, got {hidden(url)!r}", path="--storage", hint=_EXAMPLES
        ) from None
    # Which driver SQLAlchemy takes for PostgreSQL depends on its version.
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername == "postgresql" else parsed


def _driven(url: URL) -> URL:
    """The URL, once its driver was loaded."""
    try:
        url.get_dialect().import_dbapi()
    except NoSuchModuleError:
        raise RunError(f"no kind of database is called {url.drivername!r}", path="--storage", hint=_EXAMPLES) from None
    except ImportError as error:
        postgresql = url.drivername == "postgresql+psycopg"
        raise RunError(
            f"{url.drivername} needs a library that is not installed: {error}",
            path="--storage",
            hint="pip install 'nas-space[postgresql]'" if postgresql else f"pip install {url.get_driver_name()}",
        ) from None
    return url


def _options(url: URL) -> dict[str, Any]:
    """For the engine."""
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": _PATIENCE_S}}
    # A server may have been started anew since the last epoch was recorded.
    options: dict[str, Any] = {"pool_pre_ping": True}
    if url.get_driver_name() == "psycopg" and "connect_timeout" not in url.query:
        options["connect_args"] = {"connect_timeout": _CONNECT_S}
    return options


def _out_of_reach(url: str, error: Exception) -> RunError:
    return RunError(
        f"the database must answer, but: {why(error)}",
        path=hidden(url),
        hint="does the server run, and may this user in? A password is best kept in ~/.pgpass",
    )
