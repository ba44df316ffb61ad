"""Which voices Kyutai TTS offers, on which terms, and what has to be downloaded for them."""

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wyoming_voiceclone.backends import Folders
from wyoming_voiceclone.backends.kyutai import ENGINE, KyutaiSettings
from wyoming_voiceclone.backends.kyutai.cast import Cast, find_cast
from wyoming_voiceclone.backends.kyutai.catalogue import CATALOGUE
from wyoming_voiceclone.backends.kyutai.checkpoint import Checkpoint, find_checkpoint
from wyoming_voiceclone.backends.kyutai.licences import collection_of
from wyoming_voiceclone.backends.kyutai.published import SIGNATURE, voice_file, voice_weights
from wyoming_voiceclone.backends.kyutai.unmute import read_unmute_voices
from wyoming_voiceclone.errors import BackendUnavailable, ConfigError

UNMUTE = """\
- name: Watercooler
  good: true
  instructions:
    type: smalltalk
  source:
    source_type: file
    path_on_server: unmute-prod-website/p329_022.wav
    description: From the Device Recorded VCTK dataset.
- name: Gertrude
  good: true
  source:
    source_type: freesound
    url: https://freesound.org/people/tender_buttons/sounds/440565/
    sound_instance:
      id: 440565
      license: http://creativecommons.org/licenses/by/3.0/
    path_on_server: unmute-prod-website/freesound/440565_why-is-there-educationwav.mp3
- name: Explanation
  source:
    source_type: file
    path_on_server: unmute-prod-website/ex04_narration_longform_00001.wav
- name: Charles
  instructions:
    type: constant
    text: Tu es le général de Gaulle.
  source:
    source_type: file
    path_on_server: unmute-prod-website/degaulle-2.wav
- name: Développeuse
  comment: a developer
  instructions:
    language: fr
  source:
    source_type: file
    path_on_server: unmute-prod-website/developpeuse-3.wav
- name: Nobody
  good: false
  source:
    source_type: file
    path_on_server: unmute-prod-website/bad.wav
- good: true
  source:
    source_type: file
    path_on_server: vctk/p225_023.wav
"""
"""As Unmute's own file is written, with a voice nobody liked and one without a name."""
CHECKPOINT = Checkpoint(
    Path("/nowhere"), {"model_id": {"sig": "1e68beda", "epoch": 240}, "n_q": 32}, "r1"
)


@pytest.fixture
def voices_yaml(tmp_path: Path) -> Path:
    file = tmp_path / "voices.yaml"
    file.write_text(UNMUTE, "utf-8")
    return file


@pytest.fixture
def cast_of(tmp_path: Path, folders: Folders) -> Callable[..., Cast]:
    """The cast when all the named recordings' voices are in a folder."""

    def make(*paths: str, **settings: Any) -> Cast:
        folder = tmp_path / "tts-voices"
        for path in paths or [voice.path for voice in CATALOGUE]:
            file = folder / voice_file(path, SIGNATURE)
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.exists():  # another time would be another voice
                file.touch()
        asked = KyutaiSettings.model_validate({"voices": str(folder)} | settings)
        return find_cast(asked, folders, CHECKPOINT)

    return make


def test_it_is_listed_without_its_libraries() -> None:
    program = (
        "import sys, wyoming_voiceclone.backends.kyutai as k; k.ENGINE.weights(k.KyutaiSettings());"
        "print([m for m in ('torch', 'moshi', 'yaml', 'sentencepiece') if m in sys.modules])"
    )
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, capture_output=True, check=True)  # noqa: S603 -- our own
    assert ran.stdout.split() == [b"[]"]


def test_the_catalogue_is_sound() -> None:
    names = [voice.name for voice in CATALOGUE]
    assert len(names) == len(set(names))
    assert {voice.language for voice in CATALOGUE} == {"en-GB", "en-US", "en-CA", "fr-FR"}
    assert not [v.name for v in CATALOGUE if v.collection.licence.name == "LicenseRef-unclear"]


@pytest.mark.parametrize(
    ("path", "licence", "asks"),
    [
        ("voice-donations/robert.wav", "CC0-1.0", False),
        ("unmute-prod-website/developer-1.mp3", "CC0-1.0", False),
        ("unmute-prod-website/p329_022.wav", "CC-BY-4.0", False),
        ("vctk/p225_023.wav", "CC-BY-4.0", False),
        ("expresso/ex01-ex02_fast_001_channel1_104s.wav", "CC-BY-NC-4.0", True),
        ("unmute-prod-website/ex04_narration_longform_00001.wav", "CC-BY-NC-4.0", True),
        ("ears/p003/emo_pride_freeform.wav", "CC-BY-NC-4.0", True),
        ("something/new.wav", "LicenseRef-unclear", True),
    ],
)
def test_a_voice_has_the_licence_of_its_folder(path: str, licence: str, *, asks: bool) -> None:
    assert collection_of(path).licence.name == licence
    assert collection_of(path).licence.accept == asks


