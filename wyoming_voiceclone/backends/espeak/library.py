"""libespeak-ng through ctypes: one sentence at a time, from a fresh state where that matters."""

import ctypes
import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import espeakng_loader
import numpy as np

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.errors import BackendUnavailable

_BUFFER_MS = 60  # of audio in one call back

# speak_lib.h of espeak-ng 1.52
_SYNCHRONOUS, _DONT_EXIT, _UTF_8, _BY_CHARACTER = 2, 0x8000, 1, 1
_RATE, _PITCH = 1, 3
_END_OF_EVENTS, _WORD, _END = 0, 1, 5
_GO_ON, _ABORT = 0, 1
_LONGEST_PATH = 160  # N_PATH_HOME of espeak-ng 1.52


@dataclass(frozen=True, slots=True)
class Manner:
    """Which voice, and how."""

    identifier: str
    words_per_minute: int
    pitch: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a word begins: its characters in the text, its time in the audio."""

    start: int
    length: int
    """0 where a clause ends."""
    at_s: float


Heard = Callable[[Chunk, list[Mark]], bool]
"""Takes what was spoken; False stops the speaking."""


class Library:
    """libespeak-ng, which is one per process and not re-entrant: calls wait for each other.

    Its state lives in C statics that outlast a sentence (the pitch flutter for one), so that the
    same text never sounds quite the same twice, unless the library is loaded anew before. That
    takes 2 ms, and loses what the C code never frees: up to 0.2 MB after foreign words.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lib: ctypes.CDLL | None = None
        self._used = False
        self.rate = 0

    def speak(self, text: str, manner: Manner, heard: Heard, *, anew: bool = False) -> None:
        """Speak `text`; blocks. `heard` is called on this thread, every 60 ms of audio.

        `anew` makes it sound the same each time.
        """
        with self._lock:
            if anew and self._used:
                self._unload()
            lib = self._lib or self._load()
            self._used = True
            self._speak(lib, text, manner, heard)

    def _speak(self, lib: ctypes.CDLL, text: str, manner: Manner, heard: Heard) -> None:
        if lib.espeak_SetVoiceByName(manner.identifier.encode()):
            raise BackendUnavailable(
                f"espeak-ng has no voice {manner.identifier} — reinstall espeakng-loader"
            )
        lib.espeak_SetParameter(_RATE, manner.words_per_minute, 0)
        lib.espeak_SetParameter(_PITCH, manner.pitch, 0)
        failures: list[Exception] = []
        callback = _Callback(functools.partial(_hear, self.rate, heard, failures))
        lib.espeak_SetSynthCallback(callback)
        encoded = text.encode()
        lib.espeak_Synth(
            encoded, ctypes.c_size_t(len(encoded) + 1), 0, _BY_CHARACTER, 0, _UTF_8, None, None
        )
        if failures:
            raise failures[0]

    def _load(self) -> ctypes.CDLL:
        path = espeakng_loader.get_library_path()
        try:
            lib = ctypes.CDLL(path)
        except OSError as error:
            raise BackendUnavailable(
                f"{path}: cannot be loaded ({error}) — reinstall espeakng-loader"
            ) from error
        data = espeakng_loader.get_data_path()
        self.rate = lib.espeak_Initialize(_SYNCHRONOUS, _BUFFER_MS, data.encode(), _DONT_EXIT)
        if self.rate <= 0:
            raise BackendUnavailable(
                f"{data}: espeak-ng cannot read its data there — reinstall espeakng-loader, "
                f"where the path is shorter than {_LONGEST_PATH} characters"
            )
        self._lib = lib
        return lib

    def _unload(self) -> None:
        lib, self._lib, self._used = self._lib, None, False
        if lib is not None:
            lib.espeak_Terminate()  # or its data, 1.3 MB, stays allocated
            ctypes.CDLL(None).dlclose(ctypes.c_void_p(lib._handle))  # noqa: SLF001 -- the only way


@functools.cache
def the_library() -> Library:
    """The one of this process, whoever asks."""
    return Library()


def data_folder() -> Path:
    return Path(espeakng_loader.get_data_path())


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("text", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


def _hear(
    rate: int, heard: Heard, failures: list[Exception], wave: Any, samples: int, events: Any
) -> int:
    # an exception cannot pass through C: it is kept, the speaking stops, and it is raised after
    try:
        return _GO_ON if heard(_chunk(wave, samples), _marks(events, rate)) else _ABORT
    except Exception as error:  # noqa: BLE001
        failures.append(error)
        return _ABORT


def _chunk(wave: Any, samples: int) -> Chunk:
    if not wave or samples <= 0:
        return np.zeros(0, np.float32)
    pcm = ctypes.string_at(wave, 2 * samples)
    return np.frombuffer(pcm, np.int16).astype(np.float32) / np.float32(32_768)


def _marks(events: Any, rate: int) -> list[Mark]:
    marks = []
    index = 0
    while (event := events[index]).type != _END_OF_EVENTS:
        if event.type in {_WORD, _END}:
            length = event.length if event.type == _WORD else 0
            marks.append(Mark(event.text_position - 1, length, event.sample / rate))
        index += 1
    return marks
