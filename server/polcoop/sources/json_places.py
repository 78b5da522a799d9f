"""Where the triples of a JSON-LD document stand in its text, as far as its own context tells.

The strict parser expands a document (JSON-LD 1.1 Processing Algorithms); this looks for the spelling of what
it found, with the terms and prefixes of the document's contexts taken together.  Blank nodes without a name
are told apart by what is said of them.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad

from polcoop.iris import PREFIXES

_TOKEN: Final = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+)')
_TYPE: Final = f"{PREFIXES['rdf']}type"
_FIRST: Final = f"{PREFIXES['rdf']}first"
_MAPS: Final = {"@language", "@index", "@id", "@type"}
"""Containers whose keys are no properties."""
_INNER: Final = {"@graph", "@included", "@set", "@reverse", "@nest"}

Range = tuple[int, int]
"""First character and the one after the last."""
Ranges = tuple[Range, Range, Range]
"""Where subject, predicate and object of a triple stand."""


@dataclass(slots=True)
class _Value:
    """A JSON value with its range; ``content`` is what a scalar means."""

    range: Range
    content: object = None
    members: list[tuple[str, Range, _Value]] | None = None
    items: list[_Value] | None = None


@dataclass(slots=True)
class _Entry:
    """One value in the document; ``spellings`` are what its lexical form or IRI may be."""

    spellings: tuple[str, ...]
    ranges: Ranges


@dataclass(slots=True)
class _Index:
    terms: dict[str, str] = field(default_factory=dict)
    containers: dict[str, set[str]] = field(default_factory=dict)
    subjects: dict[str, Range] = field(default_factory=dict)
    entries: defaultdict[tuple[str, str], list[_Entry]] = field(default_factory=lambda: defaultdict(list))


def statements(text: str, quads: Sequence[Quad]) -> list[Ranges | None]:
    """Return the place of each quad of a well-formed JSON-LD document, None for what cannot be placed."""
    try:
        root = _read(text)
        index = _Index()
        for value in _all(root):
            _learn(value, index)
        _collect(root, index)
    except (ValueError, IndexError, TypeError, RecursionError):
        return [None] * len(quads)
    return [_place(quad, index) for quad in quads]


def _place(quad: Quad, index: _Index) -> Ranges | None:
    subject = quad.subject.value if isinstance(quad.subject, NamedNode) else ""
    waiting = index.entries[_known(subject, index.subjects), quad.predicate.value]
    wanted = quad.object.value if isinstance(quad.object, NamedNode | Literal) else ""
    for entry in waiting:
        if any(_same(spelling, wanted) for spelling in entry.spellings):
            if not subject:
                # The next nameless node that says the same is another one.
                waiting.remove(entry)
            return entry.ranges
    if not subject:
        return None
    if len(waiting) == 1:
        return waiting[0].ranges
    own = index.subjects.get(_known(subject, index.subjects))
    return (own, own, own) if own else None


def _known(subject: str, subjects: dict[str, Range]) -> str:
    """The spelling under which a subject is known: itself, or the relative IRI that it ends with."""
    if subject in subjects or not subject:
        return subject
    return next((name for name in subjects if ":" not in name and _same(name, subject)), subject)


def _same(spelling: str, wanted: str) -> bool:
    return spelling == wanted or (
        bool(spelling) and ":" not in spelling and wanted.endswith(f"/{spelling.removeprefix('./')}")
    )


def _read(text: str) -> _Value:
    tokens = [(match[1], match.span(1)) for match in _TOKEN.finditer(text)]
    value, _ = _value(tokens, 0)
    return value


def _value(tokens: list[tuple[str, Range]], at: int) -> tuple[_Value, int]:
    word, place = tokens[at]
    if word == "{":
        members = []
        at += 1
        while tokens[at][0] != "}":
            key, where = tokens[at]
            value, at = _value(tokens, at + 2)
            members.append((str(json.loads(key)), where, value))
            at += tokens[at][0] == ","
        return _Value((place[0], tokens[at][1][1]), members=members), at + 1
    if word == "[":
        items = []
        at += 1
        while tokens[at][0] != "]":
            value, at = _value(tokens, at)
            items.append(value)
            at += tokens[at][0] == ","
        return _Value((place[0], tokens[at][1][1]), items=items), at + 1
    return _Value(place, content=json.loads(word)), at + 1


def _all(value: _Value) -> Iterator[_Value]:
    yield value
    for _, _, inner in value.members or ():
        yield from _all(inner)
    for inner in value.items or ():
        yield from _all(inner)


def _learn(value: _Value, index: _Index) -> None:
    """Add the terms that the context of a node defines."""
    for key, _, context in value.members or ():
        for part in _flat(context) if key == "@context" else ():
            for name, _, meaning in part.members or ():
                content = meaning.content if meaning.members is None else _text(meaning, "@id")
                if isinstance(content, str):
                    index.terms[name] = content
                for one, _, container in meaning.members or ():
                    if one == "@container":
                        index.containers[name] = {str(item.content) for item in _flat(container)}


def _contained(value: _Value, containers: set[str]) -> _Value:
    """The value of a term with such containers as if it were written without them."""
    if "@list" in containers and "@list" not in {key for key, _, _ in value.members or ()}:
        return _Value(value.range, members=[("@list", value.range, value)])
    if value.members is None or not containers & _MAPS:
        return value
    if "@id" in containers:
        for key, where, inner in value.members:
            if inner.members is not None and key != "@none":
                inner.members.append(("@id", where, _Value(where, content=key)))
    return _Value(value.range, items=[item for _, _, inner in value.members for item in _flat(inner)])


def _flat(value: _Value) -> Iterator[_Value]:
    """A value, the items of an array, those of a @set."""
    for item in [value] if value.items is None else value.items:
        inner = next((v for k, _, v in item.members or () if k == "@set"), None)
        yield from _flat(inner) if inner else [item]


def _text(value: _Value, key: str) -> str | None:
    content = next((inner.content for name, _, inner in value.members or () if name == key), None)
    return content if isinstance(content, str) else None


def _expand(name: str, terms: dict[str, str], depth: int = 0) -> str:
    if depth > len(terms):
        return name
    if name in terms:
        return _expand(terms[name], terms, depth + 1) if terms[name] != name else name
    prefix, colon, local = name.partition(":")
    if colon and prefix in terms and not local.startswith("//"):
        return _expand(prefix, terms, depth + 1) + local
    if not colon and not name.startswith("@") and "@vocab" in terms:
        return terms["@vocab"] + name
    return name


def _collect(value: _Value, index: _Index) -> tuple[str, Range]:
    """Enter all that a node object says; return its name (empty without) and where that stands."""
    if value.items is not None:
        for item in value.items:
            _collect(item, index)
    members = [
        (_expand(key, index.terms), where, _contained(inner, index.containers.get(key, set())))
        for key, where, inner in value.members or ()
    ]
    name = next((v for k, _, v in members if k == "@id" and isinstance(v.content, str)), None)
    subject, place = "", (value.range[0], value.range[0] + 1)
    if name is not None and not str(name.content).startswith("_:"):
        subject, place = _identifier(str(name.content), index.terms), name.range
        index.subjects.setdefault(subject, place)
    for key, where, inner in members:
        if key == "@type":
            _enter_types(index, (subject, place), where, inner)
        elif key in _INNER:
            _collect(inner, index)
        elif not key.startswith("@"):
            _enter(index, (subject, place), (key, where), inner)
    return subject, place


def _enter_types(index: _Index, subject: tuple[str, Range], where: Range, value: _Value) -> None:
    for item in _flat(value):
        spellings = (_expand(str(item.content), index.terms),)
        index.entries[subject[0], _TYPE].append(_Entry(spellings, (subject[1], where, item.range)))


def _enter(index: _Index, subject: tuple[str, Range], key: tuple[str, Range], value: _Value) -> None:
    for item in _flat(value):
        spellings: tuple[str, ...]
        listed = next((v for k, _, v in item.members or () if k == "@list"), None)
        literal = next((v for k, _, v in item.members or () if k == "@value"), None)
        place = item.range
        if listed is not None:
            spellings = ("",)
            _enter(index, ("", item.range), (_FIRST, key[1]), listed)
        elif item.members is None or literal is not None:
            scalar, place = (item, item.range) if literal is None else (literal, literal.range)
            plain = scalar.content if isinstance(scalar.content, str) else json.dumps(scalar.content)
            spellings = (plain, _identifier(plain, index.terms), _expand(plain, index.terms))
            if isinstance(scalar.content, float):
                spellings = (plain, *_numbers(scalar.content))
        else:
            name, place = _collect(item, index)
            spellings = (name,)
        index.entries[subject[0], key[0]].append(_Entry(spellings, (subject[1], key[1], place)))


def _numbers(number: float) -> tuple[str, str]:
    """What a JSON number with a fraction or an exponent becomes (JSON-LD 1.1 API, 8.6): a double in its
    canonical form, an integer if nothing stands behind the point."""
    mantissa, exponent = f"{number:.15E}".split("E")
    whole, fraction = mantissa.split(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}E{int(exponent)}", f"{number:.0f}"


def _identifier(name: str, terms: dict[str, str]) -> str:
    """The IRI that the value of an @id means: a prefix counts, a term or @vocab does not."""
    return _expand(name, terms) if ":" in name else name
