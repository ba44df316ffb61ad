"""What this machine needs for one voice, learnt from what it took."""

_SETTLED = 0.2  # weight of the newest measurement: a busy moment must not change the plan
_RUN_FRAMES = 8.0  # what one run costs beyond its frames, in frames (medium: 3 ms)
_RUN_IDS = 10.0


class Costs:
    """Seconds per phoneme id of text, and per frame of sound."""

    def __init__(self) -> None:
        self._id_s: float | None = None
        self._frame_s: float | None = None

    @property
    def run_s(self) -> float:
        """What a run costs that makes nothing."""
        return _RUN_FRAMES * (self._frame_s or 0.0)

    @property
    def frame_s(self) -> float:
        return self._frame_s or 0.0

    def text_s(self, ids: float) -> float:
        return (self._id_s or 0.0) * (ids + _RUN_IDS)

    def sound_s(self, frames: float) -> float:
        return (self._frame_s or 0.0) * (frames + _RUN_FRAMES)

    def text_took(self, ids: int, seconds: float) -> None:
        self._id_s = _learnt(self._id_s, seconds / (ids + _RUN_IDS))

    def sound_took(self, frames: int, seconds: float) -> None:
        self._frame_s = _learnt(self._frame_s, seconds / (frames + _RUN_FRAMES))


def _learnt(before: float | None, now: float) -> float:
    return now if before is None else before + _SETTLED * (now - before)
