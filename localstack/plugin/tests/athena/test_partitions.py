"""Which files are read: registered and projected partitions, pruned by the predicate."""

from typing import Any

import pyarrow as pa
import pytest

from .lake import Athena, Lake

DAYS = ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"]


def events(day: str, region: str) -> pa.Table:
    return pa.table({"id": [f"{day}-{region}"], "amount": pa.array([1.0])})


@pytest.fixture
def registered(lake: Lake, athena: Athena, location: str) -> Any:
    """Four days in two regions at Hive paths; a broken file proves what is not read."""
    name = lake.name("events")
    for day in DAYS:
        for region in ("eu", "us"):
            lake.put(f"{location}dt={day}/region={region}/a.parquet", events(day, region))
    athena.run(
        f"CREATE EXTERNAL TABLE {name} (id string, amount double) PARTITIONED BY (dt string, region string)"
        f" STORED AS PARQUET LOCATION '{location}'"
    )
    return name


def ids(athena: Athena, text: str) -> Any:
    return sorted(r[0] for r in athena.rows(text))


def test_unregistered_partitions_are_invisible_until_repaired(athena: Athena, registered: str) -> None:
    assert athena.rows(f"SELECT * FROM {registered}") == []
    athena.run(f"ALTER TABLE {registered} ADD PARTITION (dt = '2026-01-01', region = 'eu')")
    assert ids(athena, f"SELECT id FROM {registered}") == ["2026-01-01-eu"]
    assert len(athena.rows(f"MSCK REPAIR TABLE {registered}")) == 7
    assert len(athena.rows(f"SELECT id FROM {registered}")) == 8
    athena.run(f"ALTER TABLE {registered} DROP PARTITION (dt = '2026-01-01', region = 'eu')")
    assert len(athena.rows(f"SELECT id FROM {registered}")) == 7
    assert "already exists" in athena.fails(
        f"ALTER TABLE {registered} ADD PARTITION (dt = '2026-01-02', region = 'eu')"
    )
    athena.run(f"ALTER TABLE {registered} ADD IF NOT EXISTS PARTITION (dt = '2026-01-02', region = 'eu')")


def test_a_partition_may_lie_anywhere(lake: Lake, athena: Athena, registered: str, location: str) -> None:
    elsewhere = location.replace("lake/", "lake/elsewhere-")
    lake.put(f"{elsewhere}x.parquet", events("far", "away"))
    athena.run(f"ALTER TABLE {registered} ADD PARTITION (dt = '2026-02-01', region = 'eu') LOCATION '{elsewhere}'")
    assert athena.rows(f"SELECT id, dt FROM {registered}") == [["far-away", "2026-02-01"]]


