"""The error that ends a build which cannot show correct numbers."""

from sphinx.errors import SphinxError


class MeasuringError(SphinxError):
    """The examples do not produce a run, or a page asks for a number that the run lacks; the message names it."""

    category = "Measuring error"
