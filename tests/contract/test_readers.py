"""Connections to a file of read models that are used again."""

import os
from pathlib import Path

import pytest

from infra.store.models import SQLiteModels
from infra.store.models import readers as readers_module
from infra.store.models.database import NoModels
from infra.store.models.readers import Readers
from projections.models import START


def begun(path: Path, position: int) -> None:
    """Make read models that stand at a position."""
    with SQLiteModels.open(path) as models, models.transaction():
        models.move(0, models.place(0), START._replace(position=position))


def position(readers: Readers) -> int:
    """Read where the read models stand."""
    with readers.reading() as models:
        place = models.place(0)
    assert place is not None
    return place.position


def opened(path: Path) -> int:
    """Return how many files beside a path this process has open; elsewhere others come and go."""
    with os.scandir("/proc/self/fd") as files:
        return sum(path.parent in Path(os.path.realpath(file.path)).parents for file in files)


def test_who_comes_next_reads_over_the_same_connection_what_is_there_now(tmp_path: Path) -> None:
    """It keeps the pages that it has read, but no moment."""
    path = tmp_path / "models.db"
    begun(path, 1)
    with Readers(path) as readers:
        with readers.reading() as first:
            assert first.place(0) is not None
        begun(path, 2)
        with readers.reading() as second:
            assert second is first
        assert position(readers) == 2


def test_two_at_once_have_a_connection_each(tmp_path: Path) -> None:
    """And each sees one moment."""
    path = tmp_path / "models.db"
    begun(path, 1)
    with Readers(path) as readers, readers.reading() as first:
        assert first.place(0) is not None
        begun(path, 2)
        with readers.reading() as second:
            assert second is not first
            assert [one.place(0).position for one in (first, second)] == [1, 2]  # type: ignore[union-attr]


def test_a_file_that_was_made_anew_is_noticed(tmp_path: Path) -> None:
    """As when read models are thrown away and made again."""
    path = tmp_path / "models.db"
    begun(path, 1)
    with Readers(path) as readers:
        assert position(readers) == 1
        for file in tmp_path.iterdir():
            file.unlink()
        with pytest.raises(NoModels):
            position(readers)
        begun(path, 7)
        assert position(readers) == 7


def test_nothing_is_left_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where a reader failed, nor beyond what may rest, nor at the end."""
    path = tmp_path / "models.db"
    begun(path, 1)
    monkeypatch.setattr(readers_module, "MOST", 1)
    with Readers(path) as readers:
        with pytest.raises(ZeroDivisionError), readers.reading():
            raise ZeroDivisionError
        assert opened(path) == 0
        with readers.reading(), readers.reading():
            both = opened(path)
        assert 0 < opened(path) < both
    assert opened(path) == 0
