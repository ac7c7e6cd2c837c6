import json
import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from tidemark import TidemarkError
from tidemark.values import decode, encode, to_json


def test_int64_keeps_all_its_digits_in_both_directions():
    text = "[9223372036854775807, -9223372036854775808, 9007199254740993]"
    values = [decode("int64", value) for value in json.loads(text)]
    assert values == [2**63 - 1, -(2**63), 2**53 + 1]
    assert to_json(values) == text.replace(" ", "").encode()
    assert decode("int64", "9223372036854775807") == 2**63 - 1


def test_floats_are_floats_whatever_json_wrote():
    assert isinstance(decode("float64", 3), float)
    assert math.isnan(decode("float64", "NaN"))
    assert decode("float32", "-Infinity") == -math.inf
    assert encode([math.nan, math.inf, -math.inf, 0.1]) == ["NaN", "Infinity", "-Infinity", 0.1]


def test_timestamps_are_aware_and_exact_to_the_millisecond():
    instant = decode("timestamp", "2026-01-31T09:30:00.123Z")
    assert instant == datetime(2026, 1, 31, 9, 30, 0, 123_000, tzinfo=UTC)
    assert instant.utcoffset() == timedelta(0)
    berlin = datetime(2026, 1, 31, 10, 30, tzinfo=timezone(timedelta(hours=1)))
    assert encode(berlin) == "2026-01-31T09:30:00+00:00"


def test_a_datetime_without_zone_is_refused_with_the_fix():
    with pytest.raises(TidemarkError, match=r"no time zone; write .*tzinfo=UTC") as raised:
        encode(datetime(2026, 1, 31))
    assert raised.value.code == "client.badValue"


def test_bytes_lists_and_nulls():
    assert decode("bytes", "AP8=") == b"\x00\xff"
    assert encode(b"\x00\xff") == "AP8="
    assert decode("list<float64>", [1, None, "NaN"])[:2] == [1.0, None]
    assert decode("list<timestamp>", ["2026-01-31T00:00:00.000Z"]) == [datetime(2026, 1, 31, tzinfo=UTC)]
    assert decode("bool", None) is None


def test_decimals_and_dates_are_texts():
    assert encode({"fare": Decimal("12.50"), "on": date(2026, 1, 31)}) == {"fare": "12.50", "on": "2026-01-31"}


def test_values_of_numpy_and_pandas_become_those_of_python():
    numpy = pytest.importorskip("numpy")
    pandas = pytest.importorskip("pandas")
    row = {
        "a": numpy.int64(2**53 + 1),
        "b": numpy.float32("nan"),
        "c": numpy.bool_(True),
        "d": pandas.NA,
        "e": pandas.NaT,
        "f": pandas.Timestamp("2026-01-31T00:00Z"),
        "g": numpy.array([1, 2]),
    }
    assert to_json(row) == (
        b'{"a":9007199254740993,"b":"NaN","c":true,"d":null,"e":null,"f":"2026-01-31T00:00:00+00:00","g":[1,2]}'
    )


def test_a_value_that_is_not_of_its_type_is_told_with_the_type():
    with pytest.raises(TidemarkError, match="'abc' for a value of type int64"):
        decode("int64", "abc")
