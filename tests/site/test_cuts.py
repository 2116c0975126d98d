"""A site with a budget: pages mark cut results, and the build reports the plan and the actual times."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

import tables
from evenhand.runs.budget import Plan
from evenhand.sphinx.execution import too_slow
from rust_daq import advise
from test_other_site import INDEX, Site, site

__all__ = ["site"]
CONF = Path(__file__).parents[2] / "conf"
LEFT_OUT = '<abbr class="measured" title="not measured in this profile">(not measured)</abbr>'
TWO = '''"""
Which is quicker?
=================

.. in-short::
    :figure: first/more

    In short, two take :measured:`first/more/two/cost_ns`.

    Choose one.

A question; two take :measured:`first/more/two/cost_ns`.
:verdict:`first/more/two vs one | faster, slower: They differ.`
"""

import evenhand as bench
from tiny_binding import build

settings = bench.settings(__doc__)
bench.compare({"one": "1 + 1", "two": "[1] * 50"}, name="sums", settings=settings)

# %%

more = bench.compare({"one": "1 + 1", "two": "[1] * 50"}, name="more", settings=settings)
more

# %%

more.plot()

# %%

more.figure()
'''
PROFILES = 'cut = ["first/more"]\n[profile.quick]\nbudget = 9000\nrounds = 8\nslices = 2\n'
COSTS = """pace_ns = 100000
[around]
first = 0.1
[calls]
"first/sums" = { first = 0.2, further = 0.1, rounds = 6 }
"first/more" = { first = 2.0, further = 1000.0, rounds = 6 }
"""


@pytest.fixture
def budgeted(site: Site) -> Site:
    """Make a site whose table of costs has one long call, which may be cut."""
    site.write("gallery/first.py", TWO)
    site.write("docs/profiles.toml", PROFILES)
    site.write("docs/costs.toml", COSTS)
    site.write("docs/index.md", INDEX.replace("first/sums/one/cost_ns", "first/more/one/cost_ns"))
    return site


def settings_of(site: Site) -> dict[str, dict]:
    """Return the settings of the run's results."""
    return {entry["name"]: entry["settings"] for entry in site.run["results"]}


def test_a_call_that_does_not_fit_is_not_made_and_pages_mark_it_as_not_measured(budgeted: Site) -> None:
    # The remaining budget on the command line overrides the profile's.
    ended = budgeted.build("-W", "--keep-going", "-D", "measuring_seconds=60")
    assert ended.returncode == 0, ended.stderr
    made = settings_of(budgeted)
    assert (made["more"]["rounds"], made["more"]["cut"]) == (0, True)
    assert "first/more" not in {result["example"] + "/" + result["name"] for result in measured(budgeted)}
    assert made["sums"]["rounds"] >= 6
    assert "cut" not in made["sums"]
    [step] = budgeted.run["took"]["course"]
    assert (step["example"], step["cut"]) == ("first", ["first/more"])
    assert step["seconds"] > 0
    assert step["planned"] > 0
    refuse_measured(budgeted)
    ended = budgeted.build(EVENHAND_REUSE="1")
    assert ended.returncode == 0, ended.stderr
    refuse_measured(budgeted)


def measured(site: Site) -> list[dict]:
    """Return the run's results that have samples."""
    return [entry for entry in site.run["results"] if entry["samples"] or entry["rows"] or entry["pace_ns"]]


def refuse_measured(site: Site) -> None:
    """Fail if a page shows a number of a cut call."""
    assert f"One takes {LEFT_OUT} by" in site.page("index")
    example = site.page("gallery/first")
    assert example.count(f"two take {LEFT_OUT}") == 2
    assert "This profile does not measure “two” against “one”." in example
    assert "Comparison: more: not measured in this profile." in example
    assert example.count('<p class="bench-note">Figure: not measured in this profile.</p>') == 2
    assert "<figure" not in example
    assert example.count('class="bench-table') == 1  # that of the other call
    assert '<section id="more"><h2>more</h2>' in site.page("run/first")


def test_a_build_that_writes_the_table_of_costs_cuts_nothing(budgeted: Site) -> None:
    ended = budgeted.build("-D", "measuring_costs=1")
    assert ended.returncode == 0, ended.stderr
    assert not any("cut" in made for made in settings_of(budgeted).values())
    table = tomllib.loads((budgeted.folder / "docs" / "costs.toml").read_text(encoding="utf-8"))
    assert set(table["calls"]) == {"first/sums", "first/more"}
    for cost in table["calls"].values():
        assert cost["rounds"] == 6
        assert 0 < cost["further"] < 10
        assert 0 < cost["waited"] < cost["first"]


def test_a_table_is_not_written_in_a_profile_without_a_budget(budgeted: Site) -> None:
    budgeted.write("docs/profiles.toml", "[profile.quick]\ngallery = 1\nrounds = 6\n")
    ended = budgeted.build("-D", "measuring_costs=1")
    assert ended.returncode != 0
    assert "choose a profile that judges and has a budget; 'quick' has none" in ended.stderr
    assert (budgeted.folder / "docs" / "costs.toml").read_text(encoding="utf-8") == COSTS


def test_an_invalid_table_gets_a_message(budgeted: Site) -> None:
    budgeted.write("docs/costs.toml", "pace_ns = 3\n")
    ended = budgeted.build()
    assert ended.returncode != 0
    assert "costs.toml is not a table of costs" in ended.stderr


def test_if_all_cuts_do_not_suffice_a_message_says_so_before_measuring():
    assert too_slow(Plan((), 1.0, {"first": 109.0}, 100.0)) == ""
    said = too_slow(Plan((), 1.0, {"first": 80.0, "second": 40.0}, 100.0))
    assert said.startswith(
        "this machine is too slow for the budget of 100 s: what is never cut takes about 120 s; raise"
    )


def test_the_order_of_cuts_names_calls_of_the_table_of_costs_but_not_the_kills():
    profiles = tomllib.loads((CONF / "profiles.toml").read_text(encoding="utf-8"))
    calls = tomllib.loads((CONF / "costs.toml").read_text(encoding="utf-8"))["calls"]
    assert set(profiles["cut"]) <= set(calls)
    assert set(profiles["clocked"]) <= set(calls)
    assert len(profiles["cut"]) == len(set(profiles["cut"]))
    assert not {"storage/survives", "storage/costs"} & set(profiles["cut"])


def test_what_other_answers_rest_on_is_never_cut_and_everything_else_can_be():
    profiles = tomllib.loads((CONF / "profiles.toml").read_text(encoding="utf-8"))
    calls = tomllib.loads((CONF / "costs.toml").read_text(encoding="utf-8"))["calls"]
    floors = {address.rpartition("/")[0] for address in tables.FLOORS.values() if address.startswith("noise/")}
    needed = {*floors, *advise.NEEDED}
    assert len(floors) == 4
    assert not needed & set(profiles["cut"])
    several = {key for key, cost in calls.items() if cost["rounds"] > 2}
    assert several - needed <= set(profiles["cut"])


def test_every_call_of_the_examples_is_in_the_table_of_costs():
    calls = tomllib.loads((CONF / "costs.toml").read_text(encoding="utf-8"))["calls"]
    named = {
        f"{path.stem}/{keyword.value.value}"
        for path in (CONF.parent / "gallery").glob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func).startswith("bench.")
        for keyword in call.keywords
        if keyword.arg == "name" and isinstance(keyword.value, ast.Constant)
    }
    assert len(named) > len(calls) / 2
    assert named <= set(calls)
