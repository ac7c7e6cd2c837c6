"""The texts of the project's point-in-time join and windowed aggregates, against plain Python."""

import random
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import stdev
from typing import Any

import pyarrow as pa
import pytest

from .lake import Athena, Lake

EPOCH = datetime(2026, 1, 1)
TTL = timedelta(days=7)
ROW = "ROW(event_ts timestamp(3), amount decimal(18,2), score double, cnt bigint, category varchar, flag boolean)"
KEY = "ROW(event_ts timestamp(3), created_ts timestamp(3), ingest_seq bigint)"

POINT_IN_TIME = """
WITH s AS (                                   -- row_id must be unique; create it when the spine is staged
  SELECT row_id, customer_id, merchant_id, label_ts, label FROM spine
), a_u AS (                                   -- one block (a_u, a_w, a) per feature view
  SELECT customer_id, {feature_ts} AS ts, {feature_k} AS k, CAST(NULL AS bigint) AS row_id,
    CAST(ROW(event_ts, amount, score, cnt, category, flag) AS {row}) AS r,
    CAST(ROW(event_ts, created_ts, ingest_seq) AS {key}) AS o
  FROM fv_a WHERE customer_id IS NOT NULL AND dt >= '2025-12-01' AND dt <= '2026-03-01'
  UNION ALL
  SELECT customer_id, label_ts, {label_k}, row_id,
    CAST(NULL AS {row}),
    CAST(NULL AS {key}) FROM s
), a_w AS (
  SELECT row_id, k, ts AS label_ts, max_by(r, o) OVER (PARTITION BY customer_id ORDER BY ts, k
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS r FROM a_u
), a AS (
  SELECT row_id, r, r IS NOT NULL AND date_diff('millisecond', r.event_ts, label_ts) <= 604800000 AS hit
  FROM a_w WHERE k = {label_k}
)                                             -- composite key view: PARTITION BY customer_id, merchant_id
SELECT s.row_id, a.hit AS a_hit, CASE WHEN a.hit THEN a.r.event_ts END AS a_event_ts,
  CASE WHEN a.hit THEN a.r.amount END AS a_amount, CASE WHEN a.hit THEN a.r.score END AS a_score,
  CASE WHEN a.hit THEN a.r.cnt END AS a_cnt, CASE WHEN a.hit THEN a.r.category END AS a_category,
  CASE WHEN a.hit THEN a.r.flag END AS a_flag
FROM s JOIN a ON a.row_id = s.row_id
"""

WINDOWS = """
WITH u AS (
  SELECT customer_id, date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00.000', event_ts) AS t, 0 AS k, 0 AS w,
    CAST(NULL AS bigint) AS row_id,
    CAST(amount AS decimal(38,2)) AS a, CAST(amount * amount AS decimal(38,4)) AS a2, score AS sc
  FROM fv_a WHERE customer_id IS NOT NULL
  UNION ALL
  SELECT s.customer_id, date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00.000', s.label_ts) - b.o, 1, b.w,
    s.row_id, CAST(NULL AS decimal(38,2)), CAST(NULL AS decimal(38,4)), CAST(NULL AS double)
  FROM spine s CROSS JOIN (VALUES (0, BIGINT '0'), (1, BIGINT '3600000'), (2, BIGINT '604800000')) AS b (w, o)
), p AS (
  SELECT row_id, k, w, count(CASE WHEN k = 0 THEN 1 END) OVER o AS n_rows, count(a) OVER o AS n_amt,
    coalesce(sum(a) OVER o, 0) AS s_amt, coalesce(sum(a2) OVER o, 0) AS q_amt, count(sc) OVER o AS n_sc,
    coalesce(sum(sc) OVER o, 0) AS s_sc
  FROM u WINDOW o AS (PARTITION BY customer_id ORDER BY t, k ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
), d AS (
  SELECT row_id,
    max(CASE WHEN w = 0 THEN n_rows END) - max(CASE WHEN w = 1 THEN n_rows END) AS n_rows_1h,
    max(CASE WHEN w = 0 THEN n_amt END) - max(CASE WHEN w = 1 THEN n_amt END) AS n_amt_1h,
    max(CASE WHEN w = 0 THEN s_amt END) - max(CASE WHEN w = 1 THEN s_amt END) AS s_amt_1h,
    max(CASE WHEN w = 0 THEN q_amt END) - max(CASE WHEN w = 1 THEN q_amt END) AS q_amt_1h
  FROM p WHERE k = 1 GROUP BY row_id
)
SELECT row_id, n_rows_1h AS rows_1h, n_amt_1h AS count_1h, CASE WHEN n_amt_1h > 0 THEN s_amt_1h END AS sum_1h,
  CASE WHEN n_amt_1h > 0 THEN CAST(s_amt_1h AS double) / n_amt_1h END AS avg_1h,
  CASE WHEN n_amt_1h > 1
    THEN sqrt(CAST(q_amt_1h * n_amt_1h - s_amt_1h * s_amt_1h AS double) / n_amt_1h / (n_amt_1h - 1)) END AS stddev_1h
FROM d
"""

