"""Records answers of Feast's own server, for test/unit/feast to compare with.

    pip install feast==0.67.0
    python test/golden/feast/record.py      # writes answers.json beside this file

The repository is test/unit/serve/shop.ts as Feast would declare it: the same views, types and rows, in SQLite.
Bodies are kept as the text that was answered, so that `2.0` and `2` stay apart.
"""

import datetime as dt
import json
import socket
import tempfile
import threading
import time
import urllib.error
import urllib.request
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import uvicorn
from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource, PushSource, RequestSource, ValueType
from feast.feature_server import get_app
from feast.on_demand_feature_view import on_demand_feature_view
from feast.types import Array, Bool, Bytes, Float32, Float64, Int32, Int64, String, UnixTimestamp

folder = Path(tempfile.mkdtemp())
now = dt.datetime.fromtimestamp(1_760_000_000, dt.timezone.utc)

(folder / "feature_store.yaml").write_text(
    f"""project: shop
provider: local
registry: {folder}/registry.db
online_store: {{ type: sqlite, path: {folder}/online.db }}
entity_key_serialization_version: 3
"""
)


def source(name: str, columns: dict) -> FileSource:
    path = folder / f"{name}.parquet"
    pd.DataFrame({**columns, "at": [now]}).to_parquet(path)
    return FileSource(name=name, path=str(path), timestamp_field="at")


customer = Entity(name="customer", join_keys=["customer_id"], value_type=ValueType.INT64)
origin = Entity(name="origin", join_keys=["origin"], value_type=ValueType.STRING)
target = Entity(name="target", join_keys=["target"], value_type=ValueType.STRING)
orders_source = source("order_events", {"customer_id": [1], "order_count": [1], "spend": [1.5], "ratio": [0.5]})
everything_source = source("profiles_batch", {"customer_id": [1], "a_int32": [1]})
lane_source = source("lanes_batch", {"origin": ["a"], "target": ["b"], "minutes": [1]})

orders = FeatureView(
    name="orders",
    entities=[customer],
    ttl=dt.timedelta(hours=1),
    schema=[Field(name="order_count", dtype=Int64), Field(name="spend", dtype=Float64), Field(name="ratio", dtype=Float32)],
    source=orders_source,
)
everything = FeatureView(
    name="everything",
    entities=[customer],
    schema=[
        Field(name="a_int32", dtype=Int32),
        Field(name="a_int64", dtype=Int64),
        Field(name="a_float32", dtype=Float32),
        Field(name="a_float64", dtype=Float64),
        Field(name="a_string", dtype=String),
        Field(name="a_bool", dtype=Bool),
        Field(name="a_timestamp", dtype=UnixTimestamp),
        Field(name="a_bytes", dtype=Bytes),
        Field(name="a_list_int64", dtype=Array(Int64)),
    ],
    source=PushSource(name="profiles", batch_source=everything_source),
)
lane_stats = FeatureView(
    name="lane_stats",
    entities=[origin, target],
    schema=[Field(name="minutes", dtype=Int32)],
    source=PushSource(name="lanes", batch_source=lane_source),
)
basket = RequestSource(
    name="basket", schema=[Field(name="amount", dtype=Float64), Field(name="voucher", dtype=Int64), Field(name="sizes", dtype=Array(Int32))]
)


@on_demand_feature_view(
    sources=[orders, basket],
    schema=[Field(name="share", dtype=Float64), Field(name="voucher_plus_orders", dtype=Int64)],
    mode="python",
)
def basket_features(inputs):
    return {
        "share": [a / s if s else None for a, s in zip(inputs["amount"], inputs["spend"])],
        "voucher_plus_orders": [v + (c or 0) for v, c in zip(inputs["voucher"], inputs["order_count"])],
    }


store = FeatureStore(repo_path=str(folder))
checkout = FeatureService(name="checkout", features=[orders[["order_count"]], basket_features[["share"]]])
lanes = FeatureService(name="lanes", features=[lane_stats, orders[["spend"]]])
store.apply([customer, origin, target, orders, everything, lane_stats, basket_features, checkout, lanes])

rows = {
    "orders": [
        (1, now, {"order_count": 4, "spend": 10.0, "ratio": 0.1}),
        (2, now + dt.timedelta(seconds=1), {"order_count": 9007199254740993, "spend": 0.1, "ratio": 2.0}),
        (3, now, {"order_count": None, "spend": float("inf"), "ratio": 1e-7}),
    ],
    "everything": [
        (
            1,
            now,
            {
                "a_int32": -7,
                "a_int64": -9223372036854775807,
                "a_float32": 16777216.0,
                "a_float64": 1e300,
                "a_string": 'ü "quoted"\n',
                "a_bool": True,
                "a_timestamp": dt.datetime(2025, 1, 2, 3, 4, 5, tzinfo=dt.timezone.utc),
                "a_bytes": b"\x00\x01\x02",
                "a_list_int64": [9007199254740993, -1],
            },
        ),
        (2, now, {"a_int32": None, "a_string": "", "a_bool": False, "a_list_int64": [], "a_float64": 3.0}),
    ],
    "lane_stats": [(("a", "bc"), now, {"minutes": 30})],
}


