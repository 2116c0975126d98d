"""The files around the code agree with each other: commands, versions, sessions, pins, licences, the lock."""

import ast
import importlib.util
import os
import re
import shutil
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
NAMING_SESSIONS = [
    *WORKFLOWS,
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", ".ci/run", ".readthedocs.yaml", "docs/reproduce.md")),
]


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def toml(name):
    return tomllib.loads(text(name))


def sessions():
    """Return the sessions of noxfile.py, read from its source because nox is not installed for the tests."""
    functions = [node for node in ast.parse(text("noxfile.py")).body if isinstance(node, ast.FunctionDef)]
    return {node.name for node in functions if any("nox.session" in ast.unparse(mark) for mark in node.decorator_list)}


def written_files():
    """Return the files with text that a person wrote."""
    folders = [ROOT / name for name in (".github", "conf", "docs", "gallery", "kit", "rust", "tests")]
    below = [path for folder in folders for path in folder.rglob("*") if "target" not in path.relative_to(ROOT).parts]
    suffixes = {".css", ".html", ".js", ".md", ".py", ".pyi", ".rs", ".rst", ".toml", ".yml"}
    return [path for path in [*below, *ROOT.glob("*.*")] if path.suffix in suffixes and path.is_file()]


def site_folder():
    """Return the folder of the site, as computed by noxfile.py."""
    names = {"ROOT", "BUILD", "SITE"}
    assigned = [node for node in ast.parse(text("noxfile.py")).body if isinstance(node, ast.Assign)]
    found = {"Path": Path, "__file__": str(ROOT / "noxfile.py")}
    for node in assigned:
        if ast.unparse(node.targets[0]) in names:
            exec(ast.unparse(node), found)
    return found["SITE"].relative_to(ROOT).as_posix()


def readme_command(session):
    """Return the README's only line that ends with this session."""
    lines = [line for line in text("README.md").splitlines() if line.endswith(f".venv/bin/nox -s {session}")]
    assert len(lines) == 1, lines
    return lines[0]


def as_numbers(version):
    return tuple(int(part) for part in version.split("."))


# No merge is left half done


def test_no_file_has_the_marks_of_an_unresolved_merge():
    mark = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)
    assert [path.relative_to(ROOT) for path in written_files() if mark.search(path.read_text("utf-8"))] == []


# The two commands


def test_ci_runs_the_readmes_test_command():
    assert readme_command("tests") in [line.strip() for line in text(".ci/run").splitlines()]


def test_the_readmes_two_commands_differ_only_in_the_session():
    assert readme_command("tests").removesuffix("tests") == readme_command("docs").removesuffix("docs")


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no executable bit")
def test_ci_run_is_executable():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


@pytest.mark.parametrize("file", NAMING_SESSIONS, ids=lambda path: path.name)
def test_every_session_that_a_file_names_exists(file):
    content = file.read_text(encoding="utf-8")
    named = set(re.findall(r"nox -s ([a-z][\w-]*)", content))
    if "${{ matrix.session }}" in content:
        jobs = yaml.safe_load(content)["jobs"].values()
        named.update(name for job in jobs for name in job.get("strategy", {}).get("matrix", {}).get("session", []))
    assert named <= sessions()


def test_the_table_of_tasks_has_every_session():
    assert set(re.findall(r"^\| `nox -s (\w+)` \|", text("CONTRIBUTING.md"), re.MULTILINE)) == sessions()


@pytest.mark.parametrize("file", NAMING_SESSIONS, ids=lambda path: path.name)
def test_every_profile_that_a_file_names_exists(file):
    named = re.findall(r"(?:-- |`)--profile ([a-z][a-z|]*)", file.read_text(encoding="utf-8"))
    assert {name for names in named for name in names.split("|")} <= set(toml("conf/profiles.toml")["profile"])


# Read the Docs


@pytest.fixture
def hosted():
    return yaml.safe_load(text(".readthedocs.yaml"))["build"]


def test_read_the_docs_builds_the_hosted_profile(hosted):
    assert any(line.endswith("nox -s docs -- --profile hosted") for line in hosted["jobs"]["build"]["html"])


