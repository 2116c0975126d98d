"""The operations file: its meaning, and the errors that are refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.gate import OperationError, Operations

FILE = """
build_info = "mine:build_facts"

[setup]
names = "one = 1"
more = "two = one + 1"

[operation.add]
setup = ["names", "more"]
before = "three = 3"
statement = "two + three"

[operation."bytes of a list"]
kind = "bytes"
size = 10
statement = "[None] * n"
"""


def read(tmp_path: Path, text: str = FILE) -> Operations:
    """Read an operations file with this text."""
    path = tmp_path / "operations.toml"
    path.write_text(text, encoding="utf-8")
    return Operations.read(path)


def test_an_operation_is_its_setups_in_order_and_its_statement(tmp_path: Path) -> None:
    add = read(tmp_path).operations[0]
    statement = add.on(None)
    assert statement.build() == 5
    assert (add.kind, add.unit, add.pinned, add.counted) == ("time", "_ns", True, True)


def test_a_sides_prelude_comes_after_the_setup(tmp_path: Path) -> None:
    assert read(tmp_path).operations[0].on(None, "two = 40").build() == 43


def test_bytes_are_counted_for_n_objects_without_instructions(tmp_path: Path) -> None:
    listed = read(tmp_path).operations[1]
    assert (listed.kind, listed.size, listed.unit, listed.counted) == ("bytes", 10, "_bytes", False)


def test_the_chosen_ones_come_in_the_order_of_the_choice(tmp_path: Path) -> None:
    operations = read(tmp_path)
    chosen = operations.only(["bytes of a list", "add", "add"])
    assert [one.name for one in chosen.operations] == ["bytes of a list", "add"]
    assert chosen.build_info == "mine:build_facts"
    assert operations.only([]).operations == operations.operations


def test_an_unknown_choice_is_answered_with_similar_names(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match="there is no operation 'ad'; similar: add"):
        read(tmp_path).only(["ad"])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("= 3", "operations.toml is not valid TOML: "),
        ("", "operations.toml has no operations; add one: "),
        ("[operaton.a]", "operations.toml has the unknown key 'operaton'; did you mean operation?"),
        ("[operation.a]", "operation 'a' has no statement"),
        (
            "[operation.a]\nstatment = 'x'",
            "operation 'a' has the unknown key 'statment'; did you mean statement?",
        ),
        (
            "[operation.a]\nstatement = 'x'\nkind = 'tim'",
            "operation 'a' has the unknown kind 'tim'; use one of time, fresh, bytes",
        ),
        ("[operation.a]\nstatement = 'x +'", "operation 'a': statement 'x \\+' is not valid Python"),
        ("[operation.a]\nstatement = 'x'\nbefore = 'y ='", "the setup of operation 'a' is not valid Python"),
        (
            "[operation.a]\nstatement = 'x = n'\nkind = 'bytes'",
            "operation 'a': the statement of 'a' is not an expression",
        ),
        ("[operation.'a/b']\nstatement = 'x'", "operation 'a/b' needs a name without slashes"),
        (
            "[operation.a]\nstatement = 'x'\nsetup = ['nme']\n[setup]\nname = ''",
            "names the setup 'nme', .*similar: name",
        ),
    ],
)
def test_a_wrong_file_is_refused_in_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(OperationError, match=sentence) as raised:
        read(tmp_path, text)
    assert "\n" not in str(raised.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match=r"nowhere\.toml cannot be read \(No such file"):
        Operations.read(tmp_path / "nowhere.toml")
