"""The archive: runs are written atomically, and damaged ones are refused by name."""

from __future__ import annotations

import errno
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pandas as pd
import pyarrow.parquet
import pytest
from made_runs import made_result, made_run
from pandas.testing import assert_frame_equal

from evenhand import Archive, ArchiveError, Run
from evenhand.runs.run_folder import DOCUMENT, PART, SAMPLES

LATER = "2026-01-02T03:04:06+00:00"


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "deep" / "archive")


def rewritten(folder: Path, **parts: object) -> None:
    """Change parts of a run's document on disk."""
    document = json.loads((folder / DOCUMENT).read_text(encoding="utf-8"))
    (folder / DOCUMENT).write_text(json.dumps(document | parts), encoding="utf-8")


def test_a_folder_may_be_a_str(archive: Archive) -> None:
    run = made_run()
    same = Archive(str(archive.folder))
    folder = str(same.add(run))
    assert same == archive
    assert same.latest().id == run.id
    assert Run.load(folder).id == Run.opened(folder).id == Run.document_of(f"{folder}/run.json").id == run.id
    assert run.save(f"{folder}-again").name == f"{run.id}-again"


def test_read_run_equals_the_added_one(archive: Archive) -> None:
    run = made_run(made_result(), made_result("other", costs={"three": 3.0}), criterion={"a/b": {"mean_ns": 1.0}})
    back = Run.load(archive.add(run))
    assert back.document == run.document
    for key, result in run.results.items():
        assert_frame_equal(back[key].samples, result.samples, check_dtype=False)
        assert_frame_equal(back[key].to_pandas(), result.to_pandas())


def test_run_without_results_is_read(archive: Archive) -> None:
    run = Run.of([], profile="script", complete=False)
    assert dict(Run.load(archive.add(run)).results) == {}


def test_run_is_never_overwritten(archive: Archive) -> None:
    run = made_run()
    archive.add(run)
    before = (archive.folder / run.id / DOCUMENT).stat()
    with pytest.raises(ArchiveError, match=f"{run.id} already exists and is not overwritten"):
        archive.add(run)
    assert (archive.folder / run.id / DOCUMENT).stat() == before


def test_empty_folder_of_the_same_name_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with pytest.raises(ArchiveError, match="already exists"):
        made_run().save(tmp_path / "run")


def test_writing_leaves_only_the_run(archive: Archive) -> None:
    folder = archive.add(made_run())
    assert [path.name for path in archive.folder.iterdir()] == [folder.name]
    assert sorted(path.name for path in folder.iterdir()) == [DOCUMENT, SAMPLES]


def test_run_that_cannot_be_written_leaves_nothing(archive: Archive) -> None:
    run = made_run(strange={"value": 1})
    run.document["strange"]["value"] = float("nan")
    with pytest.raises(ValueError, match="JSON"):
        archive.add(run)
    assert archive.names() == []


def test_full_disk_is_named_and_leaves_nothing(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pyarrow.parquet, "write_table", fail)
    run = made_run()
    with pytest.raises(
        ArchiveError, match=rf"the run {run.id} cannot be written to .*\(No space left on device\); name"
    ):
        archive.add(run)
    assert list(archive.folder.iterdir()) == []


def torn_samples(folder: Path) -> None:
    (folder / SAMPLES).write_bytes((folder / SAMPLES).read_bytes()[:-100])


def missing_samples(folder: Path) -> None:
    (folder / SAMPLES).unlink()


def missing_document(folder: Path) -> None:
    (folder / DOCUMENT).unlink()


def torn_document(folder: Path) -> None:
    (folder / DOCUMENT).write_bytes((folder / DOCUMENT).read_bytes()[:500])


def lost_results(folder: Path) -> None:
    frame = pd.read_parquet(folder / SAMPLES)
    frame.assign(result="first/another").to_parquet(folder / SAMPLES)


def lost_rows(folder: Path) -> None:
    pd.read_parquet(folder / SAMPLES).iloc[:-1].to_parquet(folder / SAMPLES)


