"""The tables of config.toml; each attribute's docstring is what people read in it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from pydantic import (
    AfterValidator,
    Field,
    create_model,
)

from wyoming_voiceclone.backends.engine import Engine, EngineSettings
from wyoming_voiceclone.config.gpu import GpuSettings
from wyoming_voiceclone.config.machines import BoxSettings, PeerUris
from wyoming_voiceclone.config.routing import HttpSettings, RouterSettings
from wyoming_voiceclone.config.table import Names, Table
from wyoming_voiceclone.servers.wyoming import Limits, Speakers
from wyoming_voiceclone.voices import language_in

APP = "wyoming-voiceclone"

Folder = Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())]
Seconds = Annotated[float, Field(ge=0, le=60)]
Speed = Annotated[float, Field(ge=0.25, le=4)]


class ServerSettings(Table):
    """The Wyoming server, which Home Assistant talks to."""

    role: Literal["home", "box", "both"] = "home"
    """A home speaks to clients. A box lends its engines to homes that are paired with it, and to
    nobody else (docs/boxes.md)."""
    host: str = "::"
    """The address to listen on; "::" is every one, IPv4 and IPv6; "127.0.0.1" this machine only."""
    port: Annotated[int, Field(ge=0, le=65535)] = 10200
    """The TCP port; 0 takes a free one."""
    uris: Names = ()
    """Where to listen instead of host and port: ["tcp://0.0.0.0:10200", "unix:///run/voice.sock"]"""
    grace_s: Seconds = 10.0
    """How long utterances may go on after Ctrl-C or SIGTERM; a second Ctrl-C ends them at once."""
    limits: Limits = Limits()
    """What one peer, and all of them together, may take of this machine."""

    def addresses(self) -> tuple[str, ...]:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.uris or (f"tcp://{host}:{self.port}",)


class DiscoverySettings(Table):
    """Being found by Home Assistant (mDNS, _wyoming._tcp.local.)."""

    enabled: bool = True
    """Whether the server announces itself on the LAN."""
    name: str = ""
    """What it is called there; Home Assistant knows it by this. "" is voiceclone- and a number
    made at the first start."""


class SpeechSettings(Table):
    """How to speak when a request does not say."""

    default_voice: str = "en_US-lessac-medium"
    """The voice to speak with, downloaded at the first start; "" is the best one there is."""
    language: str = "en"
    """The language (BCP-47) of a text when neither request nor voice tells."""
    speed: Speed = 1.0
    """2.0 is twice as fast."""
    sentence_silence_s: Seconds = 0.0
    """Silence between two sentences."""
    lead_silence_s: Seconds = 0.0
    """Silence before the first word, for players that clip the beginning."""
    trail_silence_s: Seconds = 0.0
    """Silence after the last word, for players that cut the end."""
    comfort_after_s: Annotated[float, Field(gt=0)] = 2.5
    """Once something has been spoken, silence is sent when the text or an engine is late by this;
    else some players hang."""
    lexicon: Folder = Field(
        default_factory=lambda: platformdirs.user_config_path(APP) / "lexicon.toml"
    )
    """Your own pronunciations (docs/text.md), read at the start if the file is there."""
    clause_chars: Annotated[int, Field(ge=0)] = 160
    """A first sentence longer than this is begun at a clause, to be heard early; 0: never."""

    @property
    def fallback_language(self) -> str:
        """What to speak while the default voice is not here: its language, if its name tells."""
        return language_in(self.default_voice) or self.language


class VoiceSettings(Table):
    """One voice's own manner; what is left out is as in [speech]."""

    speed: Speed | None = None
    """2.0 is twice as fast."""
    sentence_silence_s: Seconds | None = None
    """Silence between two sentences."""


def _addressed(speakers: dict[str, str]) -> dict[str, str]:
    Speakers(speakers)
    return speakers


class CloningSettings(Table):
    """Your own voices, spoken by the engines that clone (docs/voices.md)."""

    custom_voices: bool = True
    """Whether programs may bring voices that live an hour in memory (docs/protocol.md)."""
    patience_s: Annotated[float, Field(ge=0)] = 3.0
    """How long a listener waits for a voice to be learnt, or for an engine to start; then another
    speaks, and that goes on."""
    learn_ahead: bool = True
    """Whether voices are learnt as soon as they are there, and not when first asked for."""
    limit_mb: Annotated[int, Field(ge=1)] = 1_000
    """Disk space for what was learnt, in megabytes; what is unused the longest goes first."""
    memory_mb: Annotated[int, Field(ge=1)] = 200
    """Memory for what was learnt, in megabytes."""


