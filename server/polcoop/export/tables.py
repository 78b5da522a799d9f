"""The tables that people open in a spreadsheet: which rows, which columns, and the property that each is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from polcoop.iris import ONTOLOGY, PREFIXES


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, the property path from the row's subject to its values (``language`` picks some),
    their datatype in CSVW terms, whether there may be several, and the table whose rows they are."""

    name: str
    path: str
    datatype: str = "string"
    language: str = ""
    many: bool = False
    rows_of: str = ""

    @property
    def property(self) -> str | None:
        """The IRI of the property, if the path is no longer than one."""
        prefix, _, local = self.path.partition(":")
        return PREFIXES[prefix] + local if prefix in PREFIXES and local.isidentifier() else None


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its name, a title, the class of its rows, its columns after the first, which is ``id``."""

    name: str
    title: str
    of: str
    columns: tuple[Column, ...]


def _labels() -> tuple[Column, ...]:
    return tuple(
        Column(f"label_{tag[:2]}", "skos:prefLabel", language=tag, many=False)
        for tag in ("en", "fr", "zh-hans")
    )


def _iri(name: str, path: str = "", *, many: bool = False, rows_of: str = "") -> Column:
    return Column(name, path or f"polcoop:{name}", "anyURI", many=many, rows_of=rows_of)


_DATES: Final = (
    Column("edtf", "polcoop:edtf"),
    Column("earliest", "polcoop:earliest", "dateTime"),
    Column("latest", "polcoop:latest", "dateTime"),
)
_FIRMNESS: Final = (
    _iri("modality", many=True),
    Column("isHedged", "polcoop:isHedged", "boolean"),
    _iri("claim", "^polcoop:establishes", many=True),
)

TABLES: Final = (
    Table(
        "agents",
        "Countries, organisations, persons and groups",
        f"{ONTOLOGY}Agent",
        (
            *_labels(),
            Column("altLabel", "skos:altLabel", many=True),
            _iri("organisationType"),
            _iri("ofCountry", many=True),
            _iri("partOf", many=True),
            Column("iso3166Alpha2", "polcoop:iso3166Alpha2"),
            _iri("sameAs", "schema:sameAs"),
        ),
    ),
    Table(
        "instruments",
        "Texts that bind or declare",
        f"{ONTOLOGY}Instrument",
        (
            *_labels()[:2],
            _iri("instrumentType"),
            _iri("legalCharacter"),
            _iri("partyStructure"),
            _iri("hasParty", many=True),
            Column("instrumentDate", "polcoop:instrumentDate", many=True),
            *_FIRMNESS,
        ),
    ),
    Table(
        "claims",
        "What the note says, page by page",
        f"{ONTOLOGY}Claim",
        (
            Column("onPage", "polcoop:onPage", "integer"),
            Column("pageEnd", "polcoop:pageEnd", "integer"),
            _iri("inSection"),
            Column("statement_en", "polcoop:statement", language="en"),
            Column("statement_fr", "polcoop:statement", language="fr"),
            _iri("claimKind"),
            _iri("modality"),
            _iri("claimant", rows_of="agents"),
            _iri("attributedTo", many=True),
            _iri("assessment", many=True),
            _iri("establishes", many=True),
            _iri("claimSubject"),
            _iri("claimPredicate"),
            _iri("claimObject", many=True),
            _iri("restsOn", many=True),
            _iri("inFootnote", many=True),
        ),
    ),
    Table(
        "statistics",
        "Numbers, each with what it counts",
        f"{ONTOLOGY}Statistic",
        (
            *_labels()[:2],
            _iri("indicator"),
            _iri("refAgent", many=True),
            _iri("counterpart", many=True),
            _iri("refPlace", many=True),
            Column("value", "polcoop:value", "decimal"),
            _iri("unit"),
            _iri("qualifier"),
            *_DATES,
            *_FIRMNESS,
        ),
    ),
    Table(
        "amounts",
        "Sums of money, as printed and as numbers",
        f"{ONTOLOGY}MonetaryAmount",
        (
            Column("decimalValue", "polcoop:decimalValue", "decimal"),
            _iri("currency"),
            Column("printedAs", "polcoop:printedAs", many=True),
            _iri("qualifier"),
            _iri("amountOf", "^polcoop:hasAmount", many=True),
            _iri("statedConversionOf"),
            *_FIRMNESS,
        ),
    ),
)  # fmt: skip
