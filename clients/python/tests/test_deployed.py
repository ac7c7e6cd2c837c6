"""Against the deployed flights, whose target file is TIDEMARK_TEST_TARGET; test/e2e/python-client.test.ts runs this."""

import os
import re
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tidemark import BadRequestError, Client, NotFoundError, UnauthorizedError

pytestmark = [
    pytest.mark.cloud,
    pytest.mark.skipif("TIDEMARK_TEST_TARGET" not in os.environ, reason="needs the deployed flights example"),
]

FLIGHT = {"carrier": "UA", "origin": "EWR", "tailnum": "N14228"}


@pytest.fixture(scope="module")
def client():
    return Client.from_target(os.environ["TIDEMARK_TEST_TARGET"])


def test_a_service_answers_typed_values_with_statuses(client):
    unknown = {**FLIGHT, "tailnum": "N-NONE"}
    online = client.get_online("delay_model", [FLIGHT, unknown], request={"distance": 1400}, consistency="strong")
    known, other = online
    assert online.service == "delay_model@1"
    assert isinstance(known["carrier_departures__departures_24h"], int)
    assert isinstance(known["flight_context__distance_km"], float)
    assert known["flight_context__distance_km"] == pytest.approx(1400 * 1.609344)
    assert known.statuses["plane_model__seats"] == "PRESENT"
    assert (other["plane_model__seats"], other.statuses["plane_model__seats"]) == (None, "MISSING")
    assert known.event_times["carrier_departures__departures_24h"].tzinfo is UTC
    assert abs((online.as_of - datetime.now(UTC)).total_seconds()) < 60


def test_listed_features_have_the_types_of_their_views(client):
    frame = client.get_online(
        ["carrier_departures@1:departures_24h", "carrier_departures:mean_delay_24h"],
        [{"carrier": "UA"}, {"carrier": "AA"}],
    ).to_pandas()
    assert list(frame["carrier"]) == ["UA", "AA"]
    assert [str(dtype) for dtype in frame.dtypes[1:]] == ["Int64", "float64"]


def test_errors_of_the_deployment_have_their_class_code_and_pointers(client):
    with pytest.raises(NotFoundError):
        client.describe_service("no_such_service")
    with pytest.raises(BadRequestError) as raised:
        client.get_online("delay_model", [{"carrier": 3}])
    assert "/entities/0/origin" in [fault.pointer for fault in raised.value.errors]
    with pytest.raises(UnauthorizedError):
        Client(client.url, "not the token").describe_service("delay_model")


def test_pushed_events_are_counted_in_served_windows(client):
    origin = "PYC"  # nobody flies from there
    now = datetime.now(UTC).replace(microsecond=0)
    event = {
        "flight_id": time.time_ns() // 1_000_000,
        "carrier": "PY",
        "flight_number": 1,
        "tailnum": "N14228",
        "origin": origin,
        "dest": "SFO",
        "distance": 2565,
        "scheduled_departure": now,
        "event_timestamp": now,
        "created_timestamp": now,
        "dep_delay": 12,
        "cancelled": False,
    }
    ref = ["origin_departures_live:departures_1h"]
    before = client.get_online(ref, [{"origin": origin}], consistency="strong")[0][
        "origin_departures_live__departures_1h"
    ]
    report = client.push("departure_events", [event, {**event, "dep_delay": "late"}])
    assert [result.status for result in report.results] == ["accepted", "rejected"]
    assert report.delivery == "exactlyOnce"
    end = time.monotonic() + 60
    while True:
        online = client.get_online(ref, [{"origin": origin}], consistency="strong")
        if online[0]["origin_departures_live__departures_1h"] == (before or 0) + 1:
            break
        assert time.monotonic() < end, "the event was not served within a minute"
        time.sleep(0.2)


def test_the_snippets_of_the_documentation_run_as_they_stand(client, tmp_path, monkeypatch):
    # those that wait for a training set are what the tutorial does; PyTorch and TensorFlow stand in test_adapters.py
    pandas = pytest.importorskip("pandas")
    page = (Path(__file__).parents[3] / "docs" / "python.md").read_text()
    snippets = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    run = [snippet for snippet in snippets if "training_set" not in snippet]
    assert (len(snippets), len(run)) == (8, 5)
    (tmp_path / ".tidemark").mkdir()
    shutil.copy(os.environ["TIDEMARK_TEST_TARGET"], tmp_path / ".tidemark" / "local.json")
    pandas.read_parquet(os.environ["TIDEMARK_TEST_SPINE"]).head(60).to_parquet(tmp_path / "labels.parquet")
    monkeypatch.chdir(tmp_path)
    names = {"pandas": pandas}
    for snippet in run:
        exec(compile(snippet, "docs/python.md", "exec"), names)

    model = names["model"]
    assert model[0].service_ == "delay_model@1"
    features = list(model[0].get_feature_names_out())
    assert (len(features), features[0]) == (30, "carrier_departures__departures_24h")
    # more flights than one request takes
    matrix = model[0].transform(pandas.DataFrame([{**FLIGHT, "distance": 1400}] * 101))
    served = names["online"][0]
    assert matrix.shape == (101, 30)
    assert set(matrix[:, features.index("plane_model__seats")]) == {served["plane_model__seats"]}
    assert names["risks"].shape == (1, 2)
    assert [result.status for result in names["report"].results] == ["accepted"]
    assert names["some"].names == ("carrier_departures__departures_24h",)
