"""A figure as HTML: one drawing for a desktop and one for a phone, in the text colour of the page."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from evenhand.results.figure import INK
from evenhand.results.quantity import NOT_MEASURED
from evenhand.results.table_markup import source_attribute

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GROUPS = ("g", "defs")
DROPPED = ("metadata", "style")
"""Parts of matplotlib's SVG that are removed: metadata, and a style that would affect the whole page."""
FAMILY = re.compile(r"font-family:[^;]*;?")
SHORT = re.compile(r"font:[^;]*?([\d.]+px)[^;]*")
NUMBER = re.compile(r"-?\d+\.\d{3,}")
UPRIGHT = re.compile(r"rotate\(-?0 [^)]*\)")
BLACK = re.compile(rf"(?<=: )(?:#000000|black|{INK})\b")
INVALID = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that a name may have, and XML may not."""
REFERRED = re.compile(r"[a-z][0-9a-f]{10}$")
"""An id that something in the figure refers to; matplotlib numbers all other parts the same way in each figure."""


class FigureMarkup:
    """A figure as a notebook or a page shows it: an image in the page's own text colour, once for each width.

    The figure of a call that its profile cut is a sentence.

    Parameters
    ----------
    figure : matplotlib Figure
        The figure to show; its layout is changed.
    caption : str
        A sentence below it.
    label : str
        A description for readers who cannot see it; by default made from its axes and contenders.
    source : str
        The result in the figure, ``example/name``; a page shows next to the figure how it was measured.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import evenhand as bench
    >>> figure = Figure()
    >>> line = figure.subplots().plot([0, 1], [0, 1])
    >>> "<figcaption>A line</figcaption>" in bench.FigureMarkup(figure, "A line", label="a line")._repr_html_()
    True
    """

    def __init__(self, figure: Figure, caption: str = "", *, label: str = "", source: str = "") -> None:
        from evenhand.results.figure import described, narrow

        self.caption = caption
        self.source = source
        self.label = label or described(figure)
        self.cut = figure.get_label() == NOT_MEASURED
        self.desk = drawing(figure, self.label)
        narrow(figure)
        self.phone = drawing(figure, self.label)

    def _repr_html_(self) -> str:
        if self.cut:
            return f'<p class="bench-note">Figure: {NOT_MEASURED}.</p>'
        # A notebook shows the desktop drawing; the style sheet of a page chooses by the width of the screen.
        drawings = f'<div class="bench-desk">{self.desk}</div><div class="bench-phone" hidden>{self.phone}</div>'
        caption = f"<figcaption>{escape(self.caption)}</figcaption>" if self.caption else ""
        return f'<figure class="bench-figure"{source_attribute(self.source)}>{drawings}{caption}</figure>'


def drawing(figure: Figure, label: str) -> str:
    """Render a figure as an SVG element for a page."""
    import matplotlib as mpl

    written = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "evenhand"}):
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    text = INVALID.sub("\N{REPLACEMENT CHARACTER}", written.getvalue())
    root = ET.fromstring(text)  # noqa: S314 - matplotlib wrote it above
    name = f"f{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    prune(root)
    for element in root.iter():
        element.tag = local(element.tag)
        element.attrib = attributes(element.attrib, name)
    viewed = root.attrib["viewBox"]
    # matplotlib counts in points; a px is three quarters of a point.
    width = float(viewed.split()[2]) / 0.75
    said = INVALID.sub("\N{REPLACEMENT CHARACTER}", label)
    root.attrib = {"viewBox": viewed, "role": "img", "aria-label": said, "style": f"max-width: {width:.0f}px"}
    return ET.tostring(root, encoding="unicode")


def prune(element: ET.Element) -> None:
    """Remove invisible parts: metadata, a style for the whole page, empty groups and paths, blanks between elements."""
    for child in list(element):
        prune(child)
        tag = local(child.tag)
        if tag in DROPPED or (tag in GROUPS and not len(child)) or (tag == "path" and not child.get("d")):
            element.remove(child)
        child.tail = None
    if local(element.tag) != "text" and local(element.tag) != "tspan":
        element.text = None


def local(name: str) -> str:
    """Return a name without its namespace, as in HTML."""
    return name.rpartition("}")[2]


def attributes(given: Mapping[str, str], name: str) -> dict[str, str]:
    """Adapt attributes for a page: its text colour and font, ids unique to this figure, only visible digits."""
    kept = {}
    for key, value in ((local(key), value) for key, value in given.items()):
        if key == "id":
            if REFERRED.match(value):
                kept[key] = f"{name}-{value}"
        elif key == "href":
            kept[key] = value.replace("#", f"#{name}-")
        elif key == "style":
            kept[key] = BLACK.sub("currentColor", FAMILY.sub("", SHORT.sub(r"font-size: \1", value)).strip(" ;"))
        elif key == "transform":
            if not UPRIGHT.fullmatch(value):
                kept[key] = shorter(value)
        else:
            kept[key] = shorter(value).replace("url(#", f"url(#{name}-")
    return kept


def shorter(text: str) -> str:
    """Round the numbers in a text to two decimals, a hundredth of a point."""
    return " ".join(NUMBER.sub(lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), text).split())
