"""Where the spine of a training set comes from: the bucket, a file, or a frame."""

import io
from pathlib import Path, PurePath
from typing import Any

from .errors import TidemarkError
from .optional import need
from .storage import Storage


def put_spine(spine: Any, training_set: str, storage: Storage | None) -> str:
    """
    The spine's `s3://` URI or key. A text that names no file of this machine is one already; files (Parquet, CSV) and
    pandas frames are put into the bucket under the training set's id. Raises TidemarkError client.noStorage,
    client.badSpine.
    """
    if isinstance(spine, str) and not Path(spine).is_file():
        if spine.startswith("s3://") or "/" in spine:
            return spine
        raise TidemarkError("client.badSpine", f"there is no file {spine}; name a file, an s3:// URI or pass a frame")
    if isinstance(spine, (str, PurePath)):
        name, content = Path(spine).name, Path(spine).read_bytes()
    elif hasattr(spine, "columns") and hasattr(spine, "dtypes"):
        name, content = "spine.parquet", _parquet(spine)
    else:
        raise TidemarkError(
            "client.badSpine", f"a spine is a frame, a file or an s3:// URI, got {type(spine).__name__}"
        )
    if storage is None:
        raise TidemarkError(
            "client.noStorage",
            "a spine of this machine must be put into the deployment's bucket: give the client storage="
            "S3Storage(bucket, region), or put it there yourself and pass its s3:// URI",
        )
    return storage.write(f"training-sets/work/{training_set}/input/{name}", content)


def _parquet(frame: Any) -> bytes:
    arrow = need("pyarrow", "sending a frame")
    parquet = need("pyarrow.parquet", "sending a frame")
    buffer = io.BytesIO()
    parquet.write_table(arrow.Table.from_pandas(frame, preserve_index=False), buffer)
    return buffer.getvalue()
