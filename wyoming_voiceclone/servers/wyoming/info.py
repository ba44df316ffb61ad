"""What `describe` is answered with: one program, every voice."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from wyoming.info import Attribution, Info, TtsProgram, TtsVoice, TtsVoiceSpeaker

from wyoming_voiceclone import __version__
from wyoming_voiceclone.servers.wyoming.speech import Speech
from wyoming_voiceclone.voices import Voice
from wyoming_voiceclone.wire import encode

PROGRAM = "voiceclone"
"""Home Assistant makes its title and the entity `tts.voiceclone` from it."""

_NO_VOICE = Voice("default", ("en",), "No voice yet")
_NO_LANGUAGE = ("en",)


class Description:
    """The encoded `info`, made anew only when the voices changed."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech
        self._voices: tuple[Voice, ...] | None = None
        self._frame = b""

    def frame(self) -> bytes:
        voices = tuple(self._speech.voices())
        if voices != self._voices:
            self._frame = encode(build_info(voices).event())
            self._voices = voices
        return self._frame


def build_info(voices: Sequence[Voice]) -> Info:
    """One program with every voice, in the order given.

    Never without a voice, nor a voice without a language: Home Assistant's entity breaks on both.
    """
    speakers, tags = _speakers(voices), {tag for voice in voices for tag in voice.languages}
    program = TtsProgram(
        name=PROGRAM,
        attribution=Attribution(name="wyoming-voiceclone", url=""),
        installed=True,
        description="Any voice you own, in every room",
        version=__version__,
        voices=[_voice(voice, speakers, tags) for voice in voices or (_NO_VOICE,)],
        supports_synthesize_streaming=True,
    )
    return Info(tts=[program])


def _voice(voice: Voice, speakers: Mapping[str, list[str]], tags: Collection[str]) -> TtsVoice:
    known = speakers.get(voice.name)
    languages = _with_bare_tags(voice.languages or _NO_LANGUAGE)
    if voice.cloned:  # somebody's own voice is looked for by name, whatever region is set
        languages += sorted(
            t for t in tags if t.partition("-")[0] in languages and t not in languages
        )
    return TtsVoice(
        name=voice.name,
        attribution=Attribution(name=voice.attribution, url=voice.attribution_url),
        installed=True,
        description=voice.description or voice.name,
        version=None,
        languages=languages,
        speakers=[TtsVoiceSpeaker(name) for name in known] if known else None,
    )


def _with_bare_tags(languages: Sequence[str]) -> list[str]:
    """`en-US` brings `en`: Home Assistant compares tags as strings."""
    return list(dict.fromkeys([*languages, *(tag.partition("-")[0] for tag in languages)]))


def _speakers(voices: Sequence[Voice]) -> Mapping[str, list[str]]:
    """The speakers of each voice, from the voices `voice#speaker` beside it."""
    known: dict[str, list[str]] = defaultdict(list)
    for voice in voices:
        name, mark, speaker = voice.name.partition("#")
        if mark:
            known[name].append(speaker)
    return known
