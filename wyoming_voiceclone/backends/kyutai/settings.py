"""The `[engines.kyutai]` table."""

from pydantic import Field

from wyoming_voiceclone.backends.devices import DeviceName
from wyoming_voiceclone.backends.engine import ListenerSettings


class KyutaiSettings(ListenerSettings):
    """Where Kyutai TTS lies, who speaks with it, and how."""

    model: str = ""
    """A folder with your own weights in the published layout; "" = the downloaded ones."""
    voices: str = ""
    """A folder with voices laid out as kyutai/tts-voices is; "" = the downloaded ones."""
    unmute_voices: str = ""
    """Unmute's voices.yaml: its voices are offered, too, under the names they have there."""
    non_commercial_voices: bool = False
    """Whether to offer voices that may not be used commercially, or whose terms are not clear."""
    mimi_voice_weight: str = ""
    """Kyutai's cloning encoder, if you have it (it is not public): then recordings are cloned."""
    device: DeviceName = "auto"
    """Where it computes: auto (a GPU if there is one), cpu, cuda, or one of several: cuda:1."""
    listeners: int = Field(default=1, ge=1, le=8)
    """How many sentences it speaks at once; the others wait. Each takes the whole memory again."""
    codebooks: int = Field(default=24, ge=8, le=32)
    """Levels of sound: more are finer and slower."""
    temperature: float = Field(default=0.6, ge=0, le=1.5)
    """How lively it speaks: 0 = the likeliest always, which sounds dull."""
    guidance: float = Field(default=2.0, ge=1, le=4, multiple_of=0.5)
    """How closely it keeps to the voice, in steps of 0.5; 1 = loosely."""
    longest_s: float = Field(default=120.0, ge=5, le=2400)
    """A sentence is ended after this many seconds of sound, whatever is left of it."""
