"""Lines of keys in a TOML text, so that a problem can say where it is."""

import re
import tomllib

KeyPath = tuple[str | int, ...]

_TOKEN = re.compile(
    r'''
      (?P<string> """(?:\\.|[^\\])*?"{3,5} | \'\'\'.*?\'{3,5} | "(?:\\.|[^"\\])*" | '[^']*' )
    | (?P<comment> \#[^\n]* )
    | (?P<mark> [\[\]{}=,.\n] )
    | (?P<bare> [^\s\[\]{}=,."'\#]+ )
    ''',
    re.VERBOSE | re.DOTALL,
)


def key_lines(text: str) -> dict[KeyPath, int]:
    """Return the line, from 1, of every table, key and array element of a valid TOML text."""
    return _Walk(text).lines


class _Walk:
    """Follows the keys of a text that the TOML parser has accepted, and nothing else of it."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, int]] = []
        line, reached = 1, 0
        for match in _TOKEN.finditer(text):
            line += text.count("\n", reached, match.start())
            reached = match.start()
            if match.lastgroup != "comment":
                self._tokens.append((match[0], line))
        self._tokens.append(("\n", line))
        self._at = 0
        self._sizes: dict[KeyPath, int] = {}
        self.lines: dict[KeyPath, int] = {}
        table: KeyPath = ()
        while self._skip_newlines():
            table = self._statement(table)

    def _peek(self) -> str:
        return self._tokens[self._at][0]

    def _next(self) -> tuple[str, int]:
        self._at += 1
        return self._tokens[self._at - 1]

    def _skip_newlines(self) -> bool:
        while self._at < len(self._tokens) and self._peek() == "\n":
            self._at += 1
        return self._at < len(self._tokens)

    def _statement(self, table: KeyPath) -> KeyPath:
        if self._peek() != "[":
            self._pair(table)
            return table
        line = self._next()[1]
        is_array = self._peek() == "["
        if is_array:
            self._next()
        path: KeyPath = ()
        for part in self._key():
            path = self._latest((*path, part))
        self._at += 2 if is_array else 1
        if is_array:
            array = path[:-1] if isinstance(path[-1], int) else path
            size = self._sizes.get(array, 0)
            self._sizes[array] = size + 1
            path = (*array, size)
        self._note(path, line)
        return path

    def _latest(self, path: KeyPath) -> KeyPath:
        """Return the path of an array's last table, where the path is such an array."""
        size = self._sizes.get(path)
        return path if size is None else (*path, size - 1)

    def _key(self) -> list[str]:
        parts = [self._part()]
        while self._peek() == ".":
            self._next()
            parts.append(self._part())
        return parts

    def _part(self) -> str:
        token = self._next()[0]
        if token[0] in "\"'":
            return str(tomllib.loads(f"key = {token}")["key"])
        return token

    def _pair(self, table: KeyPath) -> None:
        line = self._tokens[self._at][1]
        path = (*table, *self._key())
        self._note(path, line)
        self._next()
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        match self._peek():
            case "[":
                self._next()
                self._elements(path)
            case "{":
                self._next()
                self._pairs(path)
            case _:
                while self._peek() not in ("\n", ",", "]", "}"):
                    self._next()

    def _elements(self, path: KeyPath) -> None:
        index = 0
        while self._skip_newlines() and self._peek() != "]":
            if self._peek() == ",":
                self._next()
                continue
            element = (*path, index)
            self._note(element, self._tokens[self._at][1])
            self._value(element)
            index += 1
        self._next()

    def _pairs(self, path: KeyPath) -> None:
        while self._skip_newlines() and self._peek() != "}":
            if self._peek() == ",":
                self._next()
                continue
            self._pair(path)
        self._next()

    def _note(self, path: KeyPath, line: int) -> None:
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)