def test_read_the_docs_copies_the_folder_that_nox_writes(hosted):
    copies = [line.split() for line in hosted["jobs"]["build"]["html"] if line.startswith("cp ")]
    assert copies == [["cp", "-r", site_folder(), '"$READTHEDOCS_OUTPUT/html"']]


def test_read_the_docs_has_a_rust_no_older_than_the_workspaces(hosted):
    wanted = toml("Cargo.toml")["workspace"]["package"]["rust-version"]
    assert as_numbers(hosted["tools"]["rust"]) >= as_numbers(wanted)[:2]


def test_read_the_docs_has_a_supported_python(hosted):
    classifiers = toml("pyproject.toml")["project"]["classifiers"]
    assert f"Programming Language :: Python :: {hosted['tools']['python']}" in classifiers


# Workflows


def test_there_are_workflows():
    assert {path.stem for path in WORKFLOWS} >= {"tests", "benchmarks", "docs", "sanitize", "wheels"}


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_only_read_unless_a_job_asks(file):
    assert yaml.safe_load(file.read_text(encoding="utf-8"))["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit_with_its_version(file):
    used = re.findall(r"\buses: *(.*)", file.read_text(encoding="utf-8"))
    assert used
    assert [line for line in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []


def test_an_action_has_one_pin_in_all_workflows():
    used = {line for file in WORKFLOWS for line in re.findall(r"\buses: *(.*)", file.read_text(encoding="utf-8"))}
    actions = [line.split("@")[0] for line in used]
    assert len(actions) == len(set(actions))


def supported():
    classifiers = toml("pyproject.toml")["project"]["classifiers"]
    return [name.rsplit(" ", 1)[1] for name in classifiers if re.search(r":: Python :: 3\.\d+$", name)]


def jobs(workflow):
    return yaml.safe_load(text(f".github/workflows/{workflow}.yml"))["jobs"]


def test_the_workflow_tests_every_supported_python():
    assert jobs("tests")["tests"]["strategy"]["matrix"]["python"] == supported()


def left_out_somewhere():
    """Return the packages that are missing for some supported Python, by their markers."""
    project = toml("pyproject.toml")["project"]["optional-dependencies"]
    asked = [Requirement(line) for lines in project.values() for line in lines]
    return {each.name for each in asked if each.marker and "python_version" in str(each.marker)}


def test_an_example_reports_a_missing_package_and_continues():
    optional = left_out_somewhere()
    assert {"bottleneck", "h5py", "numba"} <= optional
    importing = [
        (file.name, name)
        for file in (ROOT / "gallery").glob("*.py")
        for name in optional
        if re.search(rf"\bimport {name}\b", file.read_text(encoding="utf-8"))
    ]
    assert len(importing) > 2
    for file, name in importing:
        content = text(f"gallery/{file}")
        assert f'"{name}"' in content.partition("def there(")[0], (file, name)
        assert "is not installed here, so" in content, file


def test_the_page_on_versions_names_each_omitted_package():
    page = text("docs/contributing/versioning.md")
    kit = toml("kit/pyproject.toml")["project"]["optional-dependencies"]
    asked = [Requirement(line) for lines in kit.values() for line in lines]
    missing = left_out_somewhere() | {each.name for each in asked if "python_version" in str(each.marker or "")}
    assert {name for name in missing if f"| {name} |" not in page} == set()


def test_a_job_that_tests_without_the_gil_may_fail():
    job = jobs("tests")["free-threaded"]
    assert job["continue-on-error"] is True
    assert "nox -s wheels -- 3.14t" in [step.get("run") for step in job["steps"]]


@pytest.mark.parametrize(("job", "option"), [("wheels", None), ("musl", "--musl")])
def test_the_workflow_has_and_names_every_supported_python_for_its_wheels(job, option):
    steps = jobs("wheels")[job]["steps"]
    [made] = [step["with"]["python-version"].split() for step in steps if "setup-python@" in step.get("uses", "")]
    [named] = [step["run"].split()[4:] for step in steps if step.get("run", "").startswith("nox -s wheels -- ")]
    assert made == supported()
    assert named == [option, *supported()][option is None :]


def test_only_a_tag_is_published_and_without_a_password():
    publish = jobs("wheels")["publish"]
    assert publish["if"] == "github.event_name == 'push' && github.ref_type == 'tag'"
    assert publish["needs"] == ["wheels", "musl"]
    assert publish["permissions"]["id-token"] == "write"
    assert "secrets." not in text(".github/workflows/wheels.yml")


def test_published_files_are_attested_by_the_workflow_that_built_them():
    done = [step.get("uses", step.get("run", "")).partition("@")[0] for step in jobs("wheels")["publish"]["steps"]]
    attested = done.index("astral-sh/attest-action")
    published = [place for place, what in enumerate(done) if "uv publish" in what]
    assert attested < min(published)
    assert jobs("wheels")["publish"]["permissions"]["id-token"] == "write"


def test_the_published_site_is_the_folder_that_nox_writes():
    steps = yaml.safe_load(text(".github/workflows/benchmarks.yml"))["jobs"]["benchmarks"]["steps"]
    kept = {step["with"]["name"]: step["with"]["path"] for step in steps if "upload-artifact" in step.get("uses", "")}
    kept.pop("history")
    assert kept == {"site": site_folder(), "run": site_folder().replace("html", "run")}


def test_the_history_grows_where_the_page_reads_it():
    job = yaml.safe_load(text(".github/workflows/benchmarks.yml"))["jobs"]["benchmarks"]
    lines = [step["run"] for step in job["steps"] if "run" in step]
    [measured] = [place for place, line in enumerate(lines) if line.startswith("nox -s history -- HEAD ")]
    store = lines[measured].partition("--store ")[2].strip()
    assert 'ROOT / "build" / "history" / "runs"' in text("docs/history.py")
    assert store == "build/history/runs"
    # Before the site, which shows the history; only the branch is written.
    assert measured < lines.index("nox -s docs")
    [kept] = [step["with"]["path"] for step in job["steps"] if step.get("with", {}).get("name") == "history"]
    assert kept == store


def test_only_the_branch_of_the_history_is_written():
    job = jobs("benchmarks")["history"]
    assert job["if"] == "github.ref == 'refs/heads/main'"
    assert job["permissions"] == {"contents": "write"}
    pushed = [step["run"] for step in job["steps"] if "git push" in step.get("run", "")]
    assert [line.strip().endswith("HEAD:history") for line in pushed] == [True]


def all_jobs():
    return [
        pytest.param(job, id=f"{file.stem}-{name}")
        for file in WORKFLOWS
        for name, job in yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"].items()
    ]


@pytest.mark.parametrize("job", all_jobs())
def test_a_job_that_may_write_or_publish_installs_only_what_the_lock_pins(job):
    if "write" not in job.get("permissions", {}).values():
        return
    lines = "\n".join(step.get("run", "") for step in job["steps"])
    assert not re.search(r"\b(nox|npm|cargo|apt-get|curl|wget)\b", lines)
    for line in re.findall(r"\bpip install (.*)", lines):
        named = [word for word in line.split() if not word.startswith((":", "-"))]
        assert "--no-deps" in line
        for word in named:
            name, _, version = word.partition("==")
            assert version in locked()[name]


EVENT_FIELDS = {
    "push": {"after", "before", "commits", "ref", "repository"},
    "pull_request": {"number", "pull_request", "repository"},
    "schedule": {"schedule"},
    "workflow_dispatch": {"inputs", "ref", "repository"},
    "workflow_call": set(),
    "workflow_run": {"repository", "workflow_run"},
}
"""The fields of each event's payload that a workflow could use."""


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_uses_only_fields_that_its_events_have(file):
    content = file.read_text(encoding="utf-8")
    # YAML reads the word `on` as a boolean.
    events = yaml.safe_load(content)[True]
    asked = set(re.findall(r"github\.event\.(\w+)", content))
    for event in events:
        assert asked <= EVENT_FIELDS[event], event


# In a shallow clone, its only commit is the last that changed a file, so a page would name the wrong commit.


def test_read_the_docs_has_the_whole_history(hosted):
    assert any("git fetch --unshallow" in line for line in hosted["jobs"]["post_checkout"])


def test_the_workflow_that_builds_the_site_has_the_whole_history():
    steps = yaml.safe_load(text(".github/workflows/benchmarks.yml"))["jobs"]["benchmarks"]["steps"]
    depths = [step["with"].get("fetch-depth") for step in steps if "actions/checkout@" in step.get("uses", "")]
    assert depths == [0]


# The lock


def locked():
    """Return all locked versions of each package."""
    versions = {}
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", text("requirements.lock"), re.MULTILINE):
        versions.setdefault(canonicalize_name(name), []).append(version)
    return versions


def requirements():
    lists = [
        asked
        for project in (toml("pyproject.toml"), toml("kit/pyproject.toml"))
        for asked in (
            project["project"]["dependencies"],
            *project["project"]["optional-dependencies"].values(),
            *project.get("dependency-groups", {}).values(),
        )
    ] + [toml("pyproject.toml")["build-system"]["requires"]]
    # A group may include another one, whose lines are checked there.
    parsed = [Requirement(line) for lines in lists for line in lines if isinstance(line, str)]
    return [requirement for requirement in parsed if requirement.name not in {"rust-daq", "evenhand"}]


def test_the_group_dev_takes_in_every_group_that_an_editor_needs():
    groups = toml("pyproject.toml")["dependency-groups"]
    # The group of the wheels is a linker of a hundred megabytes, which nothing imports.
    needed = [name for name in groups if name not in {"dev", "wheels"}]
    assert [line["include-group"] for line in groups["dev"]] == needed


@pytest.mark.parametrize("requirement", requirements(), ids=lambda requirement: requirement.name)
def test_the_lock_has_a_permitted_version_of_each_requirement(requirement):
    versions = locked().get(canonicalize_name(requirement.name), [])
    assert versions
    assert [version for version in versions if not requirement.specifier.contains(version)] == []


def test_the_lock_names_no_address():
    assert re.findall(r".*(?:://| @ |file:).*", text("requirements.lock")) == []


# Profiles


def test_there_are_the_four_profiles():
    assert set(toml("conf/profiles.toml")["profile"]) == {"quick", "hosted", "default", "full"}


# Versions and licences


def test_the_citation_has_the_version_of_the_workspace():
    assert yaml.safe_load(text("CITATION.cff"))["version"] == toml("Cargo.toml")["workspace"]["package"]["version"]


def test_the_core_is_required_in_the_version_of_the_workspace():
    workspace = toml("Cargo.toml")["workspace"]
    assert workspace["dependencies"]["rust_daq"]["version"] == workspace["package"]["version"]


def test_the_changelog_has_a_section_for_the_next_release():
    assert re.search(r"\n## (Unreleased|\d+\.\d+\.\d+ \(unreleased\))\n", text("CHANGELOG.md"))


def test_every_licence_file_that_the_wheel_carries_exists():
    named = toml("pyproject.toml")["project"]["license-files"]
    assert [name for name in named if not (ROOT / name).is_file()] == []


def listed_crates():
    rows = re.findall(r"^\| ([\w-]+) \| (\d\S+) \|", text("LICENSES-THIRD-PARTY.md"), re.MULTILINE)
    assert rows
    return set(rows)


@pytest.mark.skipif(shutil.which("cargo") is None, reason="there is no cargo to ask what is linked in")
def test_every_crate_in_the_wheel_is_listed_with_its_licence():
    spec = importlib.util.spec_from_file_location("licenses", ROOT / "rust" / "licenses.py")
    licenses = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(licenses)
    assert licenses.linked("--offline") - listed_crates() == set()


def test_every_listed_crate_is_locked_in_that_version():
    packages = {(package["name"], package["version"]) for package in toml("Cargo.lock")["package"]}
    assert listed_crates() - packages == set()


def test_every_listed_crate_has_a_text():
    headings = " ".join(re.findall(r"^## (.*)", text("LICENSES-THIRD-PARTY.md"), re.MULTILINE))
    assert [crate for crate in listed_crates() if " ".join(crate) not in headings] == []
