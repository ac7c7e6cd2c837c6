"""The bucket of a deployment, where spines are put and datasets lie."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from .errors import TidemarkError
from .optional import need
from .target import Target


class Storage(Protocol):
    """What the client needs of a bucket; write one of your own where credentials come from elsewhere."""

    def read(self, uri: str) -> bytes:
        """The object at `s3://bucket/key`."""
        ...

    def write(self, key: str, content: bytes) -> str:
        """Puts an object; returns its `s3://bucket/key`."""
        ...


@dataclass(frozen=True)
class S3Storage:
    """
    A bucket by pyarrow's S3 client. Without `access_key` credentials come from where AWS clients find them
    (environment, profile, role). `endpoint` only where it is not AWS itself.
    """

    bucket: str
    region: str
    endpoint: str | None = None
    access_key: str | None = None
    secret_key: str | None = None

    @classmethod
    def of_target(cls, target: Target) -> "S3Storage":
        """The bucket of a deployment. A local cloud takes any credentials, and gets its own account's."""
        local = {} if target.endpoint is None else {"access_key": "000000000000", "secret_key": "test"}
        return cls(bucket=target.bucket, region=target.region, endpoint=target.endpoint, **local)

    @cached_property
    def _files(self) -> Any:
        options = {"endpoint_override": self.endpoint, "access_key": self.access_key, "secret_key": self.secret_key}
        given = {name: value for name, value in options.items() if value is not None}
        return need("pyarrow.fs", "reading and writing S3").S3FileSystem(region=self.region, **given)

    def read(self, uri: str) -> bytes:
        """See Storage. Raises TidemarkError client.storage."""
        try:
            with self._files.open_input_stream(uri.removeprefix("s3://")) as stream:
                return stream.read()
        except OSError as cause:
            raise TidemarkError("client.storage", f"cannot read {uri}: {cause}") from cause

    def write(self, key: str, content: bytes) -> str:
        """See Storage. Raises TidemarkError client.storage."""
        uri = f"s3://{self.bucket}/{key}"
        try:
            with self._files.open_output_stream(f"{self.bucket}/{key}") as stream:
                stream.write(content)
        except OSError as cause:
            raise TidemarkError("client.storage", f"cannot write {uri}: {cause}") from cause
        return uri
