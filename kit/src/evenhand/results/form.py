"""A form of figure: how numbers are laid out at either width, and what they are in words."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from matplotlib.artist import Artist

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Form(Artist):
    """One way to draw numbers into axes.

    It is an artist that shows nothing: the axes carry it, so whoever shows their figure can lay it out for a phone and
    describe it.

    Parameters
    ----------
    ax : Axes
        Where it is drawn.
    """

    def __init__(self, ax: Axes) -> None:
        super().__init__()
        self.set_in_layout(False)
        self.ax = ax
        ax.add_artist(self)

    def draw(self, renderer: Any) -> None:
        """Show nothing."""

    @abstractmethod
    def narrow(self) -> None:
        """Change the axes so that they are legible at half the width."""

    @abstractmethod
    def described(self) -> str:
        """Say what the axes show, with values."""

    def set_height(self, inches: float) -> None:
        """Set the height of the figure, where the axes share it with no others."""
        figure: Figure | Any = self.ax.get_figure(root=True)
        if len(figure.axes) == 1:
            figure.set_figheight(inches)
