"""One line per utterance tells who spoke, and who took over; never what was said."""

import logging

import pytest
from wyoming.tts import Synthesize, SynthesizeVoice

from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.synthesis.router import Router
from wyoming_voiceclone.synthesis.speech import Speech
from wyoming_voiceclone.testing.home_assistant import loopback
from wyoming_voiceclone.voices import Voice

BOB = Voice("bob", ("en",))


async def logged(caplog: pytest.LogCaptureFixture, text: str, voice: str = "ada") -> str:
    caplog.set_level(logging.INFO, "wyoming_voiceclone.servers")
    gpu = ScriptedBackend("csm@gpu", die="bad", voices=[Voice("ada", ("en",))])
    router = Router([gpu, ScriptedBackend("cpu", voices=[BOB])])
    async with loopback(Speech(router)) as home, home.connected() as line:
        await line.send(Synthesize(text, SynthesizeVoice(name=voice)))
        await line.hear()
    (message,) = [r.getMessage() for r in caplog.records if "servers" in r.name]
    return message


async def test_the_voice_the_backend_and_the_times_are_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    message = await logged(caplog, "One. Two.")
    assert message.startswith("voice 'ada', by csm@gpu/ada, 9 characters: first audio after ")
    assert message.endswith(" ms, spoken")
    assert "One" not in message


async def test_a_takeover_is_told(caplog: pytest.LogCaptureFixture) -> None:
    message = await logged(caplog, "One. A bad two three four.")
    assert "by csm@gpu/ada, then cpu/bob, 26 characters" in message


async def test_the_name_of_a_custom_voice_is_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    message = await logged(caplog, "One.", "custom:0123456789abcdef")
    assert message.startswith("voice 'custom:…', by csm@gpu/ada, 4 characters")