class PhraseSettings(Table):
    """Sentences already spoken are kept and replayed at once."""

    limit_mb: Annotated[int, Field(ge=0)] = 500
    """Disk space for them, in megabytes; those unused the longest go first; 0 keeps none."""
    longest_s: Annotated[float, Field(gt=0)] = 30.0
    """Longer sentences are not kept."""


class FolderSettings(Table):
    """Where things lie on this machine."""

    data: Folder = Field(default_factory=lambda: platformdirs.user_data_path(APP))
    """What is downloaded or installed."""
    voices: Folder = Field(default_factory=lambda: platformdirs.user_data_path(APP) / "voices")
    """Your own voices: recordings (docs/voices.md), and Piper's .onnx with .onnx.json."""
    cache: Folder = Field(default_factory=lambda: platformdirs.user_cache_path(APP))
    """What can be computed again: may be deleted at any time."""

    @property
    def box(self) -> Path:
        """The certificate of this machine as a box, and the keys of its homes."""
        return self.data / "box"

    @property
    def phrases(self) -> Path:
        return self.cache / "phrases"

    @property
    def speakers(self) -> Path:
        return self.cache / "speakers"


class LogSettings(Table):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important kind of message to write: debug, info, warning or error."""
    format: Literal["text", "json"] = "text"
    """Text for people, or json: one object per line."""


class WorkerSettings(Table):
    """The process of its own that this engine runs in (docs/workers.md)."""

    preload: bool = False
    """Whether it starts with the server, and not when somebody wants to hear it."""
    idle_s: Annotated[float, Field(ge=0)] = 900.0
    """Unused for so long it ends, and gives its memory back; 0: never."""
    startup_s: Annotated[float, Field(gt=0)] = 300.0
    """How long its libraries may take to be there, and its model again."""


class Settings(Table):
    """Every setting of the program."""

    server: ServerSettings = ServerSettings()
    discovery: DiscoverySettings = DiscoverySettings()
    speech: SpeechSettings = Field(default_factory=SpeechSettings)
    voices: dict[str, VoiceSettings] = Field(default_factory=dict)
    """Voices that speak in their own manner: [voices."en_US-lessac-medium"] with speed = 1.2 or
    sentence_silence_s = 0.3. What only Piper knows is in [engines.piper.voices]."""
    roles: dict[str, str] = Field(default_factory=dict)
    """What voices are for: with alarm = "grandpa" a client that asks for alarm hears grandpa."""
    speakers: Annotated[dict[str, str], AfterValidator(_addressed)] = Field(default_factory=dict)
    """Which voice a loudspeaker has whose request names none, by address or network:
    "192.168.1.50" = "grandma", "192.168.2.0/24" = "en_US-lessac-medium"."""
    cloning: CloningSettings = CloningSettings()
    boxes: BoxSettings = BoxSettings()
    peers: PeerUris = Field(default_factory=dict)
    """Text-to-speech servers of others whose voices are offered here, too; each by a name of yours:
    kitchen = "tcp://192.168.1.9:10200"."""
    gpu: GpuSettings = GpuSettings()
    router: RouterSettings = RouterSettings()
    http: HttpSettings = HttpSettings()
    phrases: PhraseSettings = PhraseSettings()
    folders: FolderSettings = Field(default_factory=FolderSettings)
    log: LogSettings = LogSettings()
    engines: Table = Table()

    def engine(self, name: str) -> EngineSettings:
        """The validated `[engines.<name>]`."""
        found: EngineSettings = getattr(self.engines, name)
        return found

    def worker(self, name: str) -> WorkerSettings:
        """The validated `[engines.<name>.worker]`, of an engine with an environment of its own."""
        found: WorkerSettings = getattr(self.engine(name), "worker")  # noqa: B009 -- made below
        return found


def settings_type(engines: Mapping[str, Engine]) -> type[Settings]:
    """`Settings` with a table for each of the engines."""
    types = {name: _engine_table(engine) for name, engine in sorted(engines.items())}
    tables: dict[str, Any] = {
        name: (table, Field(default_factory=table)) for name, table in types.items()
    }
    engines_table = create_model("Engines", __base__=Table, **tables)
    return create_model(
        "Settings", __base__=Settings, engines=(engines_table, Field(default_factory=engines_table))
    )


def _engine_table(engine: Engine) -> type[EngineSettings]:
    """Its own settings, and where it runs in a worker that worker's."""
    if engine.environment is None:
        return engine.settings
    worker: Any = (WorkerSettings, WorkerSettings())
    own = engine.settings
    return create_model(own.__name__, __base__=own, __doc__=own.__doc__, worker=worker)
