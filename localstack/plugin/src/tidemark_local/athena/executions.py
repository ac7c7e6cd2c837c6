"""Query executions: ids, states, threads, cancelling, and the answers of the query operations."""

import logging
import shutil
import sys
import threading
import time
import uuid
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import duckdb
from botocore.exceptions import ClientError

from .catalog import Catalog
from .engine import Engine
from .errors import InvalidRequestError, NotSupportedError, QueryCancelledError, QueryError, StatementError
from .objects import Objects
from .run import Outcome, clean, run, statement_type
from .scans import FileFactsCache
from .session import Session
from .statements import CreateTableAs, Deallocate, Execute, Prepare, Query, Statement, Unload, parse_statement
from .types import athena_type, precision_and_scale
from .workgroups import QuerySettings

LOG = logging.getLogger(__name__)
PARALLEL_QUERIES = 4
KEPT_EXECUTIONS = 5_000
MAX_RESULTS = 1_000
MAX_QUERY_BYTES = 262_144
RECURSION_LIMIT = 20_000  # statements of 256 KB nest deeper than Python's default of 1,000
CANCELLED_BY_USER = "Query cancelled by user"
FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")


class PreparedStatements(Protocol):
    """Prepared statements of a workgroup, shared with the API operations of that name."""

    def get(self, workgroup: str, name: str) -> str | None: ...
    def put(self, workgroup: str, name: str, text: str) -> None: ...
    def delete(self, workgroup: str, name: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Request:
    text: str
    database: str | None
    catalog: str | None
    parameters: list[str]
    token: str | None


@dataclass
class Execution:
    id: str
    request: Request
    settings: QuerySettings
    state: str = "QUEUED"
    reason: str | None = None
    error: dict[str, Any] | None = None
    submitted: datetime = field(default_factory=lambda: datetime.now(UTC))
    completed: datetime | None = None
    queue_millis: int = 0
    engine_millis: int = 0
    scanned_bytes: int = 0
    statement: tuple[str, str] = ("DML", "SELECT")
    output: str | None = None
    outcome: Outcome | None = None
    session: Session | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)
    ended: threading.Event = field(default_factory=threading.Event)

    def finish(self, state: str, reason: str | None = None) -> bool:
        """The first final state stays. False: there was one already."""
        with self.lock:
            if self.state in FINAL:
                return False
            self.state, self.reason = state, reason
            self.completed = datetime.now(UTC)
            return True


