"""RDF terms as Python values and back: what a person at a Python prompt expects of a query result.

An integer is an ``int``, a decimal a ``Decimal``, a date a ``date``; text with a language is a ``Text``, an
IRI an ``Iri``.  What Python has no value for (``xsd:gYear``, a date of the year -300, an ill-typed literal, a
custom datatype) stays as it is written, with its datatype: a ``Typed``.  Nothing is rounded and nothing is
guessed.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from numbers import Integral
from typing import Any, Final, Self

from polcoop.errors import UsageError
from polcoop.iris import PREFIXES, expand, shrink

XSD: Final = PREFIXES["xsd"]


class Iri(str):
    """An IRI; compares and prints as its text."""

    __slots__ = ()

    @property
    def curie(self) -> str:
        """The compact form, such as ``agent:cn``; the IRI itself when no known prefix gives one."""
        short = shrink(self)
        return str(self) if short.startswith("<") else short

    def __repr__(self) -> str:
        return f"Iri({str(self)!r})"


class Text(str):
    """Text in a language; compares as its text alone, and ``language`` is its tag (BCP 47)."""

    language: str

    def __new__(cls, value: str, language: str) -> Self:
        made = super().__new__(cls, value)
        made.language = language
        return made

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]  # as __new__ takes them
        return str(self), self.language

    def __repr__(self) -> str:
        return f"Text({str(self)!r}, {self.language!r})"


class Typed(str):
    """A literal of another datatype, as it is written; ``datatype`` is the IRI of that."""

    datatype: Iri

    def __new__(cls, value: str, datatype: str) -> Self:
        made = super().__new__(cls, value)
        made.datatype = Iri(datatype)
        return made

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]  # as __new__ takes them
        return str(self), str(self.datatype)

    def __repr__(self) -> str:
        return f"Typed({str(self)!r}, {str(self.datatype)!r})"


class BlankNode(str):
    """A blank node; its label means something within one result only, so it can be asked for in no query."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"BlankNode({str(self)!r})"


class TripleTerm(tuple["Value", "Value", "Value"]):
    """A triple that stands as a term (RDF 1.2): subject, predicate, object."""

    __slots__ = ()


Value = Iri | Text | Typed | BlankNode | TripleTerm | str | bool | int | float | Decimal | date | datetime
"""What a variable can be bound to; an unbound one is None."""


def iri(text: str) -> Iri:
    """Return the IRI that ``text`` names, whole or compact: ``agent:cn``, ``wd:Q148``, ``http://…``.

    :raises UsageError: it is no absolute IRI, or its prefix is unknown.
    """
    found = text if _SCHEME.match(text) else expand(text)
    if not _IRI.fullmatch(found):
        raise UsageError(f"'{text}' is not an absolute IRI")
    return Iri(found)


def from_json(term: dict[str, Any]) -> Value:
    """Return a term of the JSON results format as a Python value (SPARQL 1.1 Query Results JSON, 3.2.2).

    :raises KeyError, TypeError, ValueError: it is none.
    """
    kind, value = term["type"], term["value"]
    if kind == "uri":
        return Iri(value)
    if kind in {"literal", "typed-literal"}:
        if (language := term.get("xml:lang")) is not None:
            return Text(value, language)
        datatype = term.get("datatype")
        return str(value) if datatype is None else _typed(value, datatype)
    if kind == "bnode":
        return BlankNode(value)
    if kind == "triple":
        return TripleTerm(from_json(value[part]) for part in ("subject", "predicate", "object"))
    raise ValueError(f"unknown kind of term '{kind}'")


def to_sparql(value: object) -> str:
    """Return a value as a SPARQL term that stands by itself, whatever characters are in it.

    :raises UsageError: it is none that a query could hold.
    """
    value = _from_rdflib(value)
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    raise UsageError(
        f"a {type(value).__name__} cannot be a parameter of a query: {value!r}"[:200],
        hint="text, numbers, dates, polcoop.iri(…), or a list of them",
    )


def _from_rdflib(value: Any) -> object:
    """Take a term of rdflib, which is a ``str`` by class, for what it is; without importing the library."""
    if not type(value).__module__.startswith("rdflib."):
        return value
    match type(value).__name__:
        case "URIRef":
            return Iri(value)
        case "Literal" if value.language:
            return Text(str(value), value.language)
        case "Literal" if value.datatype:
            return Typed(str(value), value.datatype)
        case "Literal":
            return str(value)
        case _:
            return BlankNode(value)


