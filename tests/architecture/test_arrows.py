"""The arrows between the rooms, infra -> streams -> projections -> domain, in every import."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from tests.conftest import REPOSITORY

ROOMS = ("domain", "projections", "streams", "infra")
OUTSIDE = frozenset({"tests"})

CLOCKS_AND_CHANCE = frozenset(
    {
        "time",
        "random",
        "secrets",
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "datetime.datetime.today",
        "datetime.date.today",
        "os.urandom",
        "os.getrandom",
        "uuid.uuid1",
        "uuid.uuid4",
    }
)

INPUT_AND_OUTPUT = frozenset(
    {
        "asyncio",
        "fcntl",
        "fileinput",
        "getpass",
        "glob",
        "http",
        "io",
        "locale",
        "logging",
        "mmap",
        "multiprocessing",
        "os",
        "pathlib",
        "select",
        "selectors",
        "shutil",
        "signal",
        "smtplib",
        "socket",
        "sqlite3",
        "ssl",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "urllib",
    }
)
# The projections read the SQL text that lies beside them as package data; the domain has none.
PACKAGE_DATA = frozenset({"importlib"})
BUILT_IN_INPUT_AND_OUTPUT = frozenset(
    {"open", "print", "input", "breakpoint", "exec", "eval", "__import__"}
)

# Where alone a package may be imported; a folder ends in a slash.
PLACES = {
    "faust": ("streams/worker.py",),
    "kafka": ("streams/producer.py", "streams/topic.py"),
    "aiokafka": ("streams/entry.py",),
    "confluent_kafka": ("streams/producer.py", "streams/topic.py"),
    "eventsourcing": ("infra/store/",),
    "psycopg": ("infra/store/",),
    "sqlite3": ("infra/store/",),
    "fastapi": ("infra/doors/web/",),
    "starlette": ("infra/doors/web/",),
    "uvicorn": ("infra/doors/web/server.py",),
    "jinja2": ("infra/doors/web/",),
}


def violations(path: str, source: str) -> list[str]:
    """List what the source text of a file, named from the top of the repository, must not do."""
    tree = ast.parse(source, filename=path)
    room = path.split("/", maxsplit=1)[0]
    imported = dict(imports(path, tree))
    used = imported | dict(uses(tree, names_bound(path, tree)))
    found = [*forbidden_arrows(room, imported), *out_of_place(path, imported)]
    if room != "infra":
        found += matching("clock or chance", used, CLOCKS_AND_CHANCE)
    if room in {"domain", "projections"}:
        found += matching("input or output", imported, INPUT_AND_OUTPUT)
        found += [
            f"{line}: input or output: {name}()"
            for name, line in built_in_calls(tree)
            if name in BUILT_IN_INPUT_AND_OUTPUT
        ]
    if room == "domain":
        found += matching("input or output", imported, PACKAGE_DATA)
        found += third_party(imported)
    return sorted(found, key=lambda fault: int(fault.split(":")[0]))


def forbidden_arrows(room: str, imported: dict[str, int]) -> Iterator[str]:
    """Yield every import of a room that lies further out than this one, and of the tests."""
    forbidden = {*ROOMS[ROOMS.index(room) + 1 :], *OUTSIDE}
    for name, line in imported.items():
        if top(name) in forbidden:
            yield f"{line}: arrow against the rooms: {room} -> {name}"


def third_party(imported: dict[str, int]) -> Iterator[str]:
    """Yield every import that is neither of the standard library nor a room."""
    known = {*sys.stdlib_module_names, *ROOMS, *OUTSIDE}
    for name, line in imported.items():
        if top(name) not in known:
            yield f"{line}: third-party import: {name}"


def out_of_place(path: str, imported: dict[str, int]) -> Iterator[str]:
    """Yield every import of a package outside the places that it is kept to."""
    for name, line in imported.items():
        places = PLACES.get(top(name))
        if places and not any(is_at(path, place) for place in places):
            yield f"{line}: {top(name)} outside {', '.join(places)}"


def matching(fault: str, names: dict[str, int], forbidden: frozenset[str]) -> Iterator[str]:
    """Yield every name that is forbidden, or belongs to a module that is."""
    for name, line in names.items():
        if any(name == one or name.startswith(f"{one}.") for one in forbidden):
            yield f"{line}: {fault}: {name}"


def is_at(path: str, place: str) -> bool:
    """Say whether a path is the file, or lies in the folder, that a place names."""
    return path.startswith(place) if place.endswith("/") else path == place


def top(name: str) -> str:
    """Take the outermost package of a dotted name."""
    return name.split(".", maxsplit=1)[0]


def imports(path: str, tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield the full dotted name and the line of everything imported, at any depth of the file."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((alias.name, node.lineno) for alias in names)
            case ast.ImportFrom(names=names):
                module = absolute(path, node)
                yield from ((f"{module}.{alias.name}", node.lineno) for alias in names)
            case _:
                pass


def names_bound(path: str, tree: ast.AST) -> dict[str, str]:
    """Map each local name that an import binds to the dotted name that it stands for."""
    bound: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    bound[alias.asname or top(alias.name)] = (
                        alias.name if alias.asname else top(alias.name)
                    )
            case ast.ImportFrom(names=names):
                for alias in names:
                    bound[alias.asname or alias.name] = f"{absolute(path, node)}.{alias.name}"
            case _:
                pass
    return bound


def uses(tree: ast.AST, bound: dict[str, str]) -> Iterator[tuple[str, int]]:
    """Yield the full dotted name and the line of every attribute of an imported name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            local, _, rest = ast.unparse(node).partition(".")
            if local in bound:
                yield f"{bound[local]}.{rest}", node.lineno


