"""Measured packages: their names, the record of each in a run, and the refusals before measuring."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from made_package import install

import evenhand as bench
from evenhand import Run, Settings
from evenhand.runs.configuration import ConfigurationError
from evenhand.runs.draft import DRAFT_VARIABLE, EXAMPLE_VARIABLE, Draft
from evenhand.runs.packages import PackageError, changed_packages, configured, describe, import_names, named

HOOK = "tiny_binding:build"


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Make a folder of installed packages on the path."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # a package is rewritten within a second
    yield folder
    sys.modules.pop("tiny_binding", None)


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Make a working folder without a configuration in its parents."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_a_package_is_described_by_version_files_and_facts(site):
    install(site, facts={"commit": "abc", "features": ["simd"]})
    found = describe({"tiny-binding": HOOK})["tiny-binding"]
    assert (found["version"], found["build"]) == ("1.0", {"commit": "abc", "features": ["simd"]})
    assert len(found["files_sha256"]) == 64


@pytest.mark.parametrize(
    ("name", "hook", "modules"),
    [
        ("tiny-binding", "", {"tiny_binding"}),
        ("tiny-binding", "other.part:build", {"tiny_binding", "other"}),
        ("not-installed", "", {"not_installed"}),
    ],
)
def test_a_package_is_imported_by_these_names(site, name, hook, modules):
    install(site)
    assert import_names(name, hook) == modules


def test_the_hash_follows_the_code_and_nothing_else(site):
    module = install(site)
    before = describe({"tiny-binding": ""})["tiny-binding"]["files_sha256"]
    (module / "notes.txt").write_text("nothing that runs")
    assert describe({"tiny-binding": ""})["tiny-binding"]["files_sha256"] == before
    (module / "_native.so").write_bytes(b"machine code")
    assert describe({"tiny-binding": ""})["tiny-binding"]["files_sha256"] != before


def test_a_renamed_file_is_another_build(site):
    module = install(site)
    (module / "one.py").write_text("x = 1\n")
    before = describe({"tiny-binding": ""})["tiny-binding"]["files_sha256"]
    (module / "one.py").rename(module / "two.py")
    assert describe({"tiny-binding": ""})["tiny-binding"]["files_sha256"] != before


def test_an_editable_package_is_hashed_where_it_is_imported_from(site, tmp_path, monkeypatch):
    """Its record lists a path file but none of its code."""
    module = install(site)
    source = tmp_path / "source"
    source.mkdir()
    module.rename(source / module.name)
    monkeypatch.syspath_prepend(source)
    record = next(site.glob("*.dist-info")) / "RECORD"
    record.write_text("tiny_binding.pth,,\n")
    before = describe({"tiny-binding": ""})["tiny-binding"]["files_sha256"]
    (source / module.name / "__init__.py").write_text("x = 2\n")
    assert describe({"tiny-binding": ""})["tiny-binding"]["files_sha256"] not in {before, None}


def test_a_package_in_a_tree_that_was_never_installed_has_its_version(site):
    module = install(site, facts={"version": "0.3"})
    for file in next(site.glob("*.dist-info")).iterdir():
        file.unlink()
    next(site.glob("*.dist-info")).rmdir()
    assert describe({"tiny-binding": HOOK})["tiny-binding"]["version"] == "0.3"
    (module / "__init__.py").write_text("def build():\n    return {}\n")
    sys.modules.pop("tiny_binding", None)
    with pytest.raises(PackageError, match="tiny-binding is not installed"):
        describe({"tiny-binding": HOOK})


@pytest.mark.parametrize(
    ("facts", "hook", "sentence"),
    [
        ({}, "", None),
        ({"profile": "debug"}, HOOK, "tiny-binding is a debug build, which is not worth measuring"),
        ({"burn": True}, HOOK, "tiny-binding is built with the feature burn, which slows it down"),
        (
            {},
            "tiny_binding:gone",
            r"hook tiny_binding:gone of tiny-binding cannot be imported \(AttributeError: .*gone",
        ),
        ({}, "nowhere_at_all:build", r"cannot be imported \(ModuleNotFoundError: No module named 'nowhere_at_all'\)"),
        ("1 / 0", HOOK, r"hook tiny_binding:build of tiny-binding failed \(ZeroDivisionError: division by zero\)"),
        ("exit(3)", HOOK, r"failed \(SystemExit: 3\)"),
        ("object()", HOOK, r"failed \(TypeError: .*it must return a dict of JSON values"),
        ("float('nan')", HOOK, "failed .*it must return a dict of JSON values"),
        ("[1]", HOOK, r"must return a dict of JSON values, got \[1\]"),
    ],
)
def test_a_build_that_cannot_be_measured_is_refused_in_one_sentence(site, facts, hook, sentence):
    install(site, facts=facts)
    if sentence is None:
        assert describe({"tiny-binding": hook})
        return
    with pytest.raises(PackageError, match=sentence) as caught:
        describe({"tiny-binding": hook})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("hook", ["", "tiny_bindin:build"])
def test_a_package_that_is_not_installed_is_refused_by_name(hook):
    with pytest.raises(PackageError, match=r"^tiny-bindin is not installed, so it cannot be measured; install it, or"):
        describe({"tiny-bindin": hook})


@pytest.mark.parametrize(
    ("packages", "sentence"),
    [
        ("rpds-py", "packages must be a list or a table, got 'rpds-py'; write a list of names such as"),
        (7, "packages must be a list or a table, got 7"),
        ([7], "a name in packages must be the text of a distribution's name, got 7"),
        ([" "], "a name in packages must be the text of a distribution's name, got ' '"),
        (
            {"rpds-py": None},
            "the build hook of 'rpds-py' in packages must be a text such as 'module:function', got None",
        ),
        ({"rpds-py": "rpds"}, "the build hook of 'rpds-py' in packages must be a text such .*, got 'rpds'"),
        ({"rpds-py": "rpds:"}, "the build hook of 'rpds-py' in packages must be a text such .*, got 'rpds:'"),
    ],
)
def test_packages_of_another_form_are_refused(packages, sentence):
    with pytest.raises(TypeError, match=sentence):
        named(packages)
    with pytest.raises(TypeError, match=sentence):
        Settings(packages=packages)


@pytest.mark.parametrize(
    ("file", "text", "packages"),
    [
        ("evenhand.toml", 'packages = ["one", "two"]', {"one": "", "two": ""}),
        ("pyproject.toml", '[tool.evenhand]\npackages = ["one"]', {"one": ""}),
        ("pyproject.toml", '[tool.evenhand.packages]\none = "one:build"\ntwo = ""', {"one": "one:build", "two": ""}),
        ("pyproject.toml", "[tool.evenhand]\n", {}),
        ("pyproject.toml", '[tool.other]\npackages = ["one"]', {}),
    ],
)
def test_a_configuration_names_the_packages(elsewhere, file, text, packages):
    write(elsewhere / file, text)
    assert configured(elsewhere / "deep" / "er") == packages
    assert Settings().packages == packages


def test_the_nearest_configuration_decides(elsewhere):
    write(elsewhere / "pyproject.toml", '[tool.evenhand]\npackages = ["far"]')
    write(elsewhere / "near" / "pyproject.toml", '[tool.evenhand]\npackages = ["near"]')
    write(elsewhere / "near" / "scripts" / "pyproject.toml", "[project]\nname = 'says nothing of it'")
    assert configured(elsewhere / "near" / "scripts") == {"near": ""}
    write(elsewhere / "near" / "evenhand.toml", 'packages = ["own file"]')
    assert configured(elsewhere / "near" / "scripts") == {"own file": ""}


def test_the_folder_of_a_script_comes_before_the_working_folder(elsewhere, tmp_path):
    write(elsewhere / "evenhand.toml", 'packages = ["working"]')
    assert configured(tmp_path / "scripts") == {"working": ""}
    write(tmp_path / "scripts" / "evenhand.toml", 'packages = ["script"]')
    assert configured(tmp_path / "scripts") == {"script": ""}


def test_without_a_configuration_nothing_is_named(elsewhere):
    assert configured(elsewhere) == {}
    run = Run.of([], profile="script")
    assert (run.packages, run.document["build"]) == ({}, {})
    assert run.id.split("-")[1] == "python"


@pytest.mark.parametrize(
    ("file", "text", "sentence"),
    [
        ("evenhand.toml", "packages = [", "evenhand.toml cannot be read (.*); correct it"),
        ("evenhand.toml", "package = ['one']", "has the unknown setting 'package'; the settings are: packages"),
        ("evenhand.toml", "packages = 7", "packages in evenhand.toml must be a list or a table, got 7"),
        ("pyproject.toml", "[tool]\nevenhand = 7", "of .*pyproject.toml must be a table, got 7"),
        ("pyproject.toml", "[tool.evenhand]\npackages = [7]", "a name in packages in pyproject.toml must be the text"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_refused_by_name(elsewhere, file, text, sentence):
    write(elsewhere / file, text)
    with pytest.raises(ConfigurationError, match=sentence) as caught:
        Settings()
    assert "\n" not in str(caught.value)


def test_a_run_names_its_measured_packages(site):
    install(site, version="0.27.1")
    run = Run.of([], profile="script", packages=Settings(packages=["tiny-binding"]).package_facts)
    assert run.value("packages/tiny-binding/version") == ("version", "0.27.1")
    assert "rust-daq" not in run.packages
    assert run.document["build"] == {}
    assert "-tiny-binding-0.27.1-" in run.id


def test_facts_of_a_build_are_those_of_the_first_package_that_has_some(site):
    install(site, "plain-one")
    install(site, facts={"commit": "0123456789"})
    run = Run.of([], profile="script", packages=describe({"plain-one": "", "tiny-binding": HOOK}))
    assert run.value("build/commit") == ("commit", "0123456789")
    assert run.id.split("-")[1] == "0123456"


@pytest.mark.parametrize(
    ("then", "now", "why"),
    [
        (("1.0", "a"), ("1.0", "a"), ""),
        (("1.0", "a"), ("1.1", "a"), "it was measured with tiny 1.0, but 1.1 is installed"),
        (("1.0", "a"), ("1.0", "b"), "it was measured with another build of tiny 1.0 than the installed one"),
        (None, ("1.0", "a"), "it has no version of tiny"),
        (("1.0", "a"), None, "it measured tiny, which the configuration no longer names"),
    ],
)
def test_another_version_or_build_is_named(then, now, why):
    facts = [
        {"tiny": {"version": side[0], "files_sha256": side[1], "build": {"at": number}}} if side else {}
        for number, side in enumerate((then, now))
    ]
    assert changed_packages(*facts) == why


def test_an_upgrade_is_noticed_and_a_downgrade_back_is_not_an_upgrade(site):
    install(site, version="1.0")
    first = describe({"tiny-binding": ""})
    install(site, version="1.1")
    assert "tiny-binding 1.0, but 1.1 is installed" in changed_packages(first, describe({"tiny-binding": ""}))
    install(site, version="1.0")
    assert changed_packages(first, describe({"tiny-binding": ""})) == ""


def drafted(folder, monkeypatch, packages):
    """Begin a docs build whose configuration names these packages."""
    plan = {"profile": "quick", "rounds": 6, "judged": False, "seconds": {}, "options": {}, "packages": packages}
    Draft(folder / "draft").prepare(plan)
    monkeypatch.setenv(DRAFT_VARIABLE, str(folder / "draft"))
    monkeypatch.setenv(EXAMPLE_VARIABLE, "first")
    return Draft(folder / "draft")


def test_a_docs_build_measures_the_packages_of_its_configuration(site, tmp_path, monkeypatch):
    install(site, facts={"commit": "abc"})
    draft = drafted(tmp_path, monkeypatch, {"tiny-binding": HOOK})
    for packages in (None, [], ["tiny-binding"]):
        assert bench.settings("", packages=packages).packages == {"tiny-binding": HOOK}
    assert draft.run().packages == describe({"tiny-binding": HOOK})


def test_an_example_that_measures_more_than_the_site_names_is_refused(site, tmp_path, monkeypatch):
    install(site)
    drafted(tmp_path, monkeypatch, {})
    with pytest.raises(ValueError, match="first measures tiny-binding, which this site's configuration does not"):
        bench.settings("", packages=["tiny-binding"])


SCRIPT = '"""Measure it."""\nimport evenhand as bench\n\nsettings = bench.settings(__doc__, {packages}rounds=1)\n'


def run_script(folder, packages, *flags):
    write(folder / "it.py", SCRIPT.format(packages=packages))
    return subprocess.run(
        [sys.executable, "it.py", *flags], cwd=folder, capture_output=True, encoding="utf-8", check=False
    )


@pytest.mark.parametrize(
    ("packages", "configuration", "found"),
    [
        ("packages=['psutil'], ", "", {"psutil"}),
        ("", "packages = ['numpy']", {"numpy"}),
        ("packages=['psutil'], ", "packages = ['numpy']", {"psutil"}),
        ("packages=[], ", "packages = ['numpy']", set()),
        ("", "", set()),
    ],
)
def test_a_script_records_its_measured_packages(elsewhere, packages, configuration, found):
    if configuration:
        write(elsewhere / "evenhand.toml", configuration)
    done = run_script(elsewhere, packages, "--json", "-")
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)["packages"]) == found


def test_a_script_is_refused_in_one_sentence_before_it_begins(elsewhere):
    done = run_script(elsewhere, "packages=['no-such-package'], ", "--json", "-")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("it.py: no-such-package is not installed")
    assert done.stderr.count("\n") == 1


def test_help_needs_no_package(elsewhere):
    assert run_script(elsewhere, "packages=['no-such-package'], ", "--help").returncode == 0


ARCHIVE = Path(__file__).parents[2] / "docs" / "archive" / "runs"


def test_every_run_of_todays_archive_opens_unchanged():
    """Runs from before packages were recorded."""
    folders = [folder for folder in sorted(ARCHIVE.iterdir()) if folder.is_dir()]
    assert folders
    for folder in folders:
        run = Run.load(folder)
        assert run.document == json.loads((folder / "run.json").read_text(encoding="utf-8"))
        assert run.packages == {} or set(run.packages)
        assert run.value("build/commit")[1]
