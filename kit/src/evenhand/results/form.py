"""The form of a figure: its layout at both widths, and its description in words."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from matplotlib.artist import Artist

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Form(Artist):
    """One way to draw numbers into axes.

    It is an invisible artist that the axes keep, so that code with only the figure can lay it out for a phone and
    describe it.

    Parameters
    ----------
    ax : Axes
        The axes of the drawing.
    """

    def __init__(self, ax: Axes) -> None:
        super().__init__()
        self.set_in_layout(False)
        self.ax = ax
        ax.add_artist(self)

    def draw(self, renderer: Any) -> None:
        """Draw nothing."""

    @abstractmethod
    def narrow(self) -> None:
        """Change the axes so that they can be read at half the width."""

    @abstractmethod
    def described(self) -> str:
        """Describe the axes, with values."""

    def set_height(self, inches: float) -> None:
        """Set the height of the figure, unless it has other axes."""
        figure: Figure | Any = self.ax.get_figure(root=True)
        if len(figure.axes) == 1:
            figure.set_figheight(inches)
