"""Measures Match on the readers of ../shared/speech, and writes what docs/match.md shows.

Needs packages that are no part of the project, in an environment of their own:

    uv venv /tmp/judge && uv pip install --python /tmp/judge/bin/python torch==2.13.0 \
        resemblyzer pocketsphinx speechmos librosa scikit-learn matplotlib "setuptools<81" \
        soundfile soxr safetensors pydantic espeakng-loader
    apt-get install flite ffmpeg
    PYTHONPATH=. /tmp/judge/bin/python script/measure_match.py
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from script.match_judges import (
    Clip,
    Mixture,
    Recogniser,
    Vector,
    Verifier,
    naturalness,
    word_errors,
    words_of,
)
from script.match_pages import write_page, write_plot
from script.match_people import FLITE, READERS, Person, espeak, flite, reader, statistics
from wyoming_voiceclone.backends.match.converter import Converter
from wyoming_voiceclone.backends.match.statistics import VoiceStatistics
from wyoming_voiceclone.backends.match.transport import Conversion, conversion, uncovered

ROOT = Path(__file__).parents[1]
Clips = dict[tuple[str, str], Clip]
"""By base and target."""
JUDGED = 2  # clips of each pair that are converted
STRENGTHS = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class Pair:
    """What came out when `base` was matched to `target`."""

    base: str
    target: str
    before: float
    after: float
    gap: float
    first: bool
    mixture_gap: float
    mos_drop: float
    errors: tuple[int, int, int]
    """Word errors before and after, words."""
    uncovered: float
    real_time: float


class Measurement:
    """All the judges, and what they say of the readers as they are."""

    def __init__(self, readers: Sequence[Person]) -> None:
        self.readers = readers
        self._known: dict[str, tuple[Vector, float, int]] = {}
        self._statistics: dict[tuple[str, int], VoiceStatistics] = {}
        self.verifier, self.recogniser = Verifier(), Recogniser()
        self.mixture = Mixture({person.name: person.fit for person in readers})
        self.held_out = {p.name: self.verifier.embedding(p.judged) for p in readers}
        self.same = {p.name: float(self.held_out[p.name] @ self._fit(p)) for p in readers}
        self.mixture_same = {p.name: self.mixture.score(p.judged, p.name) for p in readers}

    def _fit(self, person: Person) -> Vector:
        return self.verifier.embedding(person.fit)

    def strangers(self, target: str) -> float:
        others = [self.held_out[p.name] for p in self.readers if p.name != target]
        return float(np.mean([other @ self.held_out[target] for other in others]))

    def mixture_strangers(self, target: str) -> float:
        others = [p for p in self.readers if p.name != target]
        return float(np.mean([self.mixture.score(other.judged, target) for other in others]))

    def pair(self, base: Person, target: Person, strength: float = 1.0) -> tuple[Pair, list[Clip]]:
        one, other = self._learnt(base, 400), self._learnt(target, 128)
        source = base.judged if base.texts else base.judged[:JUDGED]
        started = time.thread_time()
        way = conversion(one, other, strength)
        matched = [converted(clip, way) for clip in source]
        spent = time.thread_time() - started
        embedding = self.verifier.embedding(matched)
        likeness = {name: float(embedding @ held) for name, held in self.held_out.items()}
        unmoved, mos, errors = self._unmoved(base, source)
        strange, mixed = self.strangers(target.name), self.mixture_strangers(target.name)
        score = self.mixture.score(matched, target.name)
        found = Pair(
            base.name,
            target.name,
            float(unmoved @ self.held_out[target.name]),
            likeness[target.name],
            (likeness[target.name] - strange) / (self.same[target.name] - strange),
            max(likeness, key=lambda name: likeness[name]) == target.name,
            (score - mixed) / (self.mixture_same[target.name] - mixed),
            mos - naturalness(matched[:1]),
            (errors, self._errors(base, matched), len(words_of(" ".join(base.texts)))),
            uncovered(one, other),
            spent / sum(len(samples) / rate for samples, rate in source),
        )
        return found, matched

    def _learnt(self, person: Person, sample: int) -> VoiceStatistics:
        key = person.name, sample
        if key not in self._statistics:
            self._statistics[key] = statistics(person.fit, sample)
        return self._statistics[key]

    def _unmoved(self, base: Person, source: Sequence[Clip]) -> tuple[Vector, float, int]:
        if base.name not in self._known:
            self._known[base.name] = (
                self.verifier.embedding(source),
                naturalness(source[:1]),
                self._errors(base, source),
            )
        return self._known[base.name]

    def _errors(self, base: Person, clips: Sequence[Clip]) -> int:
        said = [words_of(text) for text in base.texts]
        spoken = zip(said, clips, strict=False)
        return sum(word_errors(wanted, self.recogniser.words(clip)) for wanted, clip in spoken)


def converted(clip: Clip, way: Conversion) -> Clip:
    converter = Converter(clip[1], way)
    return np.concatenate([converter.feed(clip[0]), converter.finish()]), clip[1]


def row(label: str, pairs: Sequence[Pair]) -> str:
    def mean(values: Sequence[float]) -> float:
        return float(np.mean(values))

    words = sum(p.errors[2] for p in pairs)
    errors = [100 * sum(p.errors[n] for p in pairs) / max(words, 1) for n in (0, 1)]
    told = f"{errors[0]:.0f} → {errors[1]:.0f} %" if words else "–"
    return (
        f"| {label} | {len(pairs)} | {mean([p.before for p in pairs]):.3f} → "
        f"{mean([p.after for p in pairs]):.3f} | {mean([p.gap for p in pairs]):.0%} | "
        f"{mean([p.mixture_gap for p in pairs]):.0%} | {mean([p.first for p in pairs]):.0%} | "
        f"{-mean([p.mos_drop for p in pairs]):+.2f} | {told} | "
        f"{mean([p.real_time for p in pairs]):.3f} |"
    )


def measured(measurement: Measurement, bases: Sequence[Person]) -> tuple[list[Pair], Clips]:
    """Every base matched to every reader, and the first clip of each."""
    pairs: list[Pair] = []
    clips: Clips = {}
    for target in measurement.readers:
        for base in bases:
            if base is not target:
                found, matched = measurement.pair(base, target)
                pairs.append(found)
                clips[base.name, target.name] = matched[0]
                print(found, flush=True)
    return pairs, clips


def tell(measurement: Measurement, pairs: Sequence[Pair], chosen: Sequence[Pair]) -> None:
    """Print the table."""
    strangers = np.mean([measurement.strangers(person.name) for person in measurement.readers])
    print(f"same {np.mean(list(measurement.same.values())):.3f}, strangers {strangers:.3f}")
    names = {person.name for person in measurement.readers}
    print(row("the base that Match chooses, of ten", chosen))
    print(row("every reader → every other", [p for p in pairs if p.base in names]))
    print(row("flite → every reader", [p for p in pairs if p.base.startswith("flite")]))
    print(row("espeak-ng → every reader", [p for p in pairs if p.base == "espeak"]))


def main() -> None:
    """Print the table; write the plot and the listening page."""
    readers = [reader(name) for name in READERS]
    bases = [*readers, *(flite(voice) for voice in FLITE), espeak()]
    measurement = Measurement(readers)
    pairs, clips = measured(measurement, bases)
    ways = [[p for p in pairs if p.target == person.name] for person in readers]
    chosen = [min(found, key=lambda pair: pair.uncovered) for found in ways]
    tell(measurement, pairs, chosen)
    people = {person.name: person for person in bases}
    for strength in STRENGTHS:
        less = [measurement.pair(people[p.base], people[p.target], strength)[0] for p in chosen]
        print(row(f"the same, strength {strength}", less))
    write_plot(ROOT / "docs/match/gap.svg", [(p.base, p.target, p.gap, p in chosen) for p in pairs])
    said = {person.name: person.judged[0] for person in bases}
    rows = [
        (p.base, p.target, said[p.base], clips[p.base, p.target], said[p.target]) for p in chosen
    ]
    write_page(ROOT / "docs/match", rows)


if __name__ == "__main__":
    main()
