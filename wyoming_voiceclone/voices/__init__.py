"""What a listener recognises."""

from wyoming_voiceclone.voices.choice import language_in, named, voice_for
from wyoming_voiceclone.voices.reference import Reference
from wyoming_voiceclone.voices.speaker_state import SpeakerState, state_key
from wyoming_voiceclone.voices.voice import Voice

__all__ = [
    "Reference",
    "SpeakerState",
    "Voice",
    "language_in",
    "named",
    "state_key",
    "voice_for",
]
