"""The former name of the measuring kit, which is now the package `evenhand`.

Version 0.2 is the last version with this module.
"""

import warnings

try:
    import evenhand
except ModuleNotFoundError as error:
    if error.name != "evenhand":
        raise
    MESSAGE = (
        "the measuring kit is now the package evenhand; install it with "
        '`pip install "evenhand @ git+https://github.com/rust-daq/rust-daq#subdirectory=kit"`'
    )
    raise ModuleNotFoundError(MESSAGE, name="evenhand") from None

warnings.warn(
    "rust_daq.bench is now the package evenhand and will be removed after version 0.2; "
    "write `import evenhand as bench`",
    DeprecationWarning,
    stacklevel=2,
)

globals().update({name: getattr(evenhand, name) for name in evenhand.__all__})
__all__ = list(evenhand.__all__)
