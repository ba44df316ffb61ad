"""`voices add`, `show`, `rename`, `warm`: voices of one's own."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from wyoming_voiceclone.app import App, open_app
from wyoming_voiceclone.audio.recording import read_recording
from wyoming_voiceclone.backends.engine import installed_engines
from wyoming_voiceclone.boxes.forgetting import Forgetting
from wyoming_voiceclone.commands.options import PATIENT, Config, LogLevel, VoicesDir, begin
from wyoming_voiceclone.commands.voice_card import Card
from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.errors import BackendError, BadRequest, ConfigError, UnknownVoice
from wyoming_voiceclone.synthesis.cloned import wanted_state
from wyoming_voiceclone.synthesis.learning import Lesson, learn_ahead, lessons, missing
from wyoming_voiceclone.voices.keeping import add_voice, remove_voice, rename_voice
from wyoming_voiceclone.voices.library import VoiceLibrary
from wyoming_voiceclone.voices.names import same_name
from wyoming_voiceclone.voices.speaker_store import SpeakerStore
from wyoming_voiceclone.voices.voice_folder import ClonedVoice, checked_transcript
from wyoming_voiceclone.voices.voice_toml import new_voice_toml

VoiceArgument = Annotated[str, typer.Argument(metavar="NAME", help="A voice of your own.")]


def add(  # noqa: PLR0913 -- one per flag
    name: Annotated[str, typer.Argument(help="What the voice is to be called.")],
    file: Annotated[Path, typer.Argument(help="A recording: WAV, FLAC, MP3, M4A, Ogg, WebM …")],
    *,
    text: Annotated[str, typer.Option(help="What is said in it; some engines need it.")] = "",
    language: Annotated[
        list[str] | None,
        typer.Option(help="A language to offer it in, first the recording's; may be repeated."),
    ] = None,
    engine: Annotated[
        list[str] | None,
        typer.Option(help="Who may speak as it, in this order; may be repeated."),
    ] = None,
    fallback: Annotated[
        str | None, typer.Option(help="The voice that speaks when none of them can.")
    ] = None,
    alias: Annotated[
        list[str] | None, typer.Option(help="Another name for it; may be repeated.")
    ] = None,
    description: Annotated[str, typer.Option(help="What people see in the list.")] = "",
    config: Config = None,
    voices_dir: VoicesDir = None,
    log_level: LogLevel = None,
) -> None:
    """Make a voice of your own from a recording of at least some sentences.

    [dim]wyoming-voiceclone voices add grandma memo.m4a --language de --text "Mein Junge, …"[/]
    """
    settings = _settings(config, voices_dir, log_level)
    about = new_voice_toml(
        description=description,
        languages=language,
        engines=_known_engines(engine),
        fallback=fallback,
        aliases=alias,
    )
    sound = read_recording(file.expanduser())
    transcript = checked_transcript(text, "--text")
    path = add_voice(settings.folders.voices, name, sound, transcript=transcript, about=about)
    seconds = len(sound.samples) / sound.rate
    typer.echo(f"{path.name} is in {path}: {seconds:.1f} s of speech")


def show(
    name: VoiceArgument,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    config: Config = None,
    voices_dir: VoicesDir = None,
    log_level: LogLevel = None,
) -> None:
    """Where a voice of your own lies, who speaks as it, and who has learnt it already."""
    settings = _settings(config, voices_dir, log_level)
    card, notes = asyncio.run(_show(settings, name))
    if as_json:
        typer.echo(json.dumps(asdict(card), ensure_ascii=False, indent=1))
        return
    for line in [*card.lines(), *notes]:
        typer.echo(line)


def rename(
    name: VoiceArgument,
    new: Annotated[str, typer.Argument(help="What it is to be called.")],
    *,
    config: Config = None,
    voices_dir: VoicesDir = None,
    log_level: LogLevel = None,
) -> None:
    """Call a voice of your own something else; what was learnt stays."""
    settings = _settings(config, voices_dir, log_level)
    path = rename_voice(own_voice(_library(settings), name), new)
    typer.echo(f"{name} is {path.stem if path.is_file() else path.name} now, in {path}")


def warm(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME...]", help="Left out: all of them.")
    ] = None,
    *,
    config: Config = None,
    voices_dir: VoicesDir = None,
    log_level: LogLevel = None,
) -> None:
    """Let the engines learn voices of your own now, so that nobody waits for it later."""
    preload(_settings(config, voices_dir, log_level), names or [])


def preload(settings: Settings, names: list[str]) -> None:
    """Learn these voices, or all, with a bar; what failed is raised as one error."""
    learnt, failed = asyncio.run(_warm(settings, names))
    typer.echo(f"{learnt} of {learnt + len(failed)} learnt")
    if failed:
        raise BackendError("\n".join(failed))


def remove_own(settings: Settings, name: str, *, yes: bool, ask: bool) -> Path | None:
    """Remove a voice of one's own and everything learnt from it; None where there is none.

    Raises BadRequest when a person who is asked does not want it.
    """
    library = _library(settings)
    voice = library.find(name)
    if voice is None or same_name(voice.name) != same_name(name):
        if fault := library.fault(name):
            raise UnknownVoice(f"{name} is left out: {fault}; or delete it there")
        return None
    place = voice.folder or voice.recording
    if ask and not yes and not typer.confirm(f"Remove {place} with its recording?"):
        raise BadRequest(f"{voice.name}: is still there — nothing was removed")
    remove_voice(voice)
    store = SpeakerStore(settings.folders.speakers, 0)
    gone = library.rescan().gone
    store.purge(gone)
    Forgetting(settings.folders.data).removed(gone)
    return place


def own_voice(library: VoiceLibrary, name: str) -> ClonedVoice:
    """Raises UnknownVoice, with what is wrong with its files, or with those there are."""
    if voice := library.find(name):
        return voice
    if fault := library.fault(name):
        raise UnknownVoice(f"{name} is left out: {fault}")
    have = f"have {', '.join(library.voices)}" if library.voices else "`voices add` makes one"
    raise UnknownVoice(f"{name}: no voice of your own is called that — {have}")


def _settings(config: Path | None, voices_dir: Path | None, log_level: LogLevel) -> Settings:
    flags = {**PATIENT, "folders": {"voices": voices_dir}}
    return begin(config, flags, log_level, quiet=True)


def _known_engines(names: list[str] | None) -> list[str] | None:
    have = installed_engines()
    for name in names or []:
        if name not in have:
            raise ConfigError(f"--engine {name}: no such engine here — have {', '.join(have)}")
    return names


def _library(settings: Settings) -> VoiceLibrary:
    library = VoiceLibrary(settings.folders.voices, settings.folders.speakers / "index.json")
    library.rescan()
    return library


async def _show(settings: Settings, name: str) -> tuple[Card, list[str]]:
    async with open_app(settings) as app:
        voice = own_voice(app.cloning.library, name)
        parts = [part for part in app.cloning.parts.values() if part.person is voice]
        engines = {engine: app.cloning.engines[engine] for part in parts for engine in part.engines}
        store = SpeakerStore(settings.folders.speakers, 0)
        learnt = {
            name: await asyncio.to_thread(store.holds, wanted_state(engine, voice).key)
            for name, engine in engines.items()
        }
        card = Card(
            voice.name,
            str(voice.recording),
            voice.seconds,
            voice.transcript,
            {part.voice.name: part.voice.languages[0] for part in parts},
            learnt,
            voice.about.fallback,
            voice.about.aliases,
            voice.about.speed,
        )
        return card, [note for note in missing(app.cloning) if note.startswith(f"{voice.name}:")]


async def _warm(settings: Settings, names: list[str]) -> tuple[int, list[str]]:
    """How many lessons went well, and what went wrong, one line each."""
    async with open_app(settings) as app:
        voices = [own_voice(app.cloning.library, name) for name in names]
        notes = missing(app.cloning)
        wrong = [n for n in notes if not voices or n.partition(":")[0] in {v.name for v in voices}]
        todo = lessons(app.cloning, *(voice.name for voice in voices))
        return await _learn(app, todo, wrong)


async def _learn(app: App, todo: list[Lesson], wrong: list[str]) -> tuple[int, list[str]]:
    console = Console(stderr=True)
    bar = Progress(console=console, transient=True, disable=not console.is_terminal)
    with bar:
        task = bar.add_task("learning", total=len(todo))

        def told(done: int, _of: int, lesson: Lesson) -> None:
            engine, person = lesson
            bar.update(task, completed=done, description=f"{person.name} by {engine.name}")

        failed = await learn_ahead(app.cloning, todo, told)
    wrong += [f"{person.name} by {engine.name}: {error}" for (engine, person), error in failed]
    return len(todo) - len(failed), wrong
