"""Feature values of entities at one instant, as the API serves them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .frames import frame_of
from .values import Value, decode

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class FeatureRow:
    """
    The features of one entity, by result name (`driver_stats__trips_30d`). `statuses` are PRESENT, DEFAULT, MISSING,
    EXPIRED or ERROR; treat one that you do not know as not present. `event_times`: of the stored row that a value was
    read from; None for static, absent and computed ones and for windows of a stream.
    """

    entity: Mapping[str, Value]
    values: Mapping[str, Value]
    statuses: Mapping[str, str]
    event_times: Mapping[str, datetime | None]

    def __getitem__(self, name: str) -> Value:
        return self.values[name]


@dataclass(frozen=True)
class OnlineFeatures(Sequence[FeatureRow]):
    """
    A row for each entity of the request, in its order, all of them as of the one instant `as_of`. `is_partial`: some
    key could not be read in time; its values are None with status ERROR.
    """

    rows: tuple[FeatureRow, ...]
    types: Mapping[str, str]
    as_of: datetime
    service: str | None
    definition_hash: str
    is_partial: bool
    request_id: str

    @property
    def names(self) -> tuple[str, ...]:
        """Result names in the order of the service."""
        return tuple(self.types)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[FeatureRow]:
        return iter(self.rows)

    def __getitem__(self, index: Any) -> Any:
        return self.rows[index]

    def to_pandas(self, *, with_statuses: bool = False) -> "pandas.DataFrame":
        """
        Keys, then features, a row per entity; with `with_statuses` also a column `<name>__status` for each feature.
        Integers and bools have pandas' nullable types, so that int64 stays exact; timestamps are in UTC.
        """
        keys = list(dict.fromkeys(key for row in self.rows for key in row.entity))
        columns: dict[str, list[Any]] = {key: [row.entity.get(key) for row in self.rows] for key in keys}
        columns |= {name: [row.values[name] for row in self.rows] for name in self.names}
        if with_statuses:
            columns |= {f"{name}__status": [row.statuses[name] for row in self.rows] for name in self.names}
        return frame_of(columns, self.types)


def read_online(answer: Mapping[str, Any], types: Mapping[str, str]) -> OnlineFeatures:
    """The answer of POST /v1/online-features with status and eventTime; `types` by result name."""
    names = answer["names"]
    meta = answer["meta"]
    return OnlineFeatures(
        rows=tuple(_row(row, names, types) for row in answer["rows"]),
        types={name: types[name] for name in names},
        as_of=_instant(meta["asOf"]),
        service=None if meta["service"] is None else f"{meta['service']}@{meta['version']}",
        definition_hash=meta["definitionHash"],
        is_partial=meta["partial"],
        request_id=meta["requestId"],
    )


def _row(row: Mapping[str, Any], names: Sequence[str], types: Mapping[str, str]) -> FeatureRow:
    values = [decode(types[name], value) for name, value in zip(names, row["values"], strict=True)]
    times = [None if text is None else _instant(text) for text in row["eventTime"]]
    return FeatureRow(
        entity=row["entity"],
        values=dict(zip(names, values, strict=True)),
        statuses=dict(zip(names, row["status"], strict=True)),
        event_times=dict(zip(names, times, strict=True)),
    )


def _instant(text: str) -> datetime:
    instant = decode("timestamp", text)
    assert isinstance(instant, datetime)
    return instant
