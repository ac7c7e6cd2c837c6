"""Client of a Tidemark feature store: the values that a model is served, and the training sets that equal them."""

from .client import Client
from .errors import (
    ApiError,
    BadRequestError,
    ConflictError,
    FieldError,
    MissingDependencyError,
    NotFoundError,
    PushStoppedError,
    ServerError,
    TidemarkError,
    TrainingSetError,
    UnauthorizedError,
    UnavailableError,
    UnreachableError,
)
from .online import FeatureRow, OnlineFeatures
from .push import PushReport, PushResult
from .storage import S3Storage, Storage
from .training_set import DatasetFile, TrainingSet
from .transport import Retries

__all__ = [
    "ApiError",
    "BadRequestError",
    "Client",
    "ConflictError",
    "DatasetFile",
    "FeatureRow",
    "FieldError",
    "MissingDependencyError",
    "NotFoundError",
    "OnlineFeatures",
    "PushReport",
    "PushResult",
    "PushStoppedError",
    "Retries",
    "S3Storage",
    "ServerError",
    "Storage",
    "TidemarkError",
    "TrainingSet",
    "TrainingSetError",
    "UnauthorizedError",
    "UnavailableError",
    "UnreachableError",
]
