"""Every setting, explained and at its default, as a config.toml."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any

from wyoming_voiceclone.config.settings import Settings
from wyoming_voiceclone.tables.schema import KeyPath, Schema

_HEAD = """\
Every setting of wyoming-voiceclone, at its default. Take away the # before the ones to change.

The file is ~/.config/wyoming-voiceclone/config.toml, else /etc/wyoming-voiceclone/config.toml, \
or the one named with --config or in WYOMING_VOICECLONE_CONFIG. What stands here is overruled by \
environment variables (WYOMING_VOICECLONE_SERVER__PORT=10201), and those by flags (--port 10201). \
`wyoming-voiceclone config` prints this file, with `--mine` the settings in effect.
"""


def config_toml(settings: Settings, *, commented: bool = True) -> str:
    """The settings as a config.toml; `commented`: each line switched off and explained."""
    lines = [*_prose(_HEAD)] if commented else []
    values = settings.model_dump(mode="json")
    lines += _table((), values, Schema.of(type(settings)), commented)
    return "\n".join(lines).strip() + "\n"


def _table(
    path: KeyPath, values: Mapping[str, Any], schema: Schema, commented: bool
) -> Iterator[str]:
    for key, value in values.items():
        inner = schema.get(key)
        if isinstance(value, dict) and inner is not None:
            yield from _header((*path, key), value, inner, commented)
            yield from _table((*path, key), value, inner, commented)
            continue
        if commented and inner is not None:
            yield from _prose(inner.description)
        yield f"{'#' if commented or value is None else ''}{key} = {_toml(value)}".rstrip()


def _header(
    path: KeyPath, values: Mapping[str, Any], schema: Schema, commented: bool
) -> Iterator[str]:
    """Nothing for a table that only holds tables."""
    if schema.description or not all(isinstance(value, dict) for value in values.values()):
        yield ""
        yield from _prose(schema.description) if commented else ()
        yield f"[{'.'.join(map(_key, path))}]"


def _prose(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            yield "#"
        yield from wrap(
            paragraph, 100, break_on_hyphens=False, initial_indent="# ", subsequent_indent="# "
        )


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
