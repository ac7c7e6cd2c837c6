"""What models take: a matrix of features and, where there is a label, its vector."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import TidemarkError
from .frames import matrix_of, numeric_features
from .optional import need
from .training_set import TrainingSet

if TYPE_CHECKING:
    import numpy


@dataclass(frozen=True)
class Examples:
    """`x`: float32, rows x names, in the order of the training set's rows; `y`: float32, a value per row, or None."""

    names: tuple[str, ...]
    x: "numpy.ndarray"
    y: "numpy.ndarray | None"


def examples_of(data: Any, *, label: str | None, features: Sequence[str] | None, fill: float | None) -> Examples:
    """
    Examples of a training set or a frame. `features`: columns, by default all features of the training set that are
    numbers or bools; a frame must name them. Nulls become `fill`, NaN where that is None; a NaN that was stored does
    too, as models do not tell them apart. Raises TidemarkError client.noFeatures, client.notNumeric, client.noLabel.
    """
    numpy = need("numpy", "a matrix")
    if isinstance(data, TrainingSet):
        frame = data.to_pandas()
        names = list(features) if features is not None else numeric_features(data.types)
    elif features is None:
        raise TidemarkError("client.noFeatures", "name the features of a frame: features=[...]")
    else:
        frame, names = data, list(features)
    x = matrix_of(frame, names, "float32")
    if fill is not None:
        x = numpy.where(numpy.isnan(x), numpy.float32(fill), x)
    if label is None:
        return Examples(tuple(names), x, None)
    y = matrix_of(frame, [label], "float32")[:, 0]
    unlabelled = int(numpy.isnan(y).sum())
    if unlabelled:
        raise TidemarkError("client.noLabel", f"{unlabelled} of {len(y)} rows have no {label}; leave them out")
    return Examples(tuple(names), x, y)
