"""The facts of the package's build."""

import hashlib
import importlib.metadata
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import rust_daq
from rust_daq import _core


def test_build_info_has_every_fact() -> None:
    info = rust_daq.build_info()
    assert set(info) == {
        "version",
        "commit",
        "dirty",
        "profile",
        "burn",
        "target",
        "target_features",
        "rustc",
        "pyo3",
        "constructor",
        "extension_sha256",
    }
    assert info["version"] == rust_daq.__version__
    assert re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?|unknown", info["commit"])
    assert info["dirty"] in (True, False, None)
    assert info["profile"] in ("release", "debug")
    assert re.fullmatch(r"\w+-\w+-\w+(-\w+)?", info["target"])
    assert all(isinstance(feature, str) and feature for feature in info["target_features"])
    assert info["rustc"].startswith("rustc 1.")
    assert re.fullmatch(r"\d+\.\d+\.\d+", info["pyo3"])
    assert info["constructor"] in ("fast", "ordinary")


@pytest.mark.parametrize(("variables", "constructor"), [({}, "fast"), ({"RUST_DAQ_ORDINARY_CLASSES": "1"}, "ordinary")])
def test_the_active_constructor_is_reported(variables: dict[str, str], constructor: str) -> None:
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        constructor = "ordinary"
    rest = {name: value for name, value in os.environ.items() if name != "RUST_DAQ_ORDINARY_CLASSES"}
    command = [sys.executable, "-c", "import rust_daq; print(rust_daq.build_info()['constructor'])"]
    answer = subprocess.run(command, capture_output=True, text=True, env=rest | variables, check=True)
    assert answer.stdout.strip() == constructor


def test_the_version_is_that_of_the_distribution() -> None:
    assert rust_daq.__version__ == importlib.metadata.version("rust-daq")


def test_the_hash_is_that_of_the_extension_file() -> None:
    content = Path(_core.__file__).read_bytes()
    assert rust_daq.build_info()["extension_sha256"] == hashlib.sha256(content).hexdigest()


def test_nothing_is_slowed_down_on_purpose() -> None:
    assert rust_daq.build_info()["burn"] is False
    assert not hasattr(_core, "_burn")


def test_each_call_returns_a_new_dict() -> None:
    rust_daq.build_info()["target_features"].append("mine")
    rust_daq.build_info()["version"] = "mine"
    assert "mine" not in rust_daq.build_info()["target_features"]
    assert rust_daq.build_info()["version"] == rust_daq.__version__


def test_no_fact_contains_a_path() -> None:
    assert "/" not in str(rust_daq.build_info())


def test_importing_the_package_imports_only_what_points_need() -> None:
    code = "import sys; before = {*sys.modules}; import rust_daq; print(*{*sys.modules} - before)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found = {*ran.stdout.split()}
    # Other modules take time that a program may not need: datetime takes longer than the rest.
    assert {name for name in found if name.split(".")[0] != "rust_daq"} <= {"__future__"}
    assert {name for name in found if name.split(".")[0] == "rust_daq"} == {"rust_daq", "rust_daq._core"}


def test_points_use_datetimes_before_and_after_their_import() -> None:
    code = """
import sys
from rust_daq import Channel, DataPoint
assert "datetime" not in sys.modules
point = DataPoint(1_000_000_000, "a", 1.0, "V")
made = point.timestamp
assert made.isoformat() == "1970-01-01T00:00:01+00:00"
for _ in range(3):
    assert DataPoint(made, "a", 1.0, "V") == point
    assert DataPoint(made.astimezone(type(made.tzinfo)(made.resolution)), "a", 1.0, "V") == point
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    code = """
from datetime import datetime, timezone
from rust_daq import DataPoint
for _ in range(3):
    moment = datetime(2020, 2, 29, 1, 2, 3, 4, tzinfo=timezone.utc)
    assert DataPoint(moment, "a", 1.0, "V").timestamp_ns == 1_582_938_123_000_004_000
    assert DataPoint(moment, "a", 1.0, "V").timestamp == moment
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_pipeline_is_imported_on_first_use() -> None:
    assert {"Pipeline", "SharedSink"} <= {*dir(rust_daq)}
    assert rust_daq.Pipeline is rust_daq.__dict__["Pipeline"]
    with pytest.raises(AttributeError, match="module 'rust_daq' has no attribute 'Pipelines'"):
        _ = rust_daq.Pipelines


@pytest.mark.parametrize(("profile", "warnings"), [("debug", 1), ("release", 0)])
def test_importing_a_debug_build_warns(profile: str, warnings: int) -> None:
    # The extension of the other profile is not built here, so its facts are written by hand.
    code = f"""
import sys, types, warnings
from rust_daq import _core
facts = {{**_core.build_facts(), "profile": {profile!r}}}
for name in [name for name in sys.modules if name.split(".")[0] == "rust_daq"]:
    del sys.modules[name]
sys.modules["rust_daq._core"] = stand_in = types.ModuleType("rust_daq._core")
vars(stand_in).update(vars(_core), build_facts=lambda: facts)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import rust_daq
found = [warning for warning in caught if "debug build" in str(warning.message)]
assert all(warning.category is RuntimeWarning for warning in found)
sys.exit(len(found))
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == warnings
