"""The measuring kit by its name of before: it is the package `evenhand` now.

Version 0.2 has this module for the last time.
"""

import warnings

try:
    import evenhand
except ModuleNotFoundError as error:
    if error.name != "evenhand":
        raise
    MESSAGE = 'the measuring kit is the package evenhand now; install it with `pip install "rust-daq[bench]"`'
    raise ModuleNotFoundError(MESSAGE, name="evenhand") from None

warnings.warn(
    "rust_daq.bench is the package evenhand now, and goes after version 0.2; write `import evenhand as bench`",
    DeprecationWarning,
    stacklevel=2,
)

globals().update({name: getattr(evenhand, name) for name in evenhand.__all__})
__all__ = list(evenhand.__all__)
