"""scikit-learn: a transformer that looks features up. `pip install 'tidemark[sklearn]'`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .client import Client
from .errors import TidemarkError
from .frames import matrix_of
from .optional import need

if TYPE_CHECKING:
    import numpy
    import pandas

_base = need("sklearn.base", "a transformer")
# Entities of one request, see docs/http-api.md.
_most_entities = 100


class FeatureStoreTransformer(_base.TransformerMixin, _base.BaseEstimator):
    """
    Turns frames of keys (and request fields) into the matrix of a service's features: float64, in the order of the
    service, bools as 1 and 0, nulls as NaN; an imputer may follow. With `event_time_column` in the frame, features are
    as they were at each row's time (a training set, with `lag`); without it they are those of now, served online. So
    one pipeline is fitted on labelled rows and predicts for entities, from equal values. Other columns are passed over.
    """

    def __init__(
        self,
        client: Client,
        service: str,
        *,
        event_time_column: str = "event_timestamp",
        lag: str | None = None,
        timeout_seconds: float = 3600.0,
    ) -> None:
        self.client = client
        self.service = service
        self.event_time_column = event_time_column
        self.lag = lag
        self.timeout_seconds = timeout_seconds

    def fit(self, X: "pandas.DataFrame", y: Any = None) -> "FeatureStoreTransformer":  # noqa: N803, ARG002, scikit-learn's names
        """Learns what the service needs and gives. Raises TidemarkError client.missingColumns, NotFoundError."""
        described = self.client.describe_service(self.service)
        # The version that the model is fitted with: a later one must not change its inputs.
        self.service_ = described["id"]
        self.types_: Mapping[str, str] = {feature["name"]: feature["type"] for feature in described["features"]}
        self.keys_ = list(dict.fromkeys(key["name"] for entity in described["entities"] for key in entity["keys"]))
        self.request_fields_ = [field["name"] for field in described["request"]]
        self._need_columns(X)
        return self

    def transform(self, X: "pandas.DataFrame") -> "numpy.ndarray":  # noqa: N803
        """Rows of X, in their order, x features. Raises the errors of Client, and client.notNumeric."""
        self._need_columns(X)
        frame = self._as_of_rows(X) if self.event_time_column in X.columns else self._as_of_now(X)
        return matrix_of(frame, list(self.types_))

    def get_feature_names_out(self, input_features: Any = None) -> "numpy.ndarray":  # noqa: ARG002
        """Result names, in the order of the columns."""
        return need("numpy", "feature names").asarray(list(self.types_), dtype=object)

    def _need_columns(self, frame: "pandas.DataFrame") -> None:
        missing = [name for name in [*self.keys_, *self.request_fields_] if name not in frame.columns]
        if missing:
            raise TidemarkError("client.missingColumns", f"{self.service_} needs columns {', '.join(missing)}")

    def _as_of_rows(self, frame: "pandas.DataFrame") -> "pandas.DataFrame":
        spine = frame[[*self.keys_, *self.request_fields_, self.event_time_column]]
        training_set = self.client.training_set(
            spine, self.service_, lag=self.lag, event_time_column=self.event_time_column
        )
        return training_set.wait(timeout_seconds=self.timeout_seconds).to_pandas()

    def _as_of_now(self, frame: "pandas.DataFrame") -> "pandas.DataFrame":
        pandas = need("pandas", "a frame")
        frames = []
        for start in range(0, len(frame), _most_entities):
            rows = frame.iloc[start : start + _most_entities]
            entities = rows[self.keys_].to_dict("records")
            request = rows[self.request_fields_].to_dict("records") if self.request_fields_ else None
            frames.append(self.client.get_online(self.service_, entities, request=request).to_pandas())
        return pandas.concat(frames, ignore_index=True)
