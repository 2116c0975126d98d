"""``python -m evenhand``: list, show and compare runs."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from made_runs import made_result, made_run

from evenhand import Archive, Run
from evenhand.cli.commands import ARCHIVE_VARIABLE, main
from evenhand.results.comparison import Comparison
from evenhand.runs.difference import SideBySide

LATER = "2026-01-02T03:04:06+00:00"
NAMES_RAISE = sys.version_info < (3, 14)
"""Whether `Path.is_dir` raises for a name that is too long."""


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """Make an archive of two runs, with doubled costs in the second, and set it as the default."""
    made = Archive(tmp_path / "runs")
    made.add(made_run())
    made.add(made_run(made_result(costs={"one": 200.0, "two": 100.0}, started=LATER)))
    monkeypatch.setenv(ARCHIVE_VARIABLE, str(made.folder))
    return made


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the standard output of a successful call."""
    assert main(arguments) == 0
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the message of a call that ends with status 2 and prints nothing else."""
    try:
        status = main(arguments)
    except SystemExit as ended:
        status = ended.code
    out, sentence = capsys.readouterr()
    assert (status, out, sentence.count("\n")) == (2, "", 1)
    return sentence


def test_list_names_the_runs_oldest_first(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "list").splitlines()[1:]
    assert [line.split()[0] for line in lines] == archive.names()


def test_list_names_refused_folders_on_standard_error(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    (archive.folder / "holidays").mkdir()
    assert main(["list"]) == 0
    out, error = capsys.readouterr()
    assert error == "left out: holidays is not a run: it has no run.json; remove it, or measure again\n"
    assert len(out.splitlines()) == 3


def test_list_as_json_has_the_runs_and_the_refused_folders(
    archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    (archive.folder / "holidays").mkdir()
    document = json.loads(said(capsys, "list", "--json"))
    assert [run["id"] for run in document["runs"]] == archive.names()[:2]
    assert list(document["refused"]) == ["holidays"]


def test_show_prints_each_result_with_its_machine(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, "show", "latest")
    run = archive.latest()
    assert out.startswith(f"run {run.id}\nmeasured {LATER}, profile quick\n")
    assert run.document["machine"]["cpu"] in out
    assert "200\u202fns" in out


def test_a_run_is_found_by_its_label(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    folder = archive.add(made_run(made_result(started="2026-01-03T00:00:00+00:00"), label="before"))
    assert said(capsys, "show", "before").startswith(f"run {folder.name}, called before\n")
    assert said(capsys, "compare", "before", "latest").startswith(f"first  {folder.name}\n")
    assert "before" in said(capsys, "list")
    assert [run["label"] for run in json.loads(said(capsys, "list", "--json"))["runs"]] == [None, None, "before"]
    assert "there are before" in refused(capsys, "show", "befor")


def test_without_a_label_the_list_has_no_such_column(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    assert archive.names()
    assert "label" not in said(capsys, "list")


def test_show_says_that_a_run_is_incomplete(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    folder = archive.add(made_run(made_result(started="2026-01-03T00:00:00+00:00"), complete=False))
    assert "(incomplete: it was stopped, or failed)" in said(capsys, "show", folder.name)


def test_show_as_json_is_the_document(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(said(capsys, "show", "latest", "--json")) == archive.latest().document


@pytest.mark.usefixtures("archive")
def test_run_may_be_a_folder_outside_the_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = made_run()
    folder = run.save(tmp_path / "elsewhere")
    assert f"run {run.id}" in said(capsys, "show", str(folder))


@pytest.mark.usefixtures("archive")
def test_archive_flag_overrides_the_environment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = Archive(tmp_path / "other")
    folder = other.add(made_run())
    assert folder.name in said(capsys, "list", "--archive", str(other.folder))


def test_compare_prints_ratios_of_medians(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(said(capsys, "compare", *archive.names(), "--json"))
    rows = {(row["contender"], row["quantity"]): row["ratio"] for row in document["rows"]}
    assert rows["one", "cost_ns"] == pytest.approx(2.0)
    assert rows["two", "operations_per_second"] == pytest.approx(0.5)
    assert not any("low" in name or "high" in name for _, name in rows)


def test_compare_prints_no_verdict_between_runs(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, "compare", *archive.names())
    assert out.rstrip().endswith("only the spread of earlier runs shows how large the noise between runs is")
    beside = out.partition("Side by side")[2]
    assert "not judged" in beside
    assert not any(verdict in beside for verdict in ("faster", "slower"))


def test_runs_of_different_machines_are_not_comparable(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    run = made_run(made_result(started="2026-01-03T00:00:00+00:00"))
    document = copy.deepcopy(dict(run.document))
    document["machine"]["cpu"] = "Slow 1"
    folder = archive.add(replace(run, document=document))
    mine = document["machine"] | run.document["machine"]
    out = said(capsys, "compare", archive.names()[0], folder.name)
    assert f"not comparable: cpu is {mine['cpu']} in the first and Slow 1 in the second" in out
    assert "cost_ns" not in out
    found = json.loads(said(capsys, "compare", archive.names()[0], folder.name, "--json"))
    assert (found["comparable"], found["rows"]) == (False, [])


def test_compare_prints_the_ratios_within_each_run_side_by_side(
    archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    out = said(capsys, "compare", *archive.names())
    assert out.partition("Side by side")[0].count("two (cost)") == 1
    assert "1 of 1 ratios that both runs could judge have the same verdict, 0 a different one" in out


def other_machine(archive: Archive, costs: dict[str, float]) -> str:
    """Add a run of another machine with these costs, and return its name."""
    run = made_run(made_result(costs=costs, started="2026-01-03T00:00:00+00:00"))
    document = copy.deepcopy(dict(run.document))
    document["machine"]["cpu"] = "Slow 1"
    return archive.add(replace(run, document=document)).name


def test_ratios_are_compared_across_machines_where_times_are_not(
    archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(
        said(capsys, "compare", archive.names()[0], other_machine(archive, {"one": 900.0, "two": 1100.0}), "--json")
    )
    assert (document["comparable"], document["rows"]) == (False, [])
    (row,) = document["agreement"]
    assert (row["first verdict"], row["second verdict"], row["agreement"]) == ("faster", "slower", "different")
    assert (row["first value"], row["second value"]) == (pytest.approx(0.5), pytest.approx(11 / 9))


def test_an_undecided_verdict_agrees_with_nothing(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    made = made_result(started="2026-01-03T00:00:00+00:00")
    few = made_run(replace(made, samples=made.samples[made.samples["round"] < 3]))
    out = said(capsys, "compare", archive.names()[0], archive.add(few).name)
    assert "0 of 0 ratios that both runs could judge have the same verdict, 0 a different one; 1 could not" in out


def test_a_published_document_alone_can_be_compared(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    published = tmp_path / "run.json"
    published.write_text(archive.latest().to_json(), encoding="utf-8")
    out = said(capsys, "compare", str(published), archive.names()[0])
    assert f"first  {archive.latest().id}" in out
    assert "1 of 1 ratios that both runs could judge have the same verdict" in out


def test_a_document_without_samples_is_shown_as_such(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    published = tmp_path / "run.json"
    published.write_text(archive.latest().to_json(), encoding="utf-8")
    out = said(capsys, "show", str(published))
    assert "this run has no samples; --json prints its document with every summary" in out


def test_a_file_that_is_not_a_run_is_refused_by_name(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "notes.json"
    path.write_text("{}", encoding="utf-8")
    assert "notes.json is not a run: its run.json has no schema" in refused(
        capsys, "compare", str(path), archive.names()[0]
    )


def remarks(archive: Archive, capsys: pytest.CaptureFixture[str], *results: Comparison) -> dict[str, str]:
    """Return the remarks of compare on each contender of a run with other results."""
    first = archive.names()[0]
    folder = archive.add(Run.of(results, profile="quick"))
    document = json.loads(said(capsys, "compare", first, folder.name, "--json"))
    assert all(row["ratio"] is None for row in document["rows"] if row["remark"])
    return {f"{row['result']}/{row['contender']}": row["remark"] for row in document["rows"]}


def test_changed_statement_gets_no_ratio(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    contenders = {name: {"statement": "x", "fingerprint": name} for name in ("one", "two")}
    found = remarks(archive, capsys, made_result(contenders=contenders))
    assert found == {"first/made/one": "the statement changed", "first/made/two": "the statement changed"}


def test_maximum_is_shown_and_never_compared(archive: Archive) -> None:
    run = archive.latest()
    document = copy.deepcopy(dict(run.document))
    document["results"][0]["rows"][0]["max_ns"] = 900
    pair = SideBySide(replace(run, document=document), replace(run, document=document)).to_pandas()
    (row,) = pair[pair["quantity"] == "max_ns"].to_dict(orient="records")
    assert (row["first"], row["remark"]) == (900, "a maximum is shown and never compared")
    assert row["ratio"] != row["ratio"]


def test_results_of_only_one_run_are_named(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    found = remarks(archive, capsys, made_result(costs={"one": 1.0, "three": 2.0}), made_result("new"))
    assert found == {
        "first/made/one": "",
        "first/made/two": "only in the first",
        "first/made/three": "only in the second",
        "first/new/one": "only in the second",
        "first/new/two": "only in the second",
    }


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show", "20270101"], "the archive runs has no run '20270101'; there are "),
        (["show", "2026"], "'2026' is the beginning of the ids of 2 runs: "),
        (["show"], "the following arguments are required: RUN"),
        (["compare", "latest"], "compare takes RUN_A and RUN_B, or RUN_A and --history N"),
        (["shwo"], "invalid choice: 'shwo'"),
        ([], "the following arguments are required: COMMAND"),
        (["list", "--jsn"], "unknown argument '--jsn'; did you mean --json?"),
        (["list", "--archive", "nowhere"], "there is no archive nowhere; make one with a script's --archive"),
        (["show", "nowhere/at-all"], "at-all is not a folder; give the folder of a run"),
    ],
)
def test_wrong_call_gets_one_sentence_and_status_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert sentence in refused(capsys, *arguments)


LONG = "a" * 300


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show", LONG], f"the archive runs has no run '{LONG}'"),
        (["show", f"./{LONG}"], f"{LONG} cannot be read (File name too long)"),
        (["show", "latest", "--archive", LONG], "File name too long" if NAMES_RAISE else "there is no archive"),
        (["list", "--archive", LONG], "File name too long" if NAMES_RAISE else "there is no archive"),
    ],
)
def test_name_that_is_too_long_gets_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert sentence in refused(capsys, *arguments)


def test_show_explains_the_marks_of_a_table(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    made = made_result(started="2026-01-03T00:00:00+00:00")
    empty = made.samples.assign(quantity="empty_ns")
    archive.add(made_run(replace(made, samples=pd.concat([made.samples, empty]))))
    out = said(capsys, "show", "latest")
    assert "\N{DAGGER}" in out
    assert "\N{DAGGER} cannot be distinguished from the empty loop" in out


def test_control_characters_of_a_run_are_written_out(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    run = made_run(made_result(started="2026-01-03T00:00:00+00:00"), profile="\x1b[2J")
    document = copy.deepcopy(dict(run.document))
    document["machine"]["cpu"] = "\x1b[31m"
    folder = archive.add(replace(run, document=document))
    for call in (("show", folder.name), ("compare", archive.names()[0], folder.name)):
        assert "\x1b" not in said(capsys, *call)


def test_runs_without_a_common_number_print_no_empty_table(
    archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [archive.add(Run.of([], profile="quick", packages={})).name for _ in range(2)]
    out = said(capsys, "compare", *names)
    assert "Empty DataFrame" not in out
    assert "Side by side" not in out


def test_damaged_run_is_refused_by_name(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    name = archive.names()[0]
    (archive.folder / name / "samples.parquet").unlink()
    assert f"{name} is damaged: samples.parquet is missing" in refused(capsys, "compare", name, "latest")


def test_command_works_as_a_process_and_in_a_pipe_that_closes(archive: Archive) -> None:
    command = [sys.executable, "-m", "evenhand", "show", "latest", "--archive", str(archive.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("run ")
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.returncode == 0
