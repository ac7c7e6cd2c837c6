import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("page", ["docs/python.md", "clients/python/README.md"])
def test_every_snippet_is_python_that_compiles(page):
    snippets = re.findall(r"^```python\n(.*?)^```$", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    assert snippets
    for snippet in snippets:
        compile(snippet, page, "exec")
