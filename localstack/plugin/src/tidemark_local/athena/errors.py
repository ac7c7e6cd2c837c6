"""What makes a query end as FAILED, with the fields that Athena reports."""


class QueryError(Exception):
    """A query cannot be answered. `message` starts with Trino's or Hive's error name.

    category: AthenaError.ErrorCategory, 1 = system, 2 = user, 3 = other.
    """

    category = 2
    error_type = 1

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name


class StatementError(QueryError):
    """The text does not parse, or names something that does not exist."""


class NotSupportedError(QueryError):
    """Valid in Athena, absent here. Refused, because an answer would be a guess."""

    def __init__(self, message: str) -> None:
        super().__init__("NOT_SUPPORTED", message)


class TypeMismatchError(QueryError):
    """Operand types that Trino refuses as well."""

    def __init__(self, message: str) -> None:
        super().__init__("TYPE_MISMATCH", message)


class ScanLimitError(QueryError):
    """The workgroup's BytesScannedCutoffPerQuery was reached."""

    def __init__(self, message: str) -> None:
        super().__init__("QUERY_EXCEEDED_LIMIT", message)


class QueryCancelledError(Exception):
    """StopQueryExecution was called while the query ran."""


class InvalidRequestError(Exception):
    """The API call itself is wrong: AWS answers InvalidRequestException and starts nothing."""
