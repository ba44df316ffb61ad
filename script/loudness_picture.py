"""Draws docs/loudness.svg from the readers in ../shared/speech."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile

from wyoming_voiceclone.audio.chunk import Chunk
from wyoming_voiceclone.audio.loudness import TARGET_DB, Leveller, LoudnessBook
from wyoming_voiceclone.audio.speech_level import SpeechLevel, SpeechMeter

ROOT = Path(__file__).parents[1]
SPEECH = ROOT.parent / "shared" / "speech"
READERS = ["ljspeech", *(f"librispeech/{n}" for n in (1688, 1998, 2033, 2609, 3080, 3331))]
SENTENCES = 10
WIDTH, HEIGHT, LEFT, TOP = 760, 300, 50, 40
LOUDEST_DB, SOFTEST_DB = -8.0, -24.0
STOCK, OURS = "#b0413e", "#2a6f97"


def main() -> None:
    """Write the picture, and print the numbers that docs/loudness.md quotes."""
    stock: list[list[float]] = []
    ours: list[list[float]] = []
    for reader in READERS:
        levels = list(levels_db(reader))
        stock.append([level for level, _ in levels])
        ours.append([level for _, level in levels])
    for name, readers in (("whole-sentence peak", stock), ("ours", ours)):
        means = [np.mean(reader) for reader in readers]
        inside = np.mean([np.std(reader) for reader in readers])
        print(
            f"{name}: voices {min(means):.1f} to {max(means):.1f} dBFS, +-{inside:.1f} inside one"
        )
    (ROOT / "docs" / "loudness.svg").write_text(picture(stock, ours), encoding="utf-8")


def levels_db(reader: str) -> Iterator[tuple[float, float]]:
    """Level of each sentence: scaled to its own peak, and levelled by us."""
    book = LoudnessBook()
    clips = [
        soundfile.read(path, dtype="float32")
        for path in sorted(SPEECH.glob(f"{reader}/*"))
        if path.suffix == ".flac"
    ][:SENTENCES]
    usual_peak = float(np.median([np.abs(clip).max() for clip, _ in clips]))
    for clip, rate in clips:
        leveller = Leveller(rate, book)
        leveller.begin(reader, usual_peak)
        levelled = np.concatenate([leveller.feed(clip), leveller.finish()])
        raw = measured(clip, rate)
        yield raw.level_db - raw.peak_db, measured(levelled, rate).level_db


def measured(clip: Chunk, rate: int) -> SpeechLevel:
    meter = SpeechMeter(rate)
    meter.feed(clip)
    level = meter.level()
    if level is None:
        raise ValueError("a clip without speech")
    return level


def picture(stock: Sequence[Sequence[float]], ours: Sequence[Sequence[float]]) -> str:
    lines = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            'font-family="sans-serif" font-size="12">'
        ),
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        text(LEFT, 20, "Level of each sentence (dBFS RMS of active speech), seven readers"),
        text(LEFT + 430, 20, "● scaled to its own peak", STOCK),
        text(LEFT + 590, 20, "● ours", OURS),
        *(line for db in range(-24, -7, 2) for line in ruler(db)),
        *(dot(r, n, db, STOCK) for r, reader in enumerate(stock) for n, db in enumerate(reader)),
        *(dot(r, n, db, OURS) for r, reader in enumerate(ours) for n, db in enumerate(reader)),
        *(text(x_of(r, 0), HEIGHT - 8, name.split("/")[-1]) for r, name in enumerate(READERS)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def ruler(db: int) -> Iterator[str]:
    colour = OURS if db == TARGET_DB else "#ddd"
    yield f'<path d="M{LEFT} {y_of(db):.1f}H{WIDTH - 10}" stroke="{colour}"/>'
    yield text(18, y_of(db) + 4, str(db), "#555")


def dot(reader: int, number: int, db: float, colour: str) -> str:
    x, y = x_of(reader, number), y_of(db)
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}" fill-opacity=".75"/>'


def text(x: float, y: float, words: str, colour: str = "#222") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" fill="{colour}">{words}</text>'


def x_of(reader: int, number: int) -> float:
    return LEFT + 10 + 100 * reader + 8 * number


def y_of(db: float) -> float:
    return TOP + (LOUDEST_DB - db) / (LOUDEST_DB - SOFTEST_DB) * (HEIGHT - TOP - 30)


if __name__ == "__main__":
    main()
