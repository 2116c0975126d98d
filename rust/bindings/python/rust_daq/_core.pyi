from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, SupportsFloat, SupportsIndex, TypeAlias, TypedDict, final

__all__ = ["DataPoint", "_Allocation", "build_facts"]

# What may be given as metadata: a snapshot is taken.
_JsonLike: TypeAlias = bool | int | float | str | Sequence[_JsonLike] | Mapping[str, _JsonLike] | None

class _BuildFacts(TypedDict):
    version: str
    commit: str
    dirty: bool | None
    profile: str
    target: str
    target_features: list[str]
    rustc: str
    pyo3: str

class _BuildInfo(_BuildFacts):
    extension_sha256: str

@final
class DataPoint:
    def __new__(
        cls,
        timestamp: datetime | SupportsIndex,
        channel: str,
        value: SupportsFloat | SupportsIndex,
        unit: str,
        metadata: _JsonLike = None,
    ) -> DataPoint: ...
    @property
    def timestamp(self) -> datetime: ...
    @property
    def timestamp_ns(self) -> int: ...
    @property
    def channel(self) -> str: ...
    @property
    def value(self) -> float: ...
    @property
    def unit(self) -> str: ...
    @property
    def metadata(self) -> Any: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __copy__(self) -> DataPoint: ...
    def __deepcopy__(self, _memo: object, /) -> DataPoint: ...

# The known quantity of the memory counters' self-test; not part of the API.
@final
class _Allocation:
    def __new__(cls, size: int) -> _Allocation: ...
    def __len__(self) -> int: ...

def build_facts() -> _BuildFacts: ...
