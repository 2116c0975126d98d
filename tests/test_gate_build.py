"""The programs in conf/gate/: building a revision or the current tree, and their error messages."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def loaded(name, monkeypatch):
    """A program, as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "conf" / "gate" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def build(tmp_path, monkeypatch):
    """The module, at work on a repository with two commits."""
    module = loaded("build", monkeypatch)
    root = tmp_path / "repository"
    root.mkdir()
    names = {"ROOT": root, "TREE": root / "build" / "tree", "WHEELS": root / "build" / "wheels"}
    for name, path in {**names, "BUILD": root / "build", "LOGS": root / "build" / "logs"}.items():
        monkeypatch.setattr(module, name, path)
    monkeypatch.setattr(module.git, "__defaults__", (root,))
    monkeypatch.setattr(module.git, "__kwdefaults__", {"folder": root})
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    for key, value in {"user.name": "n", "user.email": "e@e", "init.defaultBranch": "main"}.items():
        section = f"GIT_CONFIG_{{}}_{len([name for name in os.environ if name.startswith('GIT_CONFIG_KEY')])}"
        monkeypatch.setenv(section.format("KEY"), key)
        monkeypatch.setenv(section.format("VALUE"), value)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "3")
    module.git("init", "--quiet")
    (root / ".gitignore").write_text("build/\n")
    (root / "kept").write_text("kept\n")
    commit(module, "file", "one\n", "first")
    commit(module, "file", "two\n", "second")
    return module


def commit(module, name, text, subject):
    (module.ROOT / name).write_text(text)
    module.git("add", "--all")
    module.git("commit", "--quiet", "-m", subject)


def laid(module):
    """Return the files of the build folder with their texts."""
    return {path.name: path.read_text() for path in module.TREE.iterdir() if path.name not in {".git", ".gitignore"}}


# Revisions


def test_a_commit_is_named_by_the_request_and_its_short_hash(build):
    first = build.committed("HEAD~1")
    assert first.label == f"HEAD~1 ({first.commit[:7]})"
    assert build.committed(first.commit).label == first.commit[:7]
    assert not first.dirty


def test_a_missing_revision_is_reported(build):
    with pytest.raises(build.BuildError, match="there is no revision 'nowhere'; name a commit"):
        build.committed("nowhere")


def test_only_a_clean_tree_is_its_commit(build):
    head = build.committed("HEAD")
    assert build.working_tree().digest == head.digest
    (build.ROOT / "file").write_text("three\n")
    changed = build.working_tree()
    assert (changed.commit, changed.dirty) == (head.commit, True)
    assert changed.label == f"working tree ({head.commit[:7]} with changes)"
    (build.ROOT / "file").write_text("four\n")
    assert len({head.digest, changed.digest, build.working_tree().digest}) == 3


def test_an_untracked_file_makes_another_tree(build):
    before = build.working_tree().digest
    (build.ROOT / "added").write_text("one\n")
    first = build.working_tree().digest
    (build.ROOT / "added").write_text("two\n")
    assert len({before, first, build.working_tree().digest}) == 3


def test_additions_to_the_history_make_no_other_tree(build):
    before = build.working_tree()
    (build.ROOT / "docs" / "archive").mkdir(parents=True)
    (build.ROOT / "docs" / "archive" / "trust.jsonl").write_text("{}\n")
    assert build.working_tree() == before
    commit(build, "file", "three\n", "third")
    before = build.working_tree()
    (build.ROOT / "docs" / "archive" / "trust.jsonl").write_text("{}\n{}\n")
    assert build.working_tree() == before
    assert not before.dirty


def test_the_base_is_where_the_branch_left_main(build):
    left = build.git("rev-parse", "HEAD")
    build.git("checkout", "--quiet", "-b", "mine")
    commit(build, "file", "mine\n", "third")
    assert build.merge_base() == left


def test_without_a_main_branch_a_revision_must_be_named(build):
    build.git("branch", "--move", "main", "trunk")
    with pytest.raises(build.BuildError, match="neither main nor origin/main exists to compare with; name a revision"):
        build.merge_base()


# Copying a tree


def test_a_revision_is_checked_out_unchanged(build):
    build.check_out(build.committed("HEAD~1"))
    assert laid(build) == {"kept": "kept\n", "file": "one\n"}


def test_the_tree_is_copied_with_changed_added_and_removed_files(build):
    (build.ROOT / "file").write_text("three\n")
    (build.ROOT / "added").write_text("added\n")
    (build.ROOT / "kept").unlink()
    build.check_out(build.working_tree())
    assert laid(build) == {"file": "three\n", "added": "added\n"}


