"""Folders that cannot be written, and disks that are full: speech goes on."""

import resource
import sys
from pathlib import Path

import pytest
from programs import Shell
from served import Served, serving

VOICES = Path(__file__).parent / "fixtures" / "voices"
SENTENCES = "The door is open. It is late."

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and file size limits")


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """With Piper and the tiny voices, which are never downloaded."""
    shell = Shell(tmp_path)
    shell.environment |= {
        "WYOMING_VOICECLONE_ENGINES__PIPER__ENABLED": "true",
        "WYOMING_VOICECLONE_ENGINES__PIPER__DOWNLOAD": "false",
        "WYOMING_VOICECLONE_FOLDERS__VOICES": str(VOICES),
        "WYOMING_VOICECLONE_SPEECH__DEFAULT_VOICE": "random-tiny",
    }
    return shell


def no_file_may_grow() -> None:
    """What a full disk is to a program: every byte written to a file is an error."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


async def speaks(served: Served) -> None:
    """Twice, so that what could not be kept is asked for again."""
    for _ in range(2):
        heard = await served.home.say(SENTENCES)
        assert heard.error is None
        assert heard.seconds > 0.5
        assert heard.rates == [16_000], "not the Piper voice"


async def test_it_speaks_with_folders_that_cannot_be_written(shell: Shell) -> None:
    for folder in ("DATA", "CACHE"):  # nobody, not even root, makes a folder there
        shell.environment[f"WYOMING_VOICECLONE_FOLDERS__{folder}"] = "/proc/voiceclone"
    async with serving(shell) as served:
        await speaks(served)


async def test_it_speaks_with_a_disk_that_fills_up(shell: Shell) -> None:
    async with serving(shell) as served:
        await speaks(served)
    async with serving(shell, before=no_file_may_grow) as served:
        await speaks(served)
        heard = await served.home.say("Something that was never said before.")
        assert heard.error is None
        assert heard.rates == [16_000]


async def test_it_speaks_when_the_disk_was_full_from_the_first_start(shell: Shell) -> None:
    async with serving(shell, before=no_file_may_grow) as served:
        heard = await served.home.say(SENTENCES)
    assert heard.error is None
    assert heard.seconds > 0.5


def test_what_a_full_disk_does_not_take_is_one_line_and_leaves_nothing(shell: Shell) -> None:
    spoken = shell.run("say", "One two three. " * 9, "--voice", "espeak-en-us", "-o", "memo.wav")
    assert spoken.returncode == 0, spoken.stderr
    shell.environment["WYOMING_VOICECLONE_FOLDERS__VOICES"] = str(shell.folder / "voices")
    said, added = shell.folder / "said.wav", shell.folder / "voices/ada"
    for arguments, told in [
        (("say", "Hello there.", "-o", str(said)), f"{said}: cannot be written ("),
        (("voices", "add", "ada", "memo.wav"), f"{added}: cannot be written ("),
    ]:
        done = shell.run(*arguments, before=no_file_may_grow)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].startswith(f"error: {told}")
    assert not [*shell.folder.glob("*said*"), *shell.folder.glob("voices/*")]
