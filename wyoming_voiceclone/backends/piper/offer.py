"""What a client can ask Piper for: voices on disk, their speakers, and the catalogue."""

from collections.abc import Iterator, Mapping

from wyoming_voiceclone.backends.piper.catalogue import Catalogue, CatalogueVoice
from wyoming_voiceclone.backends.piper.manner import manner_digest
from wyoming_voiceclone.backends.piper.settings import PiperSettings
from wyoming_voiceclone.backends.piper.voice_config import VoiceFile
from wyoming_voiceclone.voices import Voice

_ATTRIBUTION = "Piper"
_ATTRIBUTION_URL = "https://github.com/OHF-Voice/piper1-gpl"


def offered(
    files: Mapping[str, VoiceFile], catalogue: Catalogue | None, settings: PiperSettings
) -> tuple[Voice, ...]:
    """Every voice by name: those here, then those to download."""
    here = sorted(files.values(), key=lambda file: file.name)
    voices = [voice for file in here for voice in _voices_of(file, settings)]
    if catalogue and settings.offer_catalogue and settings.download:
        known = catalogue.voices
        voices += [_to_download(known[name]) for name in sorted(known) if name not in files]
    return tuple(voices)


def _voices_of(file: VoiceFile, settings: PiperSettings) -> Iterator[Voice]:
    yield _voice(file, file.name, "", settings)
    limit = settings.offer_speakers
    if limit == "always" or (limit != "never" and len(file.speakers) <= limit):
        for speaker in file.speakers:
            yield _voice(file, f"{file.name}#{speaker}", f", speaker {speaker}", settings)


def _voice(file: VoiceFile, name: str, speaker: str, settings: PiperSettings) -> Voice:
    about = ", ".join(filter(None, [file.language_name or file.language, file.quality]))
    return Voice(
        name=name,
        languages=language_tags(file.language),
        description=f"{file.dataset}{speaker} ({about})",
        attribution=_ATTRIBUTION,
        attribution_url=_ATTRIBUTION_URL,
        revision=f"{file.revision}-{manner_digest(file, settings)}",
    )


def _to_download(voice: CatalogueVoice) -> Voice:
    about = ", ".join(filter(None, [voice.language_name or voice.language, voice.quality]))
    return Voice(
        name=voice.name,
        languages=language_tags(voice.language),
        description=f"{voice.dataset} ({about}; downloaded when first used)",
        attribution=_ATTRIBUTION,
        attribution_url=_ATTRIBUTION_URL,
        revision=voice.files[0].checksum.digest,
        installed=False,
    )


def language_tags(language: str) -> tuple[str, ...]:
    """The exact tag, then the bare language: Home Assistant compares whole strings."""
    return tuple(dict.fromkeys([language, language.split("-", maxsplit=1)[0]]))
