"""How everybody speaks here, as the settings say."""

from wyoming_voiceclone.config import Settings
from wyoming_voiceclone.synthesis.performance import Silences
from wyoming_voiceclone.synthesis.speech import Manner, SpeechSettings


def manners(settings: Settings) -> SpeechSettings:
    speech = settings.speech
    general = Manner(speech.speed, speech.sentence_silence_s)
    return SpeechSettings(
        default_voice=speech.default_voice or None,
        language=speech.fallback_language,
        silences=Silences(speech.lead_silence_s, speech.trail_silence_s, speech.comfort_after_s),
        clause_chars=speech.clause_chars,
        manner=general,
        manners={
            name: Manner(
                general.speed if voice.speed is None else voice.speed,
                general.sentence_silence_s
                if voice.sentence_silence_s is None
                else voice.sentence_silence_s,
            )
            for name, voice in settings.voices.items()
        },
    )
