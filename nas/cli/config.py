"""What a configuration file says in place of flags: a section a command, flags as keys; a flag that is typed wins."""

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from nas.errors import NasError

_FILE = Path("nas.toml")
_PROJECT = Path("pyproject.toml")


class ConfigError(NasError):
    """A configuration file cannot be read, or says what no command takes."""


def _read(ctx: click.Context, parameter: click.Parameter, file: Path | None) -> None:
    """Make what the file says of this command its defaults."""
    if ctx.resilient_parsing:
        return
    said: dict[str, Any] = {}
    for path, sections in _sections(file):
        _check_sections(path, sections, ctx)
        said |= _defaults(ctx, f"{path}, [{ctx.info_name}]", sections.get(str(ctx.info_name), {}))
    ctx.default_map = said


option = click.Option(
    ["--config"],
    type=click.Path(path_type=Path),
    is_eager=True,
    expose_value=False,
    callback=_read,
    help="TOML file with a section a command, flags as keys.  [default: nas.toml, or [tool.nas] of pyproject.toml]",
)


def _sections(file: Path | None) -> list[tuple[Path, dict[str, Any]]]:
    """The sections of the file that is said; else those of the project here, then those of nas.toml here."""
    if file is not None:
        return [(file, _parsed(file))]
    found = []
    if _PROJECT.is_file() and "[tool.nas" in _text(_PROJECT):
        found.append((_PROJECT, _parsed(_PROJECT).get("tool", {}).get("nas", {})))
    if _FILE.is_file():
        found.append((_FILE, _parsed(_FILE)))
    return found


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ConfigError(f"the file cannot be read: {error.strerror}", path=str(file)) from None


def _parsed(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(file))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"a configuration is TOML, got: {error}", path=str(file)) from None


def _check_sections(path: Path, sections: dict[str, Any], ctx: click.Context) -> None:
    group = ctx.find_root().command
    known = group.list_commands(ctx) if isinstance(group, click.Group) else [str(ctx.info_name)]
    for name, section in sections.items():
        if name not in known:
            raise ConfigError(
                f"a section is called after a command, got [{name}]", path=str(path), hint=_near(name, known)
            )
        if not isinstance(section, dict):
            raise ConfigError(f"a command has a section, got {name} = {section!r}", path=str(path), hint=f"[{name}]")


def _defaults(ctx: click.Context, path: str, section: dict[str, Any]) -> dict[str, Any]:
    """What a section says, checked, under the names of parameters."""
    options = {
        flag.removeprefix("--"): parameter
        for parameter in ctx.command.params
        if isinstance(parameter, click.Option) and parameter is not option
        for flag in parameter.opts
        if flag.startswith("--")
    }
    said: dict[str, Any] = {}
    for key, value in section.items():
        if key not in options:
            raise ConfigError(f"nas {ctx.info_name} has no flag --{key}", path=path, hint=_near(key, options))
        parameter, name = options[key], str(options[key].name)
        if parameter.is_flag and not isinstance(value, bool):
            raise ConfigError(f"{key} is true or false, got {value!r}", path=path)
        if parameter.is_flag and not parameter.is_bool_flag:
            said[name] = (*said.get(name, ()), *([parameter.flag_value] if value else []))
            continue
        try:
            parameter.type_cast_value(ctx, value)
        except click.BadParameter as error:
            raise ConfigError(f"{key} = {value!r}: {error.message}", path=path) from None
        except NasError as error:
            raise ConfigError(f"{key} = {value!r}: {error.rule}", path=path, hint=error.hint) from None
        said[name] = value
    return said


def _near(name: str, known: Any) -> str:
    near = get_close_matches(name.replace("_", "-"), known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known))}"