def built_in_calls(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield the name and the line of every call of a plain name."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)):
                yield name, node.lineno
            case _:
                pass


def absolute(path: str, node: ast.ImportFrom) -> str:
    """Resolve the module of a from-import, relative to the file that has it."""
    if not node.level:
        return node.module or ""
    package = PurePosixPath(path).parts[: -node.level]
    return ".".join([*package, node.module] if node.module else package)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_keeps_to_its_arrows_and_its_trade(room: str) -> None:
    """No file of a room imports outwards, reads a clock or does another room's work."""
    assert [
        f"{path.relative_to(REPOSITORY)}:{fault}"
        for path in sorted((REPOSITORY / room).rglob("*.py"))
        for fault in violations(
            path.relative_to(REPOSITORY).as_posix(), path.read_text(encoding="utf-8")
        )
    ] == []


def test_every_folder_with_python_in_it_is_a_package() -> None:
    """A folder without __init__.py would be passed over by the tools in silence."""
    folders = {
        path.parent
        for top_level in (*ROOMS, *OUTSIDE)
        for path in (REPOSITORY / top_level).rglob("*.py")
    }
    assert [
        folder.relative_to(REPOSITORY).as_posix()
        for folder in sorted(folders)
        if not Path(folder, "__init__.py").is_file()
    ] == []


@pytest.mark.parametrize(
    ("path", "source", "fault"),
    [
        ("domain/a.py", "import projections.board", "arrow"),
        ("domain/a.py", "from infra import wiring", "arrow"),
        ("domain/a.py", "def late():\n    from streams import topic", "arrow"),
        ("domain/a.py", "if TYPE_CHECKING:\n    import infra.settings", "arrow"),
        ("domain/a.py", "import tests.strategies", "arrow"),
        ("projections/a.py", "from streams.topic import EVENTS", "arrow"),
        ("projections/a.py", "from ..infra import wiring", "arrow"),
        ("streams/a.py", "import infra", "arrow"),
        ("infra/a.py", "from tests import strategies", "arrow"),
        ("domain/a.py", "import orjson", "third-party"),
        ("domain/a.py", "from holidays.countries import CZ", "third-party"),
        ("domain/a.py", "import time", "clock"),
        ("projections/a.py", "from time import monotonic", "clock"),
        ("streams/a.py", "import random as dice", "clock"),
        ("streams/a.py", "from secrets import token_hex", "clock"),
        ("domain/a.py", "from datetime import datetime\ndatetime.now(UTC)", "clock"),
        ("domain/a.py", "import datetime as d\nd.datetime.utcnow()", "clock"),
        ("domain/a.py", "from datetime import datetime as D\nread = D.today", "clock"),
        ("projections/a.py", "from datetime import date\ndate.today()", "clock"),
        ("streams/a.py", "import os\nos.urandom(8)", "clock"),
        ("streams/a.py", "from os import urandom", "clock"),
        ("projections/a.py", "import uuid\nuuid.uuid4()", "clock"),
        ("streams/a.py", "from uuid import uuid1 as name", "clock"),
        ("domain/a.py", "text = open('policy.toml').read()", "input or output"),
        ("domain/a.py", "print('breached')", "input or output"),
        ("domain/a.py", "from pathlib import Path", "input or output"),
        ("domain/a.py", "import os.path", "input or output"),
        ("domain/a.py", "from importlib.resources import files", "input or output"),
        ("projections/a.py", "import socket", "input or output"),
        ("streams/relay.py", "import faust", "faust outside"),
        ("infra/doors/cli.py", "from kafka import KafkaProducer", "kafka outside"),
        ("projections/a.py", "from eventsourcing.domain import Aggregate", "eventsourcing outside"),
        ("infra/engine.py", "import sqlite3", "sqlite3 outside"),
        ("infra/storefront.py", "import psycopg.rows", "psycopg outside"),
        ("infra/doors/website.py", "from fastapi import FastAPI", "fastapi outside"),
        ("infra/doors/web/app.py", "import uvicorn", "uvicorn outside"),
    ],
)
def test_a_forbidden_line_is_found(path: str, source: str, fault: str) -> None:
    """Every rule can fail: made-up source text that breaks it is named with its line."""
    [found] = violations(path, source)
    line, message = found.split(": ", maxsplit=1)
    assert message.startswith(fault)
    assert int(line) == len(source.splitlines())


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("domain/a.py", "from domain.clock import Clock\nfrom . import event"),
        ("domain/a.py", "from datetime import datetime, time\ntime(9)\ndatetime.fromisoformat(x)"),
        ("domain/a.py", "from uuid import uuid5\nuuid5(SPACE, name)"),
        ("domain/a.py", "def open_at(clock):\n    return clock.now, clock.open()"),
        ("projections/a.py", "import orjson\nfrom domain import ticket"),
        ("projections/a.py", "from importlib.resources import files"),
        ("streams/worker.py", "import faust\nfrom projections import projector"),
        ("infra/doors/cli.py", "import time, random, os\nfrom datetime import datetime\nopen(f)"),
        ("infra/store/database.py", "import sqlite3\nimport psycopg\nfrom streams import topic"),
    ],
)
def test_an_innocent_file_is_left_in_peace(path: str, source: str) -> None:
    """What looks like a fault and is none is not reported."""
    assert violations(path, source) == []
