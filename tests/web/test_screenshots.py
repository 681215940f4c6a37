"""The pictures of the documents."""

import re

from tests.conftest import REPOSITORY
from tests.web.screenshots import PICTURES, pictures

LARGEST = 200 * 1024
_SHOWN = re.compile(r'!\[[^\]]+\]\(([^)]+)\)|<img[^>]* src="([^"]+)"')


def test_every_picture_that_a_document_shows_is_there_and_light() -> None:
    """Below 200 KiB each, and none is kept that is not shown."""
    shown = set()
    for document in (REPOSITORY / "README.md", *(REPOSITORY / "docs").rglob("*.md")):
        for found in _SHOWN.findall(document.read_text("utf-8")):
            picture = (document.parent / "".join(found)).resolve()
            assert 0 < picture.stat().st_size < LARGEST, picture
            shown.add(picture)
    assert shown == set(PICTURES.iterdir())


def test_each_page_is_shown_in_light_in_darkness_and_on_a_phone() -> None:
    """By what `make screenshots` takes."""
    assert {file.stem for file in PICTURES.iterdir()} == {
        f"{page}-{look}"
        for page in ("board", "ticket", "promises")
        for look in ("light", "dark", "phone")
    }
    assert {picture.name for picture in pictures("T-1")} == {
        file.stem for file in PICTURES.iterdir()
    }
