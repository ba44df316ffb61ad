"""Draws the plot and the listening page of docs/match.md."""

import html
import subprocess
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl  # type: ignore[import-not-found]
import numpy as np
import numpy.typing as npt
import soundfile

mpl.use("svg")
from matplotlib import pyplot as plt

Clip = tuple[npt.NDArray[np.float32], int]
_LONGEST_S = 7.0
_HEAD = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Match: listen</title>
<style>body{font:16px/1.5 system-ui;margin:2em auto;max-width:60em}td,th{padding:.3em 1em}</style>
<h1>Matched voices</h1><p>For each reader, the base voice that Match chose, as it is and matched.
Nothing here was said by the person it is matched to, except in the last column.</p>
<p>Readers: <a href="https://www.openslr.org/12">LibriSpeech</a> (numbers), CC BY 4.0;
<a href="https://keithito.com/LJ-Speech-Dataset/">LJ Speech</a>, public domain. Changed: cut,
encoded, and in the column “matched” converted. flite's voices: CMU, free licences.</p>
<table><tr><th>base → person<th>base<th>matched<th>the person, other words"""


def write_plot(path: Path, pairs: Sequence[tuple[str, str, float, bool]]) -> None:
    """A column of dots per person, one per base; the chosen one is filled."""
    targets = list(dict.fromkeys(target for _, target, _, _ in pairs))
    figure, axes = plt.subplots(figsize=(8, 4))
    for base, target, gap, chosen in pairs:
        kind = {"espeak": "s"}.get(base, "^" if base.startswith("flite") else "o")
        fill = "#2a6f97" if chosen else "none"
        axes.plot(targets.index(target), 100 * gap, kind, mfc=fill, mec="#2a6f97", ms=8)
    axes.axhline(50, color="#b0413e", lw=1)
    axes.axhline(0, color="grey", lw=1)
    axes.set_xticks(range(len(targets)), targets)
    axes.set_ylabel("part of the way from a stranger\nto the same reader, %")
    axes.set_title("o a reader   ^ flite   □ espeak-ng   filled: the base that Match chooses")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


def write_page(folder: Path, rows: Sequence[tuple[str, str, Clip, Clip, Clip]]) -> None:
    """Write `index.html` and short Opus clips beside it."""
    lines = [_HEAD]
    for base, target, *clips in rows:
        lines.append(f"<tr><th>{html.escape(base)} → {html.escape(target)}")
        for kind, clip in zip(("base", "matched", "person"), clips, strict=True):
            name = f"{target}-{kind}.opus"
            _encode(folder / name, clip)
            lines.append(f'<td><audio controls preload="none" src="{name}"></audio>')
    (folder / "index.html").write_text("\n".join([*lines, "</table></html>\n"]), encoding="utf-8")


def _encode(path: Path, clip: Clip) -> None:
    samples, rate = clip
    samples = samples[: round(_LONGEST_S * rate)]
    wave = path.with_suffix(".wav")
    soundfile.write(wave, 0.5 * samples / np.abs(samples).max(), rate)
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(wave), "-b:a", "32k", str(path)]
    subprocess.run(command, check=True)  # noqa: S603 -- our own files
    wave.unlink()