@pytest.fixture
def poisoned(lake: Lake, athena: Athena, registered: str, location: str) -> Any:
    """Every partition but 2026-01-02/eu holds a file that is no Parquet: reading it fails."""
    for day in DAYS:
        for region in ("eu", "us"):
            if (day, region) != ("2026-01-02", "eu"):
                key = f"{location}dt={day}/region={region}/bad.parquet"[len("s3://lake/") :]
                lake.s3.put_object(Bucket="lake", Key=key, Body=b"not parquet")
    athena.run(f"MSCK REPAIR TABLE {registered}")
    view = lake.name("v")
    athena.run(f"CREATE VIEW {view} AS SELECT id, dt AS day, region FROM {registered} WHERE region <> 'x'")
    return registered, view


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id FROM {t} WHERE dt = '2026-01-02' AND region = 'eu'",
        "SELECT id FROM {t} WHERE dt IN ('2026-01-02', '2027-01-01') AND region IN ('eu')",
        "SELECT id FROM {t} WHERE dt > '2026-01-01' AND dt < '2026-01-03' AND region = 'eu'",
        "SELECT id FROM {t} WHERE dt BETWEEN '2026-01-02' AND '2026-01-02' AND (region <= 'eu')",
        "WITH e AS (SELECT id FROM {t} e WHERE '2026-01-02' = e.dt AND e.region = 'eu') SELECT * FROM e",
        "SELECT id FROM (SELECT id, dt, region FROM {t}) WHERE dt = '2026-01-02' AND region = 'eu'",
        "SELECT e.id FROM (VALUES 1) AS one (x) JOIN {t} e ON e.dt = '2026-01-02' AND e.region = 'eu' AND x = 1",
        "SELECT e.id FROM (VALUES 1) AS one (x) LEFT JOIN {t} e ON e.dt = '2026-01-02' AND e.region = 'eu'",
        "SELECT id FROM {v} WHERE day = '2026-01-02' AND region = 'eu'",
        "WITH e AS (SELECT * FROM {v}) SELECT id FROM e WHERE day = '2026-01-02' AND region = 'eu'",
        "SELECT id FROM (SELECT id, dt, region FROM {t} UNION ALL SELECT id, dt, region FROM {t}) "
        "WHERE dt = '2026-01-02' AND region = 'eu' GROUP BY id",
        "SELECT id FROM {t} WHERE dt = date_format(DATE '2026-01-01' + INTERVAL '1' DAY, '%Y-%m-%d') AND region = 'eu'",
        "SELECT max(id) FROM {t} WHERE dt = '2026-01-02' AND region = 'eu'",
        "SELECT id FROM {t} WHERE (dt = '2026-01-02' OR dt = '2027-01-01') AND region = 'eu'",
    ],
)
def test_other_partitions_are_not_read(athena: Athena, poisoned: Any, query: str) -> None:
    table, view = poisoned
    assert ids(athena, query.format(t=table, v=view)) == ["2026-01-02-eu"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id FROM {t} WHERE dt = '2026-01-02' OR amount > 100",
        "SELECT id FROM (SELECT id, dt, row_number() OVER (ORDER BY id) AS n FROM {t}) WHERE dt = '2026-01-02'",
        "SELECT id FROM (SELECT id, dt FROM {t} LIMIT 5) WHERE dt = '2026-01-02'",
        "SELECT e.id FROM {t} e LEFT JOIN (VALUES 1) AS one (x) ON e.dt = '2026-01-02'",
        "SELECT count(*) FROM {t} e WHERE coalesce(dt, '2026-01-02') = '2026-01-02'",
        "WITH e AS (SELECT * FROM {t}) SELECT a.id FROM e a JOIN e b ON a.id = b.id WHERE a.dt = '2026-01-02'",
    ],
)
def test_predicates_that_do_not_restrict_the_scan_do_not_prune(athena: Athena, poisoned: Any, query: str) -> None:
    assert "HIVE_BAD_DATA" in athena.fails(query.format(t=poisoned[0]))


def test_bytes_scanned_count_only_the_read_partitions_and_columns(athena: Athena, registered: str) -> None:
    athena.run(f"MSCK REPAIR TABLE {registered}")
    every = athena.run(f"SELECT * FROM {registered}").scanned_bytes
    one_day = athena.run(f"SELECT * FROM {registered} WHERE dt = '2026-01-01'").scanned_bytes
    one_column = athena.run(f"SELECT amount FROM {registered}").scanned_bytes
    assert every == 4 * one_day
    assert 0 < one_column < every


def test_path_names_the_object_of_a_row_and_prunes(lake: Lake, athena: Athena, location: str) -> None:
    name = lake.name()
    for number in range(3):
        lake.put(f"{location}f{number}.parquet", pa.table({"x": [number]}))
    athena.run(f"CREATE EXTERNAL TABLE {name} (x bigint) STORED AS PARQUET LOCATION '{location}'")
    assert athena.rows(f'SELECT x, "$path" FROM {name} ORDER BY x')[1] == ["1", f"{location}f1.parquet"]
    execution = athena.run(f"SELECT x FROM {name} WHERE \"$path\" IN ('{location}f1.parquet', '{location}f2.parquet')")
    assert execution.outcome.results.read(0, 9) == [["1"], ["2"]]
    assert execution.scanned_bytes * 3 == athena.run(f"SELECT x FROM {name}").scanned_bytes * 2
    assert athena.rows(f"SELECT * FROM {name} LIMIT 1") == [["0"]]


