"""Text to phoneme ids, by piper-tts's own phonemizer; blocking (espeak has a global lock)."""

import json
import logging
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from piper.config import PhonemeType, PiperConfig
from piper.voice import PiperVoice

from wyoming_voiceclone.errors import BackendUnavailable
from wyoming_voiceclone.text.phonemes import segments, spelled

MAX_IDS = 1500
"""Ids of one run: attention needs memory by their square. About 120 words; longer ones are cut."""

_MARKS = _BEGIN, _END, _PAD = "^", "$", "_"
_SPACE = " "
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Run:
    """What the model speaks at one time."""

    ids: tuple[int, ...]
    words: tuple[tuple[int, int], ...]
    """Where each word's ids begin and end."""


class Phonemizer:
    """The phonemizer of one voice."""

    def __init__(self, config: Path) -> None:
        """Raises BackendUnavailable when the configuration cannot be used."""
        try:
            raw = json.loads(config.read_text(encoding="utf-8"))
            self._config = PiperConfig.from_dict(raw)
            _require_marks(self._config)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BackendUnavailable(
                f"{config}: not a Piper voice's configuration ({error!r}) — download it again"
            ) from error
        self.rate = self._config.sample_rate
        self.hop = self._config.hop_length
        self.speakers = max(1, self._config.num_speakers)
        # piper-tts phonemizes in a method of its voice; no session is needed for that
        self._piper = PiperVoice(session=None, config=self._config, download_dir=config.parent)

    def runs(self, text: str) -> list[Run]:
        """The sentence as runs of ids, usually one; none when nothing in it has a sound.

        Piper speaks what its phonemizer takes for sentences one after another, and so do we.
        """
        marked = self._marked(text)
        try:
            sentences = self._piper.phonemize(marked)
        except (ImportError, OSError, ValueError, RuntimeError) as error:
            kind = self._config.phoneme_type.value
            raise BackendUnavailable(
                f"phonemes of kind {kind!r}: {error} — install what piper-tts needs for them"
            ) from error
        return [run for sentence in sentences for run in self._cut(sentence)]

    def _marked(self, text: str) -> str:
        """The text with our pronunciation marks in piper-tts's form, and no others."""
        if self._config.phoneme_type != PhonemeType.ESPEAK:
            return spelled(text)
        parts = []
        for part, is_ipa in segments(text):
            ipa = unicodedata.normalize("NFD", part)
            parts.append(f"[[{ipa}]]" if is_ipa else part.replace("[[", "[ ["))
        return "".join(parts)

    def _cut(self, phonemes: list[str]) -> list[Run]:
        """Runs of at most MAX_IDS, cut between words where there are any."""
        if self._config.phoneme_type == PhonemeType.PINYIN:
            return self._pinyin(phonemes)
        known = [phoneme for phoneme in phonemes if phoneme in self._map]
        if len(known) < len(phonemes):
            _LOG.debug("%d phonemes that this voice lacks are left out", len(phonemes) - len(known))
        runs = [_run(part, self._map) for part in _parts(known, self._map)]
        return [run for run in runs if run.words]

    def _pinyin(self, phonemes: list[str]) -> list[Run]:
        ids = self._piper.phonemes_to_ids(phonemes)  # it pads in its own way
        if len(ids) <= MAX_IDS:
            return [Run(tuple(ids), ())] if phonemes else []
        half = len(phonemes) // 2
        return self._pinyin(phonemes[:half]) + self._pinyin(phonemes[half:])

    @property
    def _map(self) -> Any:
        return self._config.phoneme_id_map


def _require_marks(config: PiperConfig) -> None:
    if config.phoneme_type != PhonemeType.PINYIN and not {*_MARKS} <= {*config.phoneme_id_map}:
        raise ValueError(f"phoneme_id_map lacks one of {' '.join(_MARKS)}")


def _parts(phonemes: list[str], ids: Any) -> list[list[str]]:
    most = MAX_IDS // 2 // max([len(ids[p]) for p in phonemes], default=1) - 2
    parts = []
    while len(phonemes) > most:
        spaces = [i for i in range(most // 2, most) if phonemes[i] == _SPACE]
        at = spaces[-1] + 1 if spaces else most
        parts.append(phonemes[:at])
        phonemes = phonemes[at:]
    return [*parts, phonemes]


def _run(phonemes: list[str], ids: Any) -> Run:
    """Begin, every phoneme with the pad after it, end; as piper-tts numbers them."""
    pad = ids[_PAD]
    made = [*ids[_BEGIN], *pad]
    words: list[tuple[int, int]] = []
    start: int | None = None
    for phoneme in phonemes:
        if phoneme == _SPACE:
            words += [(start, len(made))] if start is not None else []
            start = None
        elif start is None and _sounds(phoneme):
            start = len(made)
        made += [*ids[phoneme], *pad]
    words += [(start, len(made))] if start is not None else []
    return Run((*made, *ids[_END]), tuple(words))


def _sounds(phoneme: str) -> bool:
    return unicodedata.category(phoneme[0])[0] in "LNM"
