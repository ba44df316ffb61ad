"""The predefined voices that are offered by name: a choice among those of kyutai/tts-voices."""

from dataclasses import dataclass

from wyoming_voiceclone.backends.kyutai.licences import Collection, collection_of


@dataclass(frozen=True, slots=True)
class PredefinedVoice:
    name: str
    language: str
    """BCP-47, of the recording."""
    path: str
    """Of the recording, in kyutai/tts-voices; the voice lies beside it."""
    description: str = ""

    @property
    def collection(self) -> Collection:
        return collection_of(self.path)

    @property
    def restricted(self) -> bool:
        """Whether people have to agree to something before they use it."""
        return self.collection.licence.accept


def _named(name: str, language: str, path: str, description: str) -> PredefinedVoice:
    return PredefinedVoice(f"kyutai-{name}", language, path, description)


CATALOGUE = (
    # these people have the same names in Pocket-TTS
    _named("alba", "en-GB", "alba-mackenna/casual.wav", "woman, casual"),
    _named("marius", "en-US", "voice-donations/Selfie.wav", "man"),
    _named("javert", "en-US", "voice-donations/Butter.wav", "man"),
    _named("anna", "en-GB", "vctk/p228_023.wav", "woman, English"),
    _named("vera", "en-GB", "vctk/p229_023.wav", "woman, English"),
    _named("fantine", "en-GB", "vctk/p244_023.wav", "woman, English"),
    _named("charles", "en-GB", "vctk/p254_023.wav", "man, English"),
    _named("paul", "en-GB", "vctk/p259_023.wav", "man, English"),
    _named("eponine", "en-GB", "vctk/p262_023.wav", "woman, Scottish"),
    _named("azelma", "en-CA", "vctk/p303_023.wav", "woman, Canadian"),
    _named("george", "en-US", "vctk/p315_023.wav", "man, American"),
    _named("mary", "en-US", "vctk/p333_023.wav", "woman, American"),
    _named("jane", "en-US", "vctk/p339_023.wav", "woman, American"),
    _named("michael", "en-US", "vctk/p360_023.wav", "man, American"),
    _named("eve", "en-US", "vctk/p361_023.wav", "woman, American"),
    _named(
        "cosette", "en-US", "expresso/ex04-ex02_confused_001_channel1_499s.wav", "woman, confused"
    ),
    _named("jean", "en-US", "ears/p010/freeform_speech_01.wav", "man"),
    _named("estelle", "fr-FR", "unmute-prod-website/developpeuse-3.wav", "woman"),
    # others
    _named("alba-announcer", "en-GB", "alba-mackenna/announcer.wav", "woman, announcing"),
    _named("alba-merchant", "en-GB", "alba-mackenna/merchant.wav", "woman, selling"),
    _named("alba-moment", "en-GB", "alba-mackenna/a-moment-by.wav", "woman, telling"),
    _named("watercooler", "en-US", "unmute-prod-website/p329_022.wav", "woman, chatting"),
    _named("dev", "en-US", "unmute-prod-website/developer-1.mp3", "man, news"),
    _named("fabieng", "fr-FR", "unmute-prod-website/fabieng-enhanced-v2.wav", "man, motivating"),
    _named("cml-1406", "fr-FR", "cml-tts/fr/1406_1028_000009-0003.wav", "man, reading"),
    _named("cml-2154", "fr-FR", "cml-tts/fr/2154_2576_000020-0003.wav", "woman, reading"),
    _named("cml-4724", "fr-FR", "cml-tts/fr/4724_3731_000031-0001.wav", "man, reading"),
    _named("cml-12977", "fr-FR", "cml-tts/fr/12977_10625_000037-0001.wav", "woman, reading"),
    _named("calm", "en-US", "expresso/ex04-ex02_calm_001_channel2_336s.wav", "woman, calming"),
    _named("happy", "en-US", "expresso/ex03-ex01_happy_001_channel1_334s.wav", "man, happy"),
    _named(
        "narrator", "en-US", "expresso/ex04-ex01_narration_001_channel1_605s.wav", "woman, telling"
    ),
    _named(
        "show-host", "en-US", "expresso/ex03-ex01_laughing_001_channel1_188s.wav", "man, on stage"
    ),
    _named("jazz-radio", "en-US", "expresso/ex03-ex01_sleepy_001_channel1_619s.wav", "man, late"),
    _named(
        "whisper", "en-US", "expresso/ex04-ex03_whisper_001_channel1_198s.wav", "woman, whispering"
    ),
)
