import io
from datetime import datetime, timedelta, timezone

import pytest

from tidemark import ConflictError, NotFoundError, Retries, TidemarkError, TrainingSetError

pandas = pytest.importorskip("pandas")
pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

FEATURES = [
    {"name": "s__trips", "ref": "s@1:trips", "type": "int64", "nulls": 1, "nullShare": 0.25},
    {"name": "s__seen", "ref": "s@1:seen", "type": "timestamp", "nulls": 0, "nullShare": 0},
]


class Bucket:
    """A bucket in memory."""

    def __init__(self):
        self.objects = {}

    def read(self, uri):
        return self.objects[uri]

    def write(self, key, content):
        uri = f"s3://bucket/{key}"
        self.objects[uri] = content
        return uri


def state(status, **members):
    return {"id": "ts-1", "status": status, **members}


def complete(**members):
    dataset = {"location": "s3://bucket/datasets/ts-1/", "rows": 4, "files": ["part-0.parquet", "part-1.parquet"]}
    return state("succeeded", step="complete", dataset={**dataset, "features": FEATURES}, **members)


def part(trips, seen):
    schema = pyarrow.schema(
        [("id", pyarrow.int32()), ("s__trips", pyarrow.int64()), ("s__seen", pyarrow.timestamp("ms"))]
    )
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.table([list(range(len(trips))), trips, seen], schema), buffer)
    return buffer.getvalue()


PARTS = [part([2**53 + 1, None], [0, 1]), part([3, 4], [2, 3])]


def bucket_with_parts():
    bucket = Bucket()
    bucket.objects = {f"s3://bucket/datasets/ts-1/part-{at}.parquet": content for at, content in enumerate(PARTS)}
    return bucket


def test_a_frame_is_put_into_the_bucket_and_comes_back_with_features(api, client_of, answer):
    bucket = bucket_with_parts()
    api.answers = [answer(state("queued"), 202), answer(state("queued")), answer(complete())]
    spine = pandas.DataFrame({"id": [1], "event_timestamp": [pandas.Timestamp("2026-01-31T00:00:00.123Z")]})
    client = client_of(storage=bucket)
    training_set = client.training_set(spine, ["s:trips"], lag=timedelta(hours=2), mode="eventTime", label="id")
    sent = api.seen[0].body
    assert {**sent, "id": "", "spine": ""} == {
        "id": "",
        "spine": "",
        "features": ["s:trips"],
        "lag": 7_200_000,
        "mode": "eventTime",
        "label": "id",
    }
    assert sent["spine"] == f"s3://bucket/training-sets/work/{sent['id']}/input/spine.parquet"
    written = parquet.read_table(io.BytesIO(bucket.objects[sent["spine"]]))
    assert written.column_names == ["id", "event_timestamp"]
    assert written["event_timestamp"][0].as_py().microsecond == 123_000
    frame = training_set.wait(progress=False).to_pandas()
    assert list(frame["s__trips"]) == [2**53 + 1, pandas.NA, 3, 4]
    assert [str(frame[name].dtype) for name in ("s__trips", "s__seen")] == ["Int64", "datetime64[ms, UTC]"]
    assert training_set.types == {"s__trips": "int64", "s__seen": "timestamp"}


def test_waiting_tells_each_step_and_ends_with_the_dataset(api, client_of, answer, pauses):
    api.answers = [answer(body) for body in [state("queued"), state("running", step="building"), complete()]]
    told = []
    client_of().get_training_set("ts-1").wait(progress=lambda training_set: told.append(training_set.step))
    assert told == ["building", "complete"]
    assert pauses == [0.5]


def test_a_failed_build_is_raised_with_its_code(api, client_of, answer):
    error = {"code": "trainingSet.badSpine", "message": "the spine has no column carrier"}
    api.answers = [answer(state("failed", error=error))]
    with pytest.raises(TrainingSetError, match="the spine has no column carrier") as raised:
        client_of().get_training_set("ts-1").wait(progress=False)
    assert raised.value.code == "trainingSet.badSpine"


def test_waiting_has_an_end_and_says_that_the_build_goes_on(api, client_of, answer):
    api.answers = [answer(state("running", step="building"))]
    with pytest.raises(TrainingSetError, match="step building.*the build goes on") as raised:
        client_of().get_training_set("ts-1").wait(timeout_seconds=0.2, progress=False)
    assert raised.value.code == "client.timeout"


def test_a_lost_answer_starts_no_second_build(api, client_of, answer, problem):
    api.answers = [answer(is_answered=False), problem(409, "trainingSet.idTaken"), answer(state("running"))]
    training_set = client_of().training_set("s3://bucket/training-sets/labels.parquet", "fraud")
    first, second, third = api.seen
    assert first.body == second.body
    assert third.path == f"/api/v1/training-sets/{training_set.id}"
    assert training_set.status == "running"


