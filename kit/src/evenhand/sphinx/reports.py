"""Criterion's own reports as pages of the site, with its header, search, themes and footer.

The text and the plots are Criterion's; only the style changes: plots have the colours of the page, each with
a sentence on its meaning and as a file; wide tables scroll; no link leads out of the site by accident.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag
from sphinx.application import Sphinx
from sphinx.util.osutil import relative_uri

from evenhand.sphinx import downloads, provenance
from evenhand.sphinx.places import machine_address, publishes

SERVED = (".html", ".svg")
"""The files that a reader opens; Criterion stores its samples in the same folders."""
GUIDE = "criterion"
"""The page of the guide that describes the reports, if there is one, and the folder of the reports."""

RESAMPLED = "The estimates from many resamples of the measured times; the shaded part has 95 % of them."
MEANING = {
    "pdf": (
        "How often an iteration took how long: the higher the curve, the more often. The line marks the mean. "
        "A second hump, or a long tail to the right, can mean that something disturbed some of the samples."
    ),
    "regression": (
        "Each dot is a sample: how many iterations it had, and how long they took together. The slope of the line "
        "is the time of one iteration; something may have disturbed dots off the line."
    ),
    "iteration_times": (
        "The time of an iteration in each sample, in the order in which they were taken. A drift or a step can "
        "mean that the machine changed during the measurement."
    ),
    "typical": RESAMPLED,
    "mean": RESAMPLED,
    "SD": RESAMPLED,
    "median": RESAMPLED,
    "MAD": RESAMPLED,
    "slope": RESAMPLED,
    "violin": "One body for each size: the thicker, the more often an iteration took that long.",
    "lines": "The mean time of an iteration over the size of its input.",
    "lines_throughput": "Elements per second over the size of the input.",
}
PAIRED, WIDEST = 500, 720
"""Widths in pixels: the maximum of a plot in a pair, and of any plot."""
DIGIT, LETTER = 10.2, 9.5
"""The width of a digit and the mean width of a letter in the text of a plot, in its units, in DejaVu Sans.

The page enlarges the text, and few fonts without serifs are wider.
"""
BEYOND = {"start": 1, "middle": 1 / 2, "end": 0}
"""Which part of a text lies to the right of its place."""
TITLE = 22
"""What the title of a vertical axis takes, with its distance from the labels."""
EDGE = 6
"""The room between a title and the edge."""
BELOW = 14
"""How far the title of a horizontal axis moves down."""
CLICKED = re.compile(r"\s*Click on the plot[^.]*\.")
"""A sentence of Criterion about its own page; here a plot has its whole size."""
BLACK = re.compile(r'(?<==")(?:#000000|#000|black)(?=")')
TITLES = {"SD": "Standard deviation", "MAD": "Median absolute deviation", "PDF of Slope": "Distribution of times"}


def folder(app: Sphinx) -> Path:
    """The folder of the reports as Criterion wrote them."""
    return Path(app.config.measuring_folder, "criterion")


def keep(app: Sphinx) -> None:
    """Store the reports of the run; a build that reuses a run has them from the build that measured it."""
    kept = folder(app)
    if not publishes(app) or not app.config.measuring_criterion or (app.config.measuring_reuse and kept.is_dir()):
        return
    source = Path(app.config.measuring_criterion)
    shutil.rmtree(kept, ignore_errors=True)
    for path in sorted(source.rglob("*")):
        if path.suffix in SERVED:
            there = kept / path.relative_to(source)
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, there)


def pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Each report as a page of the site."""
    if not publishes(app):
        return
    kept = folder(app)
    document = provenance.read(app.config)
    for path in sorted(kept.rglob("*.html")):
        name = (GUIDE / path.relative_to(kept)).with_suffix("").as_posix()
        uri = app.builder.get_target_uri(name)
        guide = []
        if GUIDE in app.env.found_docs:
            guide = [(relative_uri(uri, app.builder.get_target_uri(GUIDE)), escape(app.env.titles[GUIDE].astext()))]
        overview = relative_uri(uri, app.builder.get_target_uri(f"{GUIDE}/report/index"))
        machine = machine_address(app, uri)
        title, body = framed(path, [*guide, (overview, "All reports")], downloads.PageFiles(app, name))
        context = {
            "title": title,
            "parents": [{"link": link, "title": title} for link, title in guide],
            "body": body + provenance.markup(document, "", machine),
        }
        yield name, context, "page.html"


def framed(path: Path, ways: list[tuple[str, str]], files: downloads.PageFiles | None = None) -> tuple[str, str]:
    """The title of a report, and its content as the site shows it; with ``files`` each plot is also a file."""
    soup = BeautifulSoup(CLICKED.sub("", path.read_text(encoding="utf-8")), "html.parser")
    [body] = soup.select("body > .body")
    heading = body.find("h2")
    title = heading.get_text(strip=True)
    heading.extract()
    for table in body.select(".plots table"):
        table.replace_with(gathered(soup, table))
    for link in body.find_all("a"):
        follow(soup, link, path.parent)
    for image in body.find_all("img"):
        image.replace_with(plot(soup, path.parent / image["src"], image["alt"]))
    for table in body.find_all("table"):
        tidy(soup, table)
    for nested in body.select("ul > ul"):
        nested.find_previous_sibling("li").append(nested.extract())
    for name, level in (("h3", "h2"), ("h4", "h2")):
        for found in body.find_all(name):
            found.name, found.string = level, found.get_text(strip=True).rstrip(":")
    for found in body.select("a > h2"):
        turned(found)
    if files is not None:
        save_plots(body, files)
    links = " · ".join(f'<a href="{address}">{text}</a>' for address, text in ways)
    nav = f'<nav class="report-ways" aria-label="Criterion reports">{links}</nav>'
    said = "<p>Written by Criterion, which ran in Rust just before the examples, on the same build.</p>"
    return title, f'<section class="report"><h1>{escape(title)}</h1>{nav}{said}{body.decode_contents()}</section>'