def plain(value: Value) -> str:
    """A value in the words of SPARQL: the lexical form of a literal, the text of an IRI."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, float):
        return _double(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, TripleTerm):
        return f"<<( {' '.join(map(plain, value))} )>>"
    return str(value)


# From lexical form to value. The forms are those of XML Schema, narrowed to what Python holds without loss:
# its own readers also take "1_000", other scripts' digits and white space.
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,4000}", re.ASCII)
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)", re.ASCII)
_DOUBLE: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_DATETIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)
_SPECIAL: Final = {"INF": math.inf, "+INF": math.inf, "-INF": -math.inf, "NaN": math.nan}
_BOOLEAN: Final = {"true": True, "1": True, "false": False, "0": False}


def _checked(form: re.Pattern[str], make: Callable[[str], Value]) -> Callable[[str], Value | None]:
    return lambda text: make(text) if form.fullmatch(text) else None


def _float(text: str) -> float | None:
    return float(text) if _DOUBLE.fullmatch(text) else _SPECIAL.get(text)


_INTEGERS: Final = (
    "integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger", "nonPositiveInteger",
    "negativeInteger", "unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte",
)  # fmt: skip
_READERS: Final[dict[str, Callable[[str], Value | None]]] = {
    **{f"{XSD}{name}": _checked(_INTEGER, int) for name in _INTEGERS},
    f"{XSD}decimal": _checked(_DECIMAL, Decimal),
    f"{XSD}double": _float,
    f"{XSD}float": _float,
    f"{XSD}boolean": _BOOLEAN.get,
    f"{XSD}date": _checked(_DATE, date.fromisoformat),
    f"{XSD}dateTime": _checked(_DATETIME, datetime.fromisoformat),
    f"{XSD}string": str,
}


def _typed(text: str, datatype: str) -> Value:
    reader = _READERS.get(datatype)
    try:
        value = reader(text) if reader else None
    except ValueError:
        # 30 February, the year 0000, 24:00:00.
        value = None
    return Typed(text, datatype) if value is None else value


# From value to SPARQL. No character of a value may end the token that holds it.
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|urn:|mailto:|tag:", re.ASCII)
_IRI: Final = re.compile(r"""[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20\x7f-\x9f<>"{}|^`\\\ud800-\udfff]*""")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*", re.ASCII)
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_ESCAPED: Final = re.compile(r'\\[uU]|[\\"\n\r\t\x08\x0c]')


def _escape(match: re.Match[str]) -> str:
    found = match[0]
    # Some engines resolve codepoint escapes before anything else, and would take "\\u0022" for one.
    return _ESCAPES[found] if len(found) == 1 else rf"\\\u{ord(found[1]):04X}"


def _quoted(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"a text is not Unicode (character {error.start + 1})") from error
    if "\0" in text:
        raise UsageError("a text holds the character U+0000, which no RDF literal may")
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _reference(text: str) -> str:
    if not _IRI.fullmatch(text):
        raise UsageError(
            f"'{text}' is not an absolute IRI", hint="polcoop.iri('agent:cn') makes one of a CURIE"
        )
    return f"<{text}>"


def _literal(text: str, datatype: str) -> str:
    return f"{_quoted(text)}^^{_reference(datatype)}"


def _in_language(text: Text) -> str:
    if not _LANGUAGE.fullmatch(text.language):
        raise UsageError(f"'{text.language}' is not a language tag")
    return f"{_quoted(str(text))}@{text.language}"


def _moment(value: datetime) -> str:
    if value != value:  # noqa: PLR0124 - pandas.NaT is a datetime, and unequal to itself
        raise UsageError("a missing date cannot be a parameter of a query")
    return _literal(plain(value), f"{XSD}dateTime")


def _double(value: float) -> str:
    return {math.inf: "INF", -math.inf: "-INF"}.get(value, "NaN" if math.isnan(value) else repr(float(value)))


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise UsageError(f"{value} is not an xsd:decimal")
    return _literal(format(value, "f"), f"{XSD}decimal")


def _refuse_blank(_value: object) -> str:
    raise UsageError("a blank node cannot be asked for: in a query it is a variable")


_WRITERS: Final[tuple[tuple[type, Callable[[Any], str]], ...]] = (
    (BlankNode, _refuse_blank),
    (Iri, _reference),
    (Text, _in_language),
    (Typed, lambda value: _literal(str(value), value.datatype)),
    (str, _quoted),
    (bool, lambda value: _literal(plain(value), f"{XSD}boolean")),
    (Integral, lambda value: _literal(str(operator.index(value)), f"{XSD}integer")),
    (Decimal, _decimal),
    (float, lambda value: _literal(_double(value), f"{XSD}double")),
    (datetime, _moment),
    (date, lambda value: _literal(plain(value), f"{XSD}date")),
)
