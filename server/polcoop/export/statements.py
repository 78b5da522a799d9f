"""What the note says of things that Wikidata knows, as Wikidata would state it.

Only what the note states outright is here: a claim that is asserted, that editors found nothing odd about and
that no other claim contradicts.  What is conditional, tentative, quoted, an opinion, or said by somebody else
is left out, and counted: Wikidata has a qualifier for it (P1480), but none of the items that are its values
has been verified for this project.  Of each statement at least one such claim gives the reference.

Wikidata's identifiers come from the data (checked by ``polcoop links``) and from the table below, whose
properties and classes are in the same evidence files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from pyoxigraph import Literal, NamedNode

from polcoop.export.compiled import Compiled, Term
from polcoop.export.wikidata_values import Item, Monolingual, Snak, Text, Time, interval, time

MEMBER_OF, PART_OF, COUNTRY, LOCATION, AUTHORITY = "P463", "P361", "P17", "P276", "P797"
INCEPTION, FOUNDED_BY, POSITION_HELD = "P571", "P112", "P39"
START, END, POINT_IN_TIME = "P580", "P582", "P585"
INSTANCE_OF, SIGNATORY = "P31", "P1891"
STATED_IN, TITLE, PAGES, PUBLISHED, REFERENCE_URL = "P248", "P1476", "P304", "P577", "P854"
BILATERAL_TREATY, AGREEMENT = "Q9557810", "Q321839"

_ENTITY: Final = "http://www.wikidata.org/entity/"
# Remarks that do not touch what is said.
_HARMLESS: Final = ("consistent", "spelling-variant")
# A relation between two aligned things: where the statement stands, its property, where its value is.
_RELATIONS: Final = {
    "hasMember": ("o", MEMBER_OF, "s"),
    "partOf": ("s", PART_OF, "o"),
    "ofCountry": ("s", COUNTRY, "o"),
    "atPlace": ("s", LOCATION, "o"),
    "ledBy": ("s", AUTHORITY, "o"),
    "supervises": ("o", AUTHORITY, "s"),
}
_TREATIES: Final = (
    "extradition-treaty",
    "mutual-legal-assistance-treaty",
    "sentenced-person-transfer-treaty",
)
_AGREEMENTS: Final = (
    "agreement", "border-agreement", "cooperation-agreement", "customs-agreement", "liaison-agreement",
    "patrol-agreement", "security-agreement", "strategic-agreement",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement about an item, with one reference; ``subject`` is "" for the new item it stands in."""

    subject: str
    property: str
    value: Item | Time
    claim: str
    qualifiers: tuple[Snak, ...] = ()
    reference: tuple[Snak, ...] = ()


@dataclass(frozen=True, slots=True)
class NewItem:
    """An instrument that the project has not aligned, so that Wikidata may lack it: IRI, labels by language,
    statements."""

    iri: str
    labels: tuple[Monolingual, ...]
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class Contribution:
    """All statements in order, items to create, and how many statements were left out, by reason."""

    statements: tuple[Statement, ...]
    new_items: tuple[NewItem, ...]
    left_out: Counter[str]