def save_plots(body: Tag, files: downloads.PageFiles) -> None:
    """Write each plot as a file, and link to it in its caption."""
    for figure in body.select("figure.report-plot"):
        place = files.write(f"{files.next('figure')}.svg", downloads.standalone(str(figure.svg)))
        saved = files.markup({"SVG": place}, figure.svg["aria-label"])
        figure.figcaption.append(BeautifulSoup(saved, "html.parser"))


def gathered(soup: BeautifulSoup, table: Tag) -> Tag:
    """The plots of a layout table."""
    room = soup.new_tag("div", attrs={"class": "report-plots"})
    for image in table.find_all("img"):
        room.append(image.extract())
    return room


def follow(soup: BeautifulSoup, link: Tag, here: Path) -> None:
    """Keep a link to a page, replace a link to a plot by the plot, and unwrap a broken link."""
    parts = urlsplit(link["href"])
    path = here / unquote(parts.path)
    if parts.scheme or (path.suffix == ".html" and path.is_file()):
        return
    if path.suffix == ".svg" and path.is_file() and not link.find("img"):
        shown = soup.new_tag("details", attrs={"class": "report-more"})
        summary = soup.new_tag("summary")
        summary.string = TITLES.get(path.stem, link.get_text(strip=True))
        shown.extend([summary, plot(soup, path, summary.string)])
        link.replace_with(shown)
    else:
        link.unwrap()


def plot(soup: BeautifulSoup, path: Path, title: str) -> Tag:
    """A plot in the page: its text has the page's colour, its data keep theirs, and a sentence explains it."""
    title = TITLES.get(title, title)
    drawn = BeautifulSoup(BLACK.sub("currentColor", path.read_text(encoding="utf-8")), "html.parser").find("svg")
    width, height = drawn.attrs.pop("width"), drawn.attrs.pop("height")
    drawn.attrs.pop("xmlns", None)
    drawn.attrs.pop("viewbox", None)
    left, below = room_for_titles(drawn) if int(width) > PAIRED else (0, 0)
    right = room_at_the_right(drawn, int(width))
    drawn.attrs |= {
        "viewBox": f"{-left} 0 {left + int(width) + right} {int(height) + below}",
        "role": "img",
        "aria-label": title,
    }
    # Wider than the small plot of a pair, and at most as wide as a page.
    drawn["style"] = f"max-width: {min(int(width), WIDEST)}px"
    figure = soup.new_tag("figure", attrs={"class": "report-plot"})
    if int(width) > PAIRED:
        # Its text would be too small on a phone, so it keeps its width and scrolls.
        drawn.wrap(soup.new_tag("div", attrs={"class": "bench-room report-room"}))
        drawn = drawn.parent
    caption = soup.new_tag("figcaption")
    name = soup.new_tag("strong")
    name.string = f"{title}."
    caption.extend([name, f" {MEANING.get(path.stem.removesuffix('_small'), '')}".rstrip()])
    figure.extend([drawn, caption])
    return figure


def room_for_titles(drawn: Tag) -> tuple[int, int]:
    """Move the titles of the axes away from the larger labels; return the room that they take at the left and below."""
    labels = drawn.select('text[text-anchor="end"]')
    first = min((int(label["x"]) - round(extent(label)) for label in labels), default=TITLE)
    for title in drawn.select('text[transform^="rotate(270"]'):
        x, y = first - TITLE, title["y"]
        title.attrs |= {"x": str(x), "transform": f"rotate(270, {x}, {y})"}
    titles = drawn.select('text[dy="-0.5ex"]:not([transform])')
    for title in titles:
        title["y"] = str(int(title["y"]) + BELOW)
    return max(0, TITLE - first + EDGE), BELOW if titles else 0


def room_at_the_right(drawn: Tag, width: int) -> int:
    """Return the room that the longest label or legend takes beyond the right edge of a plot."""
    texts = drawn.select("text:not([transform])")
    ends = [int(text["x"]) + extent(text) * BEYOND[text.get("text-anchor", "start")] for text in texts]
    return max(0, round(max(ends, default=width)) - width)


def extent(text: Tag) -> float:
    """Return the width of a text in a plot."""
    return sum(DIGIT if letter.isdigit() else LETTER for letter in text.get_text(strip=True))


def tidy(soup: BeautifulSoup, table: Tag) -> None:
    """Style a table of numbers like the site's other tables."""
    table.attrs = {"class": "bench-table"}
    for cell in table.find_all(["th", "td"]):
        cell.attrs = {}
    for cell in table.select("thead th"):
        cell["scope"] = "col"
        cell.string = cell.get_text(strip=True).lower() or "statistic"
    if first := table.select_one("thead th"):
        first["class"] = "bench-words"
    caption = soup.new_tag("caption")
    caption.string = "Estimates, with the bounds of their 95 % intervals"
    table.insert(0, caption)
    for row in table.select("tbody tr"):
        first = row.find("td")
        first.name, first["scope"], first["class"] = "th", "row", "bench-words"
    table.wrap(soup.new_tag("div", attrs={"class": "bench-room"}))


def turned(heading: Tag) -> None:
    """Turn a link with a heading in it into a heading with a link in it."""
    link = heading.parent
    text = heading.get_text(strip=True)
    heading.extract()
    heading.clear()
    link.string = text
    link.wrap(heading)


def setup(app: Sphinx) -> None:
    """Store the reports when the run is sealed, and write them after all pages."""
    app.connect("builder-inited", keep, priority=690)
    app.connect("html-collect-pages", pages)
