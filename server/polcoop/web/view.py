"""From the rows of a query to what a page shows: names in the reader's language, values, claims, links."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from polcoop.iris import PREFIXES, shrink
from polcoop.solutions import Blank, Iri, Literal, Solutions, Term, Triple
from polcoop.web.addresses import path_of
from polcoop.web.wording import PROPERTIES

Row = tuple[str, Term, str, Term]
"""Role, subject, property, object."""

_RDF: Final = PREFIXES["rdf"]
_XSD: Final = PREFIXES["xsd"]
_POLCOOP: Final = PREFIXES["polcoop"]
# Properties in the order in which a reader wants them; the others follow by name.
_FIRST: Final = {
    iri: place
    for place, iri in enumerate(
        [
            f"{_RDF}type",
            *(
                PREFIXES["skos"] + name
                for name in ("prefLabel", "altLabel", "definition", "scopeNote", "example")
            ),
            *(
                _POLCOOP + name
                for name in ("statement", "onPage", "pageEnd", "modality", "isHedged", "attributedTo")
            ),
        ]
    )
}
# Datatypes that say nothing to a reader.
_SILENT: Final = frozenset(_XSD + name for name in ("string", "integer", "boolean", "decimal", "anyURI"))


@dataclass(frozen=True, slots=True)
class Value:
    """One value on a page: text, perhaps a link; or a blank node with properties of its own; or a list."""

    text: str = ""
    href: str | None = None
    lang: str | None = None
    datatype: str | None = None
    external: bool = False
    properties: Sequence[Property] = ()
    items: Sequence[Value] = ()

    @property
    def long(self) -> bool:
        """Whether its line breaks are to be kept, as those of a query."""
        return "\n" in self.text


@dataclass(frozen=True, slots=True)
class Property:
    """A property with its values."""

    name: Value
    values: Sequence[Value]


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as it is listed: what it says, where, how firmly, according to whom."""

    link: Value
    statement: Value
    pages: str
    modality: Value | None
    hedged: bool
    voices: Sequence[Value]
    assessments: Sequence[Value]


@dataclass(slots=True)
class Names:
    """What things are called, in the reader's language if possible."""

    language: str
    prefix: str
    _known: dict[str, dict[str, str]] = field(default_factory=dict)

    def learn(self, found: Solutions) -> None:
        """Take the rows of ``sparql.resource.labels``."""
        for thing, label in found.rows:
            if isinstance(thing, Iri) and isinstance(label, Literal):
                self._known.setdefault(thing.value, {}).setdefault(label.language or "", label.value)

    def of(self, iri: str) -> tuple[str, str | None]:
        """Return a name and its language."""
        known = self._known.get(iri, {})
        for language in (self.language, "en", "", *known):
            if language in known:
                return known[language], language or None
        curie = shrink(iri)
        if curie in PROPERTIES:
            return PROPERTIES[curie][self.language == "fr"], None
        return curie.strip("<>"), None

    def link(self, iri: str) -> Value:
        """Return a link to ``iri``, on this server if it is ours."""
        text, language = self.of(iri)
        path = path_of(iri)
        if path is not None:
            return Value(text, self.prefix + path, lang=language)
        # An IRI of any other scheme is told and not linked: it may be a script.
        web = iri.startswith(("http://", "https://"))
        return Value(text, iri if web else None, lang=language, external=web)


