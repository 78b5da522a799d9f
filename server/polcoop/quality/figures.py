"""The numbers that a French text states, whatever way it writes them.

"2 031 732", "3,5 milliards", "treize", "l'un des deux", "7e rang": each is a number that a claim may carry.
A footnote call glued to a number by typesetting ("200940" for 2009 and call 40) yields the number without the
call too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from text_to_num import alpha2digit

_SPACES = re.compile(r"[\u00a0\u202f\u2009\n]")
_HYPHENATED = re.compile(r"(?<=\w)-\s*\n\s*(?=\w)")
_NUMBER = re.compile(r"\d{1,3}(?: \d{3})+(?!\d)(?:,\d+)?|\d{1,3}(?:,\d{3})+(?!\d)|\d+(?:[,.]\d+)?")
_SCALES = {"millier": 1_000, "mille": 1_000, "million": 1_000_000, "milliard": 1_000_000_000}
_SCALED = re.compile(r"^ ?(milliers?|mille|millions?|milliards?)\b")
_SCALED_BY_DIGITS = re.compile(r"^ (1000|1000000|1000000000)\b")


def numbers(text: str, calls: Iterable[int] = ()) -> frozenset[Decimal]:
    """Return every number that ``text`` states in digits or in French or English words.

    :param calls: numbers of the footnotes called on the page, which typesetting may have glued to a number.
    """
    plain = _SPACES.sub(" ", _HYPHENATED.sub("", text))
    # A footnote may quote an English title ("First Lancang-Mekong Cooperation Leaders' Meeting").
    spelled = (plain, *(alpha2digit(plain, language, 0) for language in ("fr", "en")))
    return frozenset(number for form in spelled for number in _read(form, tuple(calls)))


def _read(text: str, calls: tuple[int, ...]) -> Iterable[Decimal]:
    for match in _NUMBER.finditer(text):
        yield from _forms(match[0], text[match.end() : match.end() + 14], calls)


def _forms(printed: str, after: str, calls: tuple[int, ...]) -> Iterable[Decimal]:
    """Yield the readings of one printed number: as it stands, without a glued call, scaled."""
    for form in {printed, *_without_calls(printed, calls)}:
        value = _decimal(form)
        yield value
        word = _SCALED.match(after)
        digits = _SCALED_BY_DIGITS.match(after)
        if word:
            yield value * _SCALES[word[1].rstrip("s")]
        elif digits:
            yield value * Decimal(digits[1])


def _without_calls(printed: str, calls: tuple[int, ...]) -> Iterable[str]:
    for call in calls:
        if printed.endswith(str(call)) and len(printed) > len(str(call)):
            yield printed[: -len(str(call))].rstrip(" ,.")


def _decimal(printed: str) -> Decimal:
    compact = printed.replace(" ", "")
    # A comma before exactly three digits and no other separator is an English thousands mark ("1,096,958").
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+", compact):
        return Decimal(compact.replace(",", ""))
    return Decimal(compact.replace(",", "."))
