"""Who is not paired learns nothing, whatever they try."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from wyoming.event import Event

from wyoming_voiceclone.boxes import handshake
from wyoming_voiceclone.boxes.handshake import NotPaired, admit, enter
from wyoming_voiceclone.boxes.keyring import Keyring
from wyoming_voiceclone.boxes.pairing_key import PairingKey
from wyoming_voiceclone.errors import BackendUnavailable, ProtocolError
from wyoming_voiceclone.wire import EventReader, EventWriter, encode


class Door:
    """A box that only asks who is there."""

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring
        self.outcomes: list[str | Exception] = []
        self.heard: list[bytes] = []
        self.port = 0
        self._over = asyncio.Event()

    async def paired(self) -> PairingKey:
        return await asyncio.to_thread(self.keyring.issue, "house")

    async def outcome(self) -> str | Exception:
        """What the first peer came to."""
        async with asyncio.timeout(3):
            await self._over.wait()
        return self.outcomes[0]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        events = EventReader(reader, handshake.BOUNDS), EventWriter(writer, 5.0)
        try:
            fingerprint = self.keyring.certificate.fingerprint
            self.outcomes.append(await admit(*events, fingerprint, self.keyring.secret))
        except Exception as error:  # noqa: BLE001 -- looked at by the test
            self.outcomes.append(error)
        finally:
            self._over.set()
            await events[1].aclose(0)

    @asynccontextmanager
    async def line(self) -> AsyncIterator[tuple[EventReader, EventWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        events = EventReader(reader, handshake.BOUNDS), EventWriter(writer, 5.0)
        try:
            yield events
        finally:
            await events[1].aclose(0)

    async def knock(self, key: PairingKey) -> None:
        async with self.line() as events:
            await enter("gpu", *events, key)


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    door = Door(await asyncio.to_thread(Keyring, tmp_path))
    server = await asyncio.start_server(door.answer, "127.0.0.1", 0)
    door.port = server.sockets[0].getsockname()[1]
    async with server:
        yield door


async def test_the_right_key_opens(door: Door) -> None:
    key = await door.paired()
    await door.knock(key)
    assert await door.outcome() == key.key_id


WRONG: list[Callable[[PairingKey], PairingKey]] = [
    lambda key: replace(key, secret=secrets.token_bytes(20)),
    lambda key: replace(key, key_id="00000000"),
    lambda key: replace(key, fingerprint=bytes(32)),
    lambda key: replace(key, secret=b""),
]


@pytest.mark.parametrize("spoil", WRONG)
async def test_a_wrong_key_is_told_only_that_it_is_wrong(
    door: Door, spoil: Callable[[PairingKey], PairingKey]
) -> None:
    with pytest.raises(BackendUnavailable, match="does not accept our pairing key any more"):
        await door.knock(spoil(await door.paired()))
    assert isinstance(await door.outcome(), NotPaired)


async def test_a_revoked_key_is_a_wrong_one(door: Door) -> None:
    key = await door.paired()
    await asyncio.to_thread(door.keyring.revoke, "house")
    with pytest.raises(BackendUnavailable):
        await door.knock(key)


async def test_what_was_recorded_opens_nothing(door: Door) -> None:
    """A replay: everything that a paired home said, said again."""
    key = await door.paired()
    async with door.line() as (reader, writer):
        challenge = await reader.read(1)
        assert challenge is not None
        theirs, own = bytes.fromhex(challenge.data["nonce"]), secrets.token_bytes(32)
        proof = handshake._proof(key.secret, "home", theirs, own, key.fingerprint)
        said = Event(handshake.PROOF, {"key": key.key_id, "nonce": own.hex(), "proof": proof})
        await writer.write(said)
        welcome = await reader.read(1)
        assert welcome is not None
        assert welcome.type == handshake.WELCOME
    async with door.line() as (reader, writer):
        await writer.write(said)
        assert (await reader.read(1)) is not None  # another challenge
        refused = await reader.read(2)
        assert refused is not None
        assert refused.data["code"] == "not-paired"


async def test_a_proof_of_the_other_side_is_none_of_this_one(door: Door) -> None:
    """A reflection: the box's own kind of proof does not open the box."""
    key = await door.paired()
    async with door.line() as (reader, writer):
        challenge = await reader.read(1)
        assert challenge is not None
        theirs, own = bytes.fromhex(challenge.data["nonce"]), secrets.token_bytes(32)
        proof = handshake._proof(key.secret, "box", theirs, own, key.fingerprint)
        data = {"key": key.key_id, "nonce": own.hex(), "proof": proof}
        await writer.write(Event(handshake.PROOF, data))
        refused = await reader.read(2)
        assert refused is not None
        assert refused.type == "error"


@pytest.mark.parametrize(
    "said",
    [
        encode(Event("describe")),
        encode(Event("voiceclone-hello", {"version": 1})),
        encode(Event("synthesize", {"text": "Who am I?"})),
        encode(Event(handshake.PROOF, {})),
        encode(Event(handshake.PROOF, {"key": 7, "nonce": [], "proof": None})),
        encode(Event(handshake.PROOF, {"key": "k", "nonce": "zz", "proof": "é"})),
        encode(Event(handshake.PROOF, {"key": "x" * 999, "nonce": "", "proof": ""})),
        b'{"type":"voiceclone-proof","payload_length":1000000}\n',
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"A" * 5_000,
    ],
)
async def test_who_is_not_paired_gets_not_even_a_voice_list(door: Door, said: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(said)
    answer = await reader.read()
    assert answer.count(b"\n") <= 2
    assert b"voices" not in answer
    assert handshake.CHALLENGE.encode() in answer
    assert isinstance(await door.outcome(), ProtocolError)
    writer.close()


async def test_a_home_does_not_believe_a_box_that_only_says_welcome(door: Door) -> None:
    async def pretend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        events = EventReader(reader, handshake.BOUNDS), EventWriter(writer, 5.0)
        nonce = secrets.token_hex(32)
        await events[1].write(Event(handshake.CHALLENGE, {"version": 1, "nonce": nonce}))
        await events[0].read(1)
        await events[1].write(Event(handshake.WELCOME, {"proof": "0" * 64}))
        await events[1].aclose(1)

    impostor = await asyncio.start_server(pretend, "127.0.0.1", 0)
    key = await door.paired()
    await door.knock(key)
    door.port = impostor.sockets[0].getsockname()[1]
    async with impostor:
        with pytest.raises(NotPaired, match="could not prove"):
            await door.knock(key)


async def test_another_version_is_not_talked_down_to(door: Door) -> None:
    """A downgrade: the version is in the proof, and only one is spoken."""

    async def old(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        event = Event(handshake.CHALLENGE, {"version": 0, "nonce": secrets.token_hex(32)})
        writer.write(encode(event))
        await writer.drain()
        writer.close()

    box = await asyncio.start_server(old, "127.0.0.1", 0)
    await door.knock(key := await door.paired())
    door.port = box.sockets[0].getsockname()[1]
    async with box:
        with pytest.raises(ProtocolError, match="another version"):
            await door.knock(key)