class Description:
    """What is said of some resources, ready to be shown."""

    def __init__(self, rows: Iterable[Row], names: Names) -> None:
        self._names = names
        self._said: dict[Term, dict[str, list[Term]]] = {}
        self._claims: dict[Term, dict[str, list[Term]]] = {}
        self._incoming: dict[str, list[Term]] = {}
        for role, subject, predicate, thing in rows:
            if role == "in":
                self._incoming.setdefault(predicate, []).append(subject)
            else:
                told = self._claims if role == "claim" else self._said
                told.setdefault(subject, {}).setdefault(predicate, []).append(thing)

    def of(self, iri: str) -> list[Property]:
        """The properties of a resource."""
        return self._properties(Iri(iri), ())

    def claims(self) -> list[Claim]:
        """The claims, by page and number."""
        found = [
            self._claim(claim.value, said) for claim, said in self._claims.items() if isinstance(claim, Iri)
        ]
        return sorted(found, key=lambda claim: claim.link.href or "")

    @property
    def links(self) -> int:
        """How many triples link here, of those that were asked for."""
        return sum(map(len, self._incoming.values()))

    def incoming(self) -> list[Property]:
        """What links here, by property; what is listed as a claim is not told again."""
        found = []
        for predicate, subjects in self._incoming.items():
            others = [subject for subject in subjects if subject not in self._claims]
            if others:
                values = sorted(
                    (self._value(subject, ()) for subject in others), key=lambda value: value.text
                )
                found.append(Property(self._names.link(predicate), values))
        return sorted(found, key=lambda each: each.name.text)

    def _properties(self, subject: Term, above: tuple[Term, ...]) -> list[Property]:
        said = self._said.get(subject, {})
        found = [
            (
                _FIRST.get(predicate, len(_FIRST)),
                Property(self._names.link(predicate), self._values(things, above)),
            )
            for predicate, things in said.items()
        ]
        return [each for _, each in sorted(found, key=lambda pair: (pair[0], pair[1].name.text.lower()))]

    def _values(self, things: Iterable[Term], above: tuple[Term, ...]) -> list[Value]:
        values = [self._value(thing, above) for thing in things]
        # The reader's language first, then as it comes.
        return sorted(values, key=lambda value: (value.lang not in {self._names.language, None}, value.text))

    def _value(self, thing: Term, above: tuple[Term, ...]) -> Value:
        match thing:
            case Iri(iri):
                return self._names.link(iri)
            case Literal(text, language, datatype):
                shown = None if datatype is None or datatype in _SILENT else shrink(datatype).strip("<>")
                return Value(text, lang=language, datatype=shown)
            case Blank(label) if thing in above or thing not in self._said:
                return Value(f"_:{label}")
            case Blank():
                if f"{_RDF}first" in self._said[thing]:
                    return Value(items=self._items(thing, above))
                return Value(properties=self._properties(thing, (*above, thing)))
            case Triple(subject, predicate, value):
                parts = (self._value(part, above).text for part in (subject, predicate, value))
                return Value(f"<<( {' '.join(parts)} )>>")

    def _items(self, node: Term, above: tuple[Term, ...]) -> list[Value]:
        items: list[Value] = []
        seen = {*above}
        while node in self._said and node not in seen:
            seen.add(node)
            said = self._said[node]
            items += [self._value(thing, (*above, node)) for thing in said.get(f"{_RDF}first", ())]
            node = next(iter(said.get(f"{_RDF}rest", ())), Blank(""))
        return items

    def _claim(self, iri: str, said: dict[str, list[Term]]) -> Claim:
        def values(name: str) -> list[Value]:
            return self._values(said.get(_POLCOOP + name, ()), ())

        pages = "–".join(value.text for name in ("onPage", "pageEnd") for value in values(name))
        link = self._names.link(iri)
        statements = values("statement") or [link]
        return Claim(
            link=Value(shrink(iri).strip("<>"), link.href),
            statement=statements[0],
            pages=pages,
            modality=next(iter(values("modality")), None),
            hedged=any(value.text == "true" for value in values("isHedged")),
            voices=values("attributedTo"),
            assessments=values("assessment"),
        )


def rows(found: Solutions) -> list[Row]:
    """Take the rows of a query for ``?role ?s ?p ?o``."""
    return [
        (role.value, subject, predicate.value, thing)
        for role, subject, predicate, thing in found.rows
        if isinstance(role, Literal)
        and isinstance(predicate, Iri)
        and subject is not None
        and thing is not None
    ]


def named(found: Iterable[Row]) -> list[str]:
    """The IRIs that are spoken of, each once; those of datatypes are not."""
    terms = (term for _, subject, predicate, thing in found for term in (subject, Iri(predicate), thing))
    return list(dict.fromkeys(term.value for term in terms if isinstance(term, Iri)))
