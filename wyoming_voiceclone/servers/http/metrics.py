"""Metrics: what the backends did, as Prometheus reads it."""

from collections.abc import Callable, Iterable, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)

from wyoming_voiceclone import __version__
from wyoming_voiceclone.synthesis.report import BackendReport

Reports = Callable[[], Sequence[BackendReport]]

_PREFIX = "voiceclone_backend"
_COUNTED = {
    "sentences": "Sentences that it began, and that were heard.",
    "replayed": "Of these, from the phrase cache.",
    "refused": "Sentences that it refused.",
    "failed": "Sentences in which it broke off, stalled, or had no sound within the limit.",
    "late": "Sentences that another one began, because this one had no sound in time.",
    "hedges": "Sentences that it began beside another one, in case that would be late.",
    "hedges_dropped": "Of these, not needed.",
    "taken_over": "Its sentences that somebody else ended.",
    "took_over": "Others' sentences that it ended.",
    "audio_s": "Seconds of audio heard of it.",
    "wasted_s": "Seconds spent on what nobody heard.",
}
_STATES = ("up", "busy", "cooling", "gone")


class BackendCollector:
    """Reads the reports anew each time Prometheus asks."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports

    def collect(self) -> Iterable[Metric]:
        reports = self._reports()
        yield InfoMetricFamily("voiceclone", "The program.", {"version": __version__})
        yield from _gauges(reports)
        for name, told in _COUNTED.items():
            unit = name.replace("_s", "_seconds") if name.endswith("_s") else name
            counter = CounterMetricFamily(f"{_PREFIX}_{unit}", told, labels=["backend"])
            for each in reports:
                counter.add_metric([each.name], getattr(each.tally, name))
            yield counter


def rendered(reports: Reports) -> bytes:
    """In Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(BackendCollector(reports))
    return generate_latest(registry)


def _gauges(reports: Sequence[BackendReport]) -> Iterable[Metric]:
    state = _gauge("state", "1 for the state that it is in.", "state")
    voices = _gauge("voices", "Voices that it speaks as.")
    in_flight = _gauge("in_flight", "Sentences that it is beginning or speaking.")
    first = _gauge("first_chunk_seconds", "First chunks came within so long, lately.", "quantile")
    factor = _gauge("real_time_factor", "Seconds that a second of its audio takes, lately.")
    for each in reports:
        for name in _STATES:
            state.add_metric([each.name, name], each.state == name)
        voices.add_metric([each.name], each.voices)
        in_flight.add_metric([each.name], each.in_flight)
        for share, seconds in each.first_s.items():
            first.add_metric([each.name, str(share)], seconds)
        if each.real_time_factor is not None:
            factor.add_metric([each.name], each.real_time_factor)
    return state, voices, in_flight, first, factor


def _gauge(name: str, told: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{_PREFIX}_{name}", told, labels=["backend", *labels])
