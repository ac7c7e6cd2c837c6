"""S3 objects as local files: listed, fetched in parallel, kept by ETag in a bounded cache."""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from .errors import QueryError

FETCH_THREADS = 8
CACHE_BYTES = 4 * 1024**3


@dataclass(frozen=True, slots=True)
class S3Object:
    bucket: str
    key: str
    etag: str
    size: int

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    @property
    def cache_name(self) -> str:
        return f"{self.etag}-{self.size}"


def split_uri(uri: str) -> tuple[str, str]:
    """`s3://bucket/key` to both. Raises QueryError for anything else."""
    scheme, _, path = uri.partition("://")
    bucket, _, key = path.partition("/")
    if scheme not in ("s3", "s3a", "s3n") or not bucket:
        raise QueryError("INVALID_PROPERTY", f"not an S3 location: {uri}")
    return bucket, key


def no_bucket(bucket: str) -> QueryError:
    return QueryError("HIVE_FILESYSTEM_ERROR", f"bucket {bucket} does not exist")


def is_hidden(key: str, prefix: str) -> bool:
    """Hive skips files and folders whose name starts with `_` or `.`, below the table's location."""
    parts = key[len(prefix) :].split("/")
    return any(part.startswith(("_", ".")) for part in parts) or parts[-1] == ""


class Objects:
    """client: a boto3 S3 client. read_directly: an object's bytes without a request, None if it cannot.

    Files in use are pinned, so that eviction never removes them.
    """

    def __init__(
        self, client: Any, directory: Path, read_directly: Callable[[S3Object], bytes | None] = lambda _item: None
    ) -> None:
        self.client, self.cache_bytes = client, CACHE_BYTES
        self._read_directly = read_directly
        self.directory = directory / "objects"
        self.directory.mkdir(parents=True, exist_ok=True)
        self._pool = ThreadPoolExecutor(FETCH_THREADS, thread_name_prefix="athena-fetch")
        self._lock = threading.Lock()
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._pins: dict[str, int] = {}

    def below(self, bucket: str, prefix: str) -> list[S3Object]:
        """Every object under the prefix, in key order. An absent bucket is a failure."""
        try:
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            return [
                S3Object(bucket, o["Key"], o["ETag"].strip('"'), o["Size"])
                for page in pages
                for o in page.get("Contents", ())
            ]
        except self.client.exceptions.NoSuchBucket as error:
            raise no_bucket(bucket) from error

    def below_each(self, locations: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[S3Object]]:
        keys = list(dict.fromkeys(locations))
        return dict(zip(keys, self._pool.map(lambda k: self.below(*k), keys), strict=True))

    def fetch(self, objects: Iterable[S3Object]) -> dict[str, Path]:
        """Local paths by cache name, pinned. Call release_all with each of them once when done."""
        wanted = {o.cache_name: o for o in objects}
        missing = []
        with self._lock:
            for name, item in wanted.items():
                self._pins[name] = self._pins.get(name, 0) + 1
                if name in self._sizes:
                    self._sizes.move_to_end(name)
                else:
                    missing.append(item)
        try:
            list(self._pool.map(self._download, missing))
        except BaseException:
            self.release_all(wanted.values())
            raise
        self._evict()
        return {name: self.directory / name for name in wanted}

    def release_all(self, objects: Iterable[S3Object]) -> None:
        """One pin less per entry: pass each object once for each fetch it was part of."""
        with self._lock:
            for name in (o.cache_name for o in objects):
                self._pins[name] -= 1
                if not self._pins[name]:
                    del self._pins[name]

    @property
    def pinned(self) -> int:
        return len(self._pins)

    def _download(self, item: S3Object) -> None:
        target = self.directory / item.cache_name
        partial = target.with_suffix(f".{threading.get_ident()}")
        stored = self._read_directly(item)
        with partial.open("wb") as file:
            if stored is not None:
                file.write(stored)
            else:
                body = self.client.get_object(Bucket=item.bucket, Key=item.key)["Body"]
                for chunk in body.iter_chunks(1 << 20):
                    file.write(chunk)
        os.replace(partial, target)
        with self._lock:
            self._sizes[item.cache_name] = item.size

    def _evict(self) -> None:
        with self._lock:
            excess = sum(self._sizes.values()) - self.cache_bytes
            for name in list(self._sizes):
                if excess <= 0:
                    return
                if name not in self._pins:
                    excess -= self._sizes.pop(name)
                    (self.directory / name).unlink(missing_ok=True)

    def put(self, bucket: str, key: str, body: bytes | BinaryIO, content_type: str = "binary/octet-stream") -> None:
        try:
            self.client.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)
        except self.client.exceptions.NoSuchBucket as error:
            raise no_bucket(bucket) from error

    def upload(self, files: list[tuple[Path, str, str]]) -> None:
        """(file, bucket, key) in parallel. A failure removes what was already written."""

        def one(item: tuple[Path, str, str]) -> tuple[str, str]:
            path, bucket, key = item
            with path.open("rb") as file:
                self.put(bucket, key, file)
            return bucket, key

        started = [self._pool.submit(one, item) for item in files]
        wait(started)
        failures = [f.exception() for f in started if f.exception()]
        if failures:
            self.remove([f.result() for f in started if not f.exception()])
            raise failures[0]  # type: ignore[misc]

    def remove(self, keys: list[tuple[str, str]]) -> None:
        for bucket, key in keys:
            self.client.delete_object(Bucket=bucket, Key=key)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
