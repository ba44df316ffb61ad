"""What cannot be done: an error with a clear text, then the endings, then business as usual."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from wyoming.event import Event
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop

from wyoming_voiceclone.backends import AudioStream
from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.servers.wyoming import Limits
from wyoming_voiceclone.servers.wyoming.failures import CODES
from wyoming_voiceclone.synthesis.utterance import UtteranceRequest
from wyoming_voiceclone.testing.home_assistant import loopback
from wyoming_voiceclone.testing.plain_speech import PlainSpeech

PROTOCOL = Path(__file__).parents[2] / "docs" / "protocol.md"
PLAIN = ["audio-start", "audio-chunk", "audio-stop"]


def speech(**script: Any) -> PlainSpeech:
    return PlainSpeech(ScriptedBackend(**script))


class Failing(PlainSpeech):
    def __init__(self, error: Exception) -> None:
        super().__init__(ScriptedBackend())
        self._error = error

    async def speak(self, request: UtteranceRequest, text: AsyncIterator[str]) -> AudioStream:  # noqa: ARG002
        raise self._error


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"text": None}, "bad-request"),
        ({}, "bad-request"),
        ({"text": 5}, "bad-request"),
        ({"text": "x", "voice": "ada"}, "bad-request"),
        ({"text": "x", "voice": ["ada"]}, "bad-request"),
        ({"text": "x", "voice": {"name": {"a": 1}}}, "bad-request"),
        ({"text": "x", "voice": {"name": True}}, "bad-request"),
        ({"text": "x", "voice": {"language": "e" * 300}}, "bad-request"),
        ({"text": "x", "text_format": "markdown"}, "bad-request"),
        ({"text": "x", "text_format": 7}, "bad-request"),
        ({"text": "x", "voiceclone": "fast"}, "bad-request"),
        ({"text": "x", "voiceclone": {"speed": True}}, "bad-request"),
        ({"text": "x", "voiceclone": {"speed": 9}}, "bad-request"),
        ({"text": "x", "voiceclone": {"speed": float("nan")}}, "bad-request"),
        ({"text": "x", "voiceclone": {"sentence_silence_s": -1}}, "bad-request"),
        ({"text": "x", "voiceclone": {"settings": [1]}}, "bad-request"),
        ({"text": "x", "voiceclone": {"settings": {"noise_scale": {}}}}, "bad-request"),
        ({"text": "x", "voiceclone": {"settings": {"x": "y" * 300}}}, "bad-request"),
        ({"text": "x", "voiceclone": {"settings": dict.fromkeys("abcdefghij" * 4)}}, "bad-request"),
        (
            {"text": "x", "voiceclone": {"settings": {str(n): n for n in range(33)}}},
            "bad-request",
        ),
        ({"text": "x", "voice": {"name": "nobody"}}, "unknown-voice"),
        ({"text": "x" * 101}, "text-too-long"),
    ],
)
async def test_what_cannot_be_done_is_an_error_with_its_endings(
    data: dict[str, Any], code: str
) -> None:
    async with (
        loopback(speech(), Limits(text_chars=100)) as home_assistant,
        home_assistant.connected() as line,
    ):
        await line.send_event(Event("synthesize", data))
        refused = await line.hear()
        await line.send(Synthesize("one"))
        after = await line.hear()
    assert refused.types == ["error", "audio-stop"]
    assert refused.error
    assert refused.error.code == code
    assert after.types == PLAIN


async def test_a_stream_with_an_unknown_format_is_refused_at_once_and_its_rest_ignored() -> None:
    async with loopback(speech()) as home_assistant, home_assistant.connected() as line:
        await line.send(SynthesizeStart(text_format="latex"), SynthesizeChunk("one"))
        refused = await line.hear("synthesize-stopped")
        await line.send(SynthesizeChunk("two"), Synthesize("one two"), SynthesizeStop())
        await line.send(Synthesize("three"))
        after = await line.hear()
    assert refused.types == ["error", "audio-stop", "synthesize-stopped"]
    assert refused.error
    assert "latex" in refused.error.text
    assert after.types == PLAIN


@pytest.mark.parametrize("bad", [SynthesizeChunk("x" * 200).event(), Event("synthesize-chunk", {})])
async def test_a_text_stream_that_goes_wrong_midway_ends_with_an_error(bad: Event) -> None:
    async with (
        loopback(speech(), Limits(text_chars=100)) as home_assistant,
        home_assistant.connected() as line,
    ):
        await line.send(SynthesizeStart(), SynthesizeChunk("one"))
        while (event := await line.receive()) and event.type != "audio-chunk":
            pass
        await line.send_event(bad)
        heard = await line.hear("synthesize-stopped")
    assert heard.types[-3:] == ["error", "audio-stop", "synthesize-stopped"]


async def test_a_backend_that_dies_midway_is_an_error_before_the_endings() -> None:
    async with loopback(speech(die="two")) as home_assistant:
        heard = await home_assistant.say("one two three four")
    assert heard.types == [
        "audio-start",
        "audio-chunk",
        "error",
        "audio-stop",
        "synthesize-stopped",
    ]
    assert heard.error
    assert heard.error.code == "backend-failed"


async def test_a_fault_of_ours_is_told_without_its_details(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with loopback(Failing(RuntimeError("secret of the house"))) as home_assistant:
        heard = await home_assistant.say("one")
        assert (await home_assistant.info()).tts
    assert heard.types == ["error", "audio-stop", "synthesize-stopped"]
    assert heard.error
    assert heard.error.code == "internal-error"
    assert "secret" not in heard.error.text
    assert "secret of the house" in caplog.text


async def test_nobody_who_could_speak_is_an_error_with_its_remedy() -> None:
    async with loopback(PlainSpeech(ScriptedBackend(voices=()))) as home_assistant:
        assert (await home_assistant.info()).tts[0].voices
        heard = await home_assistant.say("one")
    assert heard.error
    assert heard.error.code == "no-backend"
    assert "add a voice" in heard.error.text


def test_every_code_is_explained_in_the_protocol() -> None:
    explained = PROTOCOL.read_text()
    assert [code for code in CODES.values() if f"`{code}`" not in explained] == []
