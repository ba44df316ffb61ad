"""What a listener recognises."""

from wyoming_voiceclone.voices.choice import language_in, named, voice_for
from wyoming_voiceclone.voices.voice import Voice

__all__ = ["Voice", "language_in", "named", "voice_for"]
