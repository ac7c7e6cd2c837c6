"""Training sets: asked for over the API, waited for, read from the deployment's bucket."""

import io
import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .csv_files import table_of_csv
from .errors import TidemarkError, TrainingSetError
from .frames import frame_of_table
from .optional import need
from .storage import Storage
from .transport import Retries, Transport, download

if TYPE_CHECKING:
    import pandas
    import pyarrow

_first_poll_seconds = 0.5
_longest_poll_seconds = 2.0


@dataclass(frozen=True)
class DatasetFile:
    """
    A file of a dataset, named within it (the folder is its split): its `s3://` URI and, where the API gives one, a link
    that needs no credentials.
    """

    name: str
    uri: str
    url: str | None = None


def new_id(prefix: str = "ts") -> str:
    """A new id that sorts by time: `ts-20261122-061854-1f3a9c04`."""
    return f"{prefix}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"


class TrainingSet:
    """
    A training set by its id. `status` (queued, running, succeeded, failed), `rows` and the like are as of the last
    answer; `refresh` asks again. Files come in the order of the spine's rows.
    """

    def __init__(
        self,
        transport: Transport,
        training_set: str,
        *,
        storage: Storage | None = None,
        retries: Retries | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.id = training_set
        self._transport = transport
        self._storage = storage
        self._retries = retries or Retries()
        self._sleep = sleep
        self._split: str | None = None
        self._answer: Mapping[str, Any] = {"id": training_set, "status": "queued"}

    def refresh(self) -> "TrainingSet":
        """Asks the API how far it is. Raises NotFoundError."""
        self._answer = self._transport.get(f"/v1/training-sets/{quote(self.id, safe='')}")
        return self

    @property
    def status(self) -> str:
        """queued, running, succeeded or failed."""
        return self._answer["status"]

    @property
    def step(self) -> str | None:
        """What a running build is doing."""
        return self._answer.get("step")

    @property
    def dataset(self) -> Mapping[str, Any]:
        """What the API tells of the dataset: location, rows, features with their share of nulls, definitions, cost."""
        dataset = self._answer.get("dataset")
        if dataset is None:
            raise TrainingSetError(
                "client.notComplete", f"training set {self.id} is {self.status}; wait() for it first"
            )
        return dataset

    @property
    def rows(self) -> int:
        """Rows of the dataset, or of the split: without a sample and splits, exactly those of the spine."""
        return self.dataset["rows"] if self._split is None else self.splits[self._split]["rows"]

    @property
    def splits(self) -> Mapping[str, Mapping[str, Any]]:
        """The splits by name, in order, each with rows, files, and its least (from) and greatest (to) event time."""
        return {split["name"]: split for split in self.dataset.get("splits") or []}

    def split(self, name: str) -> "TrainingSet":
        """One split ("train", "validation", "test") of a complete set, as a set. Raises client.unknownSplit."""
        if name not in self.splits:
            known = ", ".join(self.splits) or "not split"
            raise TidemarkError("client.unknownSplit", f"training set {self.id} has no split {name}: it is {known}")
        part = copy(self)
        part._split = name
        return part

    @property
    def types(self) -> Mapping[str, str]:
        """Feature columns and their types, in order; the other columns are the spine's."""
        return {feature["name"]: feature["type"] for feature in self.dataset["features"]}

    def tags(self) -> dict[str, str]:
        """
        What an experiment tracker should keep of a complete set, as texts: `mlflow.set_tags(training_set.tags())`:
        its id, the hashes of all that went in (equal for builds that must give the same) and of the content, the
        service and its definitions, the features.
        """
        dataset = self.dataset
        service = dataset.get("service")
        tags = {
            "tidemark.training_set": self.id,
            "tidemark.request_id": dataset.get("requestId"),
            "tidemark.dataset_id": dataset.get("datasetId"),
            "tidemark.pinned": str(dataset["pinned"]).lower() if "pinned" in dataset else None,
            "tidemark.service": f"{service['name']}@{service['version']}" if service else None,
            "tidemark.definition_hash": service["definitionHash"] if service else dataset.get("definitionsHash"),
            "tidemark.vector_hash": dataset.get("vectorHash"),
            # trackers take some thousand characters of a tag: the names of all features are in the dataset's manifest
            "tidemark.features": str(len(dataset["features"])),
        }
        return {name: value for name, value in tags.items() if value is not None}

    def wait(
        self, *, timeout_seconds: float = 3600.0, progress: bool | Callable[["TrainingSet"], None] = True
    ) -> "TrainingSet":
        """
        Waits until the dataset is complete. `progress`: called after every look; True shows a line on terminals and
        in notebooks. Raises TrainingSetError with the build's own code, or client.timeout: the build goes on then.
        """
        tell = progress if callable(progress) else _Line() if progress else (lambda _set: None)
        end = time.monotonic() + timeout_seconds
        pause = _first_poll_seconds
        while True:
            self.refresh()
            tell(self)
            if self.status == "succeeded":
                return self
            if self.status == "failed":
                error = self._answer.get("error") or {}
                raise TrainingSetError(
                    error.get("code", "trainingSet.failed"),
                    f"training set {self.id} failed: {error.get('message', 'the build said no reason')}",
                )
            if time.monotonic() + pause > end:
                raise TrainingSetError(
                    "client.timeout",
                    f"training set {self.id} was not complete after {timeout_seconds:.0f} s (step {self.step}); "
                    "wait() again, as the build goes on",
                )
            self._sleep(pause)
            pause = min(pause * 1.3, _longest_poll_seconds)

    def files(self) -> list[DatasetFile]:
        """The files, in the order of the rows, split by split."""
        location = self.dataset["location"].rstrip("/")
        links = {file["name"]: file["url"] for file in self._links()}
        return [
            DatasetFile(name, f"{location}/{name}", links.get(name))
            for name in self.dataset["files"]
            if self._split is None or name.startswith(f"{self._split}/")
        ]

    def _links(self) -> list[Mapping[str, Any]]:
        """Links of the newest answer: they stand for some minutes only, so they are asked for when they are needed."""
        if "files" in self._answer:
            self.refresh()
        return list(self._answer.get("files") or [])

    def statistics(self) -> dict[str, Any]:
        """
        What every column holds (nulls, min, max, mean, quantiles, distinct values, ...), under `columns`, and how often
        the label has each class, under `label`. int64 and decimals are strings of all their digits, times ISO 8601.
        Raises TrainingSetError client.notComplete, client.noStatistics.
        """
        known = self.dataset and self._answer.get("statistics")
        if known is None:
            raise TrainingSetError(
                "client.noStatistics", f"training set {self.id} was built without statistics; build it again"
            )
        link = self.refresh()._answer["statistics"]  # links stand for some minutes only
        return json.loads(download(link["url"], timeout_seconds=60.0, retries=self._retries, sleep=self._sleep))

    def read_file(self, file: DatasetFile) -> bytes:
        """The bytes of a file: by its link where there is one, else from storage. Raises client.noStorage."""
        if file.url is not None:
            return download(file.url, timeout_seconds=60.0, retries=self._retries, sleep=self._sleep)
        if self._storage is None:
            raise TidemarkError(
                "client.noStorage",
                f"{file.uri} lies in the deployment's bucket: give the client storage=S3Storage(bucket, region), or an "
                "object of your own with read(uri) and write(key, content)",
            )
        return self._storage.read(file.uri)

    def download(self, folder: str | Path) -> list[Path]:
        """Writes the files into a folder, which is made if need be; returns their paths in the order of the rows."""
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        paths = []
        for file in self.files():
            path = target / file.name
            path.parent.mkdir(exist_ok=True)  # of its split
            path.write_bytes(self.read_file(file))
            paths.append(path)
        return paths

    def tables(self) -> "Iterator[pyarrow.Table]":
        """An Arrow table per file, in the order of the rows: the memory of one file at a time."""
        parquet = need("pyarrow.parquet", "reading datasets")
        for file in self.files():
            content = self.read_file(file)
            is_csv = self.dataset.get("format") == "csv"
            yield table_of_csv(content, self.types) if is_csv else parquet.read_table(io.BytesIO(content))

    def to_pandas(self) -> "pandas.DataFrame":
        """
        All rows: the spine's columns, then the features. Integers and bools have pandas' nullable types, so that int64
        stays exact; timestamp features are in UTC, and those of the spine as its file has them.
        """
        arrow = need("pyarrow", "reading datasets")
        # a column of a CSV file without any cell has no type of its own
        return frame_of_table(arrow.concat_tables(self.tables(), promote_options="permissive"), self.types)


class _Line:
    """One line that is written over, on a terminal or in a notebook; nothing where the output goes to a file."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._is_shown = sys.stderr.isatty() or "ipykernel" in sys.modules

    def __call__(self, training_set: TrainingSet) -> None:
        if not self._is_shown:
            return
        done = training_set.status in ("succeeded", "failed")
        state = training_set.status if done else training_set.step or training_set.status
        seconds = time.monotonic() - self._started
        line = f"training set {training_set.id}: {state} ({seconds:.0f} s)"
        print(f"\r{line:<79}", end="\n" if done else "", file=sys.stderr, flush=True)
