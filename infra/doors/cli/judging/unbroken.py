"""Lines that do not end at certain spaces.

The layout takes every white space for a place where a line may end. So a space at which none may
end is laid out as a letter of the same width, which no printable text holds, and comes back
afterwards.
"""

from projections.wording.words import NO_BREAK

_NO_BREAK = "\ue000"
_SPACE = "\ue001"


def held(text: str) -> str:
    """Make a text ready for the layout, so that no line ends at its no-break spaces."""
    return text.replace(NO_BREAK, _NO_BREAK)


def tied(text: str) -> str:
    """Make a text ready for the layout that is to stay on one line."""
    return held(text).replace(" ", _SPACE)


def released(laid_out: str) -> str:
    """Put the spaces back where they were."""
    return laid_out.replace(_NO_BREAK, NO_BREAK).replace(_SPACE, " ")
