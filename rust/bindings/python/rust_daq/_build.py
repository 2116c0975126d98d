"""What is known about the build of the extension."""

from rust_daq import _core

# Spelt out, because importing `typing` takes longer than all the rest of `import rust_daq`.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from rust_daq._core import _BuildInfo


def build_info() -> "_BuildInfo":
    """Tell which build of the extension is loaded.

    Returns
    -------
    dict
        ``version`` of the package; ``commit``, the last one in git that changed the sources of
        the extension (built from a source distribution: the one that this was made from), or
        ``"unknown"``; ``dirty``, whether they differed from that commit (None
        when that is not known);
        ``profile``, ``"release"`` or ``"debug"``; ``burn``, whether it slows itself down on purpose,
        which only tests of the regression gate want; ``target``, the triple that it was built for;
        ``target_features``, the instruction sets that the compiler was free to use; ``rustc`` and
        ``pyo3``, their versions; ``constructor``, ``"fast"`` where `DataPoint` is made in the form
        of Python's own small types, ``"ordinary"`` where it is made by PyO3 (a free-threaded
        Python, or an unknown object layout), which takes longer; ``extension_sha256``, the hash
        of the extension file, computed by this call.

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
    # Not at the top, for the same reason.
    import hashlib
    from pathlib import Path

    facts = _core.build_facts()
    # A file replaced since the import would be told as the loaded one: nothing better is at hand.
    digest = hashlib.sha256(Path(_core.__file__).read_bytes()).hexdigest()
    return {**facts, "extension_sha256": digest}
