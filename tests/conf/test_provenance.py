"""The strip at the foot of each page."""

from __future__ import annotations

from provenance import strip

DOCUMENT = {
    "measured": "2026-11-23T10:20:30+00:00",
    "profile": "quick",
    "machine": {"cpu": "A Processor", "logical_cores": 2, "python": "3.11.7"},
    "build": {"commit": "fedcba9876543210", "dirty": False, "rustc": "rustc 1.95.0 (59807616e 2026-04-14)"},
    "tree": {"commit": "0123456789abcdef", "dirty": True},
}


def test_the_strip_names_time_commit_profile_machine_and_compilers() -> None:
    assert strip(DOCUMENT) == {
        "measured": "2026-11-23 10:20 UTC",
        "commit": "0123456, modified",
        "profile": "quick",
        "machine": "A Processor, 2 logical cores",
        "Python": "3.11.7",
        "rustc": "1.95.0",
    }


def test_a_build_that_knows_no_commit_says_so() -> None:
    unknown = DOCUMENT | {"build": {}, "tree": {"commit": "unknown", "dirty": None}}
    assert strip(unknown)["commit"] == "unknown"
    assert strip(unknown)["rustc"] == "unknown"
