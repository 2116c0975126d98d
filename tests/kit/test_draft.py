"""The draft of a docs build: it collects results, becomes a run, or reuses results of an archived one."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_runs import STARTED, made_result, made_run
from pandas.testing import assert_frame_equal

from evenhand import Run, Settings, Statement
from evenhand.results.comparison import Comparison
from evenhand.results.result import records
from evenhand.runs.draft import EXAMPLE_VARIABLE, Draft
from evenhand.runs.recorder import DraftRecorder, ReuseError
from evenhand.runs.run_folder import DOCUMENT

STATED = {"one": Statement("pass"), "two": Statement("pass")}
PLAN = {"slices": 2}


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    made = Draft(tmp_path / "draft")
    made.prepare({"profile": "quick", "rounds": 6, "fewest": 1, "seconds": {}, "options": {}, "reuse": None})
    return made


@pytest.fixture
def archived(tmp_path: Path) -> Path:
    """Make the folder of an earlier build's run."""
    return made_run().save(tmp_path / "run")


def reusing(tmp_path: Path, folder: Path, profile: str = "quick") -> Settings:
    """Return the settings of an example in a build that reuses results."""
    draft = Draft(tmp_path / "reusing")
    draft.prepare({"profile": profile, "rounds": 6, "fewest": 1, "seconds": {}, "options": {}, "reuse": str(folder)})
    return Settings(example="first", recorder=DraftRecorder(draft))


def call(settings: Settings, name: str = "made", stated: Any = None, plan: Any = None) -> Comparison:
    """Make a measuring call that must not measure."""
    return settings.measured(Comparison, name, stated or STATED, plan or PLAN, lambda: pytest.fail("it measured"))


def test_result_in_the_draft_is_read_back(draft: Draft) -> None:
    result = made_result()
    draft.add(result)
    (back,) = draft.results()
    assert back.document() == result.document()
    assert_frame_equal(back.samples, result.samples)


def test_example_that_begins_again_leaves_no_older_result(draft: Draft, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EXAMPLE_VARIABLE, "")
    draft.add(made_result())
    draft.add(made_result(example="other"))
    draft.enter("first")
    assert [result.key for result in draft.results()] == ["other/made"]
    assert draft.example() == "first"


def test_run_has_the_plan_and_the_machine_of_the_beginning(draft: Draft) -> None:
    draft.add(made_result())
    run = draft.run(criterion={"a/b": {"mean_ns": 1.0}})
    assert run.document["profile"] == "quick"
    assert run.document["machine"] == draft.machine()
    assert run.written("criterion/a/b/mean_ns") == "1.00\u202fns"


@pytest.mark.parametrize("name", ["made here", "made_here"])
def test_second_result_of_one_address_is_refused_before_measuring(draft: Draft, name: str) -> None:
    draft.add(made_result(name="made here"))
    with pytest.raises(ValueError, match="first already has a result called 'made here'"):
        Settings(example="first", recorder=DraftRecorder(draft)).measured(
            Comparison, name, STATED, PLAN, lambda: pytest.fail("it was measured")
        )


def test_build_that_does_not_reuse_measures(draft: Draft) -> None:
    settings = Settings(example="first", recorder=DraftRecorder(draft))
    fresh = settings.measured(Comparison, "made", STATED, PLAN, lambda: made_result(started="now"))
    assert fresh.started == "now"


def test_same_call_gets_the_archived_result_with_its_own_time(tmp_path: Path, archived: Path) -> None:
    result = call(reusing(tmp_path, archived))
    assert result.started == STARTED
    assert_frame_equal(result.to_pandas(), made_result().to_pandas())


def test_reused_result_is_in_the_draft(tmp_path: Path, archived: Path) -> None:
    call(reusing(tmp_path, archived))
    assert [result.key for result in Draft(tmp_path / "reusing").results()] == ["first/made"]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": "another"}, "first/another cannot be reused .*: the run has no such result"),
        ({"stated": STATED | {"two": Statement("x = 1")}}, "the statement, setup or names of 'two' changed"),
        (
            {"stated": STATED | {"two": Statement("pass", "x = 1")}},
            "the statement, setup or names of 'two' changed",
        ),
        ({"stated": STATED | {"three": Statement("pass")}}, "contender 'three' is new"),
        ({"stated": {"one": Statement("pass")}}, "contender 'two' is gone"),
        ({"stated": dict(reversed(STATED.items()))}, "the order of the contenders changed"),
        ({"plan": {"slices": 3}}, "the setting 'slices' was 2 and is 3"),
        ({"plan": {"slices": 2, "calls": 5}}, "the setting 'calls' was None and is 5"),
    ],
)
def test_changed_call_is_refused_by_name(
    tmp_path: Path, archived: Path, changed: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ReuseError, match=f"{sentence}; measure again: build without reusing$"):
        call(reusing(tmp_path, archived), **changed)