def lost_column(folder: Path) -> None:
    pd.read_parquet(folder / SAMPLES).drop(columns="value").to_parquet(folder / SAMPLES)


def lost_part(folder: Path) -> None:
    rewritten(folder, machine=None)


def lost_entry(folder: Path) -> None:
    document = json.loads((folder / DOCUMENT).read_text(encoding="utf-8"))
    del document["results"][0]["samples"]
    rewritten(folder, results=document["results"])


def newer_schema(folder: Path) -> None:
    rewritten(folder, schema=2, results="another shape")


def foreign_document(folder: Path) -> None:
    (folder / DOCUMENT).write_text("[1, 2]", encoding="utf-8")


def foreign_folder(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "holiday.jpg").write_bytes(b"\xff\xd8")


def lost_summary(folder: Path) -> None:
    document = json.loads((folder / DOCUMENT).read_text(encoding="utf-8"))
    del document["results"][0]["rows"]
    rewritten(folder, results=document["results"])


def strange_summary(folder: Path) -> None:
    document = json.loads((folder / DOCUMENT).read_text(encoding="utf-8"))
    document["results"][0]["rows"] = [{"cost_ns": 1}]
    rewritten(folder, results=document["results"])


def strange_packages(folder: Path) -> None:
    rewritten(folder, packages=["mine"])


def lost_version(folder: Path) -> None:
    rewritten(folder, packages={"mine": {"files_sha256": None, "build": {}}})


def unknown_kind(folder: Path) -> None:
    document = json.loads((folder / DOCUMENT).read_text(encoding="utf-8"))
    document["results"][0]["kind"] = "prophecy"
    rewritten(folder, results=document["results"])


BROKEN = [
    (torn_samples, "is damaged: samples.parquet is incomplete"),
    (missing_samples, "is damaged: samples.parquet is missing"),
    (missing_document, "is damaged: run.json is missing"),
    (torn_document, "is damaged: run.json cannot be read"),
    (lost_results, "0 samples of first/made, but run.json lists 32"),
    (lost_rows, "31 rows, but run.json lists 32"),
    (lost_column, "no column value"),
    (lost_part, "no usable 'machine'"),
    (lost_entry, "no usable 'samples' of result 0"),
    (newer_schema, "has schema 2; this version reads 1; install a newer version of the kit"),
    (foreign_document, "is not a run: its run.json has no schema"),
    (foreign_folder, "is not a run: it has no run.json"),
    (lost_summary, "no usable 'rows' of result 0"),
    (strange_summary, "no usable 'rows' of result 0"),
    (strange_packages, "no usable 'packages'"),
    (lost_version, "no usable 'packages'"),
    (unknown_kind, "of kind 'prophecy' cannot be restored"),
]


@pytest.mark.parametrize(("spoil", "reason"), BROKEN)
def test_folder_without_a_complete_run_is_refused_by_name(archive: Archive, spoil, reason: str) -> None:
    folder = archive.add(made_run())
    spoil(folder)
    with pytest.raises(ArchiveError) as caught:
        Run.load(folder)
    assert str(caught.value).startswith(folder.name)
    assert reason in str(caught.value)
    assert str(archive.folder) not in str(caught.value)


@pytest.mark.parametrize(("spoil", "reason"), BROKEN[:4] + BROKEN[5:-1])
def test_listing_names_refused_folders_and_shows_the_rest(archive: Archive, spoil, reason: str) -> None:
    spoiled, whole = archive.add(made_run()), archive.add(made_run(made_result(started=LATER)))
    spoil(spoiled)
    listing = archive.runs()
    assert [run.id for run in listing] == [whole.name]
    assert list(listing.refused) == [spoiled.name]
    assert reason in listing.refused[spoiled.name]


def test_listed_run_has_its_results(archive: Archive) -> None:
    archive.add(made_run())
    (run,) = archive.runs()
    assert run.value("first/made/two/cost_ns")[1] == 50.0


def test_run_under_another_name_is_left_out(archive: Archive) -> None:
    folder = archive.add(made_run())
    folder.rename(folder.with_name("20990101T000000Z-copy"))
    assert "rename the folder to that id" in archive.runs().refused["20990101T000000Z-copy"]


