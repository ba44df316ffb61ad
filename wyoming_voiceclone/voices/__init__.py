"""What a listener recognises."""

from wyoming_voiceclone.voices.voice import Voice

__all__ = ["Voice"]
