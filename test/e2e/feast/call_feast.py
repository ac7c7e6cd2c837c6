"""Makes the calls that stand as JSON on standard input with Feast's SDK, and writes what it returned, or raised, as JSON.

The repository of the SDK is the folder that it is started in, with an unmodified feature_store.yaml. For reading its registry may be
empty; for pushing it has one view, as somebody who comes from Feast would have declared it.
"""

import datetime as dt
import json
import sys

import pandas as pd
from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource, PushSource, ValueType
from feast.types import Float64

store = FeatureStore(repo_path=".")


def declare_weather() -> None:
    origin = Entity(name="origin_airport", join_keys=["origin"], value_type=ValueType.STRING)
    at = pd.Timestamp("2026-01-01", tz="UTC")
    pd.DataFrame({"origin": ["EWR"], "event_timestamp": [at]}).to_parquet("weather.parquet")
    names = ["temperature_f", "humidity", "wind_mph", "precipitation_in", "visibility_mi", "pressure_mb"]
    weather = FeatureView(
        name="weather",
        entities=[origin],
        schema=[Field(name=name, dtype=Float64) for name in names],
        source=PushSource(
            name="observations",
            batch_source=FileSource(path="weather.parquet", timestamp_field="event_timestamp"),
        ),
    )
    store.apply([origin, weather])


def get(call: dict) -> dict:
    features = call["features"] if "features" in call else FeatureService(name=call["service"], features=[])
    answer = store.get_online_features(
        features=features, entity_rows=call["rows"], full_feature_names=call.get("full_names", False)
    )
    return {"columns": answer.to_dict()}


def push(call: dict) -> dict:
    frame = pd.DataFrame(call["frame"])
    frame["event_timestamp"] = pd.to_datetime(frame["event_timestamp"], utc=True)
    store.push(call["push"], frame)
    return {}


def materialize(call: dict) -> dict:
    store.materialize_incremental(dt.datetime.now(dt.timezone.utc), feature_views=call["materialize"], run_async=True)
    return {}


def made(call: dict) -> dict:
    try:
        return push(call) if "push" in call else materialize(call) if "materialize" in call else get(call)
    except Exception as error:
        return {"error": type(error).__name__, "message": str(error)}


calls = json.load(sys.stdin)
if any("push" in call for call in calls):
    declare_weather()
json.dump([made(call) for call in calls], sys.stdout)
