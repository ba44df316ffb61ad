"""What `describe` is answered with, and how soon."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest
from wyoming.info import Describe
from wyoming.ping import Ping, Pong
from wyoming.tts import Synthesize

from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.servers.wyoming.info import Description, build_info
from wyoming_voiceclone.testing.home_assistant import loopback
from wyoming_voiceclone.testing.plain_speech import PlainSpeech
from wyoming_voiceclone.voices import Voice


def speech(**script: Any) -> PlainSpeech:
    return PlainSpeech(ScriptedBackend(**script))


async def test_home_assistant_gets_one_installed_program_that_streams() -> None:
    voices = [Voice("ada", ("en-US", "en-GB"), "Ada", "Somebody", "https://example.org")]
    async with loopback(speech(voices=voices)) as home_assistant:
        info = await home_assistant.info()
    assert not any((info.asr, info.wake, info.intent, info.handle, info.mic, info.snd))
    assert info.satellite is None
    (program,) = info.tts
    assert (program.name, program.installed, program.supports_synthesize_streaming) == (
        "voiceclone",
        True,
        True,
    )
    (ada,) = program.voices
    assert (ada.name, ada.description, ada.attribution.name) == ("ada", "Ada", "Somebody")
    assert ada.languages == ["en-US", "en-GB", "en"]


def test_the_order_of_the_voices_is_kept_so_that_the_default_is_first() -> None:
    voices = [Voice(name, ("en",)) for name in ("zoe", "ada", "mia")]
    assert [voice.name for voice in build_info(voices).tts[0].voices] == ["zoe", "ada", "mia"]


def test_a_voice_knows_the_speakers_that_are_voices_beside_it() -> None:
    voices = [Voice(name, ("en-GB",)) for name in ("vctk", "vctk#p239", "ada", "vctk#p376")]
    speakers = {
        voice.name: [speaker.name for speaker in voice.speakers or []]
        for voice in build_info(voices).tts[0].voices
    }
    assert speakers == {"vctk": ["p239", "p376"], "vctk#p239": [], "ada": [], "vctk#p376": []}


@pytest.mark.parametrize("voices", [[], [Voice("mute", ())]])
def test_there_is_always_a_voice_with_a_language(voices: Sequence[Voice]) -> None:
    listed = build_info(voices).tts[0].voices
    assert listed
    assert all(voice.languages for voice in listed)


async def test_a_new_voice_is_in_the_next_info() -> None:
    voices = [Voice("ada", ("en-US",))]

    class Growing(PlainSpeech):
        def voices(self) -> Sequence[Voice]:
            return voices

    async with loopback(Growing(ScriptedBackend())) as home_assistant:
        before = await home_assistant.info()
        voices.append(Voice("bob", ("de-DE",)))
        after = await home_assistant.info()
    names = [[voice.name for voice in info.tts[0].voices] for info in (before, after)]
    assert names == [["ada"], ["ada", "bob"]]


def test_a_thousand_unchanged_voices_cost_less_than_a_millisecond() -> None:
    voices = [Voice(f"vctk#p{n}", ("en-GB",), f"Speaker {n}") for n in range(1000)]
    description = Description(speech(voices=voices))
    frame = description.frame()
    began = time.process_time()
    for _ in range(20):
        assert description.frame() is frame
    assert (time.process_time() - began) / 20 < 0.001


async def test_describe_and_ping_are_answered_while_this_connection_speaks() -> None:
    async with (
        loopback(speech(chunk_s=0.05)) as home_assistant,
        home_assistant.connected() as line,
    ):
        await line.send(Synthesize("one " * 10))
        while (event := await line.receive()) and event.type != "audio-chunk":
            pass
        began = time.monotonic()
        await line.send(Describe(), Ping("hello"))
        rest = await line.hear()
    types = [event.type for event in rest.events]
    assert time.monotonic() - began > 0.3
    assert types.index("info") < 5
    assert Pong("hello").event() in rest.events


async def test_describe_is_answered_at_once_while_others_are_spoken_to() -> None:
    async with loopback(speech(chunk_s=0.001)) as home_assistant:
        await home_assistant.info()
        speaking = [asyncio.create_task(home_assistant.say("word " * 300)) for _ in range(4)]
        await asyncio.sleep(0.05)
        took: list[float] = []
        while not any(task.done() for task in speaking) and len(took) < 10:
            began = time.perf_counter()
            await home_assistant.info()
            took.append(time.perf_counter() - began)
        await asyncio.gather(*speaking)
    assert took
    assert sorted(took)[len(took) // 2] < 0.05


def test_somebodys_own_voice_is_offered_in_every_region_that_home_assistant_may_be_set_to() -> None:
    voices = [
        Voice("grandma", ("en",), cloned=True),
        Voice("grandma|de", ("de-AT",), cloned=True),
        Voice("lessac", ("en-US",)),
        Voice("thorsten", ("de-DE",)),
        Voice("alan", ("en-GB",)),
    ]
    offered = {voice.name: voice.languages for voice in build_info(voices).tts[0].voices}
    assert offered["grandma"] == ["en", "en-GB", "en-US"]
    assert offered["grandma|de"] == ["de-AT", "de", "de-DE"]
    assert offered["lessac"] == ["en-US", "en"]
