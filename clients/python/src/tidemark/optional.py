"""Packages that the client uses where they are installed."""

import importlib
from types import ModuleType

from .errors import MissingDependencyError

# Module -> what `pip install` calls it, and the extra of this package that brings it.
_extras = {
    "pandas": "pandas",
    "pyarrow": "pandas",
    "sklearn": "sklearn",
    "numpy": "pandas",
    "torch": "torch",
    "tensorflow": "tensorflow",
}


def need(module: str, purpose: str) -> ModuleType:
    """The module (`pyarrow.parquet`, say). Raises MissingDependencyError, which is an ImportError, naming the extra."""
    try:
        return importlib.import_module(module)
    except ImportError as cause:
        package = module.partition(".")[0]
        raise MissingDependencyError(
            "client.missingDependency",
            f"{purpose} needs {package}, which is not installed; pip install 'tidemark[{_extras[package]}]'",
        ) from cause
