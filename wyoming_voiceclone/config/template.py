"""Every setting, explained and at its default, as a config.toml."""

from wyoming_voiceclone.config.settings import Settings
from wyoming_voiceclone.tables.schema import Schema
from wyoming_voiceclone.tables.writing import Style, prose, table

_HEAD = """\
Every setting of wyoming-voiceclone, at its default. Take away the # before the ones to change.

The file is ~/.config/wyoming-voiceclone/config.toml, else /etc/wyoming-voiceclone/config.toml, \
or the one named with --config or in WYOMING_VOICECLONE_CONFIG. What stands here is overruled by \
environment variables (WYOMING_VOICECLONE_SERVER__PORT=10201), and those by flags (--port 10201). \
`wyoming-voiceclone config` prints this file, with `--mine` the settings in effect.
"""


def config_toml(settings: Settings, *, commented: bool = True) -> str:
    """The settings as a config.toml; `commented`: each line switched off and explained."""
    lines = [*prose(_HEAD)] if commented else []
    values = settings.model_dump(mode="json")
    style = Style(explained=commented, is_off=lambda _: commented)
    lines += table(values, Schema.of(type(settings)), style)
    return "\n".join(lines).strip() + "\n"