def write_rows() -> None:
    """Through the online store itself, as values of the declared types: a data frame would turn some into others."""
    from feast.infra.online_stores.helpers import _to_naive_utc
    from feast.protos.feast.types.EntityKey_pb2 import EntityKey
    from feast.protos.feast.types.Value_pb2 import Value
    from feast.type_map import python_values_to_proto_values

    def proto(value, value_type):
        return Value() if value is None else python_values_to_proto_values([value], value_type)[0]

    for name, of_view in rows.items():
        view = store.get_feature_view(name)
        types = {field.name: field.dtype.to_value_type() for field in view.features}
        data = []
        for key, at, values in of_view:
            keys = (
                EntityKey(join_keys=["origin", "target"], entity_values=[Value(string_val=part) for part in key])
                if isinstance(key, tuple)
                else EntityKey(join_keys=["customer_id"], entity_values=[Value(int64_val=key)])
            )
            data.append((keys, {feature: proto(values.get(feature), types[feature]) for feature in types}, _to_naive_utc(at), None))
        store._get_provider().online_write_batch(store.config, view, data, None)


write_rows()

read = "/get-online-features"
push = "/push"
write = "/write-to-online-store"
one = {"customer_id": [1]}
spend = ["orders:spend"]
frame = {"origin": ["x"], "target": ["y"], "minutes": [5], "at": ["2025-10-09T08:53:20Z"]}
cases = [
    ("a float that is whole, an int64, a float32", read, {"features": ["orders:spend", "orders:order_count", "orders:ratio"], "entities": one}),
    ("an int64 beyond 2^53 and a float32 that is whole", read, {"features": ["orders:order_count", "orders:ratio"], "entities": {"customer_id": [2]}}),
    ("a stored null, an infinity, a small float32", read, {"features": ["orders:order_count", "orders:spend", "orders:ratio"], "entities": {"customer_id": [3]}}),
    ("every type", read, {"features": [f"everything:{f.name}" for f in everything.features], "entities": one}),
    ("nulls and the empty list", read, {"features": [f"everything:{f.name}" for f in everything.features], "entities": {"customer_id": [2]}}),
    ("several entities, one twice, one unknown", read, {"features": spend, "entities": {"customer_id": [2, 1, 99, 1]}}),
    ("two views", read, {"features": ["orders:spend", "everything:a_string"], "entities": {"customer_id": [1, 2, 3]}}),
    ("full feature names", read, {"features": ["orders:spend", "everything:a_string"], "entities": one, "full_feature_names": True}),
    ("a composite key", read, {"features": ["lane_stats:minutes"], "entities": {"origin": ["a", "ab"], "target": ["bc", "c"]}}),
    ("views of different entities", read, {"features": ["lane_stats:minutes", "orders:spend"], "entities": {"origin": ["a"], "target": ["bc"], "customer_id": [1]}}),
    ("a service", read, {"feature_service": "lanes", "entities": {"origin": ["a"], "target": ["bc"], "customer_id": [1]}}),
    ("a service with full names", read, {"feature_service": "lanes", "full_feature_names": True, "entities": {"origin": ["a"], "target": ["bc"], "customer_id": [1]}}),
    ("a service beside features", read, {"feature_service": "lanes", "features": ["everything:a_bool"], "entities": {"origin": ["a"], "target": ["bc"], "customer_id": [1]}}),
    ("features on demand", read, {"features": ["basket_features:share", "basket_features:voucher_plus_orders"], "entities": {"customer_id": [1], "amount": [30.0], "voucher": [2], "sizes": [[1]]}}),
    ("features on demand beside stored ones", read, {"features": ["basket_features:share", "orders:order_count"], "entities": {"customer_id": [1, 2], "amount": [30.0, 1.0], "voucher": [2, 3], "sizes": [[1], [2]]}, "full_feature_names": True}),
    ("a whole number for a float of the request", read, {"features": ["basket_features:share"], "entities": {"customer_id": [1], "amount": [30], "voucher": [2], "sizes": [[1]]}}),
    ("keys as text for a number", read, {"features": spend, "entities": {"customer_id": ["1", "2"]}}),
    ("a key named by its entity", read, {"features": spend, "entities": {"customer": [1]}}),
    ("columns and members that nobody knows", read, {"features": spend, "entities": {"customer_id": [1], "colour": ["red"]}, "verbose": True}),
    ("the version flag", read, {"features": spend, "entities": one, "include_feature_view_version_metadata": True}),
    ("a missing request field", read, {"features": ["basket_features:share"], "entities": one}),
    ("an unknown view", read, {"features": ["order:spend"], "entities": one}),
    ("an unknown feature", read, {"features": ["orders:spent"], "entities": one}),
    ("an unknown service", read, {"feature_service": "checkin", "entities": one}),
    ("a reference without a feature", read, {"features": ["orders"], "entities": one}),
    ("two features of one name", read, {"features": ["orders:spend", "orders:spend"], "entities": one}),
    ("no features", read, {"features": [], "entities": one}),
    ("no entities", read, {"features": spend, "entities": {}}),
    ("no rows", read, {"features": spend, "entities": {"customer_id": []}}),
    ("a null key", read, {"features": spend, "entities": {"customer_id": [None]}}),
    ("a missing key", read, {"features": spend, "entities": {"name": [1]}}),
    ("half of a composite key", read, {"features": ["lane_stats:minutes"], "entities": {"origin": ["a"]}}),
    ("a text for a number", read, {"features": spend, "entities": {"customer_id": ["one"]}}),
    ("a fraction for a whole number", read, {"features": spend, "entities": {"customer_id": [1.7]}}),
    ("columns of different lengths", read, {"features": ["lane_stats:minutes"], "entities": {"origin": ["a", "b"], "target": ["bc"]}}),
    ("entities as rows", read, {"features": spend, "entities": [{"customer_id": 1}]}),
    ("no entities member", read, {"features": spend}),
    ("features as a text", read, {"features": "orders:spend", "entities": one}),
    ("a column that is no list", read, {"features": spend, "entities": {"customer_id": 1}}),
    ("a body that is no JSON", read, "{"),
    ("a body that is a list", read, []),
    ("an empty body", read, ""),
    ("push to the online store", push, {"push_source_name": "lanes", "df": frame}),
    ("push to both", push, {"push_source_name": "lanes", "df": frame, "to": "online_and_offline"}),
    ("push to an unknown source", push, {"push_source_name": "lane", "df": frame}),
    ("push to nowhere", push, {"push_source_name": "lanes", "df": frame, "to": "both"}),
    ("push without a source", push, {"df": frame}),
    ("push of rows", push, {"push_source_name": "lanes", "df": [{"origin": "x"}]}),
    ("push of columns of different lengths", push, {"push_source_name": "lanes", "df": {**frame, "minutes": [1, 2]}}),
    ("push without a key", push, {"push_source_name": "lanes", "df": {key: frame[key] for key in frame if key != "origin"}}),
    ("push without event time", push, {"push_source_name": "lanes", "df": {key: frame[key] for key in frame if key != "at"}}),
    ("push of a wrong type", push, {"push_source_name": "lanes", "df": {**frame, "minutes": ["soon"]}}),
    ("push of no rows", push, {"push_source_name": "lanes", "df": {key: [] for key in frame}}),
    ("write to a view", write, {"feature_view_name": "lane_stats", "df": frame}),
    ("write to an unknown view", write, {"feature_view_name": "lane", "df": frame}),
    ("write without a view", write, {"df": frame}),
    ("write without a feature", write, {"feature_view_name": "lane_stats", "df": {key: frame[key] for key in frame if key != "minutes"}}),
    ("write of nothing", write, {"feature_view_name": "lane_stats", "df": {}}),
    ("materialize", "/materialize", {"start_ts": "2025-10-01T00:00:00Z", "end_ts": "2025-10-02T00:00:00Z", "feature_views": ["lane_stats"]}),
    ("materialize in the background", "/materialize?async=true", {"start_ts": "2025-10-01T00:00:00Z", "end_ts": "2025-10-02T00:00:00Z", "feature_views": ["orders"]}),
    ("materialize an unknown view", "/materialize", {"start_ts": "2025-10-01T00:00:00Z", "end_ts": "2025-10-02T00:00:00Z", "feature_views": ["lane"]}),
    ("materialize without times", "/materialize", {"feature_views": ["lane_stats"]}),
    ("materialize a time that is none", "/materialize", {"start_ts": "soon", "end_ts": "later", "feature_views": ["lane_stats"]}),
    ("materialize backwards", "/materialize", {"start_ts": "2025-10-02T00:00:00Z", "end_ts": "2025-10-01T00:00:00Z", "feature_views": ["lane_stats"]}),
    ("materialize incrementally", "/materialize-incremental", {"end_ts": "2025-10-02T00:00:00Z", "feature_views": ["lane_stats"]}),
    ("materialize incrementally without an end", "/materialize-incremental", {"feature_views": ["lane_stats"]}),
    ("health", "/health", None),
]

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
server = uvicorn.Server(uvicorn.Config(get_app(store), host="127.0.0.1", port=port, log_level="critical"))
threading.Thread(target=server.run, daemon=True).start()
while not server.started:
    time.sleep(0.05)

recorded = []
for name, path, body in cases:
    data = None if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=data, headers={"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request) as answer:
            status, headers, text = answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        status, headers, text = error.code, error.headers, error.read().decode()
    recorded.append(
        {"name": name, "path": path, "request": body, "status": status, "contentType": headers.get("content-type"), "body": text}
    )
server.should_exit = True
answers = json.dumps({"feast": version("feast"), "answers": recorded}, indent=1, ensure_ascii=False)
Path(__file__).with_name("answers.json").write_text(answers + "\n")
