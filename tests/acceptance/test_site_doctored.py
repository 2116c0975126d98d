"""The site follows its run: change the run, or break an example, and build again without measuring."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser

from evenhand import Run, fewest_rounds
from evenhand.results.quantity import spaced
from site_folder import ROOT, Page, SiteFolder
from site_server import served

sys.path.append(str(ROOT / "docs"))

from claims import CLAIMS

pytestmark = pytest.mark.acceptance

RESULT = "benchmark_datapoint/ready"
LONG_AGO = "2020-01-02T03:04:05+00:00"


def build(folder: Path, **overrides: str) -> subprocess.CompletedProcess[str]:
    """Build a copy of the pages in `folder` with its run."""
    docs = folder / "docs"
    if not docs.is_dir():
        # Generated pages are not copied, because the build generates them again.
        shutil.copytree(ROOT / "docs", docs, ignore=shutil.ignore_patterns("gallery", "_build"))
        for path in ROOT.glob("*.md"):
            shutil.copy(path, folder)
    flags = [f"-D{name}={value}" for name, value in {"measuring_folder": folder / "build", **overrides}.items()]
    environment = {name: value for name, value in os.environ.items() if name != "EVENHAND_PROFILE"}
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "sphinx",
            "-W",
            "--keep-going",
            "-q",
            "-b",
            "html",
            "-c",
            ROOT / "conf",
            "-d",
            folder / "doctrees",
            *flags,
            docs,
            folder / "html",
        ],
        env=environment | {"EVENHAND_REUSE": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def doctored(run: Run, contender: str, factor: float) -> Run:
    """Return the run with a contender of `RESULT` that takes `factor` times as long, and enough rounds to judge."""
    result = run[RESULT]
    rounds = len(result.pace)
    times = -(-fewest_rounds(result.judged) // rounds)
    copies = [result.samples.assign(round=result.samples["round"] + rounds * index) for index in range(times)]
    samples = pd.concat(copies, ignore_index=True)
    samples.loc[samples["contender"] == contender, "value"] *= factor
    changed = dataclasses.replace(result, samples=samples, pace=result.pace * times)
    entries = [
        {**changed.document(), "samples": len(samples)} if f"{entry['example']}/{entry['name']}" == RESULT else entry
        for entry in run.document["results"]
    ]
    # The run is also old, and was measured with another commit than that of the pages.
    further = {"results": entries, "measured": LONG_AGO, "tree": {"commit": "0" * 40, "dirty": False}}
    return Run({**run.document, **further}, {**run.results, RESULT: changed})


@pytest.fixture(scope="module")
def runs(site: SiteFolder, build_folder: Path) -> tuple[Run, Run]:
    """Return the site's run, and the same with its cheapest contender 100 times as expensive."""
    run = Run.load(build_folder / "run")
    assert run.id == site.run["id"]
    return run, doctored(run, str(run.value(f"{RESULT}/cheapest")[1]), 100.0)


@pytest.fixture(scope="module")
def rebuilt(runs: tuple[Run, Run], tmp_path_factory: pytest.TempPathFactory) -> SiteFolder:
    """Build the site of the doctored run."""
    folder = tmp_path_factory.mktemp("doctored")
    runs[1].save(folder / "build" / "run")
    ended = build(folder)
    assert ended.returncode == 0, ended.stderr
    return SiteFolder(folder / "html")


def measured(page: Page) -> list[str]:
    """Return the measured numbers in a page's sentences."""
    return [span.get_text() for span in page.soup.select(".measured")]


def test_the_named_winner_changes_with_the_run(site: SiteFolder, rebuilt: SiteFolder, runs: tuple[Run, Run]) -> None:
    name = "gallery/benchmark_datapoint.html"
    before, after = (run.written(f"{RESULT}/fastest") for run in runs)
    assert before != after
    assert before in measured(site.pages[name])
    assert after in measured(rebuilt.pages[name])


def test_the_sentences_of_every_page_that_shows_the_number_change(
    site: SiteFolder, rebuilt: SiteFolder, runs: tuple[Run, Run]
) -> None:
    dear = str(runs[0].value(f"{RESULT}/cheapest")[1])
    before, after = (run.written(f"{RESULT}/{dear}/cost_ns") for run in runs)
    # Three digits can belong to another number, so check the pages that use this one.
    asking = {
        path.relative_to(ROOT / "docs" if path.suffix == ".md" else ROOT).with_suffix(".html").as_posix()
        for path in [*ROOT.glob("docs/**/*.md"), *ROOT.glob("gallery/*.py")]
        if f"{RESULT}/{dear}/cost_ns" in path.read_text(encoding="utf-8")
    }
    showing = [name for name, page in site.pages.items() if name in asking and before in measured(page)]
    assert "index.html" in showing
    assert [name for name in showing if measured(rebuilt.pages[name]) == measured(site.pages[name])] == []
    assert after in measured(rebuilt.pages["index.html"])


