"""TOML files written for people: each key explained, or only the bare values."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Any

from wyoming_voiceclone.tables.schema import KeyPath, Schema


@dataclass(frozen=True, slots=True)
class Style:
    explained: bool
    """Whether each key comes with what it means."""
    is_off: Callable[[KeyPath], bool]
    """Whether a key stands behind a #."""


def table(values: Mapping[str, Any], schema: Schema, style: Style) -> Iterator[str]:
    """The lines of a file that holds `values`."""
    return _table((), values, schema, style)


def prose(text: str) -> Iterator[str]:
    """Paragraphs as comments."""
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            yield "#"
        yield from wrap(
            paragraph, 100, break_on_hyphens=False, initial_indent="# ", subsequent_indent="# "
        )


def _table(path: KeyPath, values: Mapping[str, Any], schema: Schema, style: Style) -> Iterator[str]:
    for key, value in values.items():
        here, inner = (*path, key), schema.get(key)
        if isinstance(value, dict) and inner is not None:
            yield from _header(here, value, inner, style)
            yield from _table(here, value, inner, style)
            continue
        if style.explained and inner is not None:
            yield from prose(inner.description)
        off = style.is_off(here) or value is None
        yield f"{'#' if off else ''}{key} = {_toml(value)}".rstrip()


def _header(
    path: KeyPath, values: Mapping[str, Any], schema: Schema, style: Style
) -> Iterator[str]:
    """Nothing for a table that only holds tables."""
    if schema.description or not all(isinstance(value, dict) for value in values.values()):
        yield ""
        yield from prose(schema.description) if style.explained else ()
        yield f"[{'.'.join(map(_key, path))}]"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def _toml(value: Any) -> str:
    match value:
        case None:
            return ""  # TOML has no word for it: the key is left out
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case dict():
            pairs = (f"{_key(key)} = {_toml(inner)}" for key, inner in value.items())
            return f"{{ {', '.join(pairs)} }}"
        case str():
            home = f"{Path.home()}/"
            shown = f"~/{value.removeprefix(home)}" if value.startswith(home) else value
            return json.dumps(shown, ensure_ascii=False)
        case _:
            return json.dumps(value)
