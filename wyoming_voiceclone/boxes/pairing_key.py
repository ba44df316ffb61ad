"""Pairing key: one string that a box prints, and that is pasted at home once."""

import base64
import binascii
import re
import secrets
import zlib
from dataclasses import dataclass, field

from wyoming_voiceclone.boxes.certificate import FINGERPRINT_BYTES
from wyoming_voiceclone.errors import ConfigError

_PREFIX = "VC1"
_ID_BYTES, _SECRET_BYTES, _SUM_BYTES = 4, 20, 4
_BYTES = _ID_BYTES + _SECRET_BYTES + FINGERPRINT_BYTES + _SUM_BYTES
_GROUP = 8


@dataclass(frozen=True, slots=True)
class PairingKey:
    """Whom to trust, and how to be trusted."""

    key_id: str
    """Which of the box's keys it is; hex. No secret."""
    secret: bytes = field(repr=False)
    fingerprint: bytes = field(repr=False)
    """Of the box's certificate."""

    @property
    def box_id(self) -> str:
        return self.fingerprint.hex()[:16]

    def text(self) -> str:
        """What people paste."""
        content = bytes.fromhex(self.key_id) + self.secret + self.fingerprint
        content += zlib.crc32(content).to_bytes(_SUM_BYTES, "big")
        letters = base64.b32encode(content).decode().rstrip("=")
        groups = [letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP)]
        return "-".join([_PREFIX, *groups])


def new_key(fingerprint: bytes) -> PairingKey:
    """A key that nobody has had before."""
    return PairingKey(secrets.token_hex(_ID_BYTES), secrets.token_bytes(_SECRET_BYTES), fingerprint)


def parse_key(text: str) -> PairingKey:
    """A key as pasted: spaces, line breaks and small letters do no harm. Raises ConfigError."""
    letters = re.sub(r"[\s-]", "", text).upper()
    if not letters.startswith(_PREFIX):
        raise ConfigError(f"this is no pairing key — it begins with {_PREFIX}; copy it whole")
    letters = letters.removeprefix(_PREFIX)
    try:
        content = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except binascii.Error:
        content = b""
    body, checksum = content[:-_SUM_BYTES], content[-_SUM_BYTES:]
    if len(content) != _BYTES or zlib.crc32(body) != int.from_bytes(checksum, "big"):
        raise ConfigError("the pairing key has a mistake in it, or is not whole — copy it again")
    secret, fingerprint = body[_ID_BYTES:-FINGERPRINT_BYTES], body[-FINGERPRINT_BYTES:]
    return PairingKey(body[:_ID_BYTES].hex(), secret, fingerprint)
