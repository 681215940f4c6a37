"""What is opened and has to be let go."""

from abc import ABC, abstractmethod
from typing import Self


class Closing(ABC):
    """Something that a `with` block closes at its end, whatever happened in it."""

    __slots__ = ()

    @abstractmethod
    def close(self) -> None:
        """Let go what is held."""

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()
