"""The doctor's look at the engines: each says a word, the default voice first."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from wyoming_voiceclone.app import App, open_app
from wyoming_voiceclone.backends import Backend, SynthesisRequest
from wyoming_voiceclone.backends.engine import installed_engines
from wyoming_voiceclone.commands.asked_voice import can_come, is_here, unknown
from wyoming_voiceclone.commands.findings import Finding, broken, failed, note, spare, well
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.errors import ConfigError, VoiceCloneError
from wyoming_voiceclone.hosting import HostedEngine
from wyoming_voiceclone.text.lexicon import Lexicon
from wyoming_voiceclone.voices import Voice, named, voice_for

_WORD = "Hello."


async def findings(settings: Settings) -> AsyncIterator[Finding]:
    if ill := await asyncio.to_thread(_lexicon, settings.speech.lexicon):
        speech = settings.speech.model_copy(update={"lexicon": Path(os.devnull)})
        settings = settings.model_copy(update={"speech": speech})
        for finding in ill:
            yield finding
    try:
        async with open_app(settings) as app:
            for name in dict.fromkeys([*settings.voices, *settings.roles.values()]):
                if wrong := _spoken_of(app, settings, name):
                    yield wrong
            async for about in _engines(app, settings):
                yield about
            wanted = app.called(settings.speech.default_voice)
            yield _default_voice(app.speech.voices(), wanted)
    except VoiceCloneError as error:
        for finding in failed("speech", error):
            yield finding


async def _engines(app: App, settings: Settings) -> AsyncIterator[Finding]:
    for name in sorted(set(installed_engines()) - {one.name for one in app.backends}):
        yield _absent(name, settings)
    hosted = app.engines.hosted.values()
    absent = [one.name for one in hosted if not (one.is_installed or one.fault)]
    for backend in app.backends:
        if backend.name not in absent:
            yield _faulty(backend) or await _speaks(backend, settings)
    if absent:
        yield _uninstalled(absent)


def _lexicon(path: Path) -> list[Finding]:
    """What is wrong with the user's pronunciations."""
    try:
        if path.exists():
            Lexicon.load(path)
    except ConfigError as error:
        return [*failed("lexicon", error)]
    return []


def _spoken_of(app: App, settings: Settings, name: str) -> Finding | None:
    """What is wrong with a voice that stands in the settings."""
    if is_here(app, name) or can_come(app, name):
        return None
    fact, _, remedy = str(unknown(app, settings, name)).partition(" — ")
    return note("[voices] and [roles]", fact, remedy)


def _absent(name: str, settings: Settings) -> Finding:
    if settings.engine(name).enabled:
        return broken(name, "does not start", "see the warning above")
    return note(name, "is switched off", f"[engines.{name}] enabled = true brings it back")


def _faulty(backend: Backend) -> Finding | None:
    if not isinstance(backend, HostedEngine) or backend.is_installed:
        return None
    return note(backend.name, backend.fault, f"{backend.remedy}, if you want it")


def _uninstalled(engines: Sequence[str]) -> Finding:
    remedy = "`wyoming-voiceclone engines list` tells what they are for"
    return spare("engines", f"not installed: {', '.join(engines)}", remedy)


async def _speaks(backend: Backend, settings: Settings) -> Finding:
    voices = backend.capabilities().voices
    speech = settings.speech
    voice = named(speech.default_voice, voices) or voice_for(speech.fallback_language, voices)
    voice = voice or next(iter(voices), None)
    if voice is None and backend.capabilities().clones:
        return well(backend.name, "speaks as your own voices")
    if voice is None:
        return note(backend.name, "no voices", "`wyoming-voiceclone voices list` shows some")
    began = time.monotonic()
    try:
        async with await backend.synthesize(SynthesisRequest(_WORD, voice.name)) as stream:
            first_ms = (time.monotonic() - began) * 1000
            samples = sum([len(chunk) async for chunk in stream])
    except VoiceCloneError as error:
        fact, _, remedy = str(error).partition(" — ")
        return broken(backend.name, fact, remedy or "see the message; try another voice")
    heard = f"{samples / stream.rate:.1f} s of speech after {first_ms:.0f} ms, loading included"
    return well(backend.name, f"{len(voices)} voices; {voice.name}: {heard}")


def _default_voice(voices: Sequence[Voice], wanted: str) -> Finding:
    speaks = voices[0].name if voices else "nobody"
    if not wanted or speaks.casefold() == wanted.casefold():
        return well("default voice", speaks)
    remedy = f"wyoming-voiceclone voices download {wanted}"
    return note("default voice", f"{wanted} is not here, {speaks} speaks instead", remedy)
