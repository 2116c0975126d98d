"""`rust_daq.bench`, the kit's former name: the same names, a warning, and a message without the kit."""

from __future__ import annotations

import importlib
import subprocess
import sys
import warnings

import pytest

import evenhand


def test_the_former_name_has_the_same_names_and_warns_once() -> None:
    sys.modules.pop("rust_daq.bench", None)
    with pytest.warns(DeprecationWarning, match="import evenhand as bench") as warned:
        former = importlib.import_module("rust_daq.bench")
    assert len(warned) == 1
    assert {name: getattr(former, name) for name in evenhand.__all__} == {
        name: getattr(evenhand, name) for name in evenhand.__all__
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        importlib.import_module("rust_daq.bench")


def test_without_the_kit_a_message_says_what_to_install() -> None:
    code = "import sys; sys.modules['evenhand'] = None; import rust_daq.bench"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    said = done.stderr.splitlines()[-1]
    assert said.endswith(
        "the measuring kit is now the package evenhand; install it with "
        '`pip install "evenhand @ git+https://github.com/rust-daq/rust-daq#subdirectory=kit"`'
    )
