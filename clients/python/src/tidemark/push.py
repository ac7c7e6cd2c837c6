"""Pushing events into the stream of a source."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from .errors import ApiError, PushStoppedError, TidemarkError, UnreachableError
from .transport import Retries, Transport
from .values import to_json

_most_events = 500
# Well below the API's limit for a body with many quotes, see docs/http-api.md.
_most_bytes = 1_500_000


@dataclass(frozen=True)
class PushResult:
    """What became of one event: `status` is accepted, rejected (it can never be accepted as it is) or failed."""

    status: str
    code: str | None = None
    message: str | None = None
    shard: str | None = None
    sequence: str | None = None


@dataclass
class PushReport:
    """Results in the order of the events. `delivery` of a second push of an event: exactlyOnce or atLeastOnce."""

    results: list[PushResult] = field(default_factory=list)
    delivery: str | None = None
    visible_within_millis: int | None = None

    def count(self, status: str) -> int:
        """Events with this status."""
        return sum(result.status == status for result in self.results)


@dataclass(frozen=True)
class Pusher:
    """Sends events in batches, one after the other, so that they keep their order."""

    transport: Transport
    retries: Retries
    sleep: Callable[[float], None]

    def push(self, source: str, events: Iterable[Mapping[str, Any]], *, repeat_unanswered: bool) -> PushReport:
        """See Client.push."""
        report = PushReport()
        path = f"/v1/push/{quote(source, safe='')}"
        for batch in _batches(events):
            try:
                report.results.extend(self._push_batch(path, batch, report, repeat_unanswered))
            except TidemarkError as cause:
                if not report.results:
                    raise  # nothing was pushed before it
                raise PushStoppedError(report, cause) from cause
        return report

    def _push_batch(self, path: str, batch: list[bytes], report: PushReport, repeat: bool) -> list[PushResult]:
        """What the stream does not take is sent again; what was accepted never is."""
        results: list[PushResult] = [PushResult("failed")] * len(batch)
        waiting = list(range(len(batch)))
        for attempt in range(1, self.retries.attempts + 1):
            body = b'{"events":[' + b",".join(batch[at] for at in waiting) + b"]}"
            answer = self.transport.post(path, body, is_safe_to_repeat=lambda error: repeat or _took_none(error))
            report.delivery = answer["delivery"]
            report.visible_within_millis = answer["visibleWithinMillis"]
            for at, result in zip(waiting, answer["results"], strict=True):
                results[at] = _result(result)
            waiting = [at for at in waiting if results[at].status == "failed"]
            if not waiting or attempt == self.retries.attempts:
                break
            self.sleep(self.retries.pause_seconds(attempt))
        return results


def _took_none(error: TidemarkError) -> bool:
    """Is it certain that no event of the request is in the stream? 429 is told before the function runs."""
    if isinstance(error, UnreachableError):
        return not error.sent
    return isinstance(error, ApiError) and (error.status == 429 or error.code == "push.streamUnavailable")


def _result(result: Mapping[str, Any]) -> PushResult:
    error = result.get("error") or {}
    return PushResult(
        status=result["status"],
        code=error.get("code"),
        message=error.get("message"),
        shard=result.get("shard"),
        sequence=result.get("sequence"),
    )


def _batches(events: Iterable[Mapping[str, Any]]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for event in events:
        text = to_json(event)
        if batch and (len(batch) == _most_events or size + len(text) > _most_bytes):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text) + 1
    if batch:
        yield batch
