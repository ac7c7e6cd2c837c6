"""The client of one deployment."""

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .errors import ConflictError, TidemarkError
from .online import OnlineFeatures, read_online
from .push import Pusher, PushReport
from .spine import put_spine
from .storage import S3Storage, Storage
from .target import read_target
from .training_set import TrainingSet, new_id
from .transport import Retries, Transport
from .values import to_json

Reference = str | Sequence[str]


class Client:
    """
    Talks to a deployment: `url` is its API's (output `ApiUrl`), `token` its bearer token, by default the environment's
    TIDEMARK_API_TOKEN. `storage` is the deployment's bucket, which training sets need. `timeout_seconds` is of a single
    try. Safe for threads. Pickles without its token, which is looked up again on loading.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        storage: Storage | None = None,
        timeout_seconds: float = 10.0,
        retries: Retries | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        found = token or os.environ.get("TIDEMARK_API_TOKEN")
        if not found:
            raise TidemarkError("client.noToken", "pass token=, or set TIDEMARK_API_TOKEN; the API answers nobody else")
        self.url = url
        self._retries = retries or Retries()
        self._sleep = sleep
        self._storage = storage
        self._transport = Transport(url, found, timeout_seconds=timeout_seconds, retries=self._retries, sleep=sleep)
        # Types by (selection, definition hash): a deployment that changes them changes the hash.
        self._types: dict[tuple[Any, str], Mapping[str, str]] = {}
        self._reopen: tuple[Callable[..., Client], tuple[Any, ...]] = (Client, (url,))

    @classmethod
    def from_target(cls, target: str | Path = "local", **options: Any) -> "Client":
        """
        The deployment of a target: a name (`.tidemark/<name>.json` in this folder or above) or a file, as `tidemark
        deploy` writes it. `options` as of Client. Raises TidemarkError client.noTarget, client.badTarget.
        """
        read = read_target(target)
        client = cls(read.api_url, read.api_token, **{"storage": S3Storage.of_target(read), **options})
        client._reopen = (cls.from_target, (target,))
        return client

    def __reduce__(self) -> tuple[Callable[..., "Client"], tuple[Any, ...]]:
        return self._reopen

    def __deepcopy__(self, _memo: Any) -> "Client":
        return self  # holds connections only; scikit-learn copies the parameters of estimators

    def get_online(
        self,
        features: Reference,
        entities: Sequence[Mapping[str, Any]],
        *,
        request: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        consistency: str | None = None,
    ) -> OnlineFeatures:
        """
        Values of up to 100 entities at one instant. `features`: a service (`fraud`, `fraud@2`) or a list of refs
        (`driver_stats:trips_30d`); `entities`: the keys of each; `request`: fields of request sources, one for all
        entities or one for each; `consistency="strong"` sees every write acknowledged before. Raises ApiError
        (BadRequestError has each fault by its pointer), UnreachableError.
        """
        rows = [request] if isinstance(request, Mapping) else request
        body = {
            **_selection(features),
            "entities": list(entities),
            "metadata": ["status", "eventTime"],
            **({} if rows is None else {"request": list(rows)}),
            **({} if consistency is None else {"consistency": consistency}),
        }
        answer = self._transport.post("/v1/online-features", to_json(body))
        return read_online(answer, self._types_of(features, answer))

    def training_set(
        self,
        spine: Any,
        features: Reference,
        *,
        lag: str | timedelta | None = None,
        mode: str | None = None,
        event_time_column: str | None = None,
        label: str | None = None,
        split: Mapping[str, Any] | None = None,
        sample: float | Mapping[str, Any] | None = None,
        file_rows: int | None = None,
        format: str | None = None,  # noqa: A002, as the API names it
        id: str | None = None,  # noqa: A002, as the API names it
    ) -> TrainingSet:
        """
        Starts a training set, and returns at once: `wait()` for it. `spine`: a pandas frame, a Parquet or CSV file, or
        an `s3://` URI of the deployment's bucket; with keys, event time and labels. `features` as for get_online.
        `lag` ("2h", timedelta): features as of so much before each event time. `mode`: asServed (default), eventTime,
        knowledgeTime. `label`: the column whose classes `statistics()` counts. `split`: {"time": [instants]} or
        {"hash": [0.8, 0.2], "by": entity, "seed": 0}. `sample`: a share, or {"share": 0.1, "by": entity, "seed": 0}.
        `file_rows`: rows of a file. `format`: parquet (default), csv. Raises ApiError, UnreachableError, TidemarkError
        client.noStorage.
        """
        options = {
            **({} if lag is None else {"lag": lag if isinstance(lag, str) else round(lag / timedelta(milliseconds=1))}),
            **({} if mode is None else {"mode": mode}),
            **({} if event_time_column is None else {"eventTimeColumn": event_time_column}),
            **({} if label is None else {"label": label}),
            **({} if split is None else {"split": split}),
            **({} if sample is None else {"sample": sample if isinstance(sample, Mapping) else {"share": sample}}),
            **_files(file_rows, format),
        }
        return self._build(spine, features, options, given_id=id, new=new_id())

    def export(
        self,
        entities: Any,
        features: Reference,
        *,
        as_of: str | datetime | None = None,
        file_rows: int | None = None,
        format: str | None = None,  # noqa: A002, as the API names it
        id: str | None = None,  # noqa: A002, as the API names it
    ) -> TrainingSet:
        """
        Bulk inference: starts adding the features of one instant, as they are served, to a file of entities, and
        returns at once; what comes is read as a training set is. `entities`: as a spine, without event times: keys,
        fields of request sources, whatever else. `as_of`: an instant that has passed (datetime with a zone, ISO 8601);
        by default now, once for all rows. `file_rows`, `format`: as of training_set. Raises ApiError, UnreachableError,
        TidemarkError client.noStorage.
        """
        options = {"asOf": "now" if as_of is None else as_of, **_files(file_rows, format)}
        return self._build(entities, features, options, given_id=id, new=new_id("ex"))

    def _build(
        self, rows: Any, features: Reference, options: Mapping[str, Any], *, given_id: str | None, new: str
    ) -> TrainingSet:
        name = given_id or new
        body = {"id": name, "spine": put_spine(rows, name, self._storage), **_selection(features), **options}
        try:
            self._transport.post("/v1/training-sets", to_json(body), is_safe_to_repeat=lambda _error: given_id is None)
        except ConflictError:
            if given_id is not None:
                raise
            # An id of our own is taken by ourselves alone: by a try whose answer was lost.
        return self.get_training_set(name)

    def get_training_set(self, id: str) -> TrainingSet:  # noqa: A002
        """A training set that was started before. Raises NotFoundError."""
        return TrainingSet(
            self._transport, id, storage=self._storage, retries=self._retries, sleep=self._sleep
        ).refresh()

    def push(self, source: str, events: Iterable[Mapping[str, Any]], *, repeat_unanswered: bool = False) -> PushReport:
        """
        Puts events into the stream of a source, in order, any number of them; what the stream does not take is sent
        again. A request without an answer may have been taken: with `repeat_unanswered` it is sent again all the same,
        which is right for sources that declare `deduplicateBy` (`delivery` is exactlyOnce). Raises ApiError,
        UnreachableError; PushStoppedError where events were pushed before.
        """
        pusher = Pusher(self._transport, self._retries, self._sleep)
        return pusher.push(source, events, repeat_unanswered=repeat_unanswered)

    def describe_service(self, service: str) -> Mapping[str, Any]:
        """The features of a service in order, the keys and request fields that it needs. Raises NotFoundError."""
        return self._transport.get(f"/v1/feature-services/{quote(service, safe='@')}")

    def describe_view(self, view: str) -> Mapping[str, Any]:
        """A feature view as it is deployed, with the keys of its entity. Raises NotFoundError."""
        return self._transport.get(f"/v1/feature-views/{quote(view, safe='@')}")

    def _types_of(self, features: Reference, answer: Mapping[str, Any]) -> Mapping[str, str]:
        """Types by result name, asked for once per definition."""
        hash_ = answer["meta"]["definitionHash"]
        key = (features if isinstance(features, str) else tuple(features), hash_)
        known = self._types.get(key)
        if known is None:
            known = self._service_types(features) if isinstance(features, str) else self._view_types(features, answer)
            self._types[key] = known
        return known

    def _service_types(self, service: str) -> Mapping[str, str]:
        return {feature["name"]: feature["type"] for feature in self.describe_service(service)["features"]}

    def _view_types(self, references: Sequence[str], answer: Mapping[str, Any]) -> Mapping[str, str]:
        """Results stand in the order of the refs, so names and types are of the same place."""
        views = {view: self.describe_view(view) for view in dict.fromkeys(ref.rpartition(":")[0] for ref in references)}
        types = {
            ref: feature["type"]
            for ref in references
            for feature in views[ref.rpartition(":")[0]]["features"]
            if feature["name"] == ref.rpartition(":")[2]
        }
        return {name: types[ref] for name, ref in zip(answer["names"], references, strict=True)}


def _files(file_rows: int | None, format_: str | None) -> dict[str, Any]:
    return {
        **({} if file_rows is None else {"fileRows": file_rows}),
        **({} if format_ is None else {"format": format_}),
    }


def _selection(features: Reference) -> dict[str, Any]:
    return {"service": features} if isinstance(features, str) else {"features": list(features)}
