import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import typer
from typer.main import get_command

from wyoming_voiceclone.backends.engine import installed_engines
from wyoming_voiceclone.commands import cli
from wyoming_voiceclone.config import config_toml, settings_type

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
_LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
_COMMAND = re.compile(r"^wyoming-voiceclone (.+?)(?:\s+#.*| >.*)?$", re.MULTILINE)


@pytest.fixture(autouse=True)
def _a_plain_home(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)


def test_config_toml_is_every_setting_at_its_default() -> None:
    template = config_toml(settings_type(installed_engines())())
    assert (ROOT / "config.toml").read_text("utf-8") == template, (
        "write it anew: wyoming-voiceclone config > config.toml"
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(page: Path) -> None:
    links = [link for link in _LINK.findall(page.read_text("utf-8")) if not urlsplit(link).scheme]
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing


def test_the_readmes_commands_and_flags_exist() -> None:
    commands = _COMMAND.findall((ROOT / "README.md").read_text("utf-8"))
    assert len(commands) >= 4
    for line in commands:
        words = line.split()
        command: Any = get_command(cli)
        while words and isinstance(command, typer.core.TyperGroup):
            command = command.commands[words.pop(0)]
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, line


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    group = get_command(cli)
    assert isinstance(group, typer.core.TyperGroup)
    assert not [name for name in group.commands if f"`{name}" not in readme]


def test_contributing_is_one_page() -> None:
    assert len((ROOT / "CONTRIBUTING.md").read_text("utf-8").splitlines()) <= 60
