"""What is known about the build of the extension."""

import hashlib
from pathlib import Path
from typing import TypedDict

from rust_daq import _core


class BuildInfo(TypedDict):
    """What :func:`build_info` returns."""

    version: str
    commit: str
    dirty: bool | None
    profile: str
    target: str
    target_features: list[str]
    rustc: str
    pyo3: str
    extension_sha256: str


def build_info() -> BuildInfo:
    """Tell which build of the extension is loaded.

    Returns
    -------
    dict
        ``version`` of the package; ``commit`` in git, or ``"unknown"``; ``dirty``, whether the
        sources of the extension differed from that commit (None when that is not known);
        ``profile``, ``"release"`` or ``"debug"``; ``target``, the triple that it was built for;
        ``target_features``, the instruction sets that the compiler was free to use; ``rustc`` and
        ``pyo3``, their versions; ``extension_sha256``, the hash of the extension file, computed
        by this call.

    Raises
    ------
    OSError
        If the extension file was removed since it was loaded.

    Examples
    --------
    >>> import rust_daq
    >>> rust_daq.build_info()["version"] == rust_daq.__version__
    True
    """
    facts = _core.build_facts()
    # A file replaced since the import would be told as the loaded one: nothing better is at hand.
    digest = hashlib.sha256(Path(_core.__file__).read_bytes()).hexdigest()
    return {**facts, "extension_sha256": digest}
