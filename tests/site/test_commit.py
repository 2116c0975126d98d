"""The commit that a site was built from."""

from __future__ import annotations

import subprocess

import pytest

from evenhand.sphinx import commit


@pytest.fixture
def repository(tmp_path):
    """Make a repository with one commit."""
    (tmp_path / "page.md").write_text("one")
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=A", "-c", "user.email=a@b.invalid", "commit", "-qm", "one"],
    ):
        subprocess.run(["git", "-C", tmp_path, *command], check=True)
    return tmp_path


def test_a_clean_tree_is_its_commit(repository):
    found = commit.read(repository)
    assert len(found["commit"]) == 40
    assert found["dirty"] is False


def test_a_changed_file_makes_it_dirty(repository):
    (repository / "page.md").write_text("two")
    assert commit.read(repository)["dirty"] is True


def test_outside_a_repository_nothing_is_known(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit.read(tmp_path) == {"commit": "unknown", "dirty": None}
