"""Settings: flags > environment > config.toml > defaults. Read at the top, and nowhere below."""

from wyoming_voiceclone.config.reading import default_settings, read_settings, user_config_file
from wyoming_voiceclone.config.settings import Settings, settings_type
from wyoming_voiceclone.config.template import config_toml

__all__ = [
    "Settings",
    "config_toml",
    "default_settings",
    "read_settings",
    "settings_type",
    "user_config_file",
]
