"""From flags, environment and config.toml to one validated `Settings`."""

import json
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import ValidationError

from wyoming_voiceclone.backends.engine import Engine, installed_engines
from wyoming_voiceclone.config.environment import FILE_VARIABLE, from_variables, strange_variables
from wyoming_voiceclone.config.settings import APP, Settings, settings_type
from wyoming_voiceclone.errors import ConfigError
from wyoming_voiceclone.tables.mistakes import Source, sentences
from wyoming_voiceclone.tables.schema import Schema


def read_settings(
    flags: Mapping[str, Any] | None = None,
    file: Path | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    engines: Mapping[str, Engine] | None = None,
) -> Settings:
    """Merge and validate; raises one ConfigError that lists every mistake.

    `flags` are nested like the file: `{"server": {"port": 10200}}`; None in it means not given.
    """
    variables = os.environ if environment is None else environment
    model = settings_type(installed_engines() if engines is None else engines)
    sources = [Source("command line", _given(flags or {})), Source("", from_variables(variables))]
    if path := config_file(file, variables):
        sources.append(Source(str(path), _parse(path)))
    schema = Schema.of(model)
    if mistakes := [*strange_variables(variables, schema), *_mistakes(model, sources, schema)]:
        raise ConfigError("\n".join(mistakes))
    return _merged(model, sources, schema)


def _merged(model: type[Settings], sources: Sequence[Source], schema: Schema) -> Settings:
    """The first source wins."""
    merged: dict[str, Any] = {}
    for source in reversed(sources):
        _lay_over(merged, source.values)
    try:
        return model.model_validate(merged)
    except ValidationError as error:
        raise ConfigError("\n".join(sentences(error, sources, schema))) from None


def _mistakes(model: type[Settings], sources: Sequence[Source], schema: Schema) -> Iterator[str]:
    """Each source's own, also in what another source overrules."""
    for source in sources:
        try:
            if source.name in {"", "command line"}:  # where a number can only be text
                settings = model.model_validate(source.values)
            else:
                document = json.dumps(source.values, default=lambda day: [str(day)])
                settings = model.model_validate_json(document, strict=True)
        except ValidationError as error:
            if {mistake["type"] for mistake in error.errors()} != {"missing"}:  # or in another one
                yield from sentences(error, [source], schema)
        else:
            yield from _misspelled_engines(settings, source, schema)


def _misspelled_engines(settings: Settings, source: Source, schema: Schema) -> Iterator[str]:
    """A name like no engine's may be one that is not installed here: the app warns of it."""
    path = "router", "order"
    engines = schema.follow(("engines",))[1].keys
    for name in settings.router.order if source.holds(path) else ():
        if name not in engines and (near := get_close_matches(name, engines, n=1)):
            yield f'{source.label(path)}: "{name}" — did you mean "{near[0]}"?'


def default_settings(flags: Mapping[str, Any]) -> Settings:
    """As if there were neither a file nor an environment: for where those cannot be used."""
    return settings_type(installed_engines()).model_validate(_given(flags))


def config_file(file: Path | None, environment: Mapping[str, str]) -> Path | None:
    """The first of: the one named, the user's, the machine's; None when there is none."""
    if named := file or environment.get(FILE_VARIABLE):
        return Path(named).expanduser()
    # whatever is there, a folder or a dangling link, was meant: reading it tells what is wrong
    return next((path for path in _usual_places() if os.path.lexists(path)), None)


def user_config_file() -> Path:
    """Where people keep their own settings."""
    return platformdirs.user_config_path(APP) / "config.toml"


def _usual_places() -> Iterator[Path]:
    yield user_config_file()
    yield Path("/etc") / APP / "config.toml"


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}) — see --config") from error
    except ValueError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error


def _given(flags: Mapping[str, Any]) -> dict[str, Any]:
    """The flags without those that were not given."""
    given: dict[str, Any] = {}
    for key, value in flags.items():
        if isinstance(value, Mapping):
            if inner := _given(value):
                given[key] = inner
        elif value is not None:
            given[key] = value
    return given


def _lay_over(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    for key, value in above.items():
        if isinstance(value, Mapping) and isinstance(below.get(key), dict):
            _lay_over(below[key], value)
        else:
            below[key] = dict(value) if isinstance(value, Mapping) else value
