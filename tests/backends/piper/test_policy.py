"""Who is served next, and with how much sound."""

from hypothesis import given
from hypothesis import strategies as st

from wyoming_voiceclone.backends.piper.costs import Costs
from wyoming_voiceclone.backends.piper.policy import (
    FIRST_FRAMES,
    MOST_FRAMES,
    SHARED_FRAMES,
    Turn,
    choose,
    first_frames,
    next_frames,
)

FRAME_S = 0.0116
TURNS = st.lists(
    st.builds(Turn, st.floats(-1, 5), st.floats(0.001, 0.2), st.booleans()), min_size=1, max_size=9
)


def machine(load: float) -> Costs:
    """One that needs `load` seconds for a second of sound."""
    costs = Costs()
    costs.sound_took(1000, load * FRAME_S * 1008)
    return costs


def test_a_newcomer_goes_before_who_has_sound_left() -> None:
    assert choose([Turn(5.0, 0.02, True), Turn(0.0, 0.05, False)], 1.0) == 1


def test_a_newcomer_waits_for_who_would_run_dry_meanwhile() -> None:
    assert choose([Turn(1.06, 0.02, True), Turn(0.0, 0.05, False)], 1.0) == 0


def test_several_who_would_run_dry_together_count_together() -> None:
    playing = [Turn(1.16, 0.03, True), Turn(1.15, 0.03, True)]
    assert choose([*playing, Turn(0.0, 0.05, False)], 1.0) == 1
    assert choose([playing[0], Turn(0.0, 0.05, False)], 1.0) == 1


def test_of_two_newcomers_the_one_that_was_begun_is_finished_first() -> None:
    assert choose([Turn(0.0, 0.03, False), Turn(0.01, 0.008, False)], 0.1) == 1


@given(turns=TURNS)
def test_who_runs_dry_first_goes_before_others_who_have_sound(turns: list[Turn]) -> None:
    chosen = turns[choose(turns, 0.0)]
    if chosen.playing:
        assert chosen.due == min(turn.due for turn in turns if turn.playing)


@given(turns=TURNS)
def test_nobody_runs_dry_because_of_a_newcomer(turns: list[Turn]) -> None:
    chosen = turns[choose(turns, 0.0)]
    if not chosen.playing:
        end = chosen.cost_s
        for turn in sorted((t for t in turns if t.playing), key=lambda t: t.due):
            end += turn.cost_s
            assert end <= turn.due


def test_the_first_chunk_is_small_on_a_fast_machine() -> None:
    assert first_frames(machine(0.03), FRAME_S, 500, 0) == FIRST_FRAMES


@given(load=st.floats(0.01, 0.85))
def test_the_first_chunk_lasts_until_the_second_is_there(load: float) -> None:
    costs = machine(load)
    first = first_frames(costs, FRAME_S, 500, 0)
    second = next_frames(costs, first, first * FRAME_S, 0)
    assert costs.sound_s(second) <= first * FRAME_S


@given(load=st.floats(1.0, 5.0), total=st.integers(50, 1000))
def test_a_machine_slower_than_speech_keeps_back_what_it_will_be_late_by(
    load: float, total: int
) -> None:
    first = min(total, first_frames(machine(load), FRAME_S, total, 0))
    assert (total - first) * load <= total


@given(load=st.floats(0.01, 0.8), before=st.integers(10, 80), slack=st.floats(0, 9))
def test_chunks_grow_but_not_beyond_what_is_in_time(load: float, before: int, slack: float) -> None:
    alone, shared = (next_frames(machine(load), before, slack, others) for others in (0, 3))
    assert FIRST_FRAMES <= shared <= SHARED_FRAMES
    assert shared <= alone <= min(8 * before, MOST_FRAMES)
    assert shared <= 2 * before
    assert alone == FIRST_FRAMES or machine(load).sound_s(alone) <= slack / 2 + 1e-6


def test_a_busy_moment_changes_the_costs_only_a_little() -> None:
    costs = machine(0.1)
    before = costs.sound_s(20)
    costs.sound_took(20, 10 * before)
    assert before < costs.sound_s(20) < 3 * before
    costs.text_took(50, 0.01)
    assert costs.text_s(50) == 0.01
