"""PyTorch: a training set as a map-style dataset. `pip install 'tidemark[torch]'`."""

from collections.abc import Sequence
from typing import Any

from .examples import examples_of
from .optional import need


class FeatureStoreDataset:
    """
    What `torch.utils.data.DataLoader` takes. Element i is the feature vector of row i (float32) and, with `label`, a
    pair of it and the label (float32 scalar). `data`, `features` and `fill` as for examples_of.
    """

    def __init__(
        self, data: Any, *, label: str | None = None, features: Sequence[str] | None = None, fill: float | None = 0.0
    ) -> None:
        torch = need("torch", "a PyTorch dataset")
        examples = examples_of(data, label=label, features=features, fill=fill)
        self.names = examples.names
        self.x = torch.from_numpy(examples.x)
        self.y = None if examples.y is None else torch.from_numpy(examples.y)

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> Any:
        return self.x[index] if self.y is None else (self.x[index], self.y[index])
