"""What Piper's libraries do behind our back."""

from pathlib import Path

from programs import Shell

VOICES = Path(__file__).parents[2] / "fixtures" / "voices"


def test_onnxruntime_neither_numbers_the_machine_nor_collects_anything(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.environment |= {
        "WYOMING_VOICECLONE_ENGINES__PIPER__ENABLED": "true",
        "WYOMING_VOICECLONE_ENGINES__PIPER__DOWNLOAD": "false",
        "WYOMING_VOICECLONE_FOLDERS__VOICES": str(VOICES),
    }
    shell.environment.pop("ORT_DISABLE_TELEMETRY", None)
    said = shell.run("say", "Hello.", "--voice", "random-tiny", "-o", "hello.wav")
    assert said.returncode == 0, said.stderr
    assert not [*tmp_path.rglob("*onnxruntime*"), *tmp_path.rglob("Microsoft")]
