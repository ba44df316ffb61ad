"""Whatever people send is decoded, or refused in a line that says what to do."""

import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import HZ, encoded, pitch, tone

from wyoming_voiceclone.audio.recording import (
    RecordingLimits,
    decode_recording,
    read_recording,
)
from wyoming_voiceclone.errors import BadRecording

KINDS = [
    ("wav", "pcm_s16le", 44_100),
    ("wav", "pcm_f32le", 8_000),
    ("wav", "pcm_u8", 11_025),
    ("aiff", "pcm_s16be", 22_050),
    ("caf", "alac", 44_100),
    ("flac", "flac", 44_100),
    ("ogg", "libopus", 48_000),
    ("webm", "libopus", 48_000),
    ("matroska", "aac", 48_000),
    ("mp3", "libmp3lame", 44_100),
    ("ipod", "aac", 44_100),
    ("mp4", "aac", 16_000),
    ("adts", "aac", 24_000),
]


@pytest.mark.parametrize(("container", "codec", "rate"), KINDS)
@pytest.mark.parametrize("channels", [1, 2])
def test_what_people_have_is_heard(container: str, codec: str, rate: int, channels: int) -> None:
    gains = (1.0,) * channels
    data = encoded(tone(3, rate), rate, container=container, codec=codec, gains=gains)
    samples, decoded_rate = decode_recording(data)
    assert decoded_rate == rate
    assert samples.dtype == np.float32
    assert len(samples) / rate == pytest.approx(3, abs=0.15)
    assert pitch(samples, rate) == pytest.approx(HZ, abs=2)


def test_a_lossless_recording_is_decoded_exactly() -> None:
    spoken = np.round(tone() * 32_768) / 32_768
    assert np.array_equal(decode_recording(encoded(spoken.astype(np.float32))).samples, spoken)


def test_a_rate_that_no_engine_hears_is_brought_down() -> None:
    samples, rate = decode_recording(encoded(tone(3, 192_000), 192_000, codec="pcm_s24le"))
    assert rate == 48_000
    assert len(samples) == pytest.approx(3 * 48_000, abs=100)
    assert pitch(samples, rate) == pytest.approx(HZ, abs=1)


def test_channels_that_cancel_each_other_out_do_not_silence_the_voice() -> None:
    samples, _ = decode_recording(encoded(tone(), gains=(1.0, -1.0)))
    assert np.abs(samples).max() == pytest.approx(0.5, abs=0.01)


def test_the_one_channel_of_six_that_speaks_is_heard_at_its_level() -> None:
    data = encoded(tone(), codec="pcm_s16le", gains=(0.0, 0.0, 1.0, 0.0, 0.0, 0.0))
    assert np.abs(decode_recording(data).samples).max() == pytest.approx(0.5, abs=0.01)


def test_samples_beyond_full_scale_and_no_numbers_at_all_are_bounded() -> None:
    loud = tone() * 20
    loud[100] = np.nan
    samples, _ = decode_recording(encoded(loud, codec="pcm_f32le"))
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() == pytest.approx(1)


def refusal(data: bytes, limits: RecordingLimits | None = None) -> str:
    with pytest.raises(BadRecording) as caught:
        decode_recording(data, "oma.wav", limits or RecordingLimits())
    message = str(caught.value)
    assert re.fullmatch(r"oma\.wav: .+ — .+", message), "the thing, the fact, the remedy"
    return message


@pytest.mark.parametrize(
    "data",
    [
        b"Dear grandson, this is a text file.\n" * 50,
        b"#EXTM3U\n#EXTINF:9,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        b"\0" * 5_000,
        b"RIFF",
        b"ID3" + b"\xff" * 2_000,
    ],
    ids=["text", "playlist", "concat", "zeros", "start", "tag"],
)
def test_what_is_no_recording_is_refused(data: bytes) -> None:
    assert "cannot" in refusal(data) or "can be decoded" in refusal(data)