RANGE_JOIN = """
SELECT s.row_id, min(CASE WHEN f.event_ts > s.label_ts - INTERVAL '3600' SECOND THEN f.amount END) AS min_1h,
  max(f.amount) AS max_7d,
  count(DISTINCT CASE WHEN f.event_ts > s.label_ts - INTERVAL '3600' SECOND THEN f.category END) AS distinct_1h
FROM spine s LEFT JOIN fv_a f ON f.customer_id = s.customer_id AND f.event_ts <= s.label_ts
  AND f.event_ts > s.label_ts - INTERVAL '604800' SECOND
GROUP BY s.row_id
"""

RANGE_FRAME = """
SELECT row_id, count(a) OVER w AS n, sum(a) OVER w AS s, min(a) OVER w AS low, max(a) OVER w AS high FROM (
  SELECT customer_id, date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00', event_ts) AS t,
    CAST(NULL AS bigint) AS row_id, amount AS a FROM fv_a WHERE customer_id IS NOT NULL
  UNION ALL
  SELECT customer_id, date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00', label_ts), row_id, NULL FROM spine)
WINDOW w AS (PARTITION BY customer_id ORDER BY t RANGE BETWEEN 604799999 PRECEDING AND CURRENT ROW)
"""


def moment(rng: random.Random) -> datetime:
    """Few distinct instants, so that ties and exact boundaries are common."""
    return EPOCH + timedelta(hours=rng.randrange(24 * 20), milliseconds=rng.choice([0, 0, 0, 1, 999]))


@pytest.fixture(scope="module")
def data(lake: Lake, athena: Athena) -> Any:
    rng = random.Random(7)
    features = []
    for number in range(1500):
        at = moment(rng)
        features.append(
            {
                "customer_id": rng.choice([None, "c1", "c2", "c3", "ü"]),
                "event_ts": at,
                "created_ts": at + timedelta(hours=rng.choice([0, 0, 1, 30])),
                "ingest_seq": number,
                "amount": rng.choice([None, Decimal(rng.randrange(-5000, 5000)) / 100]),
                "score": rng.choice([None, rng.random()]),
                "cnt": rng.choice([None, 2**60 + number]),
                "category": rng.choice([None, "x", "y", "z"]),
                "flag": rng.choice([None, True, False]),
                "dt": at.date().isoformat(),
            }
        )
    features += [{**f, "ingest_seq": f["ingest_seq"] + 10_000, "cnt": None} for f in features[::7]]
    spine = []
    for number in range(800):
        base = rng.choice(features)["event_ts"]
        label = base + rng.choice([timedelta(0), TTL, TTL + timedelta(milliseconds=1), timedelta(hours=1), -TTL])
        spine.append({"row_id": number, "customer_id": rng.choice(["c1", "c2", "c3", "ü", "none"]), "label_ts": label})
    lake.glue.create_database(DatabaseInput={"Name": "pit"})
    kinds = [
        ("customer_id", pa.string()),
        ("event_ts", pa.timestamp("us")),
        ("created_ts", pa.timestamp("ms")),
        ("ingest_seq", pa.int64()),
        ("amount", pa.decimal128(18, 2)),
        ("score", pa.float64()),
        ("cnt", pa.int64()),
        ("category", pa.string()),
        ("flag", pa.bool_()),
    ]
    for day in {f["dt"] for f in features}:
        rows = [{k: f[k] for k, _ in kinds} for f in features if f["dt"] == day]
        lake.put(f"s3://lake/pit/fv_a/dt={day}/a.parquet", pa.Table.from_pylist(rows, pa.schema(kinds)))
    lake.put(
        "s3://lake/pit/spine/a.parquet",
        pa.table(
            {
                "row_id": [s["row_id"] for s in spine],
                "customer_id": [s["customer_id"] for s in spine],
                "merchant_id": ["m"] * len(spine),
                "label_ts": pa.array([s["label_ts"] for s in spine], pa.timestamp("ms")),
                "label": [1] * len(spine),
            }
        ),
    )
    athena.run(
        "CREATE EXTERNAL TABLE pit.fv_a (customer_id string, event_ts timestamp, created_ts timestamp,"
        " ingest_seq bigint, amount decimal(18,2), score double, cnt bigint, category string, flag boolean)"
        " PARTITIONED BY (dt string) STORED AS PARQUET LOCATION 's3://lake/pit/fv_a/' TBLPROPERTIES"
        " ('projection.enabled'='true', 'projection.dt.type'='date', 'projection.dt.format'='yyyy-MM-dd',"
        " 'projection.dt.range'='2025-01-01,2026-12-31', 'storage.location.template'='s3://lake/pit/fv_a/dt=${dt}')"
    )
    athena.run(
        "CREATE EXTERNAL TABLE pit.spine (row_id bigint, customer_id string, merchant_id string, label_ts timestamp,"
        " label bigint) STORED AS PARQUET LOCATION 's3://lake/pit/spine/'"
    )
    return features, spine