class Contributor:
    """Finds statements in a dataset; ``stated_in`` is the note's own item on Wikidata, if it has one."""

    def __init__(self, data: Compiled, stated_in: str | None = None) -> None:
        self._data = data
        self._left_out: Counter[str] = Counter()
        self._pages: dict[str, str] = {}
        self._refused: dict[str, str] = {}
        self._common = self._publication(stated_in)
        self._judge_claims()

    def contribute(self, *, new_items: bool = False) -> Contribution:
        """Return what can be contributed; with ``new_items`` also items to create."""
        found = [*self._relations(), *self._foundings(), *self._holdings()]
        statements = sorted(
            {self._referenced(each) for each in found if self._may(each.claim)},
            key=lambda each: (int(each.subject[1:]), each.property, str(each.value), each.claim),
        )
        created = tuple(self._new_items()) if new_items else ()
        return Contribution(tuple(statements), created, self._left_out)

    def _judge_claims(self) -> None:
        """Note the page of each claim, and why it may not be used."""
        rows = self._data.select(
            """SELECT ?c ?page ?modality ?assessment ?other ?hedged {
                ?c a polcoop:Claim ; polcoop:onPage ?page ; polcoop:modality ?modality
                BIND(EXISTS { ?c polcoop:establishes/polcoop:isHedged true } AS ?hedged)
                OPTIONAL { ?c polcoop:assessment ?assessment }
                OPTIONAL { ?c polcoop:contradicts|^polcoop:contradicts ?other }
            } ORDER BY ?c ?assessment"""
        )
        for claim, page, modality, assessment, other, hedged in rows:
            self._pages[_text(claim)] = _text(page)
            if _local(modality) != "asserted":
                self._refused[_text(claim)] = _local(modality)
            elif _text(hedged) == "true":
                # Stated outright here, and with a hedge by another claim.
                self._refused[_text(claim)] = "hedged"
            elif other is not None or (assessment and _local(assessment) not in _HARMLESS):
                self._refused[_text(claim)] = "questioned"

    def _may(self, claim: str) -> bool:
        reason = self._refused.get(claim)
        if reason:
            self._left_out[reason] += 1
        return reason is None

    def _referenced(self, statement: Statement) -> Statement:
        """The statement with its reference: the note, the page, the claim's IRI."""
        page = Snak(PAGES, Text(self._pages[statement.claim]))
        url = Snak(REFERENCE_URL, Text(statement.claim))
        return replace(statement, reference=(*self._common, page, url))

    def _publication(self, stated_in: str | None) -> tuple[Snak, ...]:
        rows = self._data.select(
            "SELECT ?title ?date { work:note-135 polcoop:title ?title ; polcoop:edtf ?date } ORDER BY ?title"
        )
        snaks = [Snak(STATED_IN, Item(stated_in))] if stated_in else []
        for title, date in rows:
            if isinstance(title, Literal):
                snaks.append(Snak(TITLE, Monolingual(title.language or "fr", title.value)))
                published = time(_text(date))
                snaks += [Snak(PUBLISHED, published)] if published else []
                break
        return tuple(snaks)

    def _relations(self) -> Iterator[Statement]:
        rows = self._data.select(
            """SELECT ?c ?p ?s ?o {
                ?c polcoop:claimSubject/schema:sameAs ?s ; polcoop:claimPredicate ?p ;
                   polcoop:claimObject/schema:sameAs ?o ; polcoop:claimSubject ?subject
                FILTER NOT EXISTS { ?subject a polcoop:Person }
            }"""
        )
        for claim, predicate, subject, value in rows:
            if (rule := _RELATIONS.get(_local(predicate))) is not None:
                ends = {"s": _item(subject), "o": _item(value)}
                yield Statement(ends[rule[0]].id, rule[1], ends[rule[2]], _text(claim))

    def _foundings(self) -> Iterator[Statement]:
        rows = self._data.select(
            """SELECT DISTINCT ?c ?what ?date ?founder {
                ?c polcoop:establishes ?e . ?e polcoop:establishmentOf/schema:sameAs ?what
                OPTIONAL { ?e polcoop:edtf ?date }
                OPTIONAL { ?e polcoop:foundedBy/schema:sameAs ?founder }
            }"""
        )
        for claim, what, date, founder in rows:
            if date is not None and (when := time(_text(date))):
                yield Statement(_item(what).id, INCEPTION, when, _text(claim))
            if founder is not None:
                yield Statement(_item(what).id, FOUNDED_BY, _item(founder), _text(claim))

    def _holdings(self) -> Iterator[Statement]:
        rows = self._data.select(
            """SELECT ?c ?who ?post ?date {
                ?c polcoop:establishes ?h .
                ?h polcoop:holder/schema:sameAs ?who ; polcoop:heldPost/schema:sameAs ?post
                OPTIONAL { ?h polcoop:edtf ?date }
            }"""
        )
        for claim, who, post, date in rows:
            qualifiers = _when(_text(date)) if date is not None else ()
            yield Statement(_item(who).id, POSITION_HELD, _item(post), _text(claim), qualifiers)

    def _new_items(self) -> Iterator[NewItem]:
        """Instruments of a kind that Wikidata has a class for, all of whose parties it knows."""
        rows = self._data.select(
            """SELECT DISTINCT ?i ?type ?structure {
                ?i a polcoop:InternationalInstrument ; polcoop:instrumentType ?type ;
                   polcoop:partyStructure ?structure ; polcoop:hasParty ?one , ?other FILTER(?one != ?other)
                FILTER NOT EXISTS { ?i schema:sameAs ?item }
                FILTER NOT EXISTS { ?part polcoop:partOf ?i }
                FILTER NOT EXISTS { ?i polcoop:hasParty ?p FILTER NOT EXISTS { ?p schema:sameAs ?unknown } }
            } ORDER BY ?i"""
        )
        for instrument, kind, structure in rows:
            if _local(kind) in _TREATIES and _local(structure) == "bilateral":
                item = self._new_item(_text(instrument), BILATERAL_TREATY)
            elif _local(kind) in _AGREEMENTS:
                item = self._new_item(_text(instrument), AGREEMENT)
            else:
                continue
            if item is not None:
                yield item

    def _new_item(self, iri: str, kind: str) -> NewItem | None:
        rows = self._data.select(f"""SELECT DISTINCT ?c ?property ?value {{
            {{ ?c polcoop:establishes <{iri}> . <{iri}> polcoop:hasParty/schema:sameAs ?value
               BIND("{SIGNATORY}" AS ?property) }}
            UNION {{ ?c polcoop:establishes ?e . ?e a polcoop:Signature ; polcoop:actsOn <{iri}> .
               {{ ?e polcoop:edtf ?value BIND("{POINT_IN_TIME}" AS ?property) }}
               UNION {{ ?e polcoop:atPlace/schema:sameAs ?value BIND("{LOCATION}" AS ?property) }} }}
        }} ORDER BY ?property ?value ?c""")
        statements = []
        for claim, name, value in rows:
            stated = _item(value) if isinstance(value, NamedNode) else time(_text(value))
            if stated is not None and self._may(_text(claim)):
                statements.append(self._referenced(Statement("", _text(name), stated, _text(claim))))
        parties = [each for each in statements if each.property == SIGNATORY]
        if not parties:
            return None
        statements.insert(0, replace(parties[0], property=INSTANCE_OF, value=Item(kind)))
        labels = self._data.select(
            f"SELECT ?l {{ <{iri}> skos:prefLabel ?l FILTER(LANG(?l) IN ('en', 'fr')) }} ORDER BY LANG(?l)"
        )
        named = [(label.language or "", label.value) for (label,) in labels if isinstance(label, Literal)]
        return NewItem(iri, tuple(Monolingual(*each) for each in named), tuple(statements))


def _when(edtf: str) -> tuple[Snak, ...]:
    start, end = interval(edtf)
    if start == end:
        return (Snak(POINT_IN_TIME, start),) if start else ()
    return tuple(Snak(p, each) for p, each in ((START, start), (END, end)) if each)


def _item(term: Term | None) -> Item:
    return Item(_text(term).removeprefix(_ENTITY))


def _local(term: Term | None) -> str:
    return _text(term).replace("#", "/").rpartition("/")[2]


def _text(term: Term | None) -> str:
    assert isinstance(term, NamedNode | Literal)  # noqa: S101 - the queries bind nothing else
    return term.value
