import socket
import time

import pytest

from tidemark import (
    BadRequestError,
    Client,
    ConflictError,
    NotFoundError,
    Retries,
    ServerError,
    TidemarkError,
    UnauthorizedError,
    UnavailableError,
    UnreachableError,
)


def test_passing_failures_are_tried_again_with_growing_pauses(api, client_of, pauses, answer, problem):
    api.answers = [
        problem(503, "http.timeout"),
        answer({}, 429),
        answer(is_answered=False),
        answer(b"<html>bad gateway</html>", 502),
        answer({"features": []}),
    ]
    client = client_of(retries=Retries(attempts=5, first_pause_seconds=1, longest_pause_seconds=3))
    assert client.describe_service("fraud@2") == {"features": []}
    assert [(seen.method, seen.path) for seen in api.seen] == [("GET", "/api/v1/feature-services/fraud@2")] * 5
    assert [most / 2 <= pause <= most for pause, most in zip(pauses, [1, 2, 3, 3], strict=True)] == [True] * 4


def test_retry_after_is_heeded_up_to_the_longest_pause(api, client_of, pauses, answer):
    api.answers = [
        answer({}, 503, {"retry-after": "1"}),
        answer({}, 503, {"retry-after": "900"}),
        answer({"ok": 1}),
    ]
    assert client_of().describe_view("v") == {"ok": 1}
    assert pauses == [1.0, 5.0]


def test_the_last_failure_is_raised_with_its_code(api, client_of, pauses, problem):
    api.answers = [problem(503, "serve.storeUnavailable")]
    with pytest.raises(UnavailableError) as raised:
        client_of(retries=Retries(attempts=3)).describe_view("v")
    assert (raised.value.code, raised.value.status, raised.value.request_id) == ("serve.storeUnavailable", 503, "r-1")
    assert len(api.seen) == 3
    assert len(pauses) == 2


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequestError),
        (401, UnauthorizedError),
        (403, UnauthorizedError),
        (404, NotFoundError),
        (409, ConflictError),
        (413, BadRequestError),
        (500, ServerError),
    ],
)
def test_other_failures_are_raised_at_once_as_their_class(api, client_of, pauses, problem, status, kind):
    api.answers = [problem(status, "room.problem")]
    with pytest.raises(kind) as raised:
        client_of().describe_view("v")
    assert type(raised.value) is kind
    assert raised.value.code == "room.problem"
    assert (len(api.seen), pauses) == (1, [])


def test_every_fault_of_a_bad_request_has_its_pointer(api, client_of, problem):
    faults = [{"pointer": "/entities/0/a", "message": "is missing"}, {"pointer": "/request", "message": "is missing"}]
    api.answers = [problem(400, "serve.invalidRequest", errors=faults)]
    with pytest.raises(BadRequestError, match="/entities/0/a is missing; /request is missing") as raised:
        client_of().get_online("fraud", [{}])
    assert [(fault.pointer, fault.message) for fault in raised.value.errors] == [
        ("/entities/0/a", "is missing"),
        ("/request", "is missing"),
    ]


def test_the_token_goes_with_every_request_and_the_connection_is_kept(api, client_of, answer):
    api.answers = [answer({})]
    client = client_of()
    client.describe_view("v")
    client.describe_view("v")
    assert {seen.headers["authorization"] for seen in api.seen} == {"Bearer secret"}


def test_an_answer_that_does_not_come_is_given_up_after_the_timeout(pauses):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = Client(
            f"http://127.0.0.1:{silent.getsockname()[1]}",
            "secret",
            timeout_seconds=0.1,
            retries=Retries(attempts=2),
            sleep=pauses.append,
        )
        started = time.monotonic()
        with pytest.raises(UnreachableError, match="did not answer in time") as raised:
            client.describe_view("v")
    assert time.monotonic() - started < 5
    assert raised.value.sent
    assert len(pauses) == 1


def test_a_host_that_nobody_listens_on_is_told_as_never_reached(pauses):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = Client(f"http://127.0.0.1:{port}", "secret", retries=Retries(attempts=2), sleep=pauses.append)
    with pytest.raises(UnreachableError, match="cannot reach the API at http://127.0.0.1") as raised:
        client.describe_view("v")
    assert not raised.value.sent


def test_an_answer_that_is_no_json_is_told(api, client_of, answer):
    api.answers = [answer(b"<html>welcome</html>")]
    with pytest.raises(TidemarkError, match="is the url that of the API"):
        client_of().describe_view("v")


def test_a_client_needs_a_token_and_a_url(monkeypatch):
    monkeypatch.delenv("TIDEMARK_API_TOKEN", raising=False)
    with pytest.raises(TidemarkError, match="TIDEMARK_API_TOKEN"):
        Client("http://127.0.0.1")
    with pytest.raises(TidemarkError, match="http:// or https://"):
        Client("127.0.0.1:80", "secret")
