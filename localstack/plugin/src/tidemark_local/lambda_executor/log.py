"""What a function printed, cut into invocations by the marks that the bootstraps print."""

import threading
from typing import IO

# A bootstrap prints this and a newline before it reports a result: whatever came before belongs to the invocation.
END_MARK = b"\x00tidemark-end\x00"


class SandboxLog:
    """Collects the output of one process. Lines are kept whole; bytes that are no UTF-8 are replaced."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._taken = 0
        self._is_flushed = threading.Event()

    def pump(self, stream: IO[bytes]) -> None:
        """Reads to the end of the stream, which is the end of the process and of all its children."""
        for line in stream:
            text, mark, _ = line.partition(END_MARK)
            if text.strip(b"\n"):
                self._lines.append(text.decode(errors="replace").removesuffix("\n") + "\n")
            if mark:
                self._is_flushed.set()
        self._is_flushed.set()

    def expect_mark(self) -> None:
        self._is_flushed.clear()

    def wait_for_mark(self, timeout_seconds: float) -> None:
        self._is_flushed.wait(timeout_seconds)

    def take(self) -> str:
        """The lines since the last take."""
        start, self._taken = self._taken, len(self._lines)
        return "".join(self._lines[start : self._taken])

    def text(self) -> str:
        return "".join(self._lines)
