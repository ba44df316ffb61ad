"""Router: the backend over the backends, and the only place with failover."""

from collections.abc import Mapping, Sequence
from weakref import WeakKeyDictionary

from wyoming_voiceclone.audio.loudness import LoudnessBook
from wyoming_voiceclone.audio.playback import Playback
from wyoming_voiceclone.backends import AudioStream, Backend, Capabilities, SynthesisRequest
from wyoming_voiceclone.synthesis.candidates import Candidate, Choice, Wishes
from wyoming_voiceclone.synthesis.deadlines import RouterLimits
from wyoming_voiceclone.synthesis.lineup import Entry, Memory, ahead_s, lineup
from wyoming_voiceclone.synthesis.race import Means
from wyoming_voiceclone.synthesis.relay import Relay
from wyoming_voiceclone.synthesis.report import BackendReport, report
from wyoming_voiceclone.synthesis.roster import Rank, Roster

__all__ = ["Router", "RouterLimits"]


class Router:
    """Speaks each sentence with the first backend, in order of preference, that can in time.

    First those that have the voice itself, then those with the voice that is to speak instead,
    then those with another voice of its language, which is never somebody's own. Of those that
    sound the same, whoever is soonest. A backend that dies or stalls inside a sentence is followed
    by the next one, which goes on at the word that was reached, at the same rate and loudness.
    """

    name = "router"

    def __init__(
        self,
        backends: Sequence[Backend],
        limits: RouterLimits | None = None,
        wishes: Wishes | None = None,
        *,
        rank: Rank = lambda _: 0.0,
        busy: Mapping[str, int] | None = None,
        loudness: LoudnessBook | None = None,
    ) -> None:
        """`rank`: the place of each, by name; of those with one place, the first is preferred.

        `busy`: how many sentences at once some speak, by the name of backend or engine.
        `loudness`: what is known of the voices, shared with whoever levels them.
        """
        self._roster = Roster(backends, rank, busy)
        self._choice = Choice(self._roster, wishes)
        self._means = Means(limits or RouterLimits(), loudness=loudness or LoudnessBook())
        self._memories: WeakKeyDictionary[Playback, Memory] = WeakKeyDictionary()

    def capabilities(self) -> Capabilities:
        """Every voice of every backend; of two with one name, the preferred backend's."""
        return self._roster.capabilities()

    def join(self, backend: Backend) -> None:
        """It may speak from now on, in the stead of one of the same name; the router closes it."""
        self._roster.join(backend)

    def leave(self, name: str) -> Backend | None:
        """It is asked no more; what it speaks now it may end. The caller closes it."""
        return self._roster.leave(name)

    def wake(self, name: str) -> None:
        """There is news of it: it need not be left alone any longer."""
        self._roster.wake(name)

    def report(self) -> Sequence[BackendReport]:
        """How everybody is, and what they did; those who left come last."""
        voices = {backend.name: len(backend.capabilities().voices) for backend in self._roster}
        return [report(one, voices.get(one.name)) for one in self._roster.standings()]

    async def synthesize(self, request: SynthesisRequest) -> AudioStream:
        """Raises NoBackend when nobody could begin, BadRequest when it cannot be done."""
        self._means.allowance.earn()
        memory = self._memory(request.playback)
        entries = [self._entry(each) for each in self._choice.candidates(request)]
        ordered = lineup(entries, ahead_s(request), memory)
        return await Relay(request.voice, ordered, self._means, memory).begin()

    async def aclose(self) -> None:
        for backend in self._roster:
            await backend.aclose()
        await self._means.closing.aclose()

    def _entry(self, candidate: Candidate) -> Entry:
        standing = self._roster.standing(candidate.name)
        streams = candidate.backend.capabilities().streams
        pace = standing.pace_of(candidate.request.voice, streams=streams)
        return Entry(candidate, standing, pace)

    def _memory(self, playback: Playback | None) -> Memory:
        """All the sentences of one utterance share one clock."""
        return Memory() if playback is None else self._memories.setdefault(playback, Memory())
