"""espeak-ng: it always speaks, to each listener their own sentence."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import pytest_asyncio

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.backends import Folders, SynthesisRequest
from wyoming_voiceclone.backends.espeak import ENGINE, EspeakSettings
from wyoming_voiceclone.backends.espeak.backend import EspeakBackend
from wyoming_voiceclone.backends.espeak.library import Manner, the_library
from wyoming_voiceclone.errors import BackendError, BackendUnavailable, BadRequest
from wyoming_voiceclone.testing.conformance import check_backend, speak
from wyoming_voiceclone.voices.choice import voice_for

LONG = "The kitchen light is on, and the door is open. " * 60


async def make() -> EspeakBackend:
    return await asyncio.to_thread(EspeakBackend, EspeakSettings())


@pytest_asyncio.fixture
async def espeak() -> AsyncIterator[EspeakBackend]:
    backend = await make()
    yield backend
    await backend.aclose()


async def test_it_keeps_the_contract_of_every_backend() -> None:
    await check_backend(make, "espeak-en-us")


async def test_it_speaks_about_a_hundred_languages_known_without_loading_it(
    espeak: EspeakBackend,
) -> None:
    voices = espeak.capabilities().voices
    assert len({voice.languages[-1] for voice in voices}) > 100


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("en-US", "espeak-en-us"),
        ("en-GB", "espeak-en-gb"),
        ("en-AU", "espeak-en-gb"),
        ("de-DE", "espeak-de"),
        ("pt-BR", "espeak-pt-br"),
        ("pt-PT", "espeak-pt"),
        ("fr", "espeak-fr-fr"),
        ("es-MX", "espeak-es-419"),
        ("ru", "espeak-ru"),
        ("zh-CN", "espeak-cmn"),
        ("zh", "espeak-cmn"),
        ("zh-HK", "espeak-yue"),
        ("yue", "espeak-yue"),
        ("no", "espeak-nb"),
        ("ca", "espeak-ca"),
        ("fa", "espeak-fa"),
    ],
)
async def test_a_language_finds_its_plainest_voice(
    espeak: EspeakBackend, language: str, name: str
) -> None:
    found = voice_for(language, espeak.capabilities().voices)
    assert found is not None
    assert found.name == name


async def test_every_voice_makes_a_sound(espeak: EspeakBackend) -> None:
    for voice in espeak.capabilities().voices:
        rate, samples = await speak(espeak, SynthesisRequest("123 ok", voice.name))
        assert rate == 22_050
        assert np.abs(samples).max() > 0.05, voice.name


async def test_languages_sound_different(espeak: EspeakBackend) -> None:
    text = "Information"
    heard = [
        (await speak(espeak, SynthesisRequest(text, f"espeak-{code}")))[1].tobytes()
        for code in ("en-us", "de", "fr-fr", "sv", "ja")
    ]
    assert len(set(heard)) == len(heard)


async def test_eight_interleaved_listeners_hear_what_they_would_hear_alone(
    espeak: EspeakBackend,
) -> None:
    texts = [f"Listener {i} hears the number {i * 37}. " * (1 + 5 * i) for i in range(8)]
    voices = ["espeak-en-us", "espeak-de", "espeak-fr-fr", "espeak-cmn"] * 2
    requests = [SynthesisRequest(t, v, seed=1) for t, v in zip(texts, voices, strict=True)]
    alone = [await speak(espeak, request) for request in requests]
    together = await asyncio.gather(*(speak(espeak, request) for request in requests))
    for (_, expected), (_, heard) in zip(alone, together, strict=True):
        assert np.array_equal(expected, heard)


async def test_memory_does_not_grow_with_what_is_spoken(espeak: EspeakBackend) -> None:
    request = SynthesisRequest("The kitchen light is on 你好.", "espeak-de")
    await speak(espeak, request)
    before = psutil.Process().memory_info().rss
    for _ in range(200):
        await speak(espeak, request)
    assert psutil.Process().memory_info().rss - before < 10_000_000


async def test_two_backends_share_the_one_library_without_mixing(espeak: EspeakBackend) -> None:
    other = await make()
    request = SynthesisRequest("One two three.", "espeak-en-us", seed=1)
    alone = (await speak(espeak, request))[1]
    heard = await asyncio.gather(*(speak(b, request) for b in (espeak, other) * 4))
    await other.aclose()
    assert all(np.array_equal(alone, samples) for _, samples in heard)


async def test_a_closed_stream_stops_the_work_at_once(espeak: EspeakBackend) -> None:
    stream = await espeak.synthesize(SynthesisRequest(LONG, "espeak-en-us"))
    await anext(stream)
    await stream.aclose()
    loop = asyncio.get_running_loop()
    started = loop.time()
    await speak(espeak, SynthesisRequest("Hi", "espeak-en-us"))
    assert loop.time() - started < 0.25


def test_the_library_stops_within_a_chunk_when_nobody_listens_any_more() -> None:
    heard: list[int] = []

    def listen(chunk: Chunk, _: object) -> bool:
        heard.append(len(chunk))
        return len(heard) < 3

    the_library().speak(LONG, Manner("gmw/en-US", 175, 50), listen)
    assert len(heard) == 3


async def test_a_slow_listener_holds_no_hours_of_audio_and_nobody_else_up(
    espeak: EspeakBackend,
) -> None:
    slow = await espeak.synthesize(SynthesisRequest(LONG * 100, "espeak-en-us"))
    async with asyncio.timeout(5):
        await speak(espeak, SynthesisRequest("Hello", "espeak-de"))
    await slow.aclose()


async def test_closing_the_backend_ends_what_it_speaks_with_an_error() -> None:
    backend = await make()
    stream = await backend.synthesize(SynthesisRequest(LONG, "espeak-en-us"))
    await backend.aclose()
    with pytest.raises(BackendError, match="closed"):
        async for _ in stream:
            pass
    await stream.aclose()


async def test_a_long_text_loses_no_word(espeak: EspeakBackend) -> None:
    text = " ".join(["kitchen", "light", "open", "door", "window"] * 80)
    async with await espeak.synthesize(SynthesisRequest(text, "espeak-en-us")) as stream:
        samples = sum([len(chunk) async for chunk in stream])
    assert [timing.text for timing in stream.timings] == text.split()
    assert stream.timings[-1].end_s == pytest.approx(samples / stream.rate, abs=0.3)


async def test_words_are_timed_in_order(espeak: EspeakBackend) -> None:
    request = SynthesisRequest("Grüße an [[ʃɪˈvɔːn|Siobhan]], 😀 heute.", "espeak-de")
    async with await espeak.synthesize(request) as stream:
        seconds = sum([len(chunk) async for chunk in stream]) / stream.rate
    assert [t.text.strip(" ,.") for t in stream.timings][:3] == ["Grüße", "an", "Siobhan"]
    edges = [edge for t in stream.timings for edge in (t.start_s, t.end_s)]
    assert edges == sorted(edges)
    assert edges[-1] <= seconds + 0.01


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00\x01\x1b52S",
        "\ud83d half",
        "a" * 20_000,
        "🏳️‍🌈" * 300,
        "שלום עולם",
        "<speak><break time='9999s'/></speak>",
        "[[k'V|",
        "\u202e\u200f\ufeff",
        "．" * 2_000,
    ],
)
async def test_odd_text_is_survived(espeak: EspeakBackend, text: str) -> None:
    await speak(espeak, SynthesisRequest(text, "espeak-en-us"))
    _, samples = await speak(espeak, SynthesisRequest("still here", "espeak-en-us"))
    assert len(samples) > 5_000


async def test_control_characters_cannot_change_how_it_speaks(espeak: EspeakBackend) -> None:
    texts = "   450S Hello there", "  \x01450S Hello there"
    requests = [SynthesisRequest(text, "espeak-en-us", seed=1) for text in texts]
    plain, command = [await speak(espeak, request) for request in requests]
    assert np.array_equal(plain[1], command[1])


async def test_an_unknown_voice_is_named(espeak: EspeakBackend) -> None:
    with pytest.raises(BackendUnavailable, match="espeak-klingonish"):
        await espeak.synthesize(SynthesisRequest("Hi", "espeak-klingonish"))


async def test_it_lives_beside_the_espeak_inside_piper(espeak: EspeakBackend) -> None:
    from piper.phonemize_espeak import EspeakPhonemizer  # noqa: PLC0415 -- its library loads here

    def phonemize() -> list[list[list[str]]]:
        phonemizer = EspeakPhonemizer()
        return [phonemizer.phonemize("de", "Guten Morgen, Küche.") for _ in range(50)]

    request = SynthesisRequest("Good morning, kitchen.", "espeak-en-us", seed=1)
    alone = (await speak(espeak, request))[1]
    phonemes, *heard = await asyncio.gather(
        asyncio.to_thread(phonemize), *(speak(espeak, request) for _ in range(20))
    )
    assert all(np.array_equal(alone, samples) for _, samples in heard)
    assert all(each == phonemes[0] and each for each in phonemes)


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf")])
async def test_an_impossible_speed_is_refused(espeak: EspeakBackend, speed: float) -> None:
    with pytest.raises(BadRequest, match="speed"):
        await espeak.synthesize(SynthesisRequest("Hi", "espeak-de", speed=speed))


async def test_the_revision_tells_when_it_would_sound_different(espeak: EspeakBackend) -> None:
    higher = await asyncio.to_thread(EspeakBackend, EspeakSettings(pitch=70))
    first, second = (b.capabilities().voices[0].revision for b in (espeak, higher))
    await higher.aclose()
    assert first
    assert first != second


async def test_the_engine_makes_it(tmp_path: Path) -> None:
    folders = Folders(tmp_path, tmp_path, tmp_path)
    backend = await asyncio.to_thread(ENGINE.make, ENGINE.settings(), folders)
    assert backend.name == ENGINE.name == "espeak"
    await backend.aclose()
