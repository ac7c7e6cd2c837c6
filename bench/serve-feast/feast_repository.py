"""Makes a Feast repository in the working folder and fills its DynamoDB tables: words are the endpoint and the number of entities.

Five views of ten features (eight floats, two integers) of one entity, a service of ten features of three views, and one of all fifty.
"""

import math
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pandas as pd
from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.types import Float64, Int64

endpoint, entities = sys.argv[1], int(sys.argv[2])
names = [f"f{index}" for index in range(10)]
integers = {"f4", "f9"}

Path("feature_store.yaml").write_text(
    f"""project: bench
provider: local
registry: {{ path: registry.db, cache_ttl_seconds: 3600 }}
online_store: {{ type: dynamodb, region: us-east-1, endpoint_url: "{endpoint}" }}
entity_key_serialization_version: 3
"""
)


def rows_of(view: int) -> pd.DataFrame:
    """Feature rows of every entity, now."""
    columns = {"driver_id": list(range(entities))}
    for index, name in enumerate(names):
        columns[name] = [
            driver * 1000 + index if name in integers else math.sin(driver + view + index) * 100
            for driver in range(entities)
        ]
    columns["event_timestamp"] = [datetime.now(timezone.utc)] * entities
    return pd.DataFrame(columns)


driver = Entity(name="driver", join_keys=["driver_id"], value_type=ValueType.INT64)
views = []
for at in range(5):
    rows_of(at).to_parquet(f"source_{at}.parquet")
    views.append(
        FeatureView(
            name=f"view_{at}",
            entities=[driver],
            ttl=timedelta(days=365),
            schema=[Field(name="driver_id", dtype=Int64)]
            + [Field(name=name, dtype=Int64 if name in integers else Float64) for name in names],
            source=FileSource(path=f"source_{at}.parquet", timestamp_field="event_timestamp"),
        )
    )
ten = [views[0][["f0", "f1", "f2", "f3"]], views[1][["f0", "f1", "f2"]], views[2][["f0", "f1", "f2"]]]
services = [FeatureService(name="ten", features=ten), FeatureService(name="fifty", features=views)]

store = FeatureStore(repo_path=".")
store.apply([driver, *views, *services])
for at, view in enumerate(views):
    store.write_to_online_store(view.name, rows_of(at))
