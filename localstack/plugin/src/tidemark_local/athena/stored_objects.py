"""A short cut past HTTP: small objects straight from LocalStack's S3 store, 10 times quicker.

Only a short cut: whatever differs from what was listed, or raises, is read through the S3 API.
"""

import hashlib
import logging

from localstack.services.plugins import SERVICE_PLUGINS
from localstack.services.s3.models import s3_stores

from .objects import S3Object

LOG = logging.getLogger(__name__)
MAX_BYTES = 32 * 1024**2
HOME_REGION = "us-east-1"  # where LocalStack keeps the buckets of every region


def read_stored(item: S3Object) -> bytes | None:
    """The object's bytes if they have the listed size and MD5. None: read it through the API."""
    if item.size > MAX_BYTES or "-" in item.etag:
        return None
    try:
        body = _read(item)
    except Exception:
        LOG.debug("no direct read of %s", item.uri, exc_info=True)
        return None
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
    return body if len(body) == item.size and digest == item.etag else None


def _read(item: S3Object) -> bytes:
    owner = next(s[HOME_REGION] for s in list(s3_stores.values()) if item.bucket in s[HOME_REGION].buckets)
    stored = owner.buckets[item.bucket].objects.get(item.key)
    backend = SERVICE_PLUGINS.get_service("s3")._provider._storage_backend
    with backend.open(item.bucket, stored, mode="r") as file:
        return file.read()
