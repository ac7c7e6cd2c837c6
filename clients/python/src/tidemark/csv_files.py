"""CSV files of datasets as Arrow tables, with the types that features declare and nulls apart from empty texts."""

import base64
import io
import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .optional import need

if TYPE_CHECKING:
    import pyarrow


def table_of_csv(content: bytes, types: Mapping[str, str]) -> "pyarrow.Table":
    """A file's table; `types` are those of the features, the types of the spine's columns are guessed from cells."""
    arrow = need("pyarrow", "reading datasets")
    csv = need("pyarrow.csv", "reading datasets")
    scalars = {
        "int32": arrow.int32(),
        "int64": arrow.int64(),
        "float32": arrow.float32(),
        "float64": arrow.float64(),
        "bool": arrow.bool_(),
        "timestamp": arrow.timestamp("ms", "UTC"),
    }
    convert = csv.ConvertOptions(
        column_types={name: scalars.get(type_name, arrow.string()) for name, type_name in types.items()},
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    parse = csv.ParseOptions(newlines_in_values=True)
    table = csv.read_csv(io.BytesIO(content), parse_options=parse, convert_options=convert)
    for name, type_name in types.items():
        place = table.schema.get_field_index(name)
        if type_name == "timestamp":  # without zone, as in Parquet files
            column = table.column(place).cast(arrow.timestamp("ms"))
        elif type_name == "bytes" or type_name.startswith("list<"):
            column = arrow.array(_value(text, type_name) for text in table[name].to_pylist())
        else:
            continue
        table = table.set_column(place, name, column)
    return table


def _value(text: str | None, type_name: str) -> Any:
    if text is None:
        return None
    if type_name == "bytes":
        return base64.b64decode(text)
    read = _items.get(type_name, lambda item: item)
    return [None if item is None else read(item) for item in json.loads(text)]


_items = {
    "list<float32>": float,  # NaN and infinities are texts in JSON
    "list<float64>": float,
    "list<timestamp>": lambda text: datetime.fromisoformat(text).replace(tzinfo=None),
    "list<bytes>": base64.b64decode,
}
