"""What Kyutai publishes, where, and under which names."""

from collections.abc import Sequence
from pathlib import Path

from wyoming_voiceclone.backends.declaration import Licence, Weights
from wyoming_voiceclone.backends.kyutai.catalogue import CATALOGUE, PredefinedVoice
from wyoming_voiceclone.backends.kyutai.settings import KyutaiSettings
from wyoming_voiceclone.backends.kyutai.unmute import read_unmute_voices

SIGNATURE = "1e68beda@240"
"""Of the published model: voices belong to one signature."""
ENCODER = "kyutai/unmute-voice-cloning"
"""Where the cloning encoder lies: closed to everybody but Kyutai."""
MODEL = Weights(
    "kyutai/tts-1.6b-en_fr",
    files=("config.json", "dsm_tts_*.safetensors", "tokenizer*"),
    licence=Licence(
        "CC-BY-4.0",
        "name Kyutai when you publish what it says",
        "https://huggingface.co/kyutai/tts-1.6b-en_fr",
    ),
    revision="f65439609986c392cb12df63938abcc550c3fb15",
)
_VOICES = "kyutai/tts-voices"
_VOICES_REVISION = "323332d33f997de8394f24a193e1a76df720e01a"


def voice_file(path: str, signature: str) -> str:
    """Beside the recording at `path`, what the model of that signature needs of it."""
    return f"{path}.{signature}.safetensors"


def named_voices(settings: KyutaiSettings) -> tuple[PredefinedVoice, ...]:
    """Every voice there is a name for. Blocks. Raises ConfigError."""
    named = {voice.name: voice for voice in CATALOGUE}
    if settings.unmute_voices:
        imported = read_unmute_voices(Path(settings.unmute_voices).expanduser())
        named |= {voice.name: voice for voice in imported}
    return tuple(named.values())


def chosen_voices(settings: KyutaiSettings) -> tuple[PredefinedVoice, ...]:
    """Those that these settings ask for. Blocks. Raises ConfigError."""
    named = named_voices(settings)
    return tuple(v for v in named if settings.non_commercial_voices or not v.restricted)


def voice_weights(settings: KyutaiSettings) -> Weights:
    """The voices to download. Blocks. Raises ConfigError."""
    voices = chosen_voices(settings)
    files = sorted({voice_file(voice.path, SIGNATURE) for voice in voices})
    return Weights(
        _VOICES,
        files=("README.md", *files),
        licence=_strictest(voices),
        revision=_VOICES_REVISION,
    )


def weights(settings: KyutaiSettings) -> Sequence[Weights]:
    """What is needed beyond the user's own folders."""
    return [
        *([] if settings.model else [MODEL]),
        *([] if settings.voices else [voice_weights(settings)]),
    ]


def _strictest(voices: Sequence[PredefinedVoice]) -> Licence:
    if restricted := sorted({v.collection.licence.name for v in voices if v.restricted}):
        return Licence(
            " AND ".join(restricted),
            "some of these voices are not for commercial use",
            "https://huggingface.co/kyutai/tts-voices",
            accept=True,
        )
    return Licence(
        "CC-BY-4.0",
        "name the source of a voice when you publish what it says",
        "https://huggingface.co/kyutai/tts-voices",
    )
