"""A figure as HTML: the page's text colour, two widths, and ids that are unique on the page."""

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
def test_a_figure_uses_the_text_colour_of_its_page_and_keeps_the_colours_of_data(result):
    text = result.figure()._repr_html_()
    assert INK not in text
    assert "currentColor" in text
    assert COLOURS[0] in text
    assert "DejaVu" not in text
    assert "<style" not in text


@pytest.mark.parametrize("result", RESULTS)
def test_a_figure_has_a_drawing_for_a_desktop_and_one_for_a_phone(result):
    markup = result.figure()
    desk, phone = ET.fromstring(markup.desk), ET.fromstring(markup.phone)
    assert float(desk.attrib["viewBox"].split()[2]) > 1.5 * float(phone.attrib["viewBox"].split()[2])
    for drawing in (desk, phone):
        words = " ".join(drawing.itertext())
        assert [name for name in result.contenders if name not in words] == []


def test_a_figure_has_a_description():
    label = ET.fromstring(made_result().figure().desk).attrib["aria-label"]
    assert "one 100" in label
    assert "two 50" in label
    assert "time per operation" in label


def test_ids_in_a_figure_are_unique_and_referred_to():
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


def test_a_figure_keeps_its_own_bars():
    figure = Figure()
    upright, lying = figure.subplots(2)
    upright.bar(["a", "b"], [1, 2])
    lying.barh([1.0, 2.0], [3, 4])
    text = FigureMarkup(figure)._repr_html_()
    assert text.count("<svg") == 2


def test_a_path_without_points_is_left_out():
    figure = Figure()
    figure.subplots().plot([float("nan")], [float("nan")], "-")
    paths = re.findall("<path[^>]*>", FigureMarkup(figure, label="nothing").desk)
    assert paths
    assert [path for path in paths if ' d="' not in path] == []


@pytest.mark.filterwarnings("ignore:Glyph")
def test_a_name_with_a_control_character_is_drawn():
    words = " ".join(ET.fromstring(made_result(costs={"a\x1b[2Jb": 1.0, "c": 2.0}).figure().desk).itertext())
    assert "a\N{REPLACEMENT CHARACTER}[2Jb" in words
