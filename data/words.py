"""Names and words compared as people mean them: without capitals, accents, punctuation and double spaces."""

from __future__ import annotations

import unicodedata

_SEPARATE = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l", "ð": "d", "þ": "th"})


def folded(word: str) -> str:
    """`word` in small letters without accents, punctuation as one space: "Évry-Sud " → "evry sud".

    Letters of other scripts are kept as they are, so that names written in them stay different.
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(c))
    plain = plain.translate(_SEPARATE)
    kept = "".join(c if c.isalnum() else " " for c in plain)
    return " ".join(kept.split())
