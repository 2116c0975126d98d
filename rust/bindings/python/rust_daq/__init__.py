"""Timestamped measurement data with a Rust core."""

from rust_daq._core import Batch, Channel, DataPoint, Metadata, Report, SimulatedInstrument, build_facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rust_daq._build import build_info
    from rust_daq._pipeline import Pipeline
    from rust_daq._shared_sink import SharedSink

__all__ = [
    "Batch",
    "Channel",
    "DataPoint",
    "Metadata",
    "Pipeline",
    "Report",
    "SharedSink",
    "SimulatedInstrument",
    "__version__",
    "build_info",
]

__version__ = build_facts()["version"]

if build_facts()["profile"] != "release":
    import warnings

    warnings.warn(
        "this rust_daq is a debug build, many times slower than a release build; "
        "build it with `maturin develop --release`",
        RuntimeWarning,
        stacklevel=2,
    )
    del warnings

del build_facts


_LATER = {
    "Pipeline": "rust_daq._pipeline",
    "SharedSink": "rust_daq._shared_sink",
    "build_info": "rust_daq._build",
}


def __getattr__(name: str) -> object:
    """Import a name on first use if it needs more of the standard library, so that `import rust_daq` stays fast."""
    if name not in _LATER:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    found: object = getattr(import_module(_LATER[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
