"""What a listener recognises."""

from wyoming_voiceclone.voices.choice import language_in, named, voice_for
from wyoming_voiceclone.voices.reference import Reference
from wyoming_voiceclone.voices.speaker_state import SpeakerState, engine_of, state_key
from wyoming_voiceclone.voices.voice import Voice

__all__ = [
    "Reference",
    "SpeakerState",
    "Voice",
    "engine_of",
    "language_in",
    "named",
    "state_key",
    "voice_for",
]
