"""The voice library: people's own voices, as they lie in one folder."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from wyoming_voiceclone.errors import VoiceCloneError
from wyoming_voiceclone.voices.names import same_name
from wyoming_voiceclone.voices.reference_index import ReferenceIndex
from wyoming_voiceclone.voices.voice_folder import ClonedVoice, VoiceFiles, voice_files

_LOGGER = logging.getLogger(__name__)

SETTLED_S = 2.0
"""Files changed more recently may still be being copied."""
_MOST_VOICES = 1_000


@dataclass(frozen=True, slots=True)
class Changes:
    """What was different since the last look."""

    voices: bool
    """Whether there are other voices, or the same ones say something else."""
    gone: frozenset[str]
    """Digests of references that are of no use any more."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One voice on disk as it was read; None where it is broken."""

    stamps: tuple[tuple[str, int, int], ...]
    voice: ClonedVoice | None
    fault: str = ""
    """Why it is None."""


class VoiceLibrary:
    """The voices in `folder`; looked at again only where something changed. Thread-safe."""

    def __init__(
        self, folder: Path, index: Path, *, clock: Callable[[], float] = time.time
    ) -> None:
        """`index`: a file to remember digests in."""
        self.folder = folder
        self._index = ReferenceIndex(index, folder)
        self._clock = clock
        self._entries: dict[Path, _Entry] = {}
        self._waiting: dict[Path, tuple[tuple[str, int, int], ...]] = {}
        self._lock = threading.Lock()
        self._told: set[str] = set()
        self._aliases: Mapping[str, ClonedVoice] = MappingProxyType({})
        self.voices: Mapping[str, ClonedVoice] = MappingProxyType({})
        """By name, as of the last `rescan`; a new mapping after each change."""
        self._faults: Mapping[str, str] = MappingProxyType({})

    def find(self, name: str) -> ClonedVoice | None:
        """The voice that people mean by a name or an alias."""
        wanted = same_name(name)
        return self._aliases.get(wanted)

    def fault(self, name: str) -> str | None:
        """Why the voice that is called so is left out."""
        return self._faults.get(same_name(name))

    def rescan(self) -> Changes:
        """Look again. Blocks: long only for recordings never seen before."""
        with self._lock:
            self._index.load()
            listed = voice_files(self.folder)
            self._entries = {
                files.path: entry
                for files in listed[:_MOST_VOICES]
                if (entry := self._entry(files)) is not None
            }
            if len(listed) > _MOST_VOICES:
                self._tell(f"{self.folder}: {len(listed)} voices, only {_MOST_VOICES} are used")
            self._waiting = {f.path: f.stamps for f in listed if f.path in self._waiting}
            self._faults = _faults(listed, self._entries)
            changed = self._name(entry.voice for entry in self._entries.values() if entry.voice)
            return Changes(changed, self._index.sweep())

    def _entry(self, files: VoiceFiles) -> _Entry | None:
        """What is known of it while it is being copied, and read anew once it has settled."""
        known = self._entries.get(files.path)
        if known is not None and known.stamps == files.stamps:
            return known
        if not self._settled(files):
            self._waiting[files.path] = files.stamps
            return known
        self._waiting.pop(files.path, None)
        return self._read(files)

    def _settled(self, files: VoiceFiles) -> bool:
        quiet_s = self._clock() - files.changed_ns / 1e9
        return quiet_s >= SETTLED_S or self._waiting.get(files.path) == files.stamps

    def _read(self, files: VoiceFiles) -> _Entry:
        try:
            return _Entry(files.stamps, files.read(self._index))
        except VoiceCloneError as error:
            fault = "; ".join(str(error).split("\n"))
            _LOGGER.warning("voice %s is left out: %s", files.name, fault)
        except Exception:  # whatever is wrong with one, the others speak
            fault = f"{files.path} cannot be read"
            _LOGGER.exception("voice %s is left out: %s", files.name, fault)
        return _Entry(files.stamps, None, fault)

    def _name(self, found: Iterable[ClonedVoice]) -> bool:
        """Whether other voices go by other names now."""
        by_name: dict[str, ClonedVoice] = {}
        # a folder says more than a recording beside it
        for voice in sorted(found, key=lambda voice: voice.folder is None):
            if (first := by_name.setdefault(same_name(voice.name), voice)) is not voice:
                self._tell(f"{voice.recording}: {first.name} is called that as well, and speaks")
        aliases = dict(by_name)
        for voice in by_name.values():
            for alias in voice.about.aliases:
                if (other := aliases.setdefault(same_name(alias), voice)) is not voice:
                    self._tell(f"{voice.name}: {other.name} is called {alias} already, and speaks")
        voices = {v.name: v for v in sorted(by_name.values(), key=lambda v: same_name(v.name))}
        changed = voices != self.voices
        if changed:
            self.voices, self._aliases = MappingProxyType(voices), MappingProxyType(aliases)
        return changed

    def _tell(self, warning: str) -> None:
        """Once."""
        if warning not in self._told and len(self._told) < _MOST_VOICES:
            self._told.add(warning)
            _LOGGER.warning("%s", warning)


def _faults(listed: Iterable[VoiceFiles], entries: Mapping[Path, _Entry]) -> Mapping[str, str]:
    """What is wrong, by the name as `same_name` writes it."""
    return {
        same_name(files.name): entry.fault
        for files in listed
        if (entry := entries.get(files.path)) and entry.fault
    }
