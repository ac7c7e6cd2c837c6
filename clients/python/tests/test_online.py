import math
import pickle
from datetime import UTC, datetime

import pytest

from tidemark import Client

SERVICE = {
    "id": "fraud@2",
    "features": [
        {"name": "s__trips", "type": "int64"},
        {"name": "s__fare", "type": "float64"},
        {"name": "s__seen", "type": "timestamp"},
        {"name": "s__ok", "type": "bool"},
    ],
}


def online(rows, hash_="h1"):
    names = ["s__trips", "s__fare", "s__seen", "s__ok"]
    meta = {
        "asOf": "2026-01-31T09:30:00.000Z",
        "service": "fraud",
        "version": 2,
        "definitionHash": hash_,
        "partial": False,
        "requestId": "r-1",
    }
    return {
        "names": names,
        "rows": [
            {"entity": {"id": at}, "values": values, "status": ["PRESENT"] * 4, "eventTime": [None] * 4}
            for at, values in enumerate(rows)
        ],
        "meta": meta,
    }


def test_rows_have_typed_values_statuses_and_event_times(api, client_of, answer):
    body = online([[2**53 + 1, "NaN", "2026-01-31T09:00:00.000Z", True], [None] * 4])
    body["rows"][1]["status"] = ["DEFAULT", "MISSING", "EXPIRED", "ERROR"]
    body["rows"][0]["eventTime"][0] = "2026-01-31T08:00:00.000Z"
    api.answers = [answer(body), answer(SERVICE)]
    result = client_of().get_online("fraud", [{"id": 0}, {"id": 1}], request={"amount": 12.5}, consistency="strong")
    first, second = result
    assert first["s__trips"] == 2**53 + 1
    assert math.isnan(first["s__fare"])
    assert first["s__seen"] == datetime(2026, 1, 31, 9, tzinfo=UTC)
    assert first.event_times["s__trips"] == datetime(2026, 1, 31, 8, tzinfo=UTC)
    assert list(second.values.values()) == [None] * 4
    assert list(second.statuses.values()) == ["DEFAULT", "MISSING", "EXPIRED", "ERROR"]
    assert (result.as_of, result.service) == (datetime(2026, 1, 31, 9, 30, tzinfo=UTC), "fraud@2")
    assert api.seen[0].body == {
        "service": "fraud",
        "entities": [{"id": 0}, {"id": 1}],
        "metadata": ["status", "eventTime"],
        "request": [{"amount": 12.5}],
        "consistency": "strong",
    }


def test_types_are_asked_for_once_and_again_after_a_change_of_definitions(api, client_of, answer):
    row = [[1, 1, None, None]]
    api.answers = [
        answer(online(row)),
        answer(SERVICE),
        answer(online(row)),
        answer(online(row, "h2")),
        answer(SERVICE),
    ]
    client = client_of()
    for _ in range(3):
        client.get_online("fraud", [{"id": 0}])
    assert [seen.method for seen in api.seen] == ["POST", "GET", "POST", "POST", "GET"]


def test_types_of_listed_features_come_from_their_views_in_the_order_of_the_refs(api, client_of, answer):
    body = online([[1, 2, None, None]])
    body["names"] = ["s__fare", "t__trips"]
    body["rows"][0] |= {"values": [1, 2], "status": ["PRESENT"] * 2, "eventTime": [None] * 2}
    body["meta"] |= {"service": None, "version": None}
    api.answers = [
        answer(body),
        answer({"features": [{"name": "trips", "type": "int64"}, {"name": "fare", "type": "float64"}]}),
        answer({"features": [{"name": "trips", "type": "int64"}]}),
    ]
    result = client_of().get_online(["s@2:fare", "t:trips"], [{"id": 0}])
    assert result.types == {"s__fare": "float64", "t__trips": "int64"}
    assert [seen.path for seen in api.seen[1:]] == ["/api/v1/feature-views/s@2", "/api/v1/feature-views/t"]
    assert (type(result[0]["s__fare"]), type(result[0]["t__trips"]), result.service) == (float, int, None)


def test_a_frame_keeps_int64_exact_beside_nulls(api, client_of, answer):
    pandas = pytest.importorskip("pandas")
    api.answers = [
        answer(online([[2**53 + 1, 1, "2026-01-31T09:00:00.000Z", True], [None, None, None, None]])),
        answer(SERVICE),
    ]
    frame = client_of().get_online("fraud", [{"id": 0}, {"id": 1}]).to_pandas(with_statuses=True)
    assert frame["s__trips"].iloc[0] == 2**53 + 1
    assert [str(dtype) for dtype in frame.dtypes[1:5]] == ["Int64", "float64", "datetime64[ms, UTC]", "boolean"]
    assert frame["s__seen"].iloc[0] == pandas.Timestamp("2026-01-31T09:00Z")
    assert frame.iloc[1, 1:5].isna().all()
    assert list(frame["s__ok__status"]) == ["PRESENT", "PRESENT"]


def test_a_pickled_client_holds_no_token(api, client_of, monkeypatch):
    client = client_of()
    pickled = pickle.dumps(client)
    assert b"secret" not in pickled
    monkeypatch.setenv("TIDEMARK_API_TOKEN", "of the environment")
    loaded = pickle.loads(pickled)
    assert (type(loaded), loaded.url) == (Client, api.url)
