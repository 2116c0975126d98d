"""Kernels: the cells of a page run in a kernel, whose connection is encrypted if Jupyter can do so.

Jupyter leaves encryption off unless its manager of kernels asks for it, and the kernel then warns in each build.  The
option is one of that manager, to which MyST-NB passes no options, so its default changes here.
"""

from __future__ import annotations

import zmq
from jupyter_client.manager import KernelManager
from sphinx.application import Sphinx

OPTION = "transport_encryption"
"""The option of newer managers: ``disabled``, ``auto`` or ``required``."""


def setup(app: Sphinx) -> None:
    """Ask for encryption wherever kernel and library support it."""
    del app
    option = KernelManager.class_traits().get(OPTION)
    if option is not None and zmq.has("curve"):
        option.default_value = "auto"
