"""Result rows: rendered once, kept in a local file, read back page by page."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from .render import Cell
from .types import Type

STRIDE = 500  # rows between remembered file offsets


@dataclass(frozen=True, slots=True)
class ResultColumn:
    label: str
    type: Type


@dataclass
class ResultSet:
    """columns and rows of one finished query. has_header: a SELECT, whose first row names the columns."""

    columns: list[ResultColumn] = field(default_factory=list)
    path: Path | None = None
    rows: int = 0
    has_header: bool = True
    offsets: list[int] = field(default_factory=list)

    def write(self, path: Path, rows: Iterable[list[Cell]]) -> None:
        self.path = path
        with path.open("wb") as file:
            for row in rows:
                if self.rows % STRIDE == 0:
                    self.offsets.append(file.tell())
                file.write(json.dumps(row).encode() + b"\n")
                self.rows += 1

    def read(self, start: int, count: int) -> list[list[Cell]]:
        """Rows [start, start + count)."""
        if self.path is None or start >= self.rows:
            return []
        with self.path.open("rb") as file:
            file.seek(self.offsets[start // STRIDE])
            for _ in range(start % STRIDE):
                file.readline()
            return [json.loads(file.readline()) for _ in range(min(count, self.rows - start))]