def inside() -> dict[str, Any]:
    """Import a module next to the example, as a setup; never called here."""
    from neighbour import build

    return {"build": build}


@pytest.mark.parametrize(
    "setup", ["import neighbour", "def make():\n    from neighbour.part import build\nmake()", inside]
)
@pytest.mark.parametrize("file", ["neighbour.py", "neighbour/part.py"])
def test_changed_module_next_to_the_example_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setup: Any, file: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if "/" in file:
        (tmp_path / "neighbour").mkdir()
        (tmp_path / "neighbour" / "__init__.py").touch()
    (tmp_path / file).write_text("import deeper", encoding="utf-8")
    (tmp_path / "deeper.py").write_text("size = 1", encoding="utf-8")
    (tmp_path / "unused.py").write_text("", encoding="utf-8")
    stated = {"one": Statement("pass"), "two": Statement("unused = 1", setup)}
    folder = made_run(made_result(contenders=records(stated))).save(tmp_path / "run")
    (tmp_path / "unused.py").write_text("changed = True", encoding="utf-8")
    assert call(reusing(tmp_path, folder), stated=stated).started == STARTED
    (tmp_path / "reusing" / "first" / "made.json").unlink()
    for changed, name in ((file, "neighbour"), ("deeper.py", "deeper")):
        before = (tmp_path / changed).read_text(encoding="utf-8")
        (tmp_path / changed).write_text(f"{before}\n", encoding="utf-8")
        sentence = f"the module {name} next to the example, which 'two' imports, changed"
        with pytest.raises(ReuseError, match=sentence):
            call(reusing(tmp_path, folder), stated=stated)
        (tmp_path / changed).write_text(before, encoding="utf-8")


def test_tuple_in_the_plan_is_the_list_in_the_archive(tmp_path: Path) -> None:
    folder = made_run(made_result(settings={"sizes": [1, 2]})).save(tmp_path / "run")
    assert call(reusing(tmp_path, folder), plan={"sizes": (1, 2)}).started == STARTED


def test_other_kind_of_measurement_is_refused_by_name(tmp_path: Path, archived: Path) -> None:
    document = json.loads((archived / DOCUMENT).read_text(encoding="utf-8"))
    document["results"][0]["kind"] = "latency"
    (archived / DOCUMENT).write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(ReuseError, match="it was a latency and is a comparison now"):
        call(reusing(tmp_path, archived))


def test_other_profile_is_refused_by_name(tmp_path: Path, archived: Path) -> None:
    with pytest.raises(ReuseError, match="measured with the profile 'quick', this build uses 'full'"):
        call(reusing(tmp_path, archived, profile="full"))


@pytest.mark.parametrize(
    ("part", "key", "value", "sentence"),
    [
        (
            "packages",
            "tiny",
            {"version": "1.0", "files_sha256": "a", "build": {}},
            "it measured tiny, which the configuration no longer names",
        ),
        ("machine", "python", "3.99.0", "with Python 3.99.0"),
    ],
)
def test_other_package_or_python_is_refused_by_name(
    tmp_path: Path, part: str, key: str, value: str, sentence: str
) -> None:
    run = made_run()
    document = copy.deepcopy(dict(run.document))
    document[part][key] = value
    folder = replace(run, document=document).save(tmp_path / "run")
    with pytest.raises(ReuseError, match=f"first/made cannot be reused from run {run.id}: .*{sentence}"):
        call(reusing(tmp_path, folder))


def test_package_that_was_upgraded_is_refused_by_name(tmp_path: Path, archived: Path, monkeypatch) -> None:
    run = Run.load(archived)
    facts = {"tiny": {"version": "1.0", "files_sha256": "a", "build": {"commit": "then"}}}
    folder = replace(run, document=run.document | {"packages": facts}).save(tmp_path / "named")
    again = {"tiny": facts["tiny"] | {"build": {"commit": "now"}}}
    monkeypatch.setattr(Draft, "packages", lambda _: again)  # another commit, the same files
    assert call(reusing(tmp_path, folder)).started == STARTED
    monkeypatch.setattr(Draft, "packages", lambda _: {"tiny": facts["tiny"] | {"version": "1.1"}})
    (tmp_path / "reusing" / "first" / "made.json").unlink()
    with pytest.raises(
        ReuseError, match="it was measured with tiny 1.0, but 1.1 is installed; measure again: build without reusing"
    ):
        call(reusing(tmp_path, folder))
