import pytest

from tidemark import BadRequestError, PushStoppedError, Retries, UnavailableError, UnreachableError


def results(*statuses):
    failure = {"error": {"code": "push.wrongType", "message": "field items must be int64"}}
    return {
        "results": [
            {"status": status, **({"shard": "s", "sequence": "1"} if status == "accepted" else failure)}
            for status in statuses
        ],
        "delivery": "exactlyOnce",
        "visibleWithinMillis": 5000,
    }


def test_results_stand_in_the_order_of_the_events_and_only_failed_ones_are_sent_again(api, client_of, answer):
    api.answers = [answer(results("accepted", "failed", "rejected", "failed")), answer(results("accepted", "rejected"))]
    report = client_of().push("events", [{"n": at} for at in range(4)])
    assert [result.status for result in report.results] == ["accepted", "accepted", "rejected", "rejected"]
    assert [seen.body["events"] for seen in api.seen] == [
        [{"n": 0}, {"n": 1}, {"n": 2}, {"n": 3}],
        [{"n": 1}, {"n": 3}],
    ]
    assert (report.delivery, report.count("accepted"), report.results[2].code) == ("exactlyOnce", 2, "push.wrongType")


def test_what_the_stream_never_takes_is_reported_as_failed(api, client_of, answer, pauses):
    api.answers = [answer(results("failed"))]
    report = client_of(retries=Retries(attempts=3)).push("events", [{"n": 1}])
    assert [result.status for result in report.results] == ["failed"]
    assert (len(api.seen), len(pauses)) == (3, 2)


def test_a_stream_that_took_none_is_tried_again(api, client_of, answer, problem):
    api.answers = [problem(503, "push.streamUnavailable"), answer({}, 429), answer(results("accepted"))]
    assert client_of().push("events", [{"n": 1}]).count("accepted") == 1


def test_a_request_without_an_answer_is_not_sent_twice_unless_asked(api, client_of, answer):
    api.answers = [answer(is_answered=False), answer(results("accepted"))]
    with pytest.raises(UnreachableError) as raised:
        client_of().push("events", [{"n": 1}])
    assert raised.value.sent
    assert len(api.seen) == 1
    api.answers = [answer(is_answered=False), answer(results("accepted"))]
    assert client_of().push("events", [{"n": 1}], repeat_unanswered=True).count("accepted") == 1


def test_a_timeout_of_the_function_may_have_pushed_and_is_not_repeated(api, client_of, problem):
    api.answers = [problem(503, "http.timeout")]
    with pytest.raises(UnavailableError):
        client_of().push("events", [{"n": 1}])
    assert len(api.seen) == 1


def test_many_events_go_in_batches_and_a_stop_says_how_far_it_came(api, client_of, answer, problem):
    api.answers = [answer(results(*["accepted"] * 500)), problem(400, "push.invalidRequest")]
    with pytest.raises(PushStoppedError) as raised:
        client_of().push("events", ({"n": at} for at in range(1200)))
    assert len(raised.value.report.results) == 500
    assert [len(seen.body["events"]) for seen in api.seen] == [500, 500]
    assert isinstance(raised.value.__cause__, BadRequestError)


def test_a_batch_stays_below_the_limit_of_a_body(api, client_of, answer):
    api.answers = [answer(results("accepted", "accepted")), answer(results("accepted"))]
    client_of().push("events", [{"text": "x" * 700_000}] * 3)
    assert [len(seen.body["events"]) for seen in api.seen] == [2, 1]
