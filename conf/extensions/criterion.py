"""Criterion: its estimates become rows of the run, its reports become pages of the site."""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sphinx.errors import SphinxError

ESTIMATES = {"mean": "mean", "median": "median", "std_dev": "sd"}
SERVED = (".html", ".svg")
"""What a reader opens; Criterion keeps its samples beside it."""
BACK = '<nav class="site-back"><a href="{up}criterion.html">Back to the guide: inside Rust</a></nav>'
PAGE_STYLE = """<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body { font-family: system-ui, sans-serif; margin: 0; background: #fff; color: #222; }
.body { width: auto; max-width: 960px; padding: 0 1rem 2rem; }
.site-back { padding: .75rem 1rem; background: #eee; }
.plots, .stats { overflow-x: auto; }
.stats { flex-wrap: wrap; }
img { max-width: 100%; height: auto; }
th.ci-bound, td.ci-bound { opacity: 1; color: #555; }
#footer { height: auto; padding: .25rem 1rem; background: #555; }
</style>
</head>"""


class CriterionError(SphinxError):
    """There is no whole output of Criterion."""

    category = "Criterion error"


def rows(folder: Path) -> list[dict[str, Any]]:
    """Read the estimates of every benchmark.

    Parameters
    ----------
    folder : Path
        Criterion's output, ``target/criterion``.

    Returns
    -------
    list of dict
        ``benchmark`` (its full id), ``elements`` an iteration (None where none is declared), and ``mean_ns``,
        ``median_ns`` and ``sd_ns`` an iteration, each with ``_low_ns`` and ``_high_ns`` of its 95 % interval;
        ``elements_per_second`` from the mean.

    Raises
    ------
    CriterionError
        If there is no benchmark.
    """
    found = [row(path.parent) for path in sorted(folder.glob("**/new/benchmark.json"))]
    if not found:
        message = f"there is no output of Criterion in {folder.parent.name}/{folder.name}; build with: nox -s docs"
        raise CriterionError(message)
    # By group, then by number: 100 before 1000.
    return sorted(found, key=lambda entry: [(len(part), part) if part.isdigit() else (0, part)
                                            for part in entry["benchmark"].split("/")])


def row(folder: Path) -> dict[str, Any]:
    """One benchmark's estimates."""
    benchmark = json.loads((folder / "benchmark.json").read_text(encoding="utf-8"))
    estimates = json.loads((folder / "estimates.json").read_text(encoding="utf-8"))
    elements = (benchmark["throughput"] or {}).get("Elements")
    entry: dict[str, Any] = {"benchmark": benchmark["full_id"], "elements": elements}
    for theirs, ours in ESTIMATES.items():
        interval = estimates[theirs]["confidence_interval"]
        entry[f"{ours}_ns"] = estimates[theirs]["point_estimate"]
        entry[f"{ours}_low_ns"] = interval["lower_bound"]
        entry[f"{ours}_high_ns"] = interval["upper_bound"]
    entry["elements_per_second"] = elements and elements * 1e9 / entry["mean_ns"]
    return entry


def copy_reports(source: Path, target: Path) -> None:
    """Copy the reports, readable on a phone, with a way back and without a link that leads nowhere."""
    shutil.rmtree(target, ignore_errors=True)
    for path in sorted(source.rglob("*")):
        if path.suffix in SERVED:
            there = target / path.relative_to(source)
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, there)
    for page in target.rglob("*.html"):
        up = "../" * len(page.relative_to(target).parts)
        page.write_text(mended(page.read_text(encoding="utf-8"), page.parent, up), encoding="utf-8")


def mended(text: str, folder: Path, up: str) -> str:
    """A report page as part of this site: its language, its look on a phone, a way back, no dead link."""
    text = text.replace("<html>", '<html lang="en">', 1)
    text = text.replace("</head>", PAGE_STYLE, 1)
    text = re.sub(r"<body>", f"<body>\n{BACK.format(up=up)}", text, count=1)
    return re.sub(
        r'<a href="([^"]*)">(.*?)</a>', lambda link: link[0] if leads(link[1], folder) else link[2], text, flags=re.DOTALL
    )


def leads(address: str, folder: Path) -> bool:
    """Whether a link from a page in `folder` leads to another host or to a file that is there."""
    parts = urlsplit(html.unescape(address))
    return bool(parts.scheme) or address.endswith("criterion.html") or (folder / unquote(parts.path)).exists()
