"""An installed wheel: `nox -s wheels` runs these with the tests of the package, outside the repository."""

import importlib.metadata
import json
import os
import re
import shutil
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

import rust_daq
from rust_daq import _core

WHEEL = Path(os.environ["RUST_DAQ_WHEEL"])
REPOSITORY = WHEEL.parent.parent
SITE_PACKAGES = Path(sysconfig.get_path("platlib")).resolve()


def content():
    """Return the files of the wheel."""
    with zipfile.ZipFile(WHEEL) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def folders():
    """Return folders of the build machine, in both spellings, without the root of the file system."""
    paths = [Path(name) for name in os.environ["RUST_DAQ_FOLDERS"].split(os.pathsep)]
    named = [str(path) for path in paths if path.name]
    return {form for name in named for form in (name, name.replace("\\", "/"), name.replace("\\", "\\\\"))}


# Installation


@pytest.mark.parametrize("module", [rust_daq, _core], ids=lambda module: module.__name__)
def test_the_package_is_that_of_this_environment(module):
    assert sys.prefix != sys.base_prefix
    assert Path(sys.prefix).resolve() in SITE_PACKAGES.parents
    assert Path(module.__file__).resolve().parent == SITE_PACKAGES / "rust_daq"


def test_the_sources_are_not_importable():
    assert not Path.cwd().is_relative_to(REPOSITORY)
    paths = {Path(name).resolve() for name in sys.path if Path(name).exists()} - {SITE_PACKAGES}
    assert [path for path in paths if (path / "rust_daq").exists()] == []


@pytest.mark.parametrize("tool", ["cargo", "rustc"])
def test_there_is_no_rust(tool):
    assert shutil.which(tool) is None


def test_the_extension_is_the_one_in_the_wheel():
    [inside] = [data for name, data in content().items() if Path(name).name == Path(_core.__file__).name]
    assert Path(_core.__file__).read_bytes() == inside


def test_only_numpy_is_asked_for():
    needed = [line for line in importlib.metadata.requires("rust-daq") if "extra ==" not in line]
    assert [re.match(r"[\w-]+", line).group() for line in needed] == ["numpy"]


# Content


def test_the_wheel_has_types_and_licences():
    names = content()
    assert {"rust_daq/py.typed", "rust_daq/_core.pyi", "rust_daq/__init__.py"} <= set(names)
    licences = {Path(name).name for name in names if ".dist-info/licenses/" in name}
    assert licences == {"LICENSE-MIT", "LICENSE-APACHE", "LICENSES-THIRD-PARTY.md"}


def test_the_wheel_lists_the_crates_in_the_extension():
    files = content()
    [listed] = [json.loads(data) for name, data in files.items() if ".dist-info/sboms/" in name]
    [licences] = [data.decode() for name, data in files.items() if name.endswith("/LICENSES-THIRD-PARTY.md")]
    crates = {(crate["name"], crate["version"]) for crate in listed["components"]}
    assert "pyo3" in {name for name, _ in crates}
    assert crates <= set(re.findall(r"^\| ([\w-]+) \| (\d\S+) \|", licences, re.MULTILINE))
    assert listed["metadata"]["component"]["version"] == rust_daq.__version__


def test_the_extension_is_a_release_build():
    assert rust_daq.build_info()["profile"] == "release"


def test_points_are_made_the_fast_way_where_there_is_a_gil():
    free_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    assert rust_daq.build_info()["constructor"] == ("ordinary" if free_threaded else "fast")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has several C libraries")
def test_the_wheel_is_for_any_linux_of_this_kind():
    assert re.search(r"manylinux_2_17_\w+\.whl$", WHEEL.name)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has several C libraries")
def test_threads_are_unwound_by_the_library_of_the_system():
    # A second unwinder inside the extension crashes when CPython before 3.14 ends a thread.
    assert b"libgcc_s.so.1\0" in Path(_core.__file__).read_bytes()


@pytest.mark.parametrize("folder", sorted(folders()))
def test_no_file_names_a_folder_of_the_machine_that_built_it(folder):
    named = re.compile(re.escape(folder.encode()) + rb"(?![\w.-])")
    assert [name for name, data in content().items() if named.search(data)] == []


def test_no_file_names_anybodys_home():
    home = re.compile(rb"[^\s\"'<>()]{0,9}(?:/home/|/Users/|\\Users\\)[\w.-]+")
    assert [(name, home.findall(data)) for name, data in content().items() if home.search(data)] == []
