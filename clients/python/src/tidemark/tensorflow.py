"""TensorFlow: a training set as `tf.data`. `pip install 'tidemark[tensorflow]'`."""

from collections.abc import Sequence
from typing import Any

from .examples import examples_of
from .optional import need


def feature_store_dataset(
    data: Any,
    *,
    label: str | None = None,
    features: Sequence[str] | None = None,
    fill: float | None = 0.0,
    batch_size: int = 256,
    shuffle_seed: int | None = None,
) -> Any:
    """
    A `tf.data.Dataset` of batches: feature vectors (float32) and, with `label`, pairs of them and the labels. Rows keep
    their order unless `shuffle_seed` says otherwise. `data`, `features` and `fill` as for examples_of.
    """
    tensorflow = need("tensorflow", "a tf.data dataset")
    examples = examples_of(data, label=label, features=features, fill=fill)
    slices = examples.x if examples.y is None else (examples.x, examples.y)
    dataset = tensorflow.data.Dataset.from_tensor_slices(slices)
    if shuffle_seed is not None:
        dataset = dataset.shuffle(len(examples.x), seed=shuffle_seed)
    return dataset.batch(batch_size).prefetch(tensorflow.data.AUTOTUNE)