class Executions:
    """The queries of one account and region."""

    def __init__(
        self, objects: Objects, glue: Any, engine: Engine, directory: Path, prepared: PreparedStatements
    ) -> None:
        self.catalog, self.objects = Catalog(glue), objects
        self.engine, self.directory, self.prepared = engine, directory, prepared
        self.facts = FileFactsCache()
        sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION_LIMIT))
        self._all: OrderedDict[str, Execution] = OrderedDict()
        self._tokens: dict[str, Execution] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(PARALLEL_QUERIES, thread_name_prefix="athena-query")

    def start(self, request: Request, settings: QuerySettings) -> str:
        if not request.text.strip():
            raise InvalidRequestError("queryString is empty")
        if len(request.text.encode()) > MAX_QUERY_BYTES:
            raise InvalidRequestError(f"queryString is longer than {MAX_QUERY_BYTES} bytes")
        with self._lock:
            if request.token and (known := self._tokens.get(request.token)):
                if known.request != request:
                    raise InvalidRequestError(
                        "Idempotent parameters do not match: the client request token was used with other parameters"
                    )
                return known.id
            execution = Execution(str(uuid.uuid4()), request, settings)
            execution.output = f"{settings.output}{execution.id}.csv"
            self._all[execution.id] = execution
            if request.token:
                self._tokens[request.token] = execution
            self._forget_old()
        self._pool.submit(self._run, execution)
        return execution.id

    def _forget_old(self) -> None:
        while len(self._all) > KEPT_EXECUTIONS:
            old_id, old = next(iter(self._all.items()))
            if not old.ended.is_set():
                return
            del self._all[old_id]
            self._tokens = {t: e for t, e in self._tokens.items() if e is not old}
            shutil.rmtree(self.directory / old_id, ignore_errors=True)

    def _run(self, execution: Execution) -> None:
        with execution.lock:
            if execution.state in FINAL:
                return
            execution.state = "RUNNING"
            began = time.monotonic()
            waited = datetime.now(UTC) - execution.submitted
            execution.queue_millis = int(waited.total_seconds() * 1000)
            session = execution.session = self._session(execution)
        try:
            self._attempt(execution, session, began)
        finally:
            execution.ended.set()
            session.connection.close()
            clean(session)

    def _attempt(self, execution: Execution, session: Session, began: float) -> None:
        try:
            outcome = self._perform(execution, session)
        except QueryCancelledError:
            self._measure(execution, session, began)
            execution.finish("CANCELLED", CANCELLED_BY_USER)
        except QueryError as failure:
            self._measure(execution, session, began)
            self._fail(execution, failure, str(failure))
        except ClientError as failure:
            self._measure(execution, session, began)
            self._fail(execution, failure, f"GENERIC_USER_ERROR: {failure}")
        except Exception as failure:
            LOG.exception("athena query %s failed unexpectedly", execution.id)
            self._fail(execution, failure, f"GENERIC_INTERNAL_ERROR: {failure}")
        else:
            self._measure(execution, session, began)
            execution.outcome, execution.output = outcome, outcome.output
            if not execution.finish("SUCCEEDED"):
                outcome.undo()

    def _measure(self, execution: Execution, session: Session, began: float) -> None:
        """Before the final state is shown, so that its figures are final too."""
        execution.engine_millis = int((time.monotonic() - began) * 1000)
        execution.scanned_bytes = session.scanned_bytes

    def _fail(self, execution: Execution, failure: Exception, message: str) -> None:
        user = isinstance(failure, QueryError)
        execution.error = {
            "ErrorCategory": failure.category if isinstance(failure, QueryError) else 1,
            "ErrorType": 1003 if isinstance(failure, StatementError) else 1 if user else 0,
            "Retryable": not user,
            "ErrorMessage": message,
        }
        cancelled = user and failure.name == "QUERY_EXCEEDED_LIMIT"  # type: ignore[attr-defined]
        execution.finish("CANCELLED" if cancelled else "FAILED", message)

    def _session(self, execution: Execution) -> Session:
        directory = self.directory / execution.id
        directory.mkdir(parents=True, exist_ok=True)

        def progress(size: int) -> None:
            execution.scanned_bytes = size

        database = execution.request.database
        return Session(
            execution.id,
            database.lower() if database else "default",
            self.catalog,
            self.objects,
            self.facts,
            self.engine.connect(),
            directory,
            execution.settings.cutoff_bytes,
            list(execution.request.parameters),
            on_progress=progress,
        )

    def _perform(self, execution: Execution, session: Session) -> Outcome:
        catalog = execution.request.catalog
        if catalog and catalog.lower() != "awsdatacatalog":
            raise StatementError("CATALOG_NOT_FOUND", f"Catalog '{catalog}' does not exist")
        plan = parse_statement(execution.request.text)
        execution.statement = statement_type(plan)
        plan = self._resolve(plan, execution, session)
        if plan is None:
            return Outcome(output=execution.output)
        if session.parameters and not isinstance(plan, Query | Unload | CreateTableAs):
            raise NotSupportedError("execution parameters outside SELECT, UNLOAD and CREATE TABLE AS")
        return run(plan, session, f"{execution.settings.output}{execution.id}")

    def _resolve(self, plan: Statement, execution: Execution, session: Session) -> Statement | None:
        """PREPARE, EXECUTE and DEALLOCATE. None: done, nothing to run."""
        workgroup = execution.settings.workgroup
        match plan:
            case Prepare(name, text):
                parse_statement(text)
                self.prepared.put(workgroup, name, text)
                return None
            case Deallocate(name):
                if not self.prepared.delete(workgroup, name):
                    raise StatementError("NOT_FOUND", f"Prepared statement not found: {name}")
                return None
            case Execute(name, parameters):
                text = self.prepared.get(workgroup, name)
                if text is None:
                    raise StatementError("NOT_FOUND", f"Prepared statement not found: {name}")
                session.parameters = session.parameters or parameters
                return parse_statement(text)
        return plan

    def get(self, execution_id: str) -> Execution:
        execution = self._all.get(execution_id)
        if execution is None:
            raise InvalidRequestError(f"QueryExecution {execution_id} was not found")
        return execution

    def stop(self, execution_id: str) -> None:
        """Idempotent; a finished query keeps its state."""
        execution = self.get(execution_id)
        with execution.lock:
            if execution.state in FINAL:
                return
            execution.finish("CANCELLED", CANCELLED_BY_USER)
            session = execution.session
        if session is None:
            execution.ended.set()
            return
        session.cancelled = True
        threading.Thread(target=_interrupt, args=(execution, session), daemon=True).start()

    def list_ids(self, workgroup: str) -> list[str]:
        """Newest first."""
        return [e.id for e in reversed(self._all.values()) if e.settings.workgroup == workgroup]

    def results(self, execution_id: str, token: str | None, limit: int | None) -> dict[str, Any]:
        execution = self.get(execution_id)
        if execution.state != "SUCCEEDED":
            in_final = f"Query did not finish successfully. Final query state: {execution.state}"
            running = f"Query has not yet finished. Current state: {execution.state}"
            raise InvalidRequestError(in_final if execution.state in FINAL else running)
        outcome = execution.outcome or Outcome()
        return results_page(outcome, token, limit)

    def close(self) -> None:
        for execution in self._all.values():
            if execution.state not in FINAL:
                self.stop(execution.id)
        self._pool.shutdown(wait=True, cancel_futures=True)
        self.objects.close()


