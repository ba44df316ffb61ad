"""KnownBoxes: the boxes that this home was paired with."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from wyoming_voiceclone.boxes.certificate import write_private
from wyoming_voiceclone.boxes.dialer import Address, address_in
from wyoming_voiceclone.boxes.pairing_key import PairingKey, parse_key
from wyoming_voiceclone.errors import ConfigError

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_MOST = 100


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    key: str
    address: str = ""


_ENTRIES = TypeAdapter(dict[str, _Entry])


@dataclass(frozen=True, slots=True)
class KnownBox:
    name: str
    """What people here call it: `gpu`; its engines are then `csm@gpu`."""
    key: PairingKey
    address: Address | None = None
    """Where it is, if mDNS does not tell."""


class KnownBoxes:
    """`<data>/boxes.json`, for us alone; read anew whenever it has changed."""

    def __init__(self, data: Path) -> None:
        self._path = data / "boxes.json"

    def stamp(self) -> tuple[int, ...]:
        """Changes when the file does. Blocks."""
        try:
            about = self._path.stat()
        except OSError:
            return ()
        return about.st_ino, about.st_mtime_ns, about.st_size

    def read(self) -> list[KnownBox]:
        """Blocks. Raises ConfigError."""
        try:
            entries = _ENTRIES.validate_json(self._path.read_bytes(), strict=True)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ConfigError(f"{self._path}: {error.strerror} — make it readable") from error
        except ValidationError as error:
            remedy = "delete it and pair every box again"
            raise ConfigError(f"{self._path}: damaged — {remedy}") from error
        return [_known(name, entry) for name, entry in entries.items()]

    def find(self, name: str) -> KnownBox:
        """By its name or its id. Blocks. Raises ConfigError, with those there are."""
        boxes = self.read()
        for box in boxes:
            if name in {box.name, box.key.box_id}:
                return box
        have = ", ".join(box.name for box in boxes) or "none — pair one: `boxes pair KEY`"
        raise ConfigError(f"{name}: no box is called that here — have {have}")

    def add(self, box: KnownBox) -> None:
        """Keep it; another pairing with the same box is replaced. Blocks. Raises ConfigError."""
        if not _NAME.fullmatch(box.name):
            rule = "small letters, digits, - and _, up to 32"
            raise ConfigError(f"{box.name!r}: cannot be the name of a box — use {rule}")
        others = [one for one in self.read() if one.key.box_id != box.key.box_id]
        if any(one.name == box.name for one in others):
            raise ConfigError(f"{box.name} is another box already — give it one with --name")
        if len(others) >= _MOST:
            raise ConfigError(f"{len(others)} boxes are paired — forget one of them first")
        self._write([*others, box])

    def forget(self, name: str) -> KnownBox:
        """Blocks. Raises ConfigError."""
        gone = self.find(name)
        self._write([one for one in self.read() if one.name != gone.name])
        return gone

    def _write(self, boxes: Sequence[KnownBox]) -> None:
        told = {
            box.name: {"key": box.key.text(), "address": str(box.address or "")} for box in boxes
        }
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_private(self._path, json.dumps(told, indent=1).encode())
        except OSError as error:
            raise ConfigError(f"{self._path}: {error.strerror} — make it writable") from error


def _known(name: str, entry: _Entry) -> KnownBox:
    return KnownBox(name, parse_key(entry.key), address_in(entry.address))


def name_from(text: str) -> str:
    """A name for a box from what it calls itself: `Big Box` is big-box. "" if nothing is left."""
    return re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-_")[:32]
