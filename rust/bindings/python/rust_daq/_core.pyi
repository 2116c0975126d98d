from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, SupportsFloat, SupportsIndex, TypeAlias, TypedDict, final

__all__ = ["DataPoint", "build_facts"]

# What may be given as metadata: a snapshot is taken.
JsonLike: TypeAlias = (
    None | bool | int | float | str | Sequence[JsonLike] | Mapping[str, JsonLike]
)

class BuildFacts(TypedDict):
    version: str
    commit: str
    dirty: bool | None
    profile: str
    target: str
    target_features: list[str]
    rustc: str
    pyo3: str

@final
class DataPoint:
    def __new__(
        cls,
        timestamp: datetime | SupportsIndex,
        channel: str,
        value: SupportsFloat | SupportsIndex,
        unit: str,
        metadata: JsonLike = None,
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

@final
class _Allocation:
    def __new__(cls, size: int) -> _Allocation: ...
    def __len__(self) -> int: ...

def build_facts() -> BuildFacts: ...
