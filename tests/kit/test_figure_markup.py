"""A figure as HTML: the page's ink, two widths, and no name that another figure on the page has."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from made_runs import made_result
from matplotlib.figure import Figure
from test_latency import result as latency
from test_throughput import result as throughput

from evenhand import FigureMarkup
from evenhand.results.figure import COLOURS, INK

RESULTS = [made_result(), latency(), throughput(), throughput(sizes=(1_000,))]


@pytest.mark.parametrize("result", RESULTS)
def test_a_figure_takes_the_ink_of_its_page_and_keeps_the_colours_of_data(result):
    text = result.figure()._repr_html_()
    assert INK not in text
    assert "currentColor" in text
    assert COLOURS[0] in text
    assert "DejaVu" not in text
    assert "<style" not in text


@pytest.mark.parametrize("result", RESULTS)
def test_a_figure_stands_there_for_a_desk_and_for_a_phone(result):
    markup = result.figure()
    desk, phone = ET.fromstring(markup.desk), ET.fromstring(markup.phone)
    assert float(desk.attrib["viewBox"].split()[2]) > 1.5 * float(phone.attrib["viewBox"].split()[2])
    for drawing in (desk, phone):
        words = " ".join(drawing.itertext())
        assert [name for name in result.contenders if name not in words] == []


def test_a_figure_says_what_it_shows():
    label = ET.fromstring(made_result().figure().desk).attrib["aria-label"]
    assert "one 100" in label
    assert "two 50" in label
    assert "time per operation" in label


def test_names_in_a_figure_are_its_own_and_lead_somewhere():
    text = latency().figure()._repr_html_() + throughput().figure()._repr_html_()
    names = re.findall(r'\bid="([^"]+)"', text)
    assert names
    assert len(names) == len(set(names))
    assert set(re.findall(r'href="#([^"]+)"', text)) | set(re.findall(r"url\(#([^)]+)\)", text)) <= set(names)


def test_a_figure_names_the_result_it_shows_and_its_caption():
    text = made_result().figure("Shorter & better.")._repr_html_()
    assert '<figure class="bench-figure" data-source="first/made">' in text
    assert "<figcaption>Shorter &amp; better.</figcaption>" in text


def test_any_figure_can_be_shown():
    figure = Figure()
    figure.subplots().plot([1, 2], [3, 4], label="mine")
    text = FigureMarkup(figure)._repr_html_()
    assert "mine" in text
    assert "data-source" not in text


def test_a_figure_with_bars_of_its_own_keeps_them():
    figure = Figure()
    upright, lying = figure.subplots(2)
    upright.bar(["a", "b"], [1, 2])
    lying.barh([1.0, 2.0], [3, 4])
    text = FigureMarkup(figure)._repr_html_()
    assert text.count("<svg") == 2
