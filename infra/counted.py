"""How many of what, in English messages."""


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun, such as `1 event` and `2,000 events`.

    `many` is what is said of more than one, or of none; without it, `one` with an s.
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"
