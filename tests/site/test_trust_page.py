"""The page on trust: its first table has each decision of the archive."""

from pathlib import Path

import trust
from evenhand.gate.trust import Rate


def test_every_decision_is_in_the_table_of_where_and_when_they_were_made():
    found = trust.archived()
    table = trust.sessions(found).frame
    assert table["gates"].sum() == len(found.gates) > 0
    assert table["comparisons of identical statements"].sum() == len(found.identical) > 0


def test_the_newest_version_with_enough_gates_is_counted():
    def evidence(**gates):
        sessions = {name: {"build": {"version": name}, "plan": {}} for name in gates}
        made = [
            {"session": name, "variant": "quiet", "injected": 1.0, "operations": {}}
            for name, count in gates.items()
            for _ in range(count)
        ]
        return trust.Evidence(sessions, (), tuple(made), (), ())

    enough = trust.FEWEST
    assert trust.evidence(evidence(a=enough, b=enough, c=enough - 1)).versions == ("b",)
    assert trust.evidence(evidence(a=1, b=2)).versions == ("b",)
    assert trust.evidence(evidence()).versions == ()


def test_decisions_with_the_plan_of_today_are_counted_once_they_are_enough():
    today, former = trust.PLANS[0], {**trust.PLANS[0], "first_rounds": 8}

    def counted(of_today, of_former):
        plans = {"today": (today, of_today), "former": (former, of_former)}
        sessions = {name: {"build": {"version": "1"}, "plan": plan} for name, (plan, _) in plans.items()}
        made = [
            {"session": name, "variant": "quiet", "injected": 1.0, "operations": {}}
            for name, (_, count) in plans.items()
            for _ in range(count)
        ]
        return set(trust.evidence(trust.Evidence(sessions, (), tuple(made), (), ())).sessions)

    assert counted(trust.FEWEST, trust.FEWEST) == {"today"}
    assert counted(trust.FEWEST - 1, trust.FEWEST) == {"today", "former"}


def test_the_curve_begins_with_identical_builds_and_says_each_share_in_words():
    found = trust.evidence()
    label = trust.curve(found).label
    quiet = label.partition("nothing next to it: ")[2].partition(";")[0]
    sizes = [share.split("\u202f")[0] for share in quiet.split(", ")]
    assert sizes == ["0", "2", "5", "10"]
    assert str(trust.rates.found(found, "quiet", 1.05)) in quiet


def test_the_page_explains_the_word_for_a_rate_without_a_decision():
    nothing = Rate(0, 0)
    page = (Path(trust.__file__).parent / "methodology.md").read_text(encoding="utf-8")
    word = str(nothing).capitalize()
    assert f"*{word}* means that no such decision has been archived yet." in page
    assert trust.counted(nothing) == str(nothing)
