"""Partition projection: the values that `projection.*` table properties stand for."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product

from .errors import NotSupportedError, QueryError

MAX_COMBINATIONS = 1_000_000
_RELATIVE = re.compile(r"NOW\s*(?:([+-])\s*(\d+)\s*([A-Z]+))?$")
_UNITS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86400, "WEEK": 604800}
_JAVA_LETTERS = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}


def is_projected(table: dict) -> bool:
    return table.get("Parameters", {}).get("projection.enabled", "").lower() == "true"


def location_template(table: dict) -> str:
    """storage.location.template, else Hive's key=value folders below the table's location."""
    template = table["Parameters"].get("storage.location.template")
    if template:
        return template.rstrip("/") + "/"
    base = table["StorageDescriptor"]["Location"].rstrip("/")
    keys = (k["Name"] for k in table["PartitionKeys"])
    return base + "/" + "".join(f"{k}=${{{k}}}/" for k in keys)


def projected_values(
    table: dict, given: dict[str, list[str]], now: datetime | None = None
) -> Iterator[tuple[str, ...]]:
    """Every combination, in key order. given: values of equality predicates by key; injected keys
    take theirs from it, other string keys are limited to it."""
    now = now or datetime.now(UTC)
    dimensions, combinations = [], 1
    for key in table["PartitionKeys"]:
        values = list(_dimension(key["Name"], table["Parameters"], given, now))
        if key["Type"] == "string" and key["Name"] in given:
            values = [v for v in values if v in given[key["Name"]]]
        dimensions.append(values)
        combinations *= len(values)
    if combinations > MAX_COMBINATIONS:
        raise QueryError(
            "HIVE_EXCEEDED_PARTITION_LIMIT",
            f"{combinations} projected partitions of {table['Name']}; narrow the ranges or the query",
        )
    return product(*dimensions)


def _dimension(key: str, parameters: dict[str, str], given: dict[str, list[str]], now: datetime) -> Iterator[str]:
    def setting(name: str, default: str | None = None) -> str:
        value = parameters.get(f"projection.{key}.{name}", default)
        if value is None:
            raise QueryError("INVALID_TABLE_PROPERTY", f"projection.{key}.{name} is missing")
        return value

    match setting("type").lower():
        case "enum":
            values: Iterator[str] = (v.strip() for v in setting("values").split(","))
        case "integer":
            values = _integers(setting("range"), int(setting("interval", "1")), setting("digits", "0"))
        case "date":
            values = _dates(key, setting, now)
        case "injected":
            if key not in given:
                raise QueryError(
                    "CONSTRAINT_VIOLATION",
                    f"For the injected projected partition column {key}, the WHERE clause must"
                    " contain only static equality conditions, and at least one such condition"
                    " must be present",
                )
            return iter(given[key])
        case kind:
            raise QueryError("INVALID_TABLE_PROPERTY", f"projection.{key}.type {kind}")
    return values


def _integers(limits: str, step: int, digits: str) -> Iterator[str]:
    low, high = (int(v) for v in limits.split(","))
    return (str(v).zfill(int(digits)) for v in range(low, high + 1, step))


def _dates(key, setting, now: datetime) -> Iterator[str]:  # noqa: ANN001
    java = setting("format")
    form = re.sub("|".join(_JAVA_LETTERS), lambda m: _JAVA_LETTERS[m[0]], java)
    if re.search(r"[A-Za-z]", form.replace("'T'", "").translate({ord("%"): None}).strip("YmdHMS-/: _")):
        raise NotSupportedError(f"projection.{key}.format {java}")
    form = form.replace("'", "")
    finest = next(u for u in ("ss", "mm", "HH", "dd", "MM", "yyyy") if u in java)
    default_unit = {"ss": "SECONDS", "mm": "MINUTES", "HH": "HOURS", "dd": "DAYS", "MM": "MONTHS"}
    unit = setting("interval.unit", default_unit.get(finest, "YEARS")).upper().removesuffix("S")
    count = int(setting("interval", "1"))
    low, high = (_moment(v.strip(), form, now) for v in setting("range").split(","))
    current = datetime.strptime(low.strftime(form), form)
    while current <= high:
        yield current.strftime(form)
        current = shift(current, count, unit)


def _moment(text: str, form: str, now: datetime) -> datetime:
    relative = _RELATIVE.match(text.upper())
    if not relative:
        return datetime.strptime(text, form)
    moment = now.astimezone(UTC).replace(tzinfo=None)
    if relative[1] is None:
        return moment
    return shift(moment, int(relative[1] + relative[2]), relative[3].removesuffix("S"))


def shift(moment: datetime, count: int, unit: str) -> datetime:
    """Calendar units clamp to the last day of the month."""
    if unit in _UNITS:
        return moment + timedelta(seconds=count * _UNITS[unit])
    if unit not in ("MONTH", "YEAR"):
        raise QueryError("INVALID_TABLE_PROPERTY", f"interval unit {unit}")
    months = moment.year * 12 + moment.month - 1 + count * (12 if unit == "YEAR" else 1)
    year, month = divmod(months, 12)
    for day in range(moment.day, 27, -1):
        try:
            return moment.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    return moment.replace(year=year, month=month + 1)