def test_only_free_voices_are_downloaded_unless_somebody_asks() -> None:
    free = voice_weights(KyutaiSettings())
    every = voice_weights(KyutaiSettings(non_commercial_voices=True))
    assert not free.licence.accept
    assert not [file for file in free.files if file.startswith(("expresso", "ears"))]
    assert "alba-mackenna/casual.wav.1e68beda@240.safetensors" in free.files
    assert every.licence.accept
    assert every.licence.name == "CC-BY-NC-4.0"
    assert set(free.files) < set(every.files)


def test_only_what_is_not_at_hand_is_downloaded(voices_yaml: Path) -> None:
    asked = KyutaiSettings(unmute_voices=str(voices_yaml))
    assert [weights.repository for weights in ENGINE.weights(asked)] == [
        "kyutai/tts-1.6b-en_fr",
        "kyutai/tts-voices",
    ]
    gertrude = "unmute-prod-website/freesound/440565_why-is-there-educationwav.mp3"
    assert voice_file(gertrude, SIGNATURE) in ENGINE.weights(asked)[1].files
    assert not ENGINE.weights(KyutaiSettings(model="/m", voices="/v"))


def test_the_voices_that_are_here_are_offered(cast_of: Callable[..., Cast]) -> None:
    cast = cast_of("alba-mackenna/casual.wav", "ears/p010/freeform_speech_01.wav")
    (alba,) = cast.voices
    assert (alba.name, alba.languages) == ("kyutai-alba", ("en-GB",))
    assert alba.attribution == "Alba MacKenna (CC-BY-4.0)"
    assert cast.files["kyutai-alba"].is_file()
    assert len(cast_of(non_commercial_voices=True).voices) == len(CATALOGUE)


def test_a_voice_that_would_sound_different_is_another_revision(
    cast_of: Callable[..., Cast],
) -> None:
    usual, other, again = [
        cast_of("alba-mackenna/casual.wav", codebooks=codebooks).voices[0].revision
        for codebooks in (24, 32, 24)
    ]
    assert usual == again
    assert usual != other


def test_unmutes_voices_are_offered_by_their_names(
    cast_of: Callable[..., Cast], voices_yaml: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    paths = [voice.path for voice in read_unmute_voices(voices_yaml)]
    free = {v.name: v for v in cast_of(*paths, unmute_voices=str(voices_yaml)).voices}
    assert {"Watercooler", "Gertrude", "Développeuse", "p225_023"} <= set(free)
    assert not {"Explanation", "Charles", "Nobody"} & set(free)
    assert free["Développeuse"].languages == ("fr-FR",)
    assert free["Développeuse"].description == "a developer"
    assert "Explanation (CC-BY-NC-4.0), Charles (LicenseRef-unclear)" in caplog.text
    agreed = cast_of(*paths, unmute_voices=str(voices_yaml), non_commercial_voices=True)
    named = {voice.name: voice.languages for voice in agreed.voices}
    assert named["Charles"] == ("fr-FR",)
    assert "Explanation" in named


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("voices:\n  - name: x\n", "it is not a list of voices"),
        ("[]", "it names no voice"),
        ("- name: [", "it is not YAML"),
        ("- !!python/object/apply:os.system ['true']", "it is not YAML"),
        ("- name: Gertrude\n", r"voice 1: source: Field required"),
        ("- source: {path_on_server: ''}\n", r"voice 1: source\.path_on_server: String should"),
        ("- source: {path_on_server: /etc/passwd}\n", "voice 1: path_on_server leads elsewhere"),
        ("- source: {path_on_server: ../../x.wav}\n", "voice 1: path_on_server leads elsewhere"),
        ("- source: {path_on_server: a.wav}\n- source: {path_on_server: b/a.wav}\n", "called a "),
        ("- " + "x" * (1 << 20), "more than 1 MB"),
    ],
)
def test_a_file_that_is_not_unmutes_is_refused(tmp_path: Path, text: str, fact: str) -> None:
    file = tmp_path / "voices.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=f"{file}: .*{fact}"):
        read_unmute_voices(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no\.yaml: cannot be read .*unmute_voices"):
        read_unmute_voices(tmp_path / "no.yaml")


def test_what_is_not_installed_is_named_with_the_remedy(folders: Folders) -> None:
    with pytest.raises(BackendUnavailable, match="engines install kyutai"):
        find_checkpoint(KyutaiSettings(), folders)