def unloaded(lake: Lake, athena: Athena, location: str, text: str) -> Any:
    """Through UNLOAD, as the product runs it. Rows by row_id."""
    athena.run(f"UNLOAD ({text}) TO '{location}' WITH (format = 'PARQUET', compression = 'SNAPPY')", database="pit")
    return {r["row_id"]: r for r in lake.read(location).to_pylist()}


VARIANTS = {
    "at or before the label": ("event_ts", 0, 1),
    "strictly before the label": ("event_ts", 1, 0),
    "known by the label": ("greatest(event_ts, created_ts)", 0, 1),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_point_in_time_join_equals_brute_force(
    lake: Lake, athena: Athena, location: str, data: Any, variant: str
) -> None:
    features, spine = data
    feature_ts, feature_k, label_k = VARIANTS[variant]
    text = POINT_IN_TIME.format(feature_ts=feature_ts, feature_k=feature_k, label_k=label_k, row=ROW, key=KEY)
    rows = unloaded(lake, athena, location, text)
    assert len(rows) == len(spine)
    hits = 0
    for s in spine:
        known = [f for f in features if f["customer_id"] == s["customer_id"] and visible(f, s["label_ts"], variant)]
        newest = max(known, key=lambda f: (f["event_ts"], f["created_ts"], f["ingest_seq"]), default=None)
        hit = newest is not None and s["label_ts"] - newest["event_ts"] <= TTL
        hits += hit
        row = rows[s["row_id"]]
        assert row["a_hit"] == hit
        names = ("event_ts", "amount", "score", "cnt", "category", "flag")
        assert [row[f"a_{n}"] for n in names] == [newest[n] if hit else None for n in names]
    assert 0.2 * len(spine) < hits < len(spine)


def visible(feature: Any, label_ts: Any, variant: str) -> Any:
    match variant:
        case "at or before the label":
            return feature["event_ts"] <= label_ts
        case "strictly before the label":
            return feature["event_ts"] < label_ts
        case _:
            return max(feature["event_ts"], feature["created_ts"]) <= label_ts


def inside(features: Any, s: Any, window: Any) -> Any:
    return [
        f
        for f in features
        if f["customer_id"] == s["customer_id"] and s["label_ts"] - window < f["event_ts"] <= s["label_ts"]
    ]


def test_prefix_sums_equal_brute_force(lake: Lake, athena: Athena, location: str, data: Any) -> None:
    features, spine = data
    rows = unloaded(lake, athena, location, WINDOWS)
    for s in spine:
        found = inside(features, s, timedelta(hours=1))
        amounts = [f["amount"] for f in found if f["amount"] is not None]
        row = rows[s["row_id"]]
        assert (row["rows_1h"], row["count_1h"]) == (len(found), len(amounts))
        assert row["sum_1h"] == (sum(amounts) if amounts else None)
        assert row["avg_1h"] == (float(sum(amounts)) / len(amounts) if amounts else None)
        assert row["stddev_1h"] == (pytest.approx(float(stdev(amounts))) if len(amounts) > 1 else None)


def test_range_join_equals_brute_force(lake: Lake, athena: Athena, location: str, data: Any) -> None:
    features, spine = data
    rows = unloaded(lake, athena, location, RANGE_JOIN)
    for s in spine:
        hour, week = inside(features, s, timedelta(hours=1)), inside(features, s, TTL)
        row = rows[s["row_id"]]
        assert row["min_1h"] == min((f["amount"] for f in hour if f["amount"] is not None), default=None)
        assert row["max_7d"] == max((f["amount"] for f in week if f["amount"] is not None), default=None)
        assert row["distinct_1h"] == len({f["category"] for f in hour if f["category"] is not None})


def test_range_frame_equals_brute_force(lake: Lake, athena: Athena, location: str, data: Any) -> None:
    features, spine = data
    rows = unloaded(lake, athena, location, f"SELECT * FROM ({RANGE_FRAME}) WHERE row_id IS NOT NULL")
    for s in spine:
        amounts = [f["amount"] for f in inside(features, s, TTL) if f["amount"] is not None]
        row = rows[s["row_id"]]
        expected = (len(amounts), sum(amounts), min(amounts), max(amounts)) if amounts else (0, None, None, None)
        assert (row["n"], row["s"], row["low"], row["high"]) == expected


def test_average_of_decimals_rounds_half_up_to_its_scale(athena: Athena, data: Any) -> None:
    features, _ = data
    amounts = [f["amount"] for f in features if f["amount"] is not None]
    mean = (sum(amounts) / len(amounts)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert athena.rows("SELECT avg(amount) FROM fv_a", database="pit") == [[str(mean)]]
