"""Criterion: its estimates become a part of the run, its reports become pages of the site."""

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
.body > h2 { overflow-wrap: anywhere; }
.stats { width: auto; overflow-x: auto; }
@media (max-width: 700px) { .stats { display: block; } }
img { max-width: 100%; height: auto; }
th.ci-bound, td.ci-bound { opacity: 1; color: #555; }
#footer { height: auto; padding: .25rem 1rem; background: #555; }
</style>
</head>"""


class CriterionError(SphinxError):
    """There is no whole output of Criterion."""

    category = "Criterion error"


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """Read the estimates of every benchmark.

    Parameters
    ----------
    folder : Path
        Criterion's output, ``target/criterion``.

    Returns
    -------
    dict of str to dict
        By the benchmark's full id: ``elements`` an iteration (None where none is declared), and ``mean_ns``,
        ``median_ns`` and ``sd_ns`` an iteration, each with ``_low_ns`` and ``_high_ns`` of its 95 % interval;
        ``elements_per_second`` from the mean.

    Raises
    ------
    CriterionError
        If there is no benchmark.
    """
    found = dict(estimates(path.parent) for path in folder.glob("**/new/benchmark.json"))
    if not found:
        message = f"there is no output of Criterion in {folder.parent.name}/{folder.name}; build with: nox -s docs"
        raise CriterionError(message)
    return {name: found[name] for name in sorted(found, key=by_size)}


def by_size(name: str) -> list[tuple[int, str]]:
    """A key that puts ``batch/100`` before ``batch/1000``, and names in the order of the alphabet."""
    return [(int(part) if part.isdigit() else -1, part) for part in name.split("/")]


def estimates(folder: Path) -> tuple[str, dict[str, Any]]:
    """One benchmark's full id and numbers."""
    benchmark = json.loads((folder / "benchmark.json").read_text(encoding="utf-8"))
    found = json.loads((folder / "estimates.json").read_text(encoding="utf-8"))
    elements = (benchmark["throughput"] or {}).get("Elements")
    numbers: dict[str, Any] = {"elements": elements}
    for theirs, ours in ESTIMATES.items():
        interval = found[theirs]["confidence_interval"]
        numbers[f"{ours}_ns"] = found[theirs]["point_estimate"]
        numbers[f"{ours}_low_ns"] = interval["lower_bound"]
        numbers[f"{ours}_high_ns"] = interval["upper_bound"]
    numbers["elements_per_second"] = elements and elements * 1e9 / numbers["mean_ns"]
    return benchmark["full_id"], numbers


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
        r'<a href="([^"]*)">(.*?)</a>',
        lambda link: link[0] if leads(link[1], folder) else link[2],
        text,
        flags=re.DOTALL,
    )


def leads(address: str, folder: Path) -> bool:
    """Whether a link from a page in `folder` leads to another host or to a file that is there."""
    parts = urlsplit(html.unescape(address))
    return bool(parts.scheme) or address.endswith("criterion.html") or (folder / unquote(parts.path)).exists()