def test_archive_that_does_not_exist_is_empty(archive: Archive) -> None:
    assert len(archive.runs()) == 0


def test_file_next_to_the_runs_is_not_a_run(archive: Archive) -> None:
    archive.add(made_run())
    (archive.folder / "index.json").write_text("{}", encoding="utf-8")
    assert len(archive.runs()) == 1
    assert archive.runs().refused == {}


def test_latest_is_the_newest_whole_run(archive: Archive) -> None:
    old = archive.add(made_run())
    torn_document(archive.add(made_run(made_result(started=LATER))))
    assert archive.latest().id == archive.open("latest").id == old.name


def test_latest_of_an_empty_archive_is_refused(archive: Archive) -> None:
    with pytest.raises(ArchiveError, match="the archive archive has no complete run"):
        archive.latest()


def test_archive_in_the_working_folder_has_a_name(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.folder.mkdir(parents=True)
    monkeypatch.chdir(archive.folder)
    with pytest.raises(ArchiveError, match="the archive archive has no complete run"):
        Archive(Path()).latest()
    with pytest.raises(ArchiveError, match="^archive is not a run"):
        Run.load(".")


@pytest.mark.parametrize(
    "facts",
    [
        {"packages": {"C/C++ core": {"version": "1:2", "files_sha256": None, "build": {}}}},
        {"build": {"commit": "a/b\n*"}},
    ],
)
def test_subject_of_any_characters_makes_an_id(archive: Archive, facts) -> None:
    assert archive.add(made_run(**facts)).name == archive.latest().id


def test_beginning_of_an_id_opens_the_run(archive: Archive) -> None:
    archive.add(made_run())
    new = archive.add(made_run(made_result(started=LATER)))
    assert archive.open(new.name[:16]).id == new.name


def test_label_opens_the_run_and_is_unique(archive: Archive) -> None:
    folder = archive.add(made_run(label="before"))
    assert archive.open("before").id == folder.name
    with pytest.raises(ArchiveError, match=f"the run {folder.name} already has the label 'before'"):
        archive.add(made_run(label="before"))


def test_label_of_two_runs_in_merged_archives_is_refused_with_both(archive: Archive) -> None:
    for run in (made_run(label="before"), made_run(label="before")):
        run.save(archive.folder / run.id)
    with pytest.raises(ArchiveError, match="'before' is the label of 2 runs: .*; give more of one id"):
        archive.open("before")


def test_label_that_could_be_something_else_is_refused() -> None:
    with pytest.raises(ArchiveError, match="'a/b' is not a valid label"):
        made_run(label="a/b")


def test_beginning_of_two_ids_is_refused_with_both(archive: Archive) -> None:
    ids = [archive.add(made_run(made_result(started=started))).name for started in (LATER, "2026-01-03T00:00:00+00:00")]
    with pytest.raises(ArchiveError, match=f"2 runs: {ids[0]}, {ids[1]}"):
        archive.open("2026")


@pytest.mark.parametrize("name", ["20270101", "", "../archive"])
def test_unknown_run_is_refused_with_the_known_ones(archive: Archive, name: str) -> None:
    folder = archive.add(made_run())
    with pytest.raises(ArchiveError, match=f"has no run {name!r}; there are {folder.name}"):
        archive.open(name)


ADDS = """
    import os, signal, sys
    from pathlib import Path
    from made_runs import made_run
    from evenhand import Archive

    archive, share = Archive(Path(sys.argv[1])), float(sys.argv[2])
    asked, fatal = 0, 0

    def count(event, arguments):
        # The process can die at each of its calls to the file system.
        global asked
        if event in ("open", "os.mkdir", "os.rename", "os.rmdir", "os.remove", "os.listdir", "os.scandir"):
            asked += 1
            if asked == fatal:
                os.kill(os.getpid(), signal.SIGKILL)

    first, second, third = made_run(), made_run(), made_run()
    archive.add(first)  # imports everything
    sys.addaudithook(count)
    archive.add(second)
    fatal = asked + 1 + int(share * asked)
    archive.add(third)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_process_killed_while_writing_leaves_no_half_run(tmp_path: Path) -> None:
    seed = 20260102
    print("seed", seed)
    generator = random.Random(seed)
    shares = [(third + generator.random()) / 3 for third in range(3)]
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    program = [sys.executable, "-c", textwrap.dedent(ADDS)]
    writers = [
        (
            Archive(tmp_path / str(share)),
            subprocess.Popen([*program, tmp_path / str(share), str(share)], env={**os.environ, "PYTHONPATH": path}),
        )
        for share in shares
    ]
    killed_in_the_middle = 0
    for archive, writer in writers:
        assert writer.wait() == -signal.SIGKILL
        listing = archive.runs()
        assert listing.refused == {}
        assert len(listing) in (2, 3)
        killed_in_the_middle += any(archive.folder.glob(f"{PART}*"))
        archive.add(made_run(made_result(started=LATER)))
        assert not list(archive.folder.glob(f"{PART}*"))
        assert len(archive.runs()) == len(listing) + 1
    assert killed_in_the_middle


@pytest.mark.skipif(sys.platform == "win32", reason="Windows judges abandoned folders by age")
def test_run_that_another_process_is_writing_is_left_alone(archive: Archive) -> None:
    archive.add(made_run())
    program = """
        import fcntl, os, sys
        os.mkdir(sys.argv[1])
        fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX)
        print("writing", flush=True)
        sys.stdin.read()
    """
    part = archive.folder / f"{PART}other-1"
    command = [sys.executable, "-c", textwrap.dedent(program), str(part)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        archive.add(made_run(made_result(started=LATER)))
        assert part.is_dir()
    archive.add(made_run(made_result(started="2026-01-02T03:04:07+00:00")))
    assert not part.exists()


def test_run_of_many_samples_is_written_while_the_interpreter_ends(archive: Archive) -> None:
    program = """
        import atexit, sys
        from pathlib import Path
        import pandas as pd
        from made_runs import made_result, made_run
        from evenhand import Archive

        samples = pd.concat([made_result().samples] * 100)
        run = made_run(made_result(samples=samples))
        atexit.register(lambda: Archive(Path(sys.argv[1])).add(run))
    """
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), archive.folder],
        env={**os.environ, "PYTHONPATH": path},
        check=True,
    )
    assert len(archive.latest()["first/made"].samples) == 3200


def test_archive_reads_no_pickle() -> None:
    kit = Path(sys.modules["evenhand"].__file__ or "").parent
    reading = [*(kit / "runs").glob("*.py"), *(kit / "cli").glob("*.py"), *(kit / "results").glob("*.py")]
    assert {"run_folder.py", "archive.py", "draft.py", "recorder.py", "commands.py"} <= {path.name for path in reading}
    assert [path.name for path in reading if "import pickle" in path.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../../x",
        "/x",
        "a/b",
        "a\\b",
        ".hidden",
        "latest",
        "a\0b",
        "a\nb",
        "\x1b[2J",
        "a:b",
        "x" * 201,
        "a.",
        "a ",
    ],
)
def test_id_that_is_not_a_plain_name_is_refused(archive: Archive, tmp_path: Path, name: str) -> None:
    folder = archive.add(made_run())
    rewritten(folder, id=name)
    with pytest.raises(ArchiveError, match="is not a plain folder name; use an id such as 2026"):
        Run.load(folder)
    with pytest.raises(ArchiveError, match="is not a plain folder name"):
        Run.document_of(folder / DOCUMENT)
    other = Archive(tmp_path / "other" / "runs")
    foreign = Run(json.loads((folder / DOCUMENT).read_text(encoding="utf-8")), {})
    with pytest.raises(ArchiveError, match="is not a plain folder name"):
        other.add(foreign)
    assert not (tmp_path / "other").exists()
    assert "is not a plain folder name" in archive.runs().refused[folder.name]


@pytest.mark.parametrize("name", ["a", "20260102T030405Z-0123456-89abcdef", "\u00e4", "x" * 200, "a.b", "latest2"])
def test_id_that_is_a_plain_name_is_accepted(archive: Archive, name: str) -> None:
    run = made_run()
    named = Run({**run.document, "id": name}, run.results)
    assert Run.load(archive.add(named)).id == name


@pytest.mark.parametrize("digits", [100, 4_000, 5_000])
def test_run_with_a_very_long_number_is_refused_alone(archive: Archive, digits: int) -> None:
    whole = archive.add(made_run())
    folder = archive.add(made_run(made_result(started=LATER)))
    text = (folder / DOCUMENT).read_text(encoding="utf-8")
    (folder / DOCUMENT).write_text(text.replace('"rounds": ', f'"rounds": {"9" * digits}', 1), encoding="utf-8")
    with pytest.raises(
        ArchiveError, match=rf"{folder.name} is damaged: .*an integer of {digits + 1:,} digits, 9999999999\.\.\."
    ):
        Run.load(folder)
    assert [run.id for run in archive.runs()] == [whole.name]
    assert archive.latest().id == whole.name


WITHOUT_PERMISSION = """
import os, sys
from pathlib import Path
import pandas, pyarrow.parquet
from evenhand import Archive
archive = Archive(Path(sys.argv[1]))
list(archive.runs())
# Root may read everything.
if os.geteuid() == 0:
    os.seteuid(65534)
