"""What happens to boxes is not heard: the right words, once and in order, in time."""

from pathlib import Path

from household import WORDS, household, report


async def test_a_box_killed_inside_a_sentence(tmp_path: Path) -> None:
    async with household(tmp_path) as house:
        speaking = await house.used_to()
        async with house.saying() as heard:
            await heard.heard(12)
            await speaking.kill()
        assert heard.rate == speaking.rate
        report("killed inside a sentence", heard, expected="another box goes on")
        assert heard.silent_s < 0.3