def test_the_sentences_that_compare_change_with_the_run(site: SiteFolder, rebuilt: SiteFolder) -> None:
    name = "gallery/benchmark_datapoint.html"
    before, after = ([span.get_text() for span in made.pages[name].soup.select(".verdict")] for made in (site, rebuilt))
    assert len(before) == len(after) > 0
    assert before != after


def test_the_table_and_the_figure_of_the_example_change(site: SiteFolder, rebuilt: SiteFolder) -> None:
    name = "gallery/benchmark_datapoint.html"

    def shown(folder: SiteFolder) -> tuple[str, str]:
        soup: BeautifulSoup = folder.pages[name].soup
        drawn = soup.select_one(f'figure[data-source="{RESULT}"] svg')
        return soup.select_one(f'[data-source="{RESULT}"] table.bench-table').get_text(), str(drawn)

    (table, figure), (other_table, other_figure) = shown(site), shown(rebuilt)
    assert table != other_table
    assert figure != other_figure


def test_an_old_run_and_another_commit_are_reported_by_the_readers_browser(
    rebuilt: SiteFolder, browser: Browser
) -> None:
    context = browser.new_context()
    page = context.new_page()
    with served(rebuilt.folder) as address:
        page.goto(address + "index.html")
        banner = page.locator("#freshness")
        assert banner.is_visible()
        reasons = [line.get_attribute("data-reason") for line in banner.locator("p").all()]
        told = banner.inner_text()
    context.close()
    assert reasons == ["old", "build"]
    assert "2020-01-02" in told
    assert "commit 0000000" in told


def test_the_numbers_of_the_claims_on_it_change_and_no_others(
    site: SiteFolder, rebuilt: SiteFolder, runs: tuple[Run, Run]
) -> None:
    def numbers(site: SiteFolder) -> dict[str, str]:
        rows = site.pages["claims.html"].soup.select("table.bench-table tbody tr")
        cells = {row.th.get_text(): [cell.get_text() for cell in row.find_all("td")] for row in rows}
        return {claim.sentence: cells[spaced(claim.sentence)][1] for claim in CLAIMS}

    doctored = str(runs[0].value(f"{RESULT}/cheapest")[1])
    of_it = [claim for claim in CLAIMS if claim.measurement == RESULT]
    read = {claim.sentence for claim in of_it if doctored in {claim.reading.contender, claim.reading.to}}
    before, after = numbers(site), numbers(rebuilt)
    assert read
    # With more rounds the intervals of others may change.
    assert (
        read
        <= {sentence for sentence in before if before[sentence] != after[sentence]}
        <= {claim.sentence for claim in of_it}
    )


def test_other_numbers_stay(site: SiteFolder, rebuilt: SiteFolder) -> None:
    name = "gallery/benchmark_throughput.html"
    assert measured(site.pages[name]) == measured(rebuilt.pages[name])


@pytest.fixture
def copied(build_folder: Path, tmp_path: Path) -> Path:
    """Copy the run and the gallery, so that they can be changed."""
    shutil.copytree(build_folder / "run", tmp_path / "build" / "run")
    shutil.copytree(ROOT / "gallery", tmp_path / "gallery", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_a_broken_example_fails_the_build_by_name(copied: Path) -> None:
    with (copied / "gallery" / "benchmark_memory.py").open("a", encoding="utf-8") as example:
        example.write("\n# %%\n\nraise ValueError('broken on purpose')\n")
    ended = build(copied, **{"sphinx_gallery_conf.examples_dirs": str(copied / "gallery")})
    assert ended.returncode != 0
    assert "benchmark_memory failed" in ended.stderr
    assert "broken on purpose" in ended.stderr


def test_a_changed_statement_cannot_be_reused_and_is_named(copied: Path) -> None:
    example = copied / "gallery" / "benchmark_datapoint.py"
    text = example.read_text(encoding="utf-8")
    assert "1.5" in text
    example.write_text(text.replace("1.5", "2.5"), encoding="utf-8")
    ended = build(copied, **{"sphinx_gallery_conf.examples_dirs": str(copied / "gallery")})
    assert ended.returncode != 0
    assert "benchmark_datapoint/ready cannot be reused" in ended.stderr
