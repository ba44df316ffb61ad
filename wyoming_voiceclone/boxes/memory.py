"""What a box offered when it was met last: so that its voices are there while it sleeps."""

import logging
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from wyoming_voiceclone.boxes.dialer import Address
from wyoming_voiceclone.boxes.messages import Offer
from wyoming_voiceclone.lru_folder import replace_file

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Met:
    """The box as it was."""

    offer: Offer
    address: Address
    """Where it was reached."""
    at: float
    """When; seconds since 1970."""


_MET = TypeAdapter(Met)


class BoxMemory:
    """Kept in `folder`, by box id; losing it costs nothing but the time until the next contact."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def recall(self, box_id: str) -> Met | None:
        """Blocks."""
        try:
            return _MET.validate_json(self._path(box_id).read_bytes())
        except (OSError, ValidationError):
            return None

    def keep(self, box_id: str, met: Met) -> None:
        """Blocks."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            replace_file(self._path(box_id), _MET.dump_json(met))
        except OSError as error:
            _LOGGER.debug("%s cannot be kept (%s)", self._path(box_id), error)

    def drop(self, box_id: str) -> None:
        """Blocks."""
        self._path(box_id).unlink(missing_ok=True)

    def _path(self, box_id: str) -> Path:
        return self._folder / f"{box_id}.json"
