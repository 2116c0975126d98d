"""Fixtures that the tests of the kit share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from made_machine import Machine, installed


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """Make a machine on which only statements make time pass."""
    with installed(monkeypatch, Machine()) as made:
        yield made
