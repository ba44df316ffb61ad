"""What the server logs: who, what was asked for and what came of it, one true line each."""

import logging

import pytest
from wyoming.event import Event
from wyoming.tts import Synthesize, SynthesizeVoice

from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.testing.home_assistant import loopback
from wyoming_voiceclone.testing.plain_speech import PlainSpeech


@pytest.fixture(autouse=True)
def _info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "wyoming_voiceclone")


async def logged(caplog: pytest.LogCaptureFixture, voice: SynthesizeVoice | None) -> str:
    async with (
        loopback(PlainSpeech(ScriptedBackend())) as home_assistant,
        home_assistant.connected() as line,
    ):
        await line.send(Synthesize("one", voice))
        await line.hear()
        await line.send_event(Event("describe"))
        await line.receive()  # by now the answer before was logged
    (message,) = caplog.messages
    return message


@pytest.mark.parametrize(
    ("voice", "said"),
    [
        (SynthesizeVoice(language="de"), "language 'de', 3 characters: first audio after "),
        (None, "the default voice, 3 characters: first audio after "),
    ],
)
async def test_what_was_asked_for_is_logged_as_what_it_is(
    caplog: pytest.LogCaptureFixture, voice: SynthesizeVoice | None, said: str
) -> None:
    message = await logged(caplog, voice)
    assert message.startswith(said)
    assert message.endswith("spoken")


async def test_where_nothing_was_heard_no_first_audio_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    message = await logged(caplog, SynthesizeVoice(name="nobody"))
    assert message.startswith("voice 'nobody', 3 characters: no audio in ")
    assert "UnknownVoice: voice nobody is not known" in message


async def test_a_name_cannot_forge_a_line(caplog: pytest.LogCaptureFixture) -> None:
    message = await logged(caplog, SynthesizeVoice(name="x\nERROR \x1b[31mforged"))
    assert message.isprintable()


async def test_whoever_breaks_the_rules_is_named(caplog: pytest.LogCaptureFixture) -> None:
    async with (
        loopback(PlainSpeech(ScriptedBackend())) as home_assistant,
        home_assistant.connected() as line,
    ):
        await line.send_raw(b'{"type": "ping", "data_length": -1}\n')
        (told,) = await line.rest()
    assert told.data["text"] == "data_length is -1 — it must be a whole number, 0 or more"
    assert f"127.0.0.1 broke the rules: {told.data['text']}" in caplog.messages
