"""The error that ends a build which cannot show right numbers."""

from sphinx.errors import SphinxError


class MeasuringError(SphinxError):
    """The examples do not make a run, or a page asks it for what it does not have; the message names which."""

    category = "Measuring error"