def _interrupt(execution: Execution, session: Session) -> None:
    """Until the query's thread has ended: an interrupt between two of its statements has no effect."""
    while not execution.ended.is_set():
        with suppress(duckdb.Error):
            session.connection.interrupt()
        execution.ended.wait(0.02)


def results_page(outcome: Outcome, token: str | None, limit: int | None) -> dict[str, Any]:
    """One page. The header row counts against MaxResults and comes on the first page only."""
    size = limit or MAX_RESULTS
    if not 1 <= size <= MAX_RESULTS:
        raise InvalidRequestError(f"MaxResults must be between 1 and {MAX_RESULTS}, got {size}")
    if token is not None and not token.isdigit():
        raise InvalidRequestError(f"invalid NextToken: {token}")
    results, start = outcome.results, int(token or 0)
    header = results.has_header and token is None
    rows = results.read(start, size - header)
    cells = [[c.label for c in results.columns], *rows] if header else rows
    after = start + len(rows)
    answer: dict[str, Any] = {
        "ResultSet": {
            "Rows": [{"Data": [{} if c is None else {"VarCharValue": c} for c in row]} for row in cells],
            "ResultSetMetadata": {"ColumnInfo": [_column_info(c) for c in results.columns]},
        },
    }
    if outcome.update_count is not None:
        answer["UpdateCount"] = outcome.update_count
    if after < results.rows:
        answer["NextToken"] = str(after)
    return answer


def _column_info(column: Any) -> dict[str, Any]:
    precision, scale = precision_and_scale(column.type)
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": column.label,
        "Label": column.label,
        "Type": athena_type(column.type),
        "Precision": precision,
        "Scale": scale,
        "Nullable": "UNKNOWN",
        "CaseSensitive": column.type.name == "varchar",
    }
