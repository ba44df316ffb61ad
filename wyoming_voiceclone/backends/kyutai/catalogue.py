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


_P = PredefinedVoice
CATALOGUE = (
    # the same people have the same names in Pocket-TTS, so that one engine can stand in for another
    _P("alba", "en-GB", "alba-mackenna/casual.wav", "woman, casual"),
    _P("marius", "en-US", "voice-donations/Selfie.wav", "man"),
    _P("javert", "en-US", "voice-donations/Butter.wav", "man"),
    _P("anna", "en-GB", "vctk/p228_023.wav", "woman, English"),
    _P("vera", "en-GB", "vctk/p229_023.wav", "woman, English"),
    _P("fantine", "en-GB", "vctk/p244_023.wav", "woman, English"),
    _P("charles", "en-GB", "vctk/p254_023.wav", "man, English"),
    _P("paul", "en-GB", "vctk/p259_023.wav", "man, English"),
    _P("eponine", "en-GB", "vctk/p262_023.wav", "woman, Scottish"),
    _P("azelma", "en-CA", "vctk/p303_023.wav", "woman, Canadian"),
    _P("george", "en-US", "vctk/p315_023.wav", "man, American"),
    _P("mary", "en-US", "vctk/p333_023.wav", "woman, American"),
    _P("jane", "en-US", "vctk/p339_023.wav", "woman, American"),
    _P("michael", "en-US", "vctk/p360_023.wav", "man, American"),
    _P("eve", "en-US", "vctk/p361_023.wav", "woman, American"),
    _P("cosette", "en-US", "expresso/ex04-ex02_confused_001_channel1_499s.wav", "woman, confused"),
    _P("jean", "en-US", "ears/p010/freeform_speech_01.wav", "man"),
    _P("estelle", "fr-FR", "unmute-prod-website/developpeuse-3.wav", "woman"),
    # others
    _P("alba-announcer", "en-GB", "alba-mackenna/announcer.wav", "woman, announcing"),
    _P("alba-merchant", "en-GB", "alba-mackenna/merchant.wav", "woman, selling"),
    _P("alba-moment", "en-GB", "alba-mackenna/a-moment-by.wav", "woman, telling"),
    _P("watercooler", "en-US", "unmute-prod-website/p329_022.wav", "woman, chatting"),
    _P("dev", "en-US", "unmute-prod-website/developer-1.mp3", "man, news"),
    _P("fabieng", "fr-FR", "unmute-prod-website/fabieng-enhanced-v2.wav", "man, motivating"),
    _P("cml-1406", "fr-FR", "cml-tts/fr/1406_1028_000009-0003.wav", "man, reading"),
    _P("cml-2154", "fr-FR", "cml-tts/fr/2154_2576_000020-0003.wav", "woman, reading"),
    _P("cml-4724", "fr-FR", "cml-tts/fr/4724_3731_000031-0001.wav", "man, reading"),
    _P("cml-12977", "fr-FR", "cml-tts/fr/12977_10625_000037-0001.wav", "woman, reading"),
    _P("calm", "en-US", "expresso/ex04-ex02_calm_001_channel2_336s.wav", "woman, calming"),
    _P("happy", "en-US", "expresso/ex03-ex01_happy_001_channel1_334s.wav", "man, happy"),
    _P("narrator", "en-US", "expresso/ex04-ex01_narration_001_channel1_605s.wav", "woman, telling"),
    _P("show-host", "en-US", "expresso/ex03-ex01_laughing_001_channel1_188s.wav", "man, on stage"),
    _P("jazz-radio", "en-US", "expresso/ex03-ex01_sleepy_001_channel1_619s.wav", "man, late"),
    _P("whisper", "en-US", "expresso/ex04-ex03_whisper_001_channel1_198s.wav", "woman, whispering"),
)