def test_partition_keys_are_typed(lake: Lake, athena: Athena, location: str) -> None:
    name = lake.name()
    lake.put(f"{location}d=2026-01-05/n=7/a.parquet", pa.table({"x": [1]}))
    athena.run(
        f"CREATE EXTERNAL TABLE {name} (x bigint) PARTITIONED BY (d date, n int) STORED AS PARQUET"
        f" LOCATION '{location}'"
    )
    athena.run(f"MSCK REPAIR TABLE {name}")
    assert athena.rows(f"SELECT date_add('day', 1, d), n + 1 FROM {name} WHERE d >= DATE '2026-01-05' AND n = 7") == [
        ["2026-01-06", "8"]
    ]
    assert athena.rows(f"SELECT x FROM {name} WHERE d < DATE '2026-01-05'") == []


PROJECTED = (
    "CREATE EXTERNAL TABLE {name} (id string) PARTITIONED BY (dt string, region string) STORED AS PARQUET"
    " LOCATION '{location}' TBLPROPERTIES ('projection.enabled' = 'true', 'projection.dt.type' = 'date',"
    " 'projection.dt.format' = 'yyyy-MM-dd', 'projection.dt.range' = '{range}',"
    " 'projection.region.type' = 'enum', 'projection.region.values' = 'eu,us'{template})"
)


def test_projected_partitions_need_no_registration(lake: Lake, athena: Athena, location: str) -> None:
    name = lake.name()
    for day in ("2025-12-31", *DAYS):
        lake.put(f"{location}{day}/eu/a.parquet", events(day, "eu"))
    template = f", 'storage.location.template' = '{location}${{dt}}/${{region}}'"
    athena.run(PROJECTED.format(name=name, location=location, range="2026-01-01,NOW+1DAYS", template=template))
    assert len(athena.rows(f"SELECT id FROM {name} WHERE dt <= '2026-01-31'")) == 4
    assert ids(athena, f"SELECT id FROM {name} WHERE dt >= '2026-01-04' AND region = 'eu'") == ["2026-01-04-eu"]


def test_projection_defaults_to_hive_paths(lake: Lake, athena: Athena, location: str) -> None:
    name = lake.name()
    lake.put(f"{location}dt=2026-01-01/region=us/a.parquet", events("2026-01-01", "us"))
    athena.run(PROJECTED.format(name=name, location=location, range="NOW-3YEARS,NOW", template=""))
    assert ids(athena, f"SELECT id FROM {name}") == ["2026-01-01-us"]


def test_injected_and_integer_projection(lake: Lake, athena: Athena, location: str) -> None:
    name = lake.name()
    for hour in range(3):
        lake.put(f"{location}k7/{hour:02d}/a.parquet", pa.table({"x": [hour]}))
    athena.run(
        f"CREATE EXTERNAL TABLE {name} (x bigint) PARTITIONED BY (k string, hour int) STORED AS PARQUET LOCATION"
        f" '{location}' TBLPROPERTIES ('projection.enabled' = 'true', 'projection.k.type' = 'injected',"
        " 'projection.hour.type' = 'integer', 'projection.hour.range' = '0,23', 'projection.hour.digits' = '2',"
        f" 'storage.location.template' = '{location}${{k}}/${{hour}}')"
    )
    assert athena.rows(f"SELECT x, hour FROM {name} WHERE k = 'k7' AND hour > 0 ORDER BY x") == [["1", "1"], ["2", "2"]]
    assert athena.rows(f"SELECT x FROM {name} WHERE k = 'other'") == []
    assert "CONSTRAINT_VIOLATION" in athena.fails(f"SELECT x FROM {name} WHERE hour = 1")


def test_a_predicate_that_raises_for_a_partition_does_not_prune(athena: Athena, registered: str) -> None:
    athena.run(f"MSCK REPAIR TABLE {registered}")
    text = f"SELECT count(*) FROM {registered} WHERE amount > 5 AND CAST(region AS bigint) = 1"
    assert athena.rows(text) == [["0"]]


def test_many_projected_partitions_are_found_by_one_walk(lake: Lake, athena: Athena, location: str) -> None:
    name = lake.name()
    for day in DAYS:
        lake.put(f"{location}dt={day}/region=eu/a.parquet", events(day, "eu"))
        lake.put(f"{location}dt={day}/region=xx/a.parquet", events(day, "xx"))
    athena.run(PROJECTED.format(name=name, location=location, range="2020-01-01,2026-01-03", template=""))
    assert ids(athena, f"SELECT id FROM {name}") == [f"{day}-eu" for day in DAYS[:3]]
