"""`rust_daq.build_info`."""

from rust_daq import _core

# Not imported: `typing` takes longer to import than the rest of `rust_daq`.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from rust_daq._core import _BuildInfo


def build_info() -> "_BuildInfo":
    """Describe the loaded build of the extension.

    Returns
    -------
    dict
        The facts by name; the notes list them.

    Raises
    ------
    OSError
        If the extension file was removed after it was loaded.

    Notes
    -----
    - ``version``: the version of the package.
    - ``commit``: the last git commit that changed the sources of the extension, or ``"unknown"``. A build from a
      source distribution has the commit that the distribution was made from.
    - ``dirty``: whether the sources differed from that commit; None if that is not known.
    - ``profile``: ``"release"`` or ``"debug"``.
    - ``burn``: whether the build is slowed down on purpose, as tests of the regression gate need.
    - ``target``: the target triple.
    - ``target_features``: the instruction sets that the compiler was allowed to use.
    - ``rustc``, ``pyo3``: their versions.
    - ``constructor``: ``"fast"`` if `DataPoint` is constructed like Python's own small types; ``"ordinary"`` if
      PyO3 constructs it, which takes longer (on free-threaded Python, or with an unknown object layout).
    - ``extension_sha256``: the hash of the extension file, computed by this call.

    Examples
    --------
    >>> import rust_daq
    >>> rust_daq.build_info()["version"] == rust_daq.__version__
    True
    """
    # Imported here, because these imports take time too.
    import hashlib
    from pathlib import Path

    facts = _core.build_facts()
    # If the file was replaced after the import, this is the hash of the new file; the loaded one cannot be read.
    digest = hashlib.sha256(Path(_core.__file__).read_bytes()).hexdigest()
    return {**facts, "extension_sha256": digest}
