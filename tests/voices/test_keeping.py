"""Adding, renaming and removing voices, and those that live for an hour."""

from pathlib import Path

import numpy as np
import pytest
from recordings import tone

from wyoming_voiceclone.audio.recording import Sound
from wyoming_voiceclone.errors import BadRequest, ConfigError, UnknownVoice
from wyoming_voiceclone.voices import Reference, SpeakerState
from wyoming_voiceclone.voices.custom import LIFETIME_S, CustomVoices
from wyoming_voiceclone.voices.keeping import add_voice, remove_voice, rename_voice
from wyoming_voiceclone.voices.library import VoiceLibrary
from wyoming_voiceclone.voices.speaker_file import Origin, SpeakerFile
from wyoming_voiceclone.voices.voice_folder import ClonedVoice
from wyoming_voiceclone.voices.voice_toml import VoiceToml

SOUND = Sound((np.round(tone(2) * 32_768) / 32_768).astype(np.float32), 16_000)


def voice(folder: Path, name: str) -> ClonedVoice:
    library = VoiceLibrary(folder, folder / ".index.json")
    library.rescan()
    return library.voices[name]


def test_what_is_added_is_a_voice_at_once(tmp_path: Path) -> None:
    about = VoiceToml(languages=("de",), engines=("tones",))
    path = add_voice(tmp_path / "voices", "Oma", SOUND, transcript="Hallo.", about=about)
    assert sorted(file.name for file in path.iterdir()) == [
        "reference.txt",
        "reference.wav",
        "voice.toml",
    ]
    added = voice(tmp_path / "voices", "Oma")
    assert (added.transcript, added.about) == ("Hallo.", about)
    assert np.array_equal(added.reference().samples, SOUND.samples)


def test_a_name_that_is_taken_or_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    add_voice(tmp_path, "Oma", SOUND)
    for name in "oma", "../oma", "a/b", "", ".", "..", "a\0b":
        with pytest.raises(BadRequest):
            add_voice(tmp_path, name, SOUND)
    assert [path.name for path in tmp_path.iterdir()] == ["Oma"]


def test_a_folder_that_cannot_be_written_leaves_nothing_half_made(tmp_path: Path) -> None:
    (tmp_path / "voices").write_text("in the way")
    with pytest.raises(ConfigError, match="cannot be written"):
        add_voice(tmp_path / "voices", "Oma", SOUND)


def test_a_voice_is_renamed_as_a_folder_and_as_a_file(tmp_path: Path) -> None:
    add_voice(tmp_path, "oma", SOUND)
    (tmp_path / "ada.wav").write_bytes((tmp_path / "oma/reference.wav").read_bytes())
    (tmp_path / "ada.txt").write_text("Hello.")
    rename_voice(voice(tmp_path, "oma"), "Oma")
    library = VoiceLibrary(tmp_path, tmp_path / ".index.json")
    library.rescan()
    library.rescan()
    rename_voice(library.voices["ada"], "Ada")
    with pytest.raises(BadRequest):
        rename_voice(library.voices["Oma"], "ada")
    assert sorted(p.name for p in tmp_path.iterdir() if not p.name.startswith(".")) == [
        "Ada.txt",
        "Ada.wav",
        "Oma",
    ]


def test_a_removed_voice_is_gone_but_not_what_a_link_leads_to(tmp_path: Path) -> None:
    voices = tmp_path / "voices"
    add_voice(voices, "oma", SOUND)
    add_voice(tmp_path / "elsewhere", "opa", SOUND)
    (voices / "opa").symlink_to(tmp_path / "elsewhere/opa")
    for name in "oma", "opa":
        remove_voice(voice(voices, name))
    assert [path.name for path in voices.iterdir()] == [".index.json"]
    assert (tmp_path / "elsewhere/opa/reference.wav").exists()


def test_a_custom_voice_lives_for_an_hour() -> None:
    now = [0.0]
    customs = CustomVoices(clock=lambda: now[0])
    name = customs.add(Reference(SOUND.samples, SOUND.rate))
    assert name.startswith("custom:")
    now[0] = LIFETIME_S - 1
    assert customs.get(name).reference is not None
    now[0] = LIFETIME_S
    with pytest.raises(UnknownVoice, match="send its recording again"):
        customs.get(name)
    assert [voice.name for voice in customs.over()] == [name]
    assert customs.over() == [], "each end is told once"


def test_a_custom_voice_may_come_as_a_state_of_one_engine() -> None:
    state = SpeakerState("k", {"codes": np.arange(4)})
    customs = CustomVoices()
    name = customs.add_state(SpeakerFile(state, Origin(engine="tones")))
    kept = customs.get(name).states["tones"].state
    assert kept.tensors is state.tensors
    assert kept.key != "k"  # which may be that of a voice in the house
    customs.remove(name)
    with pytest.raises(UnknownVoice):
        customs.get(name)


def test_custom_voices_share_a_limit_and_the_oldest_goes() -> None:
    customs = CustomVoices(limit_bytes=2 * SOUND.samples.nbytes)
    names = [customs.add(Reference(SOUND.samples, SOUND.rate)) for _ in range(3)]
    with pytest.raises(UnknownVoice):
        customs.get(names[0])
    assert customs.get(names[2])
    with pytest.raises(BadRequest, match="shorter"):
        customs.add(Reference(np.tile(SOUND.samples, 3), SOUND.rate))


def test_what_is_in_a_state_beside_its_samples_counts_too() -> None:
    customs = CustomVoices(limit_bytes=1_000_000)
    wordy = SpeakerState("k", {}, {"language": "x" * 400_000})
    names = [customs.add_state(SpeakerFile(wordy, Origin(engine="tones"))) for _ in range(3)]
    with pytest.raises(UnknownVoice):
        customs.get(names[0])
    assert customs.get(names[2])


def test_voices_with_nothing_in_them_come_to_an_end() -> None:
    customs = CustomVoices(limit_bytes=100_000)
    nothing = SpeakerFile(SpeakerState("k", {}), Origin(engine="tones"))
    names = [customs.add_state(nothing) for _ in range(100)]
    with pytest.raises(UnknownVoice):
        customs.get(names[0])


def test_what_engines_learn_of_a_voice_makes_older_ones_leave() -> None:
    customs = CustomVoices(limit_bytes=3 * SOUND.samples.nbytes)
    older, newer = (customs.add(Reference(SOUND.samples, SOUND.rate)) for _ in range(2))
    learnt = SpeakerState("k", {"codes": np.zeros(2 * SOUND.samples.nbytes, np.uint8)})
    customs.keep(customs.get(newer), SpeakerFile(learnt, Origin(engine="tones")))
    assert customs.get(newer)
    with pytest.raises(UnknownVoice):
        customs.get(older)
