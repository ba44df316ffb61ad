"""Handshake: inside TLS, before anything else, both sides prove that they have the same key.

    box  → challenge {version, nonce}
    home → proof {key, nonce, proof: HMAC(secret, "home" ‖ both nonces ‖ fingerprint)}
    box  → welcome {proof: HMAC(secret, "box" ‖ the same)}     or error not-paired, and the end

Nonces are never used twice, so nothing recorded opens anything; the fingerprint is the one that
this connection showed, so nothing passed on does either.
"""

import asyncio
import hmac
import secrets
from collections.abc import Callable
from typing import Any

from wyoming.error import Error
from wyoming.event import Event

from wyoming_voiceclone.boxes.pairing_key import PairingKey
from wyoming_voiceclone.errors import BackendUnavailable, ProtocolError
from wyoming_voiceclone.wire import Bounds, EventReader, EventWriter, PeerGone

VERSION = 1
CHALLENGE = "voiceclone-challenge"
PROOF = "voiceclone-proof"
WELCOME = "voiceclone-welcome"
NOT_PAIRED = "not-paired"
WITHIN_S = 5.0
_NONCE_BYTES = 32
_WRONG_S = 0.5
"""Whoever guesses waits so long for each answer."""


class Refused(BackendUnavailable):
    """The box does not know our key, or is not the one that we know: pairing helps."""


BOUNDS = Bounds(header_bytes=1024, data_bytes=1024, payload_bytes=0, json_depth=2, event_s=WITHIN_S)
"""Of a peer that nobody knows yet."""


class NotPaired(ProtocolError):
    """A peer that has not proved to be who it should be."""


async def admit(
    reader: EventReader,
    writer: EventWriter,
    fingerprint: bytes,
    secret_of: Callable[[str], bytes | None],
) -> str:
    """The box's side: the id of the key that the home has proved to have.

    `secret_of` may block. Raises NotPaired, ProtocolError, PeerGone, TimeoutError.
    """
    own = secrets.token_bytes(_NONCE_BYTES)
    await writer.write(Event(CHALLENGE, {"version": VERSION, "nonce": own.hex()}))
    event = await _next(reader, PROOF)
    key_id, nonce, proof = (_text(event.data, name) for name in ("key", "nonce", "proof"))
    secret = await asyncio.to_thread(secret_of, key_id)
    # a key that does not exist takes as long as a wrong one
    expected = _proof(secret or own, "home", own, _nonce(nonce), fingerprint)
    if not hmac.compare_digest(expected, proof) or secret is None:
        await asyncio.sleep(_WRONG_S)
        await writer.write(Error(text="this home is not paired here", code=NOT_PAIRED).event())
        raise NotPaired("a peer without a valid pairing key")
    welcome = {"proof": _proof(secret, "box", own, _nonce(nonce), fingerprint)}
    await writer.write(Event(WELCOME, welcome))
    return key_id


async def enter(name: str, reader: EventReader, writer: EventWriter, key: PairingKey) -> None:
    """The home's side. Raises Refused when the box wants another key, else as `admit`.

    The connection must be one to `key.fingerprint`.
    """
    event = await _next(reader, CHALLENGE)
    if event.data.get("version") != VERSION:
        raise ProtocolError("the box speaks another version — update the older of the two")
    theirs, own = _nonce(_text(event.data, "nonce")), secrets.token_bytes(_NONCE_BYTES)
    proof = _proof(key.secret, "home", theirs, own, key.fingerprint)
    await writer.write(
        Event(PROOF, {"key": key.key_id, "nonce": own.hex(), "proof": proof}),
    )
    event = await _next(reader, WELCOME, "error")
    if Error.is_type(event.type):
        fact = "does not accept our pairing key any more"
        raise Refused(f"{name}: {fact} — pair it again: `boxes pair` there and here")
    expected = _proof(key.secret, "box", theirs, own, key.fingerprint)
    if not hmac.compare_digest(expected, _text(event.data, "proof")):
        raise NotPaired(f"{name}: could not prove to be the box that we were paired with")


async def _next(reader: EventReader, *kinds: str) -> Event:
    event = await reader.read(WITHIN_S)
    if event is None:
        raise PeerGone("the connection ended inside the handshake")
    if event.type not in kinds:
        raise NotPaired(f"{event.type!r:.40} instead of {kinds[0]}")
    return event


def _proof(secret: bytes, side: str, box: bytes, home: bytes, fingerprint: bytes) -> str:
    content = b"\0".join([b"voiceclone", str(VERSION).encode(), side.encode()])
    return hmac.new(secret, content + b"\0" + box + home + fingerprint, "sha256").hexdigest()


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value.isascii() or len(value) > 128:
        raise NotPaired(f"{key} is missing or no short text")
    return value


def _nonce(text: str) -> bytes:
    try:
        nonce = bytes.fromhex(text)
    except ValueError:
        nonce = b""
    if len(nonce) != _NONCE_BYTES:
        raise NotPaired("a nonce is not what it should be")
    return nonce
