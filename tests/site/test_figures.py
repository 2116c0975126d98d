"""The figures of an example on its page."""

from __future__ import annotations

from tiny_project import EXAMPLE, Project

DRAWS = (
    EXAMPLE
    + """
# %%

result.plot()

# %%

import matplotlib.pyplot as plt

figure, (left, right) = plt.subplots(1, 2)
left.plot([1, 2], label="mine")
"""
)


def test_a_plotted_result_is_in_the_page_with_its_name(project: Project) -> None:
    project.example(DRAWS)
    assert project.build().status == 0
    text = project.page("gallery/first")
    assert text.count('<figure class="bench-figure"') == 2
    assert text.count('<figure class="bench-figure" data-source="first/made">') == 1
    assert "<img" not in text
    assert text.count('<details class="provenance">') == 2
