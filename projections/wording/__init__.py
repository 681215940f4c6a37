"""What people read, in their language: numbers, times, durations and the sentences around them."""

from collections.abc import Mapping
from typing import Literal

from projections.wording.czech import Czech
from projections.wording.english import English
from projections.wording.words import Words

Language = Literal["en", "cs"]
LANGUAGES: Mapping[Language, Words] = {"en": English(), "cs": Czech()}

__all__ = ["LANGUAGES", "Language", "Words"]
