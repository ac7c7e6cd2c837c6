import io
from datetime import UTC, datetime

import pytest

from tidemark import TidemarkError

pandas = pytest.importorskip("pandas")
pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


class Bucket:
    """A bucket in memory, to be read."""

    def __init__(self, objects):
        self.objects = objects

    def read(self, uri):
        return self.objects[uri]


def complete(files, **members):
    feature = {"ref": "s@1:f", "nulls": 0, "nullShare": 0}
    dataset = {
        "location": "s3://bucket/datasets/ts-1/",
        "rows": 3,
        "files": files,
        "features": [
            {"name": "s__trips", "type": "int64", **feature},
            {"name": "s__seen", "type": "timestamp", **feature},
            {"name": "s__name", "type": "string", **feature},
            {"name": "s__mean", "type": "float64", **feature},
            {"name": "s__last", "type": "list<int64>", **feature},
            {"name": "s__raw", "type": "bytes", **feature},
        ],
        **members,
    }
    return {"id": "ts-1", "status": "succeeded", "dataset": dataset}


SPLITS = [
    {"name": "train", "rows": 2, "files": 1, "from": "2026-01-01T00:00:00.000Z", "to": "2026-01-02T00:00:00.000Z"},
    {"name": "test", "rows": 1, "files": 1, "from": "2026-02-01T00:00:00.000Z", "to": "2026-02-01T00:00:00.000Z"},
]


def parquet_bytes(trips):
    schema = pyarrow.schema([("s__trips", pyarrow.int64()), ("s__seen", pyarrow.timestamp("ms"))])
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.table([trips, [0] * len(trips)], schema), buffer)
    return buffer.getvalue()


@pytest.fixture
def split_set(api, client_of, answer):
    files = {"train/part-00000.parquet": parquet_bytes([1, 2]), "test/part-00000.parquet": parquet_bytes([3])}
    body = complete(list(files), splits=SPLITS)
    body["dataset"]["features"] = body["dataset"]["features"][:2]
    api.answers = [answer(body)]
    bucket = Bucket({f"s3://bucket/datasets/ts-1/{name}": content for name, content in files.items()})
    return client_of(storage=bucket).get_training_set("ts-1")


def test_splits_and_samples_are_asked_for_as_the_api_takes_them(api, client_of, answer):
    api.answers = [answer({"id": "ts-1", "status": "queued"}, 202)]
    client_of().training_set(
        "s3://bucket/training-sets/labels.parquet",
        "fraud",
        split={"time": [datetime(2013, 10, 1, tzinfo=UTC)]},
        sample=0.1,
        file_rows=50_000,
        format="csv",
    )
    client_of().training_set(
        "s3://bucket/training-sets/labels.parquet",
        "fraud",
        split={"hash": [0.8, 0.2], "by": "plane"},
        sample={"share": 0.1, "by": "plane", "seed": 7},
    )
    first, second = (seen.body for seen in api.seen if seen.body)
    wanted = {"sample": {"share": 0.1}, "fileRows": 50_000, "format": "csv"}
    assert {name: first[name] for name in wanted} == wanted
    assert first["split"]["time"][0].startswith("2013-10-01T00:00:00")
    assert second["split"] == {"hash": [0.8, 0.2], "by": "plane"}
    assert second["sample"] == {"share": 0.1, "by": "plane", "seed": 7}


def test_a_split_is_read_as_a_set_of_its_own(split_set):
    assert list(split_set.splits) == ["train", "test"]
    train, test = split_set.split("train"), split_set.split("test")
    assert [part.rows for part in (split_set, train, test)] == [3, 2, 1]
    assert [list(part.to_pandas()["s__trips"]) for part in (split_set, train, test)] == [[1, 2, 3], [1, 2], [3]]
    assert test.splits["test"]["from"] == "2026-02-01T00:00:00.000Z"


def test_files_of_splits_go_to_folders_of_their_names(split_set, tmp_path):
    paths = split_set.download(tmp_path)
    assert [str(path.relative_to(tmp_path)) for path in paths] == [
        "train/part-00000.parquet",
        "test/part-00000.parquet",
    ]
    assert list(pandas.read_parquet(tmp_path / "train")["s__trips"]) == [1, 2]
    assert [path.name for path in split_set.split("test").download(tmp_path / "one")] == ["part-00000.parquet"]


def test_a_split_that_is_not_there_is_told(split_set):
    with pytest.raises(TidemarkError, match="no split validation: it is train, test") as raised:
        split_set.split("validation")
    assert raised.value.code == "client.unknownSplit"


def test_csv_files_have_the_types_of_the_features_and_nulls_apart_from_empty_texts(api, client_of, answer):
    header = "id,note,s__trips,s__seen,s__name,s__mean,s__last,s__raw\r\n"
    parts = {
        "part-00000.csv": header
        + '1,,9007199254740993,2026-01-01T00:00:00.123Z,"",NaN,"[9007199254740993,null]",AQI=\r\n'
        + "2,,,,,-Infinity,,\r\n",
        "part-00001.csv": header + '3,"a\r\nb",-1,1969-12-31T23:59:59.999Z,NaN,0.1,[],AQI=\r\n',
    }
    api.answers = [answer(complete(list(parts), format="csv"))]
    bucket = Bucket({f"s3://bucket/datasets/ts-1/{name}": text.encode() for name, text in parts.items()})
    training_set = client_of(storage=bucket).get_training_set("ts-1")
    frame = training_set.to_pandas()
    assert list(frame["s__trips"]) == [2**53 + 1, pandas.NA, -1]
    assert list(frame["s__name"].fillna("no value")) == ["", "no value", "NaN"]
    assert list(frame["note"].fillna("no value")) == ["no value", "no value", "a\r\nb"]
    assert [str(value) for value in frame["s__mean"]] == ["nan", "-inf", "0.1"]
    assert frame["s__seen"][0] == pandas.Timestamp("2026-01-01T00:00:00.123Z")
    assert str(frame["s__seen"].dtype) == "datetime64[ms, UTC]"
    assert frame["s__raw"][0] == b"\x01\x02"
    assert next(training_set.tables())["s__last"].to_pylist() == [[2**53 + 1, None], None]
