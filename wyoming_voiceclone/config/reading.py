"""From flags, environment and config.toml to one validated `Settings`."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import ValidationError

from wyoming_voiceclone.backends.engine import Engine, installed_engines
from wyoming_voiceclone.config.settings import APP, Settings, settings_type
from wyoming_voiceclone.errors import ConfigError
from wyoming_voiceclone.tables.mistakes import ENVIRONMENT_PREFIX, Source, sentences
from wyoming_voiceclone.tables.schema import Schema

FILE_VARIABLE = ENVIRONMENT_PREFIX + "CONFIG"


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
    sources = [Source("command line", _given(flags or {})), Source("", _from(variables))]
    if path := config_file(file, variables):
        sources.append(Source(str(path), _parse(path)))
    merged: dict[str, Any] = {}
    for source in reversed(sources):
        _lay_over(merged, source.values)
    try:
        return model.model_validate(merged)
    except ValidationError as error:
        raise ConfigError("\n".join(sentences(error, sources, Schema.of(model)))) from None


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


def _from(variables: Mapping[str, str]) -> dict[str, Any]:
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
