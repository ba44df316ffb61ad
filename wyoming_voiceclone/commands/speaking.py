"""The doctor's look at the engines: each says a word, the default voice first."""

import time
from collections.abc import AsyncIterator, Sequence

from wyoming_voiceclone.app import open_app
from wyoming_voiceclone.backends import Backend, SynthesisRequest
from wyoming_voiceclone.backends.engine import installed_engines
from wyoming_voiceclone.commands.findings import Finding, broken, note, well
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.errors import VoiceCloneError
from wyoming_voiceclone.voices import Voice, named, voice_for

_WORD = "Hello."


async def findings(settings: Settings) -> AsyncIterator[Finding]:
    try:
        async with open_app(settings) as app:
            for name in sorted(set(installed_engines()) - {one.name for one in app.backends}):
                yield _absent(name, settings)
            for backend in app.backends:
                yield await _speaks(backend, settings)
            wanted = app.called(settings.speech.default_voice)
            yield _default_voice(app.speech.voices(), wanted)
    except VoiceCloneError as error:
        yield broken("speech", str(error), "reinstall wyoming-voiceclone")


def _absent(name: str, settings: Settings) -> Finding:
    if settings.engine(name).enabled:
        return broken(name, "does not start", "see the warning above")
    return note(name, "is switched off", f"[engines.{name}] enabled = true brings it back")


async def _speaks(backend: Backend, settings: Settings) -> Finding:
    voices = backend.capabilities().voices
    speech = settings.speech
    voice = named(speech.default_voice, voices) or voice_for(speech.fallback_language, voices)
    voice = voice or next(iter(voices), None)
    if voice is None:
        return note(backend.name, "no voices", "`wyoming-voiceclone voices list` shows some")
    began = time.monotonic()
    try:
        async with await backend.synthesize(SynthesisRequest(_WORD, voice.name)) as stream:
            first_ms = (time.monotonic() - began) * 1000
            samples = sum([len(chunk) async for chunk in stream])
    except VoiceCloneError as error:
        return broken(backend.name, str(error), "see the message; try another voice")
    heard = f"{samples / stream.rate:.1f} s of speech after {first_ms:.0f} ms, loading included"
    return well(backend.name, f"{len(voices)} voices; {voice.name}: {heard}")


def _default_voice(voices: Sequence[Voice], wanted: str) -> Finding:
    speaks = voices[0].name if voices else "nobody"
    if not wanted or speaks.casefold() == wanted.casefold():
        return well("default voice", speaks)
    remedy = f"wyoming-voiceclone voices download {wanted}"
    return note("default voice", f"{wanted} is not here, {speaks} speaks instead", remedy)
