"""A paired home uses a box's engines as its own; nobody else gets anything."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from people import said
from recordings import pitch, tone
from wyoming.event import Event

from wyoming_voiceclone.backends import Backend, SynthesisRequest
from wyoming_voiceclone.backends.peer import PeerBackend
from wyoming_voiceclone.backends.scripted import ADA
from wyoming_voiceclone.backends.scripted_cloner import ScriptedCloner
from wyoming_voiceclone.boxes.certificate import client_context
from wyoming_voiceclone.boxes.dialer import Address, Dialer
from wyoming_voiceclone.boxes.door import Door
from wyoming_voiceclone.boxes.keyring import Keyring
from wyoming_voiceclone.boxes.pairing_key import PairingKey, new_key
from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.servers.wyoming import Extension, WyomingServer
from wyoming_voiceclone.synthesis.router import Router
from wyoming_voiceclone.synthesis.speech import Speech
from wyoming_voiceclone.testing.cloning import check_cloning
from wyoming_voiceclone.testing.conformance import check_backend, speak
from wyoming_voiceclone.voices import Reference
from wyoming_voiceclone.wire import encode


class Counting(Keyring):
    """Notes each time somebody proves to have a key."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked: list[str] = []

    def secret(self, key_id: str) -> bytes | None:
        self.asked.append(key_id)
        return super().secret(key_id)


class Box:
    def __init__(self, keyring: Counting, *engines: ScriptedCloner) -> None:
        self.keyring = keyring
        self.server = WyomingServer(Speech(Router(list(engines))))
        self.door = Door(keyring, self.server, {one.name: Extension(one) for one in engines})

    async def pair(self, home: str = "house") -> PairingKey:
        return await asyncio.to_thread(self.keyring.issue, home)

    def dialer(self, key: PairingKey) -> Dialer:
        return Dialer("gpu", key, lambda: Address("127.0.0.1", self.door.port))


@asynccontextmanager
async def opened(folder: Path, *engines: ScriptedCloner) -> AsyncIterator[Box]:
    box = Box(await asyncio.to_thread(Counting, folder), *engines)
    await box.door.open("127.0.0.1", 0)
    try:
        yield box
    finally:
        await box.door.aclose()
        await box.server.aclose()


@asynccontextmanager
async def at_home(
    folder: Path, engine: ScriptedCloner | None = None
) -> AsyncIterator[tuple[Box, PeerBackend]]:
    engine = engine or ScriptedCloner(voices=[ADA])
    async with opened(folder, engine) as box:
        dialer = box.dialer(await box.pair())
        peer = PeerBackend("cloner@gpu", "", dial=lambda: dialer.link("cloner"))
        await peer.meet()
        try:
            yield box, peer
        finally:
            await peer.aclose()
            await dialer.aclose()


class Homes:
    """Makes a fresh home for each check, to one box."""

    def __init__(self, box: Box, key: PairingKey) -> None:
        self._box, self._key = box, key
        self._dialers: list[Dialer] = []

    async def make(self) -> PeerBackend:
        dialer = self._box.dialer(self._key)
        self._dialers.append(dialer)
        peer = PeerBackend("cloner@gpu", "", dial=lambda: dialer.link("cloner"))
        await peer.meet()
        return peer

    async def aclose(self) -> None:
        for dialer in self._dialers:
            await dialer.aclose()


async def test_an_engine_of_a_box_is_a_backend_like_any_other(tmp_path: Path) -> None:
    async with opened(tmp_path, ScriptedCloner(voices=[ADA])) as box:
        homes = Homes(box, await box.pair())

        async def make() -> Backend:
            return await homes.make()

        await check_backend(make)
        await check_cloning(homes.make)
        await homes.aclose()


async def test_a_home_is_told_which_engines_there_are(tmp_path: Path) -> None:
    engines = ScriptedCloner("one", languages=["pl"]), ScriptedCloner("two")
    async with opened(tmp_path, *engines) as box:
        dialer = box.dialer(await box.pair())
        told = (await dialer.offer()).engines
        assert [hello.engine for hello in told] == ["one", "two"]
        assert told[0].capabilities.clone_languages == ("pl",)
        await dialer.aclose()


