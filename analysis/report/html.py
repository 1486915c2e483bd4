"""HTML and SVG that cannot be injected into: whatever is not markup made here is escaped."""

from collections.abc import Iterable
from html import escape
from typing import TypeAlias

Attribute: TypeAlias = str | float | bool | None


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


Child: TypeAlias = "str | Iterable[Child]"
_VOID = frozenset({"img", "meta", "br"})


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Html:
    """An element.

    Args:
        name: Of the element.
        children: Markup stands as it is, other text is escaped.
        attributes: `class_` is `class`, `data_trial` is `data-trial`; True stands without a value, False and None for
            nothing.
    """
    told = "".join(
        f" {_name(key)}" if value is True else f' {_name(key)}="{escape(_text(value))}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Html(f"<{name}{told}>" if name in _VOID else f"<{name}{told}>{together(*children)}</{name}>")


def together(*children: Child) -> Html:
    """Markup side by side; other text is escaped."""
    return Html("".join(_markup(child) for child in children))


def _markup(child: Child) -> str:
    if isinstance(child, Html):
        return child
    return escape(child) if isinstance(child, str) else together(*child)


def _name(key: str) -> str:
    return key.removesuffix("_").replace("_", "-") if key not in ("viewBox", "preserveAspectRatio") else key


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