def test_a_playlist_opens_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "part.wav").write_bytes(encoded(tone()))
    (tmp_path / "list.wav").write_text("ffconcat version 1.0\nfile part.wav\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadRecording, match="can be decoded"):
        read_recording(tmp_path / "list.wav")


def test_an_empty_file_a_picture_and_silence_are_told_apart() -> None:
    assert "empty" in refusal(b"")
    assert "silence" in refusal(encoded(tone() * 0))
    assert "0.3 s, need at least 1 s" in refusal(encoded(tone(0.3)))


def test_a_film_without_sound_has_no_voice(tmp_path: Path) -> None:
    import av  # noqa: PLC0415

    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mpeg4", rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width = stream.height = 32
        for _ in range(20):
            output.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
        output.mux(stream.encode(None))
    with pytest.raises(BadRecording, match="no sound in it"):
        read_recording(path)


@pytest.mark.parametrize(
    ("container", "codec"), [("wav", "pcm_s16le"), ("flac", "flac"), ("ipod", "aac")]
)
def test_a_file_that_was_copied_halfway_is_refused(container: str, codec: str) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, 16_000 * 6).astype(np.float32)
    data = encoded(noise, container=container, codec=codec)
    message = refusal(data[: len(data) // 2])
    assert (
        re.search(r"breaks off after [23]\.\d s of 6\.0 s", message) or "can be decoded" in message
    )


def test_an_mp3_that_was_cut_is_as_long_as_it_is() -> None:
    data = encoded(tone(8, 44_100), 44_100, container="mp3", codec="libmp3lame")
    samples, rate = decode_recording(data[: len(data) // 2])
    assert len(samples) / rate == pytest.approx(4, abs=0.3)


def test_damage_in_the_middle_costs_only_the_damaged_part() -> None:
    data = bytearray(encoded(tone(8, 44_100), 44_100, container="mp3", codec="libmp3lame"))
    data[20_000:20_500] = os.urandom(500)
    samples, rate = decode_recording(bytes(data))
    assert len(samples) / rate > 7


def test_three_hours_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    path = tmp_path / "book.wav"
    size = 3 * 3600 * 8_000
    header = b"RIFF%sWAVEfmt %sdata%s" % (
        struct.pack("<I", size + 36),
        struct.pack("<IHHIIHH", 16, 1, 1, 8_000, 8_000, 1, 8),
        struct.pack("<I", size),
    )
    with path.open("wb") as file:
        file.write(header)
        file.truncate(size + 44)
    code = (
        "from pathlib import Path\n"
        "from wyoming_voiceclone.audio.recording import read_recording\n"
        f"try: read_recording(Path({str(path)!r}))\n"
        "except Exception as error: print(error)\n"
        # not ru_maxrss, which still knows the process that started this one
        "peak = Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0]\n"
        "print(int(peak) // 1024)"
    )
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    message, megabytes = run.stdout.splitlines()
    assert message.endswith(
        "book.wav: 3:00:00, the limit is 5 minutes — cut out a minute of clear speech"
    )
    assert int(megabytes) < 150


def test_a_stream_that_does_not_tell_its_length_is_stopped_at_the_limit() -> None:
    endless = encoded(tone(9, 44_100), 44_100, container="adts", codec="aac")
    assert "more than" in refusal(endless * 10, RecordingLimits(longest_s=30)) or "0:0" in refusal(
        endless * 10, RecordingLimits(longest_s=30)
    )


def test_a_small_file_that_unpacks_to_hours_is_stopped_at_the_limit() -> None:
    bomb = bytearray(encoded(tone(60, 8_000) * 0, 8_000, container="flac", codec="flac"))
    assert len(bomb) < 20_000  # a minute of it
    # STREAMINFO, bytes 21 to 25: the number of samples; 0 = not known
    bomb[21] &= 0xF0
    bomb[22:26] = bytes(4)
    assert "more than" in refusal(bytes(bomb), RecordingLimits(longest_s=30))


def test_a_rate_or_channels_that_nothing_records_with_are_refused() -> None:
    data = bytearray(encoded(tone()))
    data[24:28] = struct.pack("<I", 2**31 - 1)
    assert "1 channels at 2147483647 Hz" in refusal(bytes(data)) or "decoded" in refusal(
        bytes(data)
    )


def test_a_size_over_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "big.wav"
    with path.open("wb") as file:
        file.truncate(300_000_000)
    with pytest.raises(BadRecording, match=r"big\.wav: 300 MB, the limit is 256 MB"):
        read_recording(path)


def test_what_is_no_file_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "folder.wav").mkdir()
    for name in "pipe.wav", "folder.wav":
        with pytest.raises(BadRecording, match="not a file"):
            read_recording(tmp_path / name)
    with pytest.raises(BadRecording, match="cannot be read"):
        read_recording(tmp_path / "nobody.wav")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_damage_brings_anything_but_a_refusal(data: st.DataObject) -> None:
    container, codec, rate = data.draw(st.sampled_from(KINDS))
    file = bytearray(encoded(tone(1.2, rate), rate, container=container, codec=codec))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, min(len(file) - 1, 400)))
        file[at] = data.draw(st.integers(0, 255))
    try:
        samples, _ = decode_recording(bytes(file[: data.draw(st.integers(1, len(file)))]))
    except BadRecording:
        return
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= 1
