from hypothesis import given
from hypothesis import strategies as st

from wyoming_voiceclone.gpu.planning import Step, plan

IDLE, SMALL, LARGE = (
    Step("engine", "xtts", 3000),
    Step("ollama", "a", 2000),
    Step("ollama", "b", 9000),
)


def test_nothing_is_unloaded_where_there_is_room() -> None:
    assert plan(0, [IDLE]) == ()


def test_our_own_engine_goes_before_somebody_elses_model() -> None:
    assert plan(2500, [IDLE, LARGE]) == (IDLE,)


def test_what_one_step_makes_needless_is_left_alone() -> None:
    assert plan(5000, [IDLE, LARGE]) == (LARGE,)
    assert plan(5000, [IDLE, SMALL]) == (IDLE, SMALL)


def test_nobody_is_disturbed_where_all_together_are_not_enough() -> None:
    assert plan(20_000, [IDLE, SMALL, LARGE]) is None


STEPS = st.lists(
    st.builds(
        Step, st.sampled_from(["engine", "ollama"]), st.text(max_size=3), st.integers(0, 9_000)
    ),
    max_size=8,
)


@given(st.integers(-100, 40_000), STEPS)
def test_a_plan_is_enough_and_holds_no_step_too_many(short_mb: int, steps: list[Step]) -> None:
    found = plan(short_mb, steps)
    if found is None:
        assert sum(step.mb for step in steps) < short_mb
        return
    freed_mb = sum(step.mb for step in found)
    assert freed_mb >= short_mb
    assert all(freed_mb - step.mb < short_mb for step in found)
