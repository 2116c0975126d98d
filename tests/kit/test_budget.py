"""The budget of a build: the plans keep the time, also on machines with another pace than the table's."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenhand.judge.decision import times_fewest
from evenhand.runs.budget import Budget, Cost, Costs, CostsError, Done

PACE = 1_000.0
EXAMPLES = [f"example{number}" for number in range(8)]
CALLS = {
    f"{example}/{name}": cost
    for example in EXAMPLES
    for name, cost in {
        "question": Cost(first=2.0, further=0.5, rounds=7),
        "variant": Cost(first=2.0, further=1.5, rounds=8),
        "paced": Cost(first=2.2, further=2.0, rounds=6, waited=1.8, fixed=True),
        "once": Cost(first=1.0, further=0.0, rounds=1, fixed=True),
    }.items()
}
COSTS = Costs(PACE, CALLS, dict.fromkeys(EXAMPLES, 0.5))
ORDER = [f"{example}/{name}" for name in ("variant", "paced") for example in EXAMPLES]
ALL_SECONDS = sum(cost.seconds(cost.rounds, 1.0) for cost in CALLS.values()) + 4.0
LEAST_SECONDS = Budget(COSTS, ORDER, 20).plan(EXAMPLES, 0.0, 1.0).seconds


class Machine:
    """A machine with its own clock, whose work takes a multiple of the time in the reference build.

    Parameters
    ----------
    slowness : callable
        By the time on its clock.
    honest : float
        How many times as long work takes as the look at its pace says.
    """

    def __init__(self, slowness, honest: float = 1.0) -> None:
        self.slowness, self.honest = slowness, honest
        self.now = 0.0

    @property
    def pace(self) -> float:
        return PACE * self.slowness(self.now) / self.honest

    def work(self, seconds: float) -> None:
        """Work in small steps, so that a change of pace takes effect immediately."""
        while seconds > 0:
            step = min(seconds, 0.05)
            self.now += step * self.slowness(self.now)
            seconds -= step

    def make(self, key: str, rounds: int, costs: Costs) -> Done:
        cost, began, pace = costs.calls[key], self.now, self.pace
        self.work(cost.works(rounds))
        self.now += cost.waits(rounds)
        return Done(key, rounds, self.now - began, pace)


def build(machine: Machine, seconds: float, *, known: Costs = COSTS, most: int = 20) -> tuple[list[Done], list[str]]:
    """Build a site on the machine, and return the finished and the cut calls."""
    budget = Budget(known, ORDER, most)
    done: list[Done] = []
    cut: list[str] = []
    for place, example in enumerate(EXAMPLES):
        plan = budget.plan(EXAMPLES[place:], seconds - machine.now, budget.slowness(done, machine.pace))
        machine.work(0.5)
        for key, cost in CALLS.items():
            if key.startswith(f"{example}/"):
                rounds = cost.rounds if cost.fixed else times_fewest(cost.rounds, plan.factor, most)
                if key in plan.cut:
                    cut.append(key)
                else:
                    done.append(machine.make(key, rounds, COSTS))
    return done, cut


HALF_FASTER = {"twice as fast": 0.5, "as fast": 1.0, "half as fast": 2.0}


@pytest.mark.parametrize("slowness", HALF_FASTER.values(), ids=HALF_FASTER)
@pytest.mark.parametrize("honest", [0.8, 1.0, 1.25])
def test_a_build_keeps_its_time_within_a_tenth_on_any_of_these_machines(slowness: float, honest: float) -> None:
    machine = Machine(lambda _: slowness, honest)
    seconds = 0.8 * ALL_SECONDS
    assert seconds > 2.0 * LEAST_SECONDS
    build(machine, seconds)
    assert machine.now <= 1.1 * seconds


@pytest.mark.parametrize(("before", "after"), [(1.0, 2.0), (2.0, 1.0), (0.5, 1.0), (1.0, 0.5)])
def test_it_keeps_its_time_when_the_pace_changes_halfway(before: float, after: float) -> None:
    seconds = 0.8 * ALL_SECONDS
    machine = Machine(lambda now: before if now < seconds / 2 else after)
    build(machine, seconds)
    assert machine.now <= 1.1 * seconds


@given(first=st.floats(0.5, 2.0), second=st.floats(0.5, 2.0), honest=st.floats(0.8, 1.25), share=st.floats(0.75, 1.5))
def test_it_keeps_its_time_if_the_questions_fit(first, second, honest, share):
    seconds = share * ALL_SECONDS
    machine = Machine(lambda now: first if now < seconds / 2 else second, honest)
    build(machine, seconds)
    assert machine.now <= 1.1 * seconds


def test_calls_that_fit_are_not_cut_and_more_rounds_use_the_rest_of_the_time() -> None:
    done, cut = build(Machine(lambda _: 1.0), 1.01 * ALL_SECONDS)
    assert not cut
    done, cut = build(machine := Machine(lambda _: 1.0), 1.5 * ALL_SECONDS)
    assert not cut
    made = {call.key: call.rounds for call in done}
    assert all(made[key] > cost.rounds for key, cost in CALLS.items() if not cost.fixed)
    assert all(made[key] == cost.rounds for key, cost in CALLS.items() if cost.fixed)
    assert machine.now > 1.2 * ALL_SECONDS


def test_calls_are_cut_in_the_stated_order_and_only_as_many_as_needed() -> None:
    budget = Budget(COSTS, ORDER, 20)
    assert budget.plan(EXAMPLES, ALL_SECONDS, 1.0).cut == ()
    first = CALLS[ORDER[0]]
    saved = first.seconds(first.rounds, 1.0)
    assert budget.plan(EXAMPLES, ALL_SECONDS - saved, 1.0).cut == (ORDER[0],)
    assert budget.plan(EXAMPLES, ALL_SECONDS - saved - 0.1, 1.0).cut == tuple(ORDER[:2])
    assert budget.plan(EXAMPLES, 0.0, 1.0).cut == tuple(ORDER)


def test_a_short_call_is_taken_back_where_the_cut_of_a_long_one_leaves_room_for_it() -> None:
    short, middle, long = (Cost(first=1.0, further=further, rounds=6) for further in (0.4, 0.8, 4.0))
    calls = {"example0/short": short, "example0/middle": middle, "example0/long": long}
    budget = Budget(Costs(PACE, calls, {}), list(calls), 20)
    every = sum(call.seconds(6, 1.0) for call in calls.values())
    # They take 3 s, 5 s and 21 s.
    assert budget.plan(["example0"], every - 7.0, 1.0).cut == ("example0/short", "example0/middle")
    assert budget.plan(["example0"], every - 9.0, 1.0).cut == ("example0/long",)
    assert budget.plan(["example0"], every - 23.0, 1.0).cut == ("example0/short", "example0/long")
    assert budget.plan(["example0"], every - 25.0, 1.0).cut == ("example0/middle", "example0/long")


def test_the_calls_that_are_not_cut_make_at_least_the_fewest_rounds_that_their_verdicts_take() -> None:
    done, cut = build(Machine(lambda _: 2.0), 0.8 * ALL_SECONDS)
    assert set(cut) < set(ORDER)
    for call in done:
        assert call.rounds >= CALLS[call.key].rounds


def test_a_call_that_takes_one_round_is_never_cut() -> None:
    budget = Budget(COSTS, ["example0/once", *ORDER], 20)
    assert "example0/once" not in budget.plan(EXAMPLES, 0.0, 1.0).cut


def test_later_examples_make_up_for_calls_that_are_not_in_the_table() -> None:
    known = Costs(PACE, {key: cost for key, cost in CALLS.items() if key != "example0/variant"}, COSTS.around)
    seconds = 0.8 * ALL_SECONDS
    build(machine := Machine(lambda _: 1.0), seconds, known=known)
    assert machine.now <= 1.1 * seconds


def test_the_slowness_is_the_pace_corrected_by_the_finished_calls() -> None:
    budget = Budget(COSTS, ORDER, 20)
    key = "example0/question"
    assert budget.slowness([], 2 * PACE) == pytest.approx(2.0)
    said = CALLS[key].works(7)
    done = [Done(key, 7, 3 * said, PACE) for _ in range(200)]
    assert budget.slowness(done, PACE) == pytest.approx(3.0, rel=0.2)
    later = [*done, *(Done(key, 7, said, PACE) for _ in range(200))]
    assert budget.slowness(later, PACE) == pytest.approx(1.0, rel=0.2)


def test_clocked_seconds_are_the_same_on_any_machine() -> None:
    cost = CALLS["example0/paced"]
    assert cost.seconds(6, 2.0) - cost.seconds(6, 1.0) == pytest.approx(cost.works(6))
    assert cost.works(6) == pytest.approx(2.2 + 5 * 2.0 - 6 * 1.8)


def test_a_table_that_was_written_is_read_as_it_was(tmp_path: Path) -> None:
    COSTS.write(tmp_path / "costs.toml")
    assert Costs.read(tmp_path / "costs.toml") == COSTS
    odd = Costs(1.0, {'a/"\N{ROCKET}"': Cost(1.0, 1.0, 1)}, {"\N{ROCKET}": 1.0})
    odd.write(tmp_path / "odd.toml")
    assert Costs.read(tmp_path / "odd.toml") == odd
    assert Budget.from_dict(Budget(COSTS, ORDER, 12).as_dict()) == Budget(COSTS, ORDER, 12)


@pytest.mark.parametrize(
    "text", ["", "pace_ns = 1", "[calls]\n'a/b' = { first = 1 }\n[around]\n", "pace_ns =", "calls = 3"]
)
def test_an_invalid_table_gets_a_message(tmp_path: Path, text: str) -> None:
    (tmp_path / "costs.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CostsError, match=r"^costs\.toml is not a table of costs .*; write a new one"):
        Costs.read(tmp_path / "costs.toml")
