"""pandas frames with the types that features declare."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .errors import TidemarkError
from .optional import need

if TYPE_CHECKING:
    import numpy
    import pandas
    import pyarrow

# Nullable types: a plain int64 column with one null becomes float64 in pandas, which loses digits beyond 2**53.
_dtypes = {
    "int32": "Int32",
    "int64": "Int64",
    "float32": "float32",
    "float64": "float64",
    "bool": "boolean",
    "timestamp": "datetime64[ms, UTC]",
}
_numeric = frozenset({"int32", "int64", "float32", "float64", "bool"})


def frame_of(columns: Mapping[str, Sequence[Any]], types: Mapping[str, str]) -> "pandas.DataFrame":
    """Columns of Python values as a frame; those in `types` get the dtype of their type, the others pandas' own."""
    pandas = need("pandas", "a frame")
    return pandas.DataFrame(
        {name: _series(pandas, values, types.get(name)) for name, values in columns.items()}, columns=list(columns)
    )


def _series(pandas: Any, values: Sequence[Any], type_name: str | None) -> "pandas.Series":
    if type_name is None:
        return pandas.Series(list(values))
    dtype = _dtypes.get(type_name, "object")
    if dtype == "object":
        return pandas.Series(list(values), dtype="object")
    return pandas.Series(list(values)).astype(dtype) if type_name == "timestamp" else pandas.Series(values, dtype=dtype)


def frame_of_table(table: "pyarrow.Table", types: Mapping[str, str]) -> "pandas.DataFrame":
    """
    A dataset's table as a frame, integers and bools with the dtypes of `frame_of`; `types` are those of the features.
    Datasets hold instants without zone, in UTC: features get their zone here.
    """
    pandas = need("pandas", "a frame")
    arrow = need("pyarrow", "reading datasets")
    dtypes = {
        arrow.int32(): pandas.Int32Dtype(),
        arrow.int64(): pandas.Int64Dtype(),
        arrow.bool_(): pandas.BooleanDtype(),
    }
    frame = table.to_pandas(types_mapper=dtypes.get)
    for name, type_name in types.items():
        if type_name == "timestamp":
            frame[name] = frame[name].dt.tz_localize("UTC")
    return frame


def numeric_features(types: Mapping[str, str]) -> list[str]:
    """Names of the features that a vector of numbers can hold, in order."""
    return [name for name, type_name in types.items() if type_name in _numeric]


def matrix_of(frame: "pandas.DataFrame", names: Sequence[str], dtype: str = "float64") -> "numpy.ndarray":
    """
    Numeric columns as a matrix (rows x names), bools as 1 and 0, nulls as NaN. Raises TidemarkError
    client.notNumeric for columns that are not numbers.
    """
    numpy = need("numpy", "a matrix")
    pandas = need("pandas", "a matrix")
    wrong = [name for name in names if not pandas.api.types.is_numeric_dtype(frame[name])]
    if wrong:
        raise TidemarkError(
            "client.notNumeric",
            f"a matrix holds numbers and bools only, and {', '.join(wrong)} are neither; leave them out",
        )
    columns = [frame[name].to_numpy(dtype=dtype, na_value=numpy.nan) for name in names]
    return numpy.column_stack(columns) if columns else numpy.empty((len(frame), 0), dtype=dtype)
