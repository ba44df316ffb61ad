"""Engines that clone speak as the library's voices: who, in which language, with which state."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from recordings import encoded, pitch, tone

from wyoming_voiceclone.backends import Backend, SynthesisRequest
from wyoming_voiceclone.backends.scripted import ScriptedBackend
from wyoming_voiceclone.backends.scripted_cloner import ScriptedCloner
from wyoming_voiceclone.errors import (
    BackendUnavailable,
    BadRecording,
    CannotClone,
    NoBackend,
    UnknownVoice,
)
from wyoming_voiceclone.synthesis import learning
from wyoming_voiceclone.synthesis.cached import CachedBackend
from wyoming_voiceclone.synthesis.casting import Casting
from wyoming_voiceclone.synthesis.cloned import Cloning
from wyoming_voiceclone.synthesis.phrases import PhraseCache
from wyoming_voiceclone.synthesis.router import Router, RouterLimits
from wyoming_voiceclone.synthesis.speech import Speech
from wyoming_voiceclone.synthesis.utterance import UtteranceRequest
from wyoming_voiceclone.testing.conformance import check_backend, speak
from wyoming_voiceclone.voices import Reference, Voice
from wyoming_voiceclone.voices.library import VoiceLibrary
from wyoming_voiceclone.voices.roles import Roles
from wyoming_voiceclone.voices.speaker_cache import SpeakerCache

EMMA = Voice("emma", ("en-GB", "en"))
KLARA = Voice("klara", ("de-DE", "de"))
STOCK = [EMMA, KLARA]


def drop(folder: Path, name: str, hz: float = 300.0, toml: str = "") -> None:
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / "reference.wav").write_bytes(encoded(tone(2, hz=hz)))
    (folder / name / "voice.toml").write_text(toml)
    for path in (folder / name).iterdir():
        os.utime(path, (time.time() - 60,) * 2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    drop(tmp_path / "voices", "grandma", 300, 'aliases = ["oma"]')
    drop(tmp_path / "voices", "grandpa", 150, 'languages = ["de-DE"]\nspeed = 2.0')
    return tmp_path / "voices"


@asynccontextmanager
async def cloning(folder: Path, patience_s: float = 3.0) -> AsyncIterator[Cloning]:
    library = VoiceLibrary(folder, folder.parent / "cache/index.json")
    await asyncio.to_thread(library.rescan)
    speakers = SpeakerCache(folder.parent / "cache")
    try:
        yield Cloning(library, speakers, patience_s=patience_s)
    finally:
        await speakers.aclose()


def router(cloned: Cloning, *backends: Backend) -> Router:
    stock = ScriptedBackend("stock", voices=STOCK)
    leaves = [cloned.over(backend) for backend in (*backends, stock)]
    return Router(leaves, RouterLimits(first_chunk_s=1, next_chunk_s=1), cloned)


def said(voice: str, text: str = "one two three", language: str | None = None) -> SynthesisRequest:
    return SynthesisRequest(text, voice, language=language)


async def source(backend: Router, request: SynthesisRequest) -> str:
    async with await backend.synthesize(request) as stream:
        return stream.source


async def test_an_engine_speaks_as_everybody_in_the_library(folder: Path) -> None:
    engine = ScriptedCloner()
    async with cloning(folder) as cloned:
        speaking = router(cloned, engine)
        for name, hz in (("grandma", 300), ("grandpa", 150), ("grandma", 300)):
            rate, samples = await speak(speaking, said(name))
            assert pitch(samples, rate) == pytest.approx(hz, abs=4)
    assert len(engine.learnt) == 2, "each is learnt once"


async def test_a_cloned_voice_is_a_voice_of_a_backend_like_any_other(folder: Path) -> None:
    async with cloning(folder) as cloned:

        async def make() -> Backend:
            return cloned.over(ScriptedCloner())

        await check_backend(make, "grandma")


async def test_a_person_is_offered_in_each_language_that_somebody_clones_in(folder: Path) -> None:
    async with cloning(folder) as cloned:
        speaking = router(
            cloned,
            ScriptedCloner("one", languages=["en", "de"]),
            ScriptedCloner("two", languages=["de", "pl"]),
        )
        offered = {v.name: v.languages for v in speaking.capabilities().voices if v.cloned}
        assert offered == {
            "grandma": ("en",),
            "grandma|de": ("de",),
            "grandma|pl": ("pl",),
            "grandpa": ("de-DE",),
        }
        assert await source(speaking, said("grandma")) == "one/grandma"
        assert await source(speaking, said("grandma|de")) == "one/grandma|de"
        assert await source(speaking, said("grandma|pl")) == "two/grandma|pl"
        assert await source(speaking, said("grandma", language="pl-PL")) == "two/grandma"


async def test_a_persons_own_speed_and_settings_reach_the_engine(folder: Path) -> None:
    drop(
        folder,
        "ada",
        toml="speed = 2.0\n[settings.cloner]\nwarmth = 3\npace = 1\n[settings.other]\nx = 1",
    )
    engine = ScriptedCloner()
    async with cloning(folder) as cloned:
        asked = SynthesisRequest("one", "ada", speed=1.5, settings={"pace": 7})
        await speak(router(cloned, engine), asked)
    (request,) = engine.spoken
    assert (request.speed, request.language) == (3.0, "en")
    assert request.settings == {"warmth": 3, "pace": 7}


async def test_a_voice_chooses_its_engines_in_order(folder: Path) -> None:
    drop(folder, "ada", toml='engines = ["two", "one"]')
    drop(folder, "bob", toml='engines = ["two"]')
    async with cloning(folder) as cloned:
        one, two = ScriptedCloner("one", refuse="x"), ScriptedCloner("two", refuse="xx")
        speaking = router(cloned, one, two)
        assert await source(speaking, said("ada")) == "two/ada"
        assert await source(speaking, said("ada", "xx")) == "stock/emma"
        assert await source(speaking, said("grandma")) == "one/grandma"
        assert await source(speaking, said("grandma", "x")) == "two/grandma"
        assert await source(speaking, said("bob", "xx")) == "stock/emma"
    assert not any(request.voice == "bob" for request in one.spoken)


async def test_nobody_becomes_somebody_elses_clone_unasked(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with cloning(folder) as cloned:
        engine = ScriptedCloner(refuse="no")
        speaking = router(cloned, engine)
        assert await source(speaking, said("grandpa", "no")) == "stock/klara"
    assert "grandpa cannot speak now: klara speaks instead" in caplog.messages
    async with cloning(folder) as cloned:
        alone = Router([cloned.over(ScriptedCloner(refuse="no"))], wishes=cloned)
        with pytest.raises(NoBackend, match="grandpa"):
            await alone.synthesize(said("grandpa", "no"))


@pytest.mark.parametrize(
    ("fallback", "language", "speaks"),
    [
        ("KLARA", "de", "stock/klara"),
        ("klara", "en", "stock/emma"),  # it does not speak English
        ("grandma", "en", "two/grandma"),
        ("nobody", "de", "stock/klara"),
    ],
)
async def test_a_voice_names_who_speaks_when_it_cannot(
    folder: Path, fallback: str, language: str, speaks: str
) -> None:
    drop(folder, "ada", toml=f'engines = ["one"]\nfallback = "{fallback}"')
    async with cloning(folder) as cloned:
        speaking = router(cloned, ScriptedCloner("one", refuse=""), ScriptedCloner("two"))
        assert await source(speaking, said("ada", language=language)) == speaks


async def test_while_a_voice_is_learnt_another_speaks_and_nobody_is_blamed(folder: Path) -> None:
    engine = ScriptedCloner(enroll_s=0.2)
    async with cloning(folder, patience_s=0.02) as cloned:
        speaking = router(cloned, engine)
        assert await source(speaking, said("grandma")) == "stock/emma"
        await asyncio.sleep(0.3)
        assert await source(speaking, said("grandma")) == "cloner/grandma"
    assert len(engine.learnt) == 1, "the learning went on"


async def test_how_far_the_learning_is_can_be_read(folder: Path) -> None:
    async with cloning(folder, patience_s=0.15) as cloned:
        backend = cloned.over(ScriptedCloner(enroll_s=0.4))
        with pytest.raises(BackendUnavailable, match=r"still learning grandma \(25%\)"):
            await backend.synthesize(said("grandma"))


@pytest.mark.parametrize("fault", [CannotClone("no encoder here"), BadRecording("only music")])
async def test_an_engine_that_cannot_clone_somebody_is_one_warning(
    folder: Path, caplog: pytest.LogCaptureFixture, fault: CannotClone | BadRecording
) -> None:
    engine = ScriptedCloner(fault=fault)
    async with cloning(folder) as cloned:
        speaking = router(cloned, engine, ScriptedCloner("other"))
        for _ in range(3):
            assert await source(speaking, said("grandma")) == "other/grandma"
    assert len(engine.learnt) == 1
    told = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert told == [f"cloner cannot speak as grandma: {fault}"]


async def test_an_engine_that_nobody_has_is_one_warning(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    drop(folder, "ada", toml='engines = ["pocket"]')
    async with cloning(folder) as cloned:
        speaking = router(cloned, ScriptedCloner())
        for _ in range(2):
            assert "ada" not in [voice.name for voice in speaking.capabilities().voices]
        assert list(learning.missing(cloned)) == [
            "ada: nobody here can speak as it — install pocket, or name its languages"
        ]
    (message,) = caplog.messages
    assert message == "ada: no engine called pocket clones here — have cloner"


async def test_a_voice_that_changed_is_another_voice(folder: Path) -> None:
    engine = ScriptedCloner()
    async with cloning(folder) as cloned:
        speaking = router(cloned, engine)
        before = {v.name: v.revision for v in speaking.capabilities().voices}
        await speak(speaking, said("grandma"))
        drop(folder, "grandma", hz=500)
        drop(folder, "grandpa", 150, "speed = 1.5")
        await learning.look(cloned)
        after = {v.name: v.revision for v in speaking.capabilities().voices}
        assert before["grandma"] != after["grandma"]
        assert before["grandpa"] != after["grandpa"], "cached phrases are of no use"
        rate, samples = await speak(speaking, said("grandma"))
        assert pitch(samples, rate) == pytest.approx(500, abs=4)
    assert len(list((folder.parent / "cache").glob("*.safetensors"))) == 1, "the old is purged"


async def test_a_recording_that_changes_while_it_is_learnt_is_not_mistaken(folder: Path) -> None:
    engine = ScriptedCloner()
    async with cloning(folder) as cloned:
        drop(folder, "grandma", hz=500)
        with pytest.raises(BackendUnavailable, match="has just been changed"):
            await cloned.over(engine).synthesize(said("grandma"))
    assert not engine.learnt


async def test_a_sentence_spoken_before_needs_no_learning(folder: Path) -> None:
    async def once(engine: ScriptedCloner) -> Sequence[SynthesisRequest]:
        async with cloning(folder) as cloned, PhraseCache(folder.parent / "phrases") as phrases:
            speaking = Router([CachedBackend(cloned.over(engine), phrases)], wishes=cloned)
            await speak(speaking, said("grandma"))
            await phrases.settled()
            await cloned.speakers.clear()
        return engine.spoken

    assert len(await once(ScriptedCloner())) == 1
    assert len(await once(ScriptedCloner(enroll_s=60))) == 0
    assert len(await once(ScriptedCloner(revision="2"))) == 1


async def test_a_dropped_voice_is_offered_and_learnt_by_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "WATCH_S", 0.02)
    engine = ScriptedCloner()
    async with cloning(folder) as cloned:
        speaking = router(cloned, engine)
        watching = asyncio.create_task(learning.watch(cloned))
        await asyncio.sleep(0.1)
        assert len(engine.learnt) == 2, "those that are there already"
        drop(folder, "ada", hz=500)
        await asyncio.sleep(0.2)
        assert "ada" in [voice.name for voice in speaking.capabilities().voices]
        assert len(engine.learnt) == 3
        for path in (folder / "ada").iterdir():
            path.unlink()
        await asyncio.sleep(0.2)
        assert "ada" not in [voice.name for voice in speaking.capabilities().voices]
        assert (await cloned.speakers.stats()).entries == 2
        watching.cancel()
        await asyncio.wait({watching})


async def test_lessons_begin_with_each_voices_preferred_engine(folder: Path) -> None:
    drop(folder, "ada", toml='engines = ["two", "one"]')
    async with cloning(folder) as cloned:
        router(cloned, ScriptedCloner("one"), ScriptedCloner("two"))
        todo = [(engine.name, person.name) for engine, person in learning.lessons(cloned)]
    assert todo == [
        ("two", "ada"),
        ("one", "grandma"),
        ("one", "grandpa"),
        ("one", "ada"),
        ("two", "grandma"),
        ("two", "grandpa"),
    ]


async def test_a_client_may_name_a_role_or_an_alias(folder: Path) -> None:
    async with cloning(folder) as cloned:
        casting = Casting(
            router(cloned, ScriptedCloner()),
            "alarm",
            "en",
            Roles({"alarm": "grandpa", "news": "oma|de", "book": "klara"}, cloned.library),
        )
        names = {name: casting.choose(name).name for name in ("Alarm", "news", "book", "OMA")}
        assert names == {
            "Alarm": "grandpa",
            "news": "grandma|de",
            "book": "klara",
            "OMA": "grandma",
        }
        assert [voice.name for voice in casting.voices()] == [
            "grandpa",
            "grandma",
            "grandma|de",
            "emma",
            "klara",
        ]


async def test_a_default_person_speaks_other_languages_too_and_nobody_else_unasked(
    folder: Path,
) -> None:
    async with cloning(folder) as cloned:
        speaking = router(cloned, ScriptedCloner())
        assert Casting(speaking, "grandma", "en").choose(None, "de").name == "grandma|de"
        assert Casting(speaking, None, "en").choose(None, "de").name == "klara"
        assert Casting(speaking, None, "en").choose(None).name == "emma"


async def test_switching_between_twenty_learnt_voices_costs_nothing(folder: Path) -> None:
    for number in range(20):
        drop(folder, f"voice {number}", hz=200 + 10 * number)
    async with cloning(folder) as cloned:
        speaking = router(cloned, ScriptedCloner())
        await learning.learn_ahead(cloned, learning.lessons(cloned))
        one, many = [
            await first_sound_s(speaking, [f"voice {number % voices}" for number in range(100)])
            for voices in (1, 20)
        ]
    assert many - one < 0.005


async def first_sound_s(speaking: Router, names: list[str]) -> float:
    """The median time to the first chunk."""
    times: list[float] = []
    for name in names:
        began = time.perf_counter()
        stream = await speaking.synthesize(said(name))
        times.append(time.perf_counter() - began)
        await stream.aclose()
    return sorted(times)[len(times) // 2]


async def test_a_person_of_two_languages_speaks_that_of_the_text(folder: Path) -> None:
    pytest.importorskip("py3langid")
    drop(folder, "ada", toml='languages = ["en", "de"]')
    engine = ScriptedCloner(languages=["en", "de", "fr"])

    async def said_in(voice: str, language: str | None = None) -> list[str | None]:
        async def text() -> AsyncIterator[str]:
            yield "Dinner is ready. OK. Das Essen ist fertig, kommt bitte. OK."

        engine.spoken.clear()
        async with cloning(folder) as cloned:
            speech = Speech(router(cloned, engine), spoken=cloned.spoken)
            async with await speech.speak(UtteranceRequest(voice, language), text()) as stream:
                assert [chunk async for chunk in stream]
        return [request.language for request in engine.spoken]

    assert await said_in("ada") == ["en", "en", "de", "de"]
    assert await said_in("ada|de") == ["de"] * 4
    assert await said_in("ada", "en") == ["en"] * 4
    assert await said_in("grandma") == ["en"] * 4, "nobody said that she changes hers"


async def test_a_custom_voice_speaks_and_is_never_written_down(folder: Path) -> None:
    engine = ScriptedCloner()
    async with cloning(folder) as cloned, PhraseCache(folder.parent / "phrases") as phrases:
        backend = CachedBackend(cloned.over(engine), phrases)
        name = cloned.customs.add(Reference(tone(2, hz=440), 16_000))
        for _ in range(2):
            rate, samples = await speak(backend, said(name))
            assert pitch(samples, rate) == pytest.approx(440, abs=4)
        await phrases.settled()
        stats = await cloned.speakers.stats()
        assert (stats.entries, stats.remembered) == (0, 0), "it lives and ends with the voice"
        assert phrases.stats.entries == 0
        cloned.customs.remove(name)
        with pytest.raises(UnknownVoice):
            await backend.synthesize(said(name))
    assert len(engine.learnt) == 1


async def test_what_one_server_learnt_speaks_on_another(folder: Path) -> None:
    async with cloning(folder) as cloned:
        cloned.over(ScriptedCloner())
        data = await cloned.export("cloner", "oma")
        with pytest.raises(UnknownVoice):
            await cloned.export("cloner", "nobody")
        with pytest.raises(CannotClone):
            await cloned.export("nobody", "oma")
    engine = ScriptedCloner()
    async with cloning(folder.parent / "none") as cloned:
        name = cloned.customs.add_state(data)
        rate, samples = await speak(cloned.over(engine), said(name))
        assert pitch(samples, rate) == pytest.approx(300, abs=4)
        with pytest.raises(BackendUnavailable, match="send a recording"):
            await cloned.over(ScriptedCloner("other")).synthesize(said(name))
    assert not engine.learnt
