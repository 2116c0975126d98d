"""A build takes over nothing from the build before; and the errors that make it fail."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from made_package import install

import rust_daq
from evenhand.runs.draft import Draft
from tiny_project import EXAMPLE, Project


def test_every_build_runs_every_example_again(project: Project) -> None:
    assert project.build().status == 0
    assert project.build().status == 0
    assert project.runs == 2


def test_a_changed_result_reaches_the_page_that_shows_it(project: Project) -> None:
    project.build()
    project.write("cost", "250")
    outcome = project.build()
    assert "index" in outcome.read
    assert "One takes 250\u202fns" in project.text()


def test_a_fixed_example_leaves_no_traceback(project: Project) -> None:
    project.build()
    project.example(EXAMPLE + "\n1 / 0\n")
    broken = project.build()
    assert broken.status != 0
    project.example()
    assert project.build().status == 0
    assert "ZeroDivisionError" not in project.page("gallery/first")


def test_a_failing_example_fails_the_build_by_name(project: Project) -> None:
    project.example(EXAMPLE + "\n1 / 0\n")
    outcome = project.build()
    assert outcome.status != 0
    assert "first failed" in outcome.said
    assert "ZeroDivisionError" in outcome.said


def test_no_example_runs_after_a_failed_one(project: Project) -> None:
    project.example(EXAMPLE.replace("settings.recorder", "1 / 0\nsettings.recorder"))
    project.example(EXAMPLE + "\none = 1\ntwo = 2\n", name="second")
    assert "first failed" in project.build().said
    assert project.runs == 1


def test_an_example_that_exits_fails_the_build_by_name(project: Project) -> None:
    project.example(EXAMPLE + "\nraise SystemExit(0)\n")
    outcome = project.build()
    assert outcome.status != 0
    assert "first exited (SystemExit: 0)" in outcome.said


def test_an_example_without_a_result_fails_the_build_by_name(project: Project) -> None:
    project.example('"""\nFirst\n=====\n"""\nprint("nothing measured")\n')
    outcome = project.build()
    assert outcome.status != 0
    assert "first stored no result" in outcome.said


def test_seconds_are_shared_by_declared_weights(project: Project) -> None:
    project.example(EXAMPLE.replace('cost_ns`.\n"""', 'cost_ns`.\n\n:weight: 3\n"""', 1))
    project.example(name="second")
    assert project.build().status == 0
    assert Draft(project.folder / "build" / "draft").plan()["seconds"] == {"first": 0.75, "second": 0.25}


@pytest.mark.parametrize("profiles", ["[profile.other]\nrounds = 6\n", "# none\n"])
def test_an_unknown_profile_is_refused_with_the_known_ones(project: Project, profiles: str) -> None:
    project.write("profiles.toml", profiles)
    names = "other" if "other" in profiles else "none"
    assert f"there is no profile 'default'; profiles.toml has {names}" in project.build().said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rounds =", "cannot be read"),
        ("[profile.default]\n", "needs rounds"),
        ("profile = 3\n", "profiles.toml has none"),
        ("[profile]\ndefault = 3\n", "needs rounds"),
        ("[profile.default]\nrounds = true\n", "needs rounds, an integer of at least 1, got True"),
        (
            "[profile.default]\nrounds = 6\ngallery = '60'\n",
            "gallery of the profile 'default' in profiles.toml must be",
        ),
        ("[profile.default]\nrounds = 6\nbudget = -1\n", "must be a number of seconds above 0, got -1"),
        ("[profile.default]\nrounds = 6\nslices = 0\n", "must be an integer of at least 1, got 0"),
        ("[profile.default]\nrounds = 6\njudged = 'no'\n", "must be true or false, got 'no'"),
        ("[profile.default]\nrounds = 6\noptions = 3\n", "must be a table, got 3"),
        ("cut = 'a/b'\n[profile.default]\nrounds = 6\n", "cut in profiles.toml must be a list of calls"),
        ("clocked = [1]\n[profile.default]\nrounds = 6\n", "clocked in profiles.toml must be a list of calls"),
    ],
)
def test_an_invalid_table_of_profiles_is_refused(project: Project, text: str, words: str) -> None:
    project.write("profiles.toml", text)
    assert words in project.build().said
    assert project.runs == 0


def test_a_site_without_examples_says_where_they_go(project: Project) -> None:
    (project.folder / "examples" / "first.py").unlink()
    assert "there is no example in ../examples, relative to the pages; put a script" in project.build().said


def test_examples_in_a_generated_folder_are_refused_and_stay(project: Project) -> None:
    project.write("docs/gallery/mine.py", EXAMPLE)
    outcome = project.build(**{"sphinx_gallery_conf.examples_dirs": "gallery"})
    assert "the example mine.py is in it; move the examples to a folder next to the pages" in outcome.said
    assert (project.folder / "docs" / "gallery" / "mine.py").is_file()


@pytest.mark.parametrize("folder", [".", ".."])
def test_a_generated_folder_with_the_pages_is_refused_and_they_stay(project: Project, folder: str) -> None:
    outcome = project.build(**{"sphinx_gallery_conf.gallery_dirs": folder})
    assert f"gallery_dirs of sphinx_gallery_conf is {folder!r}, a folder that each build removes," in outcome.said
    assert (project.folder / "docs" / "index.md").is_file()


def test_an_example_in_a_sub_folder_is_refused_by_name(project: Project) -> None:
    project.write("examples/more/GALLERY_HEADER.rst", "More\n====\n")
    project.write("examples/more/second.py", EXAMPLE)
    assert "the example more/second.py is in a sub-folder; move it up" in project.build().said
    assert project.runs == 0


def test_only_the_quick_profile_may_leave_a_result_unjudged(project: Project) -> None:
    project.example(rounds=2)
    assert "first/made is not judged" in project.build().said
    assert project.build(measuring_profile="quick").status == 0


def test_a_failed_build_keeps_the_run_of_the_last_complete_one(project: Project) -> None:
    project.build()
    before = project.run["id"]
    project.example(EXAMPLE + "\n1 / 0\n")
    project.build()
    assert project.run["id"] == before


def test_reuse_keeps_the_run_and_reads_no_unchanged_page(project: Project) -> None:
    project.build()
    before = project.run
    project.write("docs/other.md", "# Other\n\nNew words.\n")
    outcome = project.build(measuring_reuse=True, measuring_profile="")
    assert outcome.status == 0
    assert project.run == before
    assert "other" in outcome.read
    assert "index" not in outcome.read
    assert "New words." in project.page("other")


@pytest.fixture
def binding(project: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a package, which is the only one that the project measures."""
    folder = project.folder / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    install(folder, version="1.0")
    project.write("pyproject.toml", '[tool.evenhand]\npackages = ["tiny-binding"]\n')
    return folder


def test_a_site_about_another_package_names_only_that_one(project: Project, binding: Path) -> None:
    project.example_with_table()
    assert project.build().status == 0
    assert {name: facts["version"] for name, facts in project.run["packages"].items()} == {"tiny-binding": "1.0"}
    assert binding.name not in str(project.run["packages"])
    strip = re.search(r'<details class="provenance">.*?</details>', project.page("gallery/first"), re.DOTALL)
    assert strip is not None
    assert "tiny-binding</dt><dd>1.0" in strip[0]
    assert "rust" not in strip[0]


def test_reuse_refuses_a_run_of_another_version_by_name(project: Project, binding: Path) -> None:
    project.build()
    install(binding, version="1.1")
    outcome = project.build(measuring_reuse=True)
    assert outcome.status != 0
    assert "it was measured with tiny-binding 1.0, but 1.1 is installed; measure again" in outcome.said
    assert project.runs == 1


def test_reuse_refuses_a_run_of_another_build_of_the_same_version(project: Project, binding: Path) -> None:
    project.build()
    (install(binding, version="1.0") / "_native.so").write_bytes(b"compiled again")
    assert "another build of tiny-binding 1.0 than the installed one" in project.build(measuring_reuse=True).said


def test_a_site_about_a_package_that_is_not_installed_measures_nothing(project: Project) -> None:
    project.write("pyproject.toml", '[tool.evenhand]\npackages = ["no-such-package"]\n')
    assert "no-such-package is not installed, so it cannot be measured" in project.build().said
    assert project.runs == 0


def test_a_build_that_slows_itself_down_makes_no_site(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    slowed = rust_daq.build_info() | {"burn": True}
    monkeypatch.setattr(rust_daq, "build_info", lambda: slowed)
    outcome = project.build()
    assert outcome.status != 0
    assert "the feature burn, which slows it down" in outcome.said
    assert project.runs == 0


def test_reuse_without_a_run_says_what_to_do(project: Project) -> None:
    assert "there is no run to reuse" in project.build(measuring_reuse=True).said


def test_reuse_with_another_profile_is_refused(project: Project) -> None:
    project.build()
    outcome = project.build(measuring_reuse=True, measuring_profile="quick")
    assert "measured with the profile 'default', not 'quick'" in outcome.said


@pytest.mark.parametrize("builder", ["linkcheck", "dummy"])
def test_a_builder_that_publishes_no_site_measures_nothing(project: Project, builder: str) -> None:
    assert project.build(builder).status == 0
    assert project.runs == 0


def test_missing_criterion_output_is_reported_before_measuring(project: Project) -> None:
    outcome = project.build(measuring_criterion=str(project.folder / "target" / "criterion"))
    assert "there is no output of Criterion in target/criterion; run cargo bench first" in outcome.said
    assert project.runs == 0
