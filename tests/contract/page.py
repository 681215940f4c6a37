"""The pages that describe the tables of a database to those who read them."""

from tests.conftest import REPOSITORY


def described(page: str) -> dict[str, list[str]]:
    """Read a page of docs/: a heading `### name` in code style, and a table of its columns."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in (REPOSITORY / "docs" / page).read_text(encoding="utf-8").splitlines():
        if line.startswith("### `"):
            name = line.split("`")[1]
            found[name] = []
        elif line.startswith("| `") and name:
            found[name].append(line.split("`")[1])
            assert len(line.split("|")[2].strip()) > 3
    return found