listing = archive.runs()
print([run.id for run in listing], archive.latest().id)
print(*listing.refused.values(), sep="\\n")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
@pytest.mark.parametrize("part", [".", DOCUMENT, SAMPLES])
def test_run_without_permission_is_refused_alone(part: str) -> None:
    # Unlike pytest's folders, another user can read this one.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        archive = Archive(Path(folder) / "runs")
        whole, closed = archive.add(made_run()), archive.add(made_run(made_result(started=LATER)))
        (closed / part).chmod(0)
        command = [sys.executable, "-c", WITHOUT_PERMISSION, str(archive.folder)]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
        (closed / part).chmod(0o755)
    assert done.returncode == 0, done.stderr
    said, refused = done.stdout.splitlines()
    assert said == f"['{whole.name}'] {whole.name}"
    assert refused == f"{closed.name} cannot be read (Permission denied); grant access, or move it out of the archive"


# Runs of earlier versions

KEPT = sorted((Path(__file__).parents[2] / "docs" / "archive" / "runs").glob("*/run.json"))
NEW_COLUMNS = {"at_floor", "cores"}
JUDGED = {"ratio", "ratio_low", "ratio_high", "verdict", "sentence"}
"""Columns that depend on this version's rules, such as the correction of intervals."""
END = re.compile(r"_(low|high)(_|$)")
"""Columns with an end of an interval, which depend on them too."""


