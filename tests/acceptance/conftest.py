"""The site that was built just before: its folder, its run, its pages."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from site_folder import ROOT, SiteFolder


@pytest.fixture(scope="session")
def site() -> SiteFolder:
    """The built site, at `RUST_DAQ_SITE`."""
    folder = Path(os.environ.get("RUST_DAQ_SITE", ROOT / "build" / "docs" / "html"))
    if not (folder / "index.html").is_file():
        pytest.fail(f"there is no site in {folder.name}; build it first: nox -s docs -- --profile quick")
    return SiteFolder(folder)


@pytest.fixture(scope="session")
def build_folder(site: SiteFolder) -> Path:
    """Where the build keeps the run that the site was made from."""
    return site.folder.parent
