"""Settings in environment variables."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from wyoming_voiceclone.errors import ConfigError
from wyoming_voiceclone.tables.mistakes import ENVIRONMENT_PREFIX, Source
from wyoming_voiceclone.tables.schema import Schema

FILE_VARIABLE = ENVIRONMENT_PREFIX + "CONFIG"
_SET_BY_OTHERS = re.compile(r"SERVICE_(HOST|PORT)(_.*)?|PORT_\d+_(TCP|UDP|SCTP)(_.*)?|ENV_.*")
"""What Kubernetes and Docker links set for a service of our name; PORT and NAME are addresses."""
_LIKE = 0.8
"""How alike a name has to be: others' variables with our prefix are none of our business."""


def from_variables(variables: Mapping[str, str]) -> dict[str, Any]:
    """`WYOMING_VOICECLONE_SERVER__PORT=1` as `{"server": {"port": "1"}}`.

    Only names with two underscores: Kubernetes and Docker set others with our prefix themselves.
    """
    values: dict[str, Any] = {}
    for name, value in variables.items():
        if name.startswith(ENVIRONMENT_PREFIX) and "__" in name and value:
            *tables, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
            inner = values
            for table in tables:
                inner = inner.setdefault(table, {})
            inner[key] = _value(name, value)
    return values


def _value(name: str, text: str) -> Any:
    if not text.startswith(("[", "{")):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f'{name}: {text} — not a list; write ["a", "b"]') from error


def strange_variables(variables: Mapping[str, str], schema: Schema) -> Iterator[str]:
    """Those that were meant as settings and are none, for want of two underscores."""
    names = {"_".join(path): path for path in schema.paths()}
    for path in sorted(schema.paths(), key=len):
        names.setdefault(path[-1], path)  # of several, the least deep is meant, then the first
    environment = Source("", {})
    for name, value in variables.items():
        key = name.removeprefix(ENVIRONMENT_PREFIX)
        if key == name or "__" in key or name == FILE_VARIABLE or not value:
            continue
        if _SET_BY_OTHERS.fullmatch(key) or "://" in value or value.startswith("/"):
            continue
        if near := get_close_matches(key.lower(), names, n=1, cutoff=_LIKE):
            meant = environment.called(names[near[0]])
            yield f"{name}: unknown setting — did you mean {meant}?"