async def test_sentences_use_links_that_are_ready_already(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (box, peer):
        box.keyring.asked.clear()
        for _ in range(10):
            await speak(peer, said("ada"))
            await asyncio.sleep(0.02)
        assert len(box.keyring.asked) <= 2, "each sentence had to prove itself anew"


async def test_a_broken_off_sentence_is_not_heard_in_the_next_one(tmp_path: Path) -> None:
    engine = ScriptedCloner(voices=[ADA], chunk_s=0.01)
    async with at_home(tmp_path, engine) as (_, peer):
        alone = await speak(peer, said("ada", "one two three"))
        for _ in range(5):
            async with await peer.synthesize(said("ada", "four " * 50)) as stream:
                await anext(stream)
            assert (await speak(peer, said("ada", "one two three")))[1].tolist() == alone[
                1
            ].tolist()


async def test_a_state_that_the_box_does_not_know_is_sent_to_it(tmp_path: Path) -> None:
    async with opened(tmp_path / "a", ScriptedCloner()) as one:
        homes = Homes(one, await one.pair())
        peer = await homes.make()
        state = await peer.enroll(Reference(tone(2, 16_000, hz=440), 16_000))
        await homes.aclose()
    async with opened(tmp_path / "b", ScriptedCloner()) as other:
        homes = Homes(other, await other.pair())
        peer = await homes.make()
        asked = SynthesisRequest("one two", "nobody", language="en", speaker_state=state)
        rate, samples = await speak(peer, asked)
        assert pitch(samples, rate) == pytest.approx(440, abs=4)
        await homes.aclose()


SPOILT: list[Callable[[PairingKey], PairingKey]] = [
    lambda key: new_key(key.fingerprint),
    lambda key: PairingKey(key.key_id, key.secret, bytes(32)),
]


@pytest.mark.parametrize(
    ("spoil", "fact"),
    [*zip(SPOILT, ["pairing key any more", "not the box we know"], strict=True)],
)
async def test_a_home_with_a_wrong_key_learns_why(
    tmp_path: Path, spoil: Callable[[PairingKey], PairingKey], fact: str
) -> None:
    async with opened(tmp_path, ScriptedCloner()) as box:
        dialer = box.dialer(spoil(await box.pair()))
        with pytest.raises(BackendUnavailable, match=fact):
            await dialer.offer()
        await dialer.aclose()


async def test_a_revoked_home_stays_outside(tmp_path: Path) -> None:
    async with at_home(tmp_path) as (box, _):
        await asyncio.to_thread(box.keyring.revoke, "house")
        dialer = box.dialer(new_key(box.keyring.certificate.fingerprint))
        with pytest.raises(BackendUnavailable, match="pair it again"):
            await dialer.offer()
        await dialer.aclose()


@pytest.mark.parametrize("said_in_clear", [b"", encode(Event("describe")), b"\x00" * 300])
async def test_without_tls_there_is_no_answer(tmp_path: Path, said_in_clear: bytes) -> None:
    async with opened(tmp_path, ScriptedCloner(voices=[ADA])) as box:
        reader, writer = await asyncio.open_connection("127.0.0.1", box.door.port)
        writer.write(said_in_clear)
        writer.write_eof()
        async with asyncio.timeout(8):
            assert b"ada" not in await reader.read()
        writer.close()


async def test_an_older_tls_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path, ScriptedCloner()) as box:
        context = client_context()
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("127.0.0.1", box.door.port, ssl=context)


async def test_a_box_that_is_not_there_is_unavailable_at_once(tmp_path: Path) -> None:
    keyring = await asyncio.to_thread(Keyring, tmp_path)
    key = await asyncio.to_thread(keyring.issue, "house")
    for address in (None, Address("127.0.0.1", 1)):
        dialer = Dialer("gpu", key, lambda address=address: address)  # type: ignore[misc]
        with pytest.raises(BackendUnavailable, match="gpu"):
            await dialer.offer()
        await dialer.aclose()


async def test_strangers_at_the_door_do_not_keep_homes_out_for_long(tmp_path: Path) -> None:
    async with opened(tmp_path, ScriptedCloner()) as box:
        key = await box.pair()
        context = client_context()
        strangers = [
            await asyncio.open_connection("127.0.0.1", box.door.port, ssl=context)
            for _ in range(20)
        ]
        dialer = box.dialer(key)
        with pytest.raises(BackendUnavailable):
            await dialer.offer()
        for _, writer in strangers:
            writer.transport.abort()
        await asyncio.sleep(0.1)
        assert (await dialer.offer()).engines
        await dialer.aclose()