def test_an_export_asks_for_one_instant_now_or_the_one_that_is_named(api, client_of, answer):
    uri = "s3://bucket/training-sets/entities.parquet"
    instant = datetime(2026, 1, 31, 10, 30, tzinfo=timezone(timedelta(hours=1)))
    for as_of, sent in [(None, "now"), (instant, "2026-01-31T09:30:00+00:00"), ("2026-01-31T09:30Z",) * 2]:
        api.answers = [answer(state("queued"), 202), answer(state("running"))]
        export = client_of().export(uri, "fraud", as_of=as_of)
        assert {**api.seen[-2].body, "id": ""} == {"id": "", "spine": uri, "service": "fraud", "asOf": sent}
        assert export.id.startswith("ex-")
        assert export.status == "running"
    seen = len(api.seen)
    with pytest.raises(TidemarkError, match="zone"):
        client_of().export(uri, "fraud", as_of=datetime(2026, 1, 31))
    assert len(api.seen) == seen


def test_an_id_of_the_caller_that_is_taken_is_told(api, client_of, problem):
    api.answers = [problem(409, "trainingSet.idTaken")]
    with pytest.raises(ConflictError):
        client_of().training_set("s3://bucket/training-sets/labels.parquet", "fraud", id="mine")


def test_files_are_read_by_their_links_without_the_token_where_the_api_gives_them(api, client_of, answer):
    links = [
        {
            "name": f"part-{at}.parquet",
            "url": f"{api.url}/link/part-{at}.parquet?signature=x",
            "sizeBytes": len(content),
            "rows": 2,
        }
        for at, content in enumerate(PARTS)
    ]
    api.answers = [
        answer(complete(files=links)),
        answer(complete(files=links)),
        answer(PARTS[0], 503),
        *[answer(content) for content in PARTS],
    ]
    training_set = client_of(retries=Retries(first_pause_seconds=0)).get_training_set("ts-1")
    assert list(training_set.to_pandas()["s__trips"]) == [2**53 + 1, pandas.NA, 3, 4]
    assert "authorization" not in {name.lower() for seen in api.seen[2:] for name in seen.headers}


def test_statistics_come_by_their_link_without_the_token(api, client_of, answer):
    statistics = {"rows": 4, "columns": [{"name": "s__trips", "max": "9007199254740993"}]}
    linked = complete(statistics={"url": f"{api.url}/link/statistics.json?signature=x", "sizeBytes": 7})
    api.answers = [answer(linked), answer(linked), answer(statistics)]
    assert client_of().get_training_set("ts-1").statistics() == statistics
    assert api.seen[2].path == "/api/link/statistics.json?signature=x"
    assert "authorization" not in {name.lower() for name in api.seen[2].headers}


def test_what_has_no_statistics_says_so(api, client_of, answer):
    api.answers = [answer(complete()), answer(state("running"))]
    training_set = client_of().get_training_set("ts-1")
    with pytest.raises(TrainingSetError, match="built without statistics"):
        training_set.statistics()
    with pytest.raises(TrainingSetError, match="is running; wait"):
        training_set.refresh().statistics()


def test_files_go_to_a_folder_in_the_order_of_the_rows(api, client_of, answer, tmp_path):
    api.answers = [answer(complete())]
    paths = client_of(storage=bucket_with_parts()).get_training_set("ts-1").download(tmp_path / "new")
    assert [path.name for path in paths] == ["part-0.parquet", "part-1.parquet"]
    assert [path.read_bytes() for path in paths] == PARTS


def test_without_a_bucket_the_way_to_one_is_told(api, client_of, answer):
    with pytest.raises(TidemarkError, match="storage=") as raised:
        client_of().training_set(pandas.DataFrame({"id": [1]}), "fraud")
    assert (raised.value.code, api.seen) == ("client.noStorage", [])
    api.answers = [answer(complete())]
    with pytest.raises(TidemarkError, match="storage="):
        client_of().get_training_set("ts-1").to_pandas()


def test_a_spine_that_is_nowhere_is_told_before_anything_is_sent(api, client_of):
    with pytest.raises(TidemarkError, match=r"there is no file labels\.parquet"):
        client_of().training_set("labels.parquet", "fraud")
    with pytest.raises(TidemarkError, match="got int"):
        client_of().training_set(7, "fraud")
    assert api.seen == []


def test_an_unfinished_set_has_no_rows_yet_and_an_unknown_one_is_not_found(api, client_of, answer, problem):
    api.answers = [answer(state("running")), problem(404, "trainingSet.unknown")]
    with pytest.raises(TrainingSetError, match="is running; wait"):
        _ = client_of().get_training_set("ts-1").rows
    with pytest.raises(NotFoundError):
        client_of().get_training_set("ts-2")


def test_tags_for_an_experiment_tracker_say_what_the_set_was_made_of(api, client_of, answer):
    # F82
    answered = complete()
    answered["dataset"] |= {
        "requestId": "aa11",
        "datasetId": "bb22",
        "pinned": True,
        "service": {"name": "fraud", "version": 3, "definitionHash": "cc33"},
        "vectorHash": "dd44",
    }
    api.answers = [answer(answered)]
    assert client_of().get_training_set("ts-1").tags() == {
        "tidemark.training_set": "ts-1",
        "tidemark.request_id": "aa11",
        "tidemark.dataset_id": "bb22",
        "tidemark.pinned": "true",
        "tidemark.service": "fraud@3",
        "tidemark.definition_hash": "cc33",
        "tidemark.vector_hash": "dd44",
        "tidemark.features": "2",
    }


def test_tags_of_listed_features_have_no_service(api, client_of, answer):
    api.answers = [answer(complete())]
    assert "tidemark.service" not in client_of().get_training_set("ts-1").tags()
