"""What is wrong with a file of settings, said so that it can be put right."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from wyoming_voiceclone.tables.schema import KeyPath, Schema

ENVIRONMENT_PREFIX = "WYOMING_VOICECLONE_"
_UNKNOWN = {"extra_forbidden", "unexpected_keyword_argument"}
_RANGE = {"greater_than_equal", "less_than_equal"}
_CALLED_HERE = {
    "a valid tuple": "a list",
    "a valid array": "a list",
    "a valid dictionary": "a table",
    "an object": "a table",
}
"""What pydantic calls things in Python and in JSON, and TOML otherwise."""


@dataclass(frozen=True, slots=True)
class Source:
    """One place that settings come from."""

    name: str
    """`config.toml`, `command line`; "" = the environment, where the variable names itself."""
    values: Mapping[str, Any]
    bracketed: bool = True
    """Whether the first step of a path is a table's name: `[server] port`, not `port`."""

    def holds(self, path: KeyPath) -> bool:
        inside: Any = self.values
        for step in path:
            if not isinstance(inside, Mapping) or step not in inside:
                return False
            inside = inside[step]
        return True

    def label(self, path: KeyPath) -> str:
        """The setting's name as this source writes it: `config.toml: [server] port`."""
        return f"{self.name}: {self.called(path)}" if self.name else self.called(path)

    def called(self, path: KeyPath) -> str:
        if not self.name:
            return ENVIRONMENT_PREFIX + "__".join(path).upper()
        return _bracketed(path) if self.bracketed else ".".join(path)


def sentences(error: ValidationError, sources: Sequence[Source], schema: Schema) -> Iterator[str]:
    """One line per mistake: the source, the setting, the fact, the remedy."""
    for mistake in error.errors(include_url=False):
        path, here = schema.follow(mistake["loc"])
        unknown = mistake["type"] in _UNKNOWN
        if unknown:
            path = (*path, str(mistake["loc"][len(path)]))
        source = next((one for one in sources if one.holds(path)), sources[-1])
        fact = _unknown(path, source, schema, here) if unknown else _wrong(mistake, here)
        yield f"{source.label(path)}: {fact}"


def _unknown(path: KeyPath, source: Source, schema: Schema, here: Schema) -> str:
    *above, key = path
    kind = "key" if above or not source.bracketed else "table"
    if near := get_close_matches(key, here.keys, n=1):
        meant: KeyPath = (*above, near[0])
        beside = source.name and kind == "key"
        called = f'"{near[0]}"' if beside else source.called(meant)
        return f"unknown {kind} — did you mean {called}?"
    elsewhere = {candidate[-1]: candidate for candidate in schema.paths()}
    if near := get_close_matches(key, elsewhere, n=1):
        return f"unknown {kind} — did you mean {source.called(elsewhere[near[0]])}?"
    return f"unknown {kind} — there are {', '.join(here.keys)}"


def _wrong(mistake: ErrorDetails, here: Schema) -> str:
    if mistake["type"] in _RANGE and here.range:
        rule = f"should be {here.range}"
    else:
        rule = mistake["msg"].removeprefix("Value error, ").replace("Input should", "should")
        rule = rule.partition(", unable to parse")[0].replace("'", '"')
        for theirs, ours in _CALLED_HERE.items():
            rule = rule.replace(theirs, ours)
    return f"{_shown(mistake['input'])} — {rule}"


def _bracketed(path: KeyPath) -> str:
    *table, key = path
    return f"[{'.'.join(table)}] {key}" if table else f"[{key}]"


def _shown(value: Any) -> str:
    shown = json.dumps(value, default=str, ensure_ascii=False)
    return shown if len(shown) <= 60 else shown[:59] + "…"
