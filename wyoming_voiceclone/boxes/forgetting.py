"""Forgetting: which removed recordings each box still has to be told of.

One empty file for each, `<data>/forget/<box id>/<digest>`: nothing has to be merged when the
server and a command write at once.
"""

import logging
import re
import shutil
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from wyoming_voiceclone.boxes.known import KnownBoxes
from wyoming_voiceclone.errors import ConfigError

_LOGGER = logging.getLogger(__name__)

_DIGEST = re.compile(r"[0-9a-f]{64}")
_MOST = 10_000
"""Of one box that never comes back."""


class Forgetting:
    """Kept in the data folder. All of it blocks."""

    def __init__(self, data: Path) -> None:
        self._folder, self._known = data / "forget", KnownBoxes(data)

    def removed(self, digests: Collection[str]) -> None:
        """Every box that is paired is to be told that these recordings are gone."""
        try:
            self.add([box.key.box_id for box in self._known.read()], digests)
        except (OSError, ConfigError) as error:
            remedy = "restart your boxes: they keep voices in memory only"
            _LOGGER.warning("boxes may not be told whom to forget (%s) — %s", error, remedy)

    def add(self, boxes: Iterable[str], digests: Collection[str]) -> None:
        """Every one of these boxes (ids) is to be told. Raises OSError."""
        for box_id in boxes:
            folder = self._folder / box_id
            folder.mkdir(parents=True, exist_ok=True)
            for digest in filter(_DIGEST.fullmatch, digests):
                (folder / digest).touch()

    def pending(self, box_id: str) -> list[str]:
        """What a box has to be told; nothing where that cannot be read."""
        with suppress(OSError):
            found = [path.name for path in (self._folder / box_id).iterdir()]
            return sorted(filter(_DIGEST.fullmatch, found))[:_MOST]
        return []

    def told(self, box_id: str, digests: Iterable[str]) -> None:
        for digest in digests:
            (self._folder / box_id / digest).unlink(missing_ok=True)

    def drop(self, box_id: str) -> None:
        """A box that is none of ours any more is not told."""
        shutil.rmtree(self._folder / box_id, ignore_errors=True)
