"""The site of the latest build: its folder, run and pages, served as published, and a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright
from xdist.scheduler import LoadScopeScheduling

from site_folder import ROOT, SiteFolder
from site_server import served

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class Scheduling(LoadScopeScheduling):
    """Keep the tests of a file in one process, so that no file builds its site or wheel twice.

    Pages in a browser need nothing of one another.  They come last, because single tests fill the processes evenly.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return nodeid if Path(file).name == "test_site_browser.py" else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    """Return the order of the tests for several processes."""
    return Scheduling(config, log)


@pytest.fixture(scope="session")
def site() -> SiteFolder:
    """Return the built site at `RUST_DAQ_SITE`."""
    folder = Path(os.environ.get("RUST_DAQ_SITE", ROOT / "build" / "docs" / "html"))
    if not (folder / "index.html").is_file():
        pytest.fail(f"there is no site in {folder.name}; build it first: nox -s docs -- --profile quick")
    return SiteFolder(folder)


@pytest.fixture(scope="session")
def build_folder(site: SiteFolder) -> Path:
    """Return the folder with the run of the site."""
    return site.folder.parent


@pytest.fixture(scope="session")
def address(site: SiteFolder) -> Iterator[str]:
    """Serve the site on this machine below its published path."""
    with served(site.folder) as place:
        yield place


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the system's Chromium, or the one that `RUST_DAQ_CHROMIUM` names, once for all tests."""
    found = os.environ.get("RUST_DAQ_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.fail("there is no Chromium; install it (apt-get install chromium) or name it in RUST_DAQ_CHROMIUM")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()
