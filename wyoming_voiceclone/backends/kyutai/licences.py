"""Where the voices of kyutai/tts-voices come from, and on which terms each may be used.

Source: the README.md of https://huggingface.co/kyutai/tts-voices, and Unmute's voices.yaml for the
two voices from Freesound.
"""

from dataclasses import dataclass

from wyoming_voiceclone.backends.declaration import Licence

_CC0 = Licence("CC0-1.0", url="https://creativecommons.org/publicdomain/zero/1.0/")
_BY = Licence(
    "CC-BY-4.0",
    "name the source when you publish what it says",
    "https://creativecommons.org/licenses/by/4.0/",
)
_BY_NC = Licence(
    "CC-BY-NC-4.0",
    "not for commercial use",
    "https://creativecommons.org/licenses/by-nc/4.0/",
    accept=True,
)
_UNCLEAR = Licence("LicenseRef-unclear", "its owner does not say how it may be used", accept=True)

_HUB = "https://huggingface.co/kyutai/tts-voices"


@dataclass(frozen=True, slots=True)
class Collection:
    """Recordings that were published together."""

    title: str
    licence: Licence
    url: str = _HUB


_EXPRESSO = Collection("Expresso", _BY_NC, "https://speechbot.github.io/expresso/")
_COLLECTIONS = {
    "alba-mackenna/": Collection("Alba MacKenna", _BY),
    "cml-tts/": Collection("CML-TTS", _BY, "https://openslr.org/146/"),
    "ears/": Collection("EARS", _BY_NC, "https://sp-uhh.github.io/ears_dataset/"),
    "expresso/": _EXPRESSO,
    "unmute-prod-website/": Collection("Unmute", _CC0, "https://unmute.sh"),
    "unmute-prod-website/degaulle-2": Collection("Appel du 18 juin", _UNCLEAR),
    "unmute-prod-website/ex04_": _EXPRESSO,
    "unmute-prod-website/freesound/": Collection("Freesound", _BY, "https://freesound.org"),
    "unmute-prod-website/p329_": Collection(
        "VCTK", _BY, "https://datashare.ed.ac.uk/handle/10283/3038"
    ),
    "vctk/": Collection("VCTK", _BY, "https://datashare.ed.ac.uk/handle/10283/3443"),
    "voice-donations/": Collection("Unmute Voice Donation Project", _CC0),
    "voice-zero/": Collection("Voice-Zero", _CC0, "https://github.com/OwenTyme/voice-zero"),
}
_UNKNOWN = Collection("kyutai/tts-voices", _UNCLEAR)


def collection_of(path: str) -> Collection:
    """The collection of a voice, by its path in the repository; the longest prefix counts."""
    known = [prefix for prefix in _COLLECTIONS if path.startswith(prefix)]
    return _COLLECTIONS[max(known, key=len)] if known else _UNKNOWN
