"""Anybody's Wyoming server as a backend: the plain protocol is enough to speak."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Attribution, Describe, Info, TtsProgram, TtsVoice, TtsVoiceSpeaker
from wyoming.server import AsyncEventHandler, AsyncServer
from wyoming.tts import Synthesize

from wyoming_voiceclone.backends import SynthesisRequest
from wyoming_voiceclone.backends.peer import PeerBackend, PeerLimits
from wyoming_voiceclone.backends.scripted import ScriptedBackend, tone_hz
from wyoming_voiceclone.errors import BackendError, BackendUnavailable, CannotClone
from wyoming_voiceclone.servers.wyoming import WyomingServer
from wyoming_voiceclone.testing.conformance import check_backend, speak
from wyoming_voiceclone.testing.plain_speech import PlainSpeech
from wyoming_voiceclone.voices import Reference, SpeakerState

SOMEBODY = Attribution("somebody", "https://example.org")
INFO = Info(
    tts=[
        TtsProgram(
            name="theirs",
            attribution=SOMEBODY,
            installed=True,
            description=None,
            version="3",
            voices=[
                TtsVoice(
                    name=name,
                    attribution=SOMEBODY,
                    installed=installed,
                    description="A voice",
                    version="2",
                    languages=["en_GB"],
                    speakers=[TtsVoiceSpeaker("p1")] if name == "vctk" else None,
                )
                for name, installed in (("bob", True), ("vctk", True), ("not here", False))
            ],
        )
    ]
)


class Theirs(AsyncEventHandler):
    """A minimal server, on the wyoming package's own classes; texts tell it what to do."""

    def __init__(self, heard: list[Synthesize], start: dict[str, Any], *streams: Any) -> None:
        super().__init__(*streams)
        self._heard = heard
        self._start = {"rate": 16_000, "width": 2, "channels": 1} | start

    async def handle_event(self, event: Event) -> bool:
        if Describe.is_type(event.type):
            await self.write_event(INFO.event())
        elif Synthesize.is_type(event.type):
            asked = Synthesize.from_event(event)
            self._heard.append(asked)
            await self._speak(asked.text)
            return "hang up" not in asked.text
        return True

    async def _speak(self, text: str) -> None:
        if "refuse" in text:
            await self.write_event(Error("no such thing").event())
            await self.write_event(AudioStop().event())
            return
        await self.write_event(AudioStart(**self._start).event())
        for piece in np.array_split(self._samples(text), 7):
            pcm = piece.tobytes()
            await self.write_event(AudioChunk(**self._start, audio=pcm[:-1]).event())
            await self.write_event(AudioChunk(**self._start, audio=pcm[-1:]).event())
        if "hang up" not in text:
            await self.write_event(AudioStop().event())

    def _samples(self, text: str) -> np.ndarray[Any, Any]:
        times = np.arange(8_000) / self._start["rate"]
        tone = 0.5 * np.sin(2 * np.pi * tone_hz(text) * times)
        width, channels = self._start["width"], self._start["channels"]
        scaled = (tone * 2 ** (8 * width - 1)).astype(f"<i{width}")
        return np.repeat(scaled, channels).reshape(-1, channels)


@asynccontextmanager
async def theirs(**start: int) -> AsyncIterator[tuple[PeerBackend, list[Synthesize]]]:
    heard: list[Synthesize] = []
    server = AsyncServer.from_uri("tcp://127.0.0.1:0")
    await server.start(partial(Theirs, heard, start))
    port = server._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    peer = PeerBackend("theirs", f"tcp://127.0.0.1:{port}", PeerLimits(silence_s=5))
    try:
        yield peer, heard
    finally:
        await peer.aclose()
        await server.stop()


async def test_it_keeps_the_contract_though_it_knows_nothing_of_speed() -> None:
    async with theirs() as (peer, heard):

        async def make() -> PeerBackend:
            one = PeerBackend("theirs", peer.uri)
            await one.meet()
            return one

        await check_backend(make)
    assert heard


async def test_its_installed_voices_and_speakers_are_offered() -> None:
    async with theirs() as (peer, _):
        assert peer.capabilities().voices == ()
        await peer.meet()
        offered = peer.capabilities()
        assert [voice.name for voice in offered.voices] == ["bob", "vctk", "vctk#p1"]
        assert offered.voices[0].languages == ("en-GB",)
        assert offered.voices[0].attribution == "somebody"
        assert not offered.clones


async def test_a_speaker_is_asked_for_as_one() -> None:
    async with theirs() as (peer, heard):
        await speak(peer, SynthesisRequest("one", "vctk#p1", "en-GB"))
        voice = heard[0].voice
        assert voice
        assert (voice.name, voice.speaker) == ("vctk", "p1")


