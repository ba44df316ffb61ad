"""Keyring: which homes may use this box."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from wyoming_voiceclone.boxes.certificate import Certificate, own_certificate, write_private
from wyoming_voiceclone.boxes.pairing_key import PairingKey, new_key
from wyoming_voiceclone.errors import ConfigError

_MOST = 100


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    home: str
    secret: str
    made: str


_ENTRIES = TypeAdapter(dict[str, _Entry])


@dataclass(frozen=True, slots=True)
class Home:
    """Who was given a key."""

    key_id: str
    name: str
    made: str
    """When; ISO 8601."""


class Keyring:
    """The keys in `folder`, read anew for every peer: a revoked key is refused at once."""

    def __init__(self, folder: Path) -> None:
        """Blocks. Raises ConfigError."""
        self.certificate: Certificate = own_certificate(folder)
        self._path = folder / "keys.json"

    def homes(self) -> list[Home]:
        """Blocks. Raises ConfigError."""
        entries = self._read().items()
        return [Home(key_id, entry.home, entry.made) for key_id, entry in entries]

    def secret(self, key_id: str) -> bytes | None:
        """None for a key that was never given, or taken back. Blocks. Raises ConfigError."""
        entry = self._read().get(key_id)
        return bytes.fromhex(entry.secret) if entry else None

    def issue(self, home: str) -> PairingKey:
        """A key for a home; one that it had is of no use any more. Blocks. Raises ConfigError."""
        entries = {k: e for k, e in self._read().items() if e.home != home}
        if len(entries) >= _MOST:
            raise ConfigError(f"{len(entries)} homes are paired — revoke one of them first")
        key = new_key(self.certificate.fingerprint)
        made = datetime.now(UTC).isoformat(timespec="seconds")
        entries[key.key_id] = _Entry(home=home, secret=key.secret.hex(), made=made)
        self._write(entries)
        return key

    def revoke(self, home: str) -> bool:
        """Take back the key of a home, by its name or its key's id; False if it had none. Blocks.

        Raises ConfigError.
        """
        entries = self._read()
        left = {k: e for k, e in entries.items() if home not in {k, e.home}}
        if len(left) < len(entries):
            self._write(left)
        return len(left) < len(entries)

    def _read(self) -> dict[str, _Entry]:
        try:
            return _ENTRIES.validate_json(self._path.read_bytes(), strict=True)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ConfigError(f"{self._path}: {error.strerror} — make it readable") from error
        except ValidationError as error:
            remedy = "delete it and pair every home again"
            raise ConfigError(f"{self._path}: damaged — {remedy}") from error

    def _write(self, entries: Mapping[str, _Entry]) -> None:
        told = {key_id: entry.model_dump() for key_id, entry in entries.items()}
        try:
            write_private(self._path, json.dumps(told, indent=1).encode())
        except OSError as error:
            raise ConfigError(f"{self._path}: {error.strerror} — make it writable") from error