def test_runs_of_earlier_versions_open_with_their_own_document():
    assert KEPT
    for path in KEPT:
        run = Run.opened(path.parent)
        assert run.document == json.loads(path.read_text(encoding="utf-8"))


def test_results_of_an_earlier_version_have_the_same_costs_and_no_pace():
    # Runs that are added to the archive later are of this version.
    earlier = [path for path in KEPT if "timings" not in json.loads(path.read_text(encoding="utf-8"))["results"][0]]
    run = Run.load(earlier[-1].parent)
    entries = {f"{entry['example']}/{entry['name']}": entry for entry in run.document["results"]}
    for key, result in list(run.results.items())[:6]:
        entry, again = entries[key], result.document()
        assert result.pace == ()
        assert result.table().shape[0] == len(entry["rows"])
        kept = set(entry) - {"rows", "facts", "samples"}
        assert {part: again[part] for part in kept} == {part: entry[part] for part in kept}
        assert set(again) - set(entry) == {"pace_ns", "timings"}
        for old, new in zip(entry["rows"], again["rows"], strict=True):
            assert set(new) - set(old) <= NEW_COLUMNS
            fixed = [column for column in old if column not in JUDGED and not END.search(column)]
            assert fixed
            assert {column: new[column] for column in fixed} == {column: old[column] for column in fixed}