async def test_it_is_given_no_phonemes_that_it_would_read_out() -> None:
    async with theirs() as (peer, heard):
        await speak(peer, SynthesisRequest("say [[həˈloʊ|hello]] now", "bob"))
    assert heard[0].text == "say hello now"


@pytest.mark.parametrize("start", [{}, {"channels": 2}, {"width": 4}, {"rate": 48_000}], ids=str)
async def test_whatever_its_format_mono_float32_is_heard(start: dict[str, int]) -> None:
    async with theirs(**start) as (peer, _):
        rate, samples = await speak(peer, SynthesisRequest("one", "bob"))
    times = np.arange(8_000) / rate
    assert np.allclose(samples, 0.5 * np.sin(2 * np.pi * tone_hz("one") * times), atol=1e-4)


async def test_samples_that_cannot_be_understood_are_refused() -> None:
    async with theirs(width=1) as (peer, _):
        with pytest.raises(BackendUnavailable, match="1 bytes"):
            await peer.synthesize(SynthesisRequest("one", "bob"))


async def test_what_it_refuses_and_what_it_has_not_is_told() -> None:
    async with theirs() as (peer, _):
        with pytest.raises(BackendUnavailable, match="theirs: no such thing"):
            await peer.synthesize(SynthesisRequest("refuse", "bob"))
        with pytest.raises(BackendUnavailable, match="has no voice ada"):
            await peer.synthesize(SynthesisRequest("one", "ada"))


async def test_a_connection_that_ends_too_early_is_no_success() -> None:
    async with (
        theirs() as (peer, _),
        await peer.synthesize(SynthesisRequest("hang up", "bob")) as stream,
    ):
        with pytest.raises(BackendError, match="broke off"):
            async for _ in stream:
                pass


async def test_it_cannot_clone() -> None:
    async with theirs() as (peer, _):
        with pytest.raises(CannotClone):
            await peer.enroll(Reference(np.zeros(8_000, np.float32), 8_000))
        state = SpeakerState("k", {})
        with pytest.raises(BackendUnavailable, match="clone"):
            await peer.synthesize(SynthesisRequest("one", "bob", speaker_state=state))


async def test_who_says_nothing_at_all_is_left_alone_in_time() -> None:
    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.5)
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        limits = PeerLimits(hello_s=0.1)
        peer = PeerBackend("mute", f"tcp://127.0.0.1:{port}", limits)
        with pytest.raises(BackendUnavailable, match="mute: said nothing"):
            await peer.meet()
        await asyncio.sleep(0.5)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b'{"type":"info","data":{"tts":[1]}}\n',
        b'{"type":"info","data":{"tts":3}}\n',
        b'{"type":"voiceclone-hello","data":{}}\n',
        b'{"type":"voiceclone-hello","data":{"engine":1,"revision":2,"capabilities":[]}}\n',
        b"",
    ],
)
async def test_nonsense_is_an_error_of_the_peer(answer: bytes) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        peer = PeerBackend("odd", f"tcp://127.0.0.1:{port}")
        with pytest.raises(BackendUnavailable, match="odd: "):
            await peer.meet()


PIPER = Path("~/.cache/wyoming-bench/wyoming-piper-2.5.2/bin/wyoming-piper").expanduser()
VOICES = Path(__file__).parents[2] / "fixtures" / "voices"


@pytest.mark.skipif(not PIPER.exists(), reason=f"{PIPER} is not there")
async def test_wyoming_piper_speaks(tmp_path: Path) -> None:
    uri = f"unix://{tmp_path / 'socket'}"
    arguments = ("--uri", uri, "--voice", "random-tiny", "--data-dir", str(VOICES))
    server = await asyncio.create_subprocess_exec(PIPER, *arguments, "--local-files-only")
    peer = PeerBackend("piper", uri)
    try:
        await _answers(peer)
        assert "random-tiny" in {voice.name for voice in peer.capabilities().voices}
        normal, fast = [
            await speak(peer, SynthesisRequest("The light is on.", "random-tiny", speed=speed))
            for speed in (1.0, 2.0)
        ]
    finally:
        await peer.aclose()
        server.terminate()
        await server.wait()
    assert normal[0] == 16_000
    assert np.abs(normal[1]).max() > 0.01
    assert 0.3 < len(fast[1]) / len(normal[1]) < 0.8


async def _answers(peer: PeerBackend) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await peer.meet()
            except BackendUnavailable:
                await asyncio.sleep(0.1)
            else:
                return


async def test_our_own_server_without_the_extension_keeps_the_contract() -> None:
    backend = ScriptedBackend()
    server = WyomingServer(PlainSpeech(backend))
    await server.start(["tcp://127.0.0.1:0"])

    async def make() -> PeerBackend:
        peer = PeerBackend("plain", server.addresses[0])
        await peer.meet()
        return peer

    try:
        await check_backend(make)
    finally:
        await server.aclose()