def test_no_file_of_one_tree_stays_in_the_next(build):
    (build.ROOT / "added").write_text("added\n")
    build.check_out(build.working_tree())
    build.check_out(build.committed("HEAD"))
    assert laid(build) == {"kept": "kept\n", "file": "two\n"}


def test_a_file_equal_in_both_is_not_touched(build):
    build.check_out(build.committed("HEAD"))
    before = {name: (build.TREE / name).stat().st_ctime_ns for name in ("kept", "file")}
    build.check_out(build.committed("HEAD~1"))
    after = {name: (build.TREE / name).stat().st_ctime_ns for name in ("kept", "file")}
    assert after["kept"] == before["kept"]
    assert after["file"] != before["file"]


def test_a_folder_removed_by_hand_is_created_again(build):
    build.check_out(build.committed("HEAD"))
    subprocess.run(["rm", "-r", str(build.BUILD)], check=True)
    build.check_out(build.committed("HEAD~1"))
    assert laid(build)["file"] == "one\n"


# Building


@pytest.fixture
def maturin(build, tmp_path, monkeypatch):
    """A stand-in that builds a wheel from the current files, or fails after many lines; each call logs a line."""
    program = tmp_path / "bin" / "maturin"
    program.parent.mkdir()
    program.write_text(
        f"""#!{sys.executable}
import pathlib, sys
calls = pathlib.Path({str(tmp_path / "calls")!r})
calls.open("a").write(" ".join(sys.argv[1:]) + "\\n")
text = pathlib.Path("file").read_text()
if "broken" in text:
    print(*range(100), sep="\\n")
    print("error: it is broken")
    sys.exit(101)
folder = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
folder.mkdir(parents=True)
(folder / "mine.whl").write_text(text)
"""
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(build, "compiler_version", lambda: "rustc 1")
    commit(build, "pyproject.toml", "", "project")
    return tmp_path / "calls"


pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script that Windows does not start")


def test_a_wheel_is_built_once_for_equal_sources(build, maturin):
    first = build.build_wheel("base", build.committed("HEAD"), "")
    again = build.build_wheel("candidate", build.working_tree(), "")
    assert first == again
    assert first.read_text() == "two\n"
    assert len(maturin.read_text().splitlines()) == 1


def test_other_sources_features_or_another_compiler_make_another_wheel(build, maturin, monkeypatch):
    head = build.committed("HEAD")
    wheels = {build.build_wheel("base", head, ""), build.build_wheel("base", head, "burn")}
    monkeypatch.setattr(build, "compiler_version", lambda: "rustc 2")
    wheels.add(build.build_wheel("base", head, ""))
    (build.ROOT / "file").write_text("three\n")
    wheels.add(build.build_wheel("base", build.working_tree(), ""))
    assert len(wheels) == 4
    assert [line.endswith("--features burn") for line in maturin.read_text().splitlines()] == [
        False,
        True,
        False,
        False,
    ]


def test_both_sides_are_built_with_the_same_flags_in_release_mode(build, maturin):
    build.build_wheel("base", build.committed("HEAD"), "")
    (build.ROOT / "file").write_text("three\n")
    build.build_wheel("candidate", build.working_tree(), "")
    flags = [line.split(" --out ")[0] for line in maturin.read_text().splitlines()]
    assert flags[0] == flags[1]
    assert "--profile release" in flags[0]


@pytest.mark.usefixtures("maturin")
def test_a_failed_build_reports_its_side_and_last_lines_and_keeps_the_log(build):
    (build.ROOT / "file").write_text("broken\n")
    with pytest.raises(build.BuildError) as raised:
        build.build_wheel("candidate", build.working_tree(), "")
    said = str(raised.value)
    assert said.startswith("build of the candidate failed with status 101; its last lines:\n")
    assert "    error: it is broken\n" in said
    assert "    98\n" in said
    assert "    50\n" not in said
    log = Path(said.rpartition("The whole log: ")[2])
    assert log.read_text().startswith("0\n1\n")


def test_a_failed_build_leaves_no_wheel(build, maturin):
    (build.ROOT / "file").write_text("broken\n")
    broken = build.working_tree()
    for _ in range(2):
        with pytest.raises(build.BuildError):
            build.build_wheel("candidate", broken, "")
    assert len(maturin.read_text().splitlines()) == 2


@pytest.mark.usefixtures("maturin")
def test_a_revision_without_a_package_is_reported(build):
    with pytest.raises(build.BuildError, match="has no pyproject.toml"):
        build.build_wheel("base", build.committed("HEAD~1"), "")


def test_a_missing_program_is_reported(build):
    with pytest.raises(build.BuildError, match="build failed: no-such-program cannot be started"):
        build.run("build", ["no-such-program"])


# The programs


@pytest.fixture
def program(build, maturin, monkeypatch):
    """Run a program; return the kit commands that it calls, which do nothing here."""
    del maturin
    calls, statuses = [], {}

    def run_to_completion(command):
        calls.append(command[1:])
        return statuses.get(len(calls), 0)

    monkeypatch.setattr(build, "run_to_completion", run_to_completion)
    monkeypatch.setattr(build, "make_environment", lambda side, *_: Path(f"{side}-python"))

    def run(name, *arguments):
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        try:
            return loaded(name, monkeypatch).main()
        except SystemExit as ended:
            return ended.code

    run.calls, run.statuses = calls, statuses
    return run


def value(command, flag):
    return command[command.index(flag) + 1]


def test_the_gate_measures_the_base_and_the_tree(build, program):
    (build.ROOT / "file").write_text("three\n")
    assert program("compare", "--base", "HEAD", "--quick", "--only", "x") == 0
    [measured] = program.calls
    assert measured[:2] == ["-m", "evenhand.gate"]
    assert value(measured, "--base-python") == "base-python"
    assert value(measured, "--base-name").startswith("HEAD (")
    assert value(measured, "--candidate-name").endswith(" with changes)")
    assert measured[-3:] == ["--quick", "--only", "x"]


def test_the_status_of_the_gate_is_that_of_the_kit(program):
    program.statuses[1] = 1
    assert program("compare", "--base", "HEAD") == 1


def test_a_wrong_flag_is_reported_before_the_build(program, capsys):
    assert program("compare", "--quik") == 2
    assert "unknown argument '--quik'" in capsys.readouterr().err
    assert program.calls == []


def test_the_gate_knows_the_flags_that_it_passes_on(build, monkeypatch):
    from evenhand.cli.flags import FlagParser
    from evenhand.gate.__main__ import add_measuring_flags

    parser = FlagParser()
    add_measuring_flags(parser)
    passed_on = loaded("compare", monkeypatch).PASSED_ON
    assert set(passed_on) == set(parser._option_string_actions) - {"-h", "--help"}


def test_a_missing_base_ends_with_status_2(program, capsys):
    assert program("compare", "--base", "nowhere") == 2
    assert capsys.readouterr().err.startswith("gate: there is no revision 'nowhere'")
    assert program.calls == []


def test_the_same_commit_on_both_sides_is_reported(program, capsys):
    assert program("compare", "--base", "HEAD") == 0
    assert "both sides are the same commit" in capsys.readouterr().out


def test_the_history_measures_each_commit_with_its_facts(build, program):
    assert program("history", "HEAD~1", "HEAD", "--store", "there", "--runs", "3") == 2
    [measured] = program.calls
    # The first of the two has no project to build; the other one is measured anyway.
    assert value(measured, "--subject") == "project"
    assert value(measured, "--commit") == build.git("rev-parse", "HEAD")
    assert value(measured, "--committed") == build.git("show", "--no-patch", "--format=%cI", "HEAD")
    assert (value(measured, "--store"), value(measured, "--runs")) == ("there", "3")


def test_the_history_names_the_commits_that_do_not_build(program, capsys):
    program("history", "HEAD~1", "HEAD")
    assert "history: not measured, see above: HEAD~1 (" in capsys.readouterr().err


def test_a_stopped_history_continues_with_no_further_commit(program):
    program.statuses[1] = 130
    assert program("history", "HEAD", "HEAD") == 130
    assert len(program.calls) == 1


# One program at a time


HOLDING = """
import importlib.util, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("build", sys.argv[1])
build = sys.modules["build"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(build)
build.BUILD = Path(sys.argv[2])
with build.alone("trust"):
    print("ready", flush=True)
    sys.stdin.readline()
"""


def test_a_second_program_is_refused_with_the_name_of_the_first(build, tmp_path):
    command = [sys.executable, "-c", HOLDING, str(ROOT / "conf" / "gate" / "build.py"), str(build.BUILD)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        sentence = rf"nox -s trust \(process {process.pid}, since .* UTC\) is running in this checkout; wait until"
        with pytest.raises(build.BuildError, match=sentence), build.alone("gate"):
            pass
        process.kill()
    with build.alone("gate"), pytest.raises(build.BuildError, match="nox -s gate"), build.alone("gate"):
        pass
    with build.alone("gate"):
        pass


@pytest.mark.parametrize(("program", "arguments"), [("compare", []), ("history", ["HEAD"]), ("trust", [])])
def test_each_program_works_alone(build, monkeypatch, capsys, program, arguments):
    module = loaded(program, monkeypatch)
    monkeypatch.setattr(sys, "argv", [program, *arguments])
    with build.alone("gate"):
        assert module.main() == build.FAILED
    assert "is running in this checkout; wait until it has ended" in capsys.readouterr().err
    assert not build.WHEELS.exists()
