from pathlib import Path

import pytest
from people import drop


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    drop(tmp_path / "voices", "grandma", 300, 'aliases = ["oma"]')
    drop(tmp_path / "voices", "grandpa", 150, 'languages = ["de-DE"]\nspeed = 2.0')
    return tmp_path / "voices"
