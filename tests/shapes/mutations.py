"""One thing made wrong in the real data, and what must be found: the catalogue of ``test_mutations``.

``without`` and ``with_`` are statements in Turtle; in ``without``, a subject and a predicate alone stand for
all values.  ``found`` has the format of the ``# expect:`` lines of the fixtures.
"""

from __future__ import annotations

from dataclasses import dataclass

WHOLE = "<https://w3id.org/polcoop/ontology>"


@dataclass(frozen=True)
class Mutation:
    """What is taken away, what is put in, and the results that are new; ``beside`` are nodes without which
    the mistake does not show."""

    name: str
    found: tuple[str, ...]
    without: tuple[str, ...] = ()
    with_: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


def whole(shape: str, path: str, value: str, severity: str = "violation") -> str:
    """A result of a shape that asks once for the whole graph."""
    return f"{WHOLE} shapes:{shape} {severity} {path} {value}"


PATROL = "event:cn-it-joint-patrol-2016-05"
MLAT = "instrument:cn-fr-mlat-2005"
SIGNED = "event:cn-fr-mlat-signature-2005-04-18"
OFFICERS = "statistic:cn-liaison-officers-2023"
EXPERTS = "statistic:cn-un-contingent-experts-2022-12"
CONTINGENT = "statistic:cn-un-contingent-2022-12"
YUAN = "amount:cny-30000000-cn-kg-equipment-2019"
DOLLARS = "amount:usd-499400-safe-mekong-centre-2022"
CENTRE = "presence:johannesburg-service-centre"
MOU = "instrument:asean-cn-mou-nts"

MUTATIONS = (
    Mutation(
        "a claim loses its page",
        ("claim:p14-26 shapes:Claim-page violation polcoop:onPage",),
        ("claim:p14-26 polcoop:onPage",),
    ),
    Mutation(
        "a claim loses its passage",
        ("claim:p14-26 shapes:NoteClaim-passage violation polcoop:passage",),
        ("claim:p14-26 polcoop:passage",),
    ),
    Mutation(
        "a claim moves to another page",
        (
            whole("ClaimPages", "polcoop:passage", "claim:p14-26"),
            whole("ClaimPages", "polcoop:inSection", "claim:p14-26"),
            whole("FootnotePage", "polcoop:restsOn", "claim:p14-26"),
            whole("NoteNumbering", "polcoop:onPage", "claim:p14-26"),
        ),
        ("claim:p14-26 polcoop:onPage",),
        ("claim:p14-26 polcoop:onPage 19",),
    ),
    Mutation(
        "a fact loses its only claim",
        (f"{EXPERTS} shapes:FactSource-claim violation ^polcoop:establishes",),
        ("claim:p05-14 polcoop:establishes",),
    ),
    Mutation(
        "an attributed claim loses its voice",
        ("claim:p14-45 shapes:ClaimVoice violation",),
        ("claim:p14-45 polcoop:attributedTo",),
    ),
    Mutation(
        "what another says is asserted",
        (
            "claim:p14-45 shapes:VoiceKept-modality violation polcoop:modality",
            whole("FactModality", "polcoop:modality", "statistic:cn-countries-with-liaison-officers-2023"),
        ),
        ("claim:p14-45 polcoop:modality",),
        ("claim:p14-45 polcoop:modality modality:asserted",),
    ),
    Mutation(
        "a hedge is lost on the way to the fact",
        (whole("FactModality", "polcoop:modality", "statistic:cn-extradition-treaties-ratified-2022-12"),),
        ("statistic:cn-extradition-treaties-ratified-2022-12 polcoop:modality",),
        ("statistic:cn-extradition-treaties-ratified-2022-12 polcoop:modality modality:asserted",),
    ),
    Mutation(
        "a relation is hedged and its plain triple stays",
        (whole("HedgeLost", "polcoop:partOf", "agent:eu"),),
        ("claim:p12-40 polcoop:modality",),
        ("claim:p12-40 polcoop:modality modality:conditional",),
    ),
    Mutation(
        "a bilateral instrument has a third party",
        (f"{MLAT} shapes:Bilateral violation", whole("NoteParties", "polcoop:hasParty", MLAT)),
        with_=(f"{MLAT} polcoop:hasParty agent:it",),
    ),
    Mutation(
        "a third party makes a bilateral instrument pass for multilateral",
        (whole("NoteParties", "polcoop:hasParty", MLAT),),
        (f"{MLAT} polcoop:partyStructure",),
        (f"{MLAT} polcoop:hasParty agent:it ; polcoop:partyStructure party-structure:multilateral",),
    ),
    Mutation(
        "two parties are called multilateral",
        (f"{MLAT} shapes:Multilateral violation",),
        (f"{MLAT} polcoop:partyStructure",),
        (f"{MLAT} polcoop:partyStructure party-structure:multilateral",),
    ),
    Mutation(
        "two parties are called unspecified",
        (f"{MLAT} shapes:Unspecified violation",),
        (f"{MLAT} polcoop:partyStructure",),
        (f"{MLAT} polcoop:partyStructure party-structure:unspecified",),
    ),
    Mutation(
        "bounds are swapped",
        (
            f"{PATROL} shapes:DateBounds-order violation polcoop:earliest",
            whole("DateValue", "polcoop:edtf", PATROL),
        ),
        (f"{PATROL} polcoop:earliest", f"{PATROL} polcoop:latest"),
        (
            f'{PATROL} polcoop:earliest "2016-05-13T23:59:59Z"^^xsd:dateTime ; '
            'polcoop:latest "2016-05-02T00:00:00Z"^^xsd:dateTime',
        ),
    ),
    Mutation(
        "a date changes and its bounds do not",
        (whole("DateValue", "polcoop:edtf", PATROL),),
        (f"{PATROL} polcoop:edtf",),
        (f'{PATROL} polcoop:edtf "2016-05-02/2016-05-31"',),
    ),
    Mutation(
        "a date is impossible",
        (f"{PATROL} shapes:Date violation",),
        (f"{PATROL} polcoop:edtf", f"{PATROL} polcoop:earliest", f"{PATROL} polcoop:latest"),
        (f'{PATROL} polcoop:edtf "2016-02-30"',),
    ),
    Mutation(
        "an event lies in the future",
        (
            f"{PATROL} shapes:NoteDate-begin violation polcoop:earliest",
            f"{PATROL} shapes:NoteDate-end violation polcoop:latest",
            *(whole("SourceDate", "polcoop:establishes", f"claim:p20-0{n}", "warning") for n in (4, 5, 6)),
        ),
        (f"{PATROL} polcoop:edtf", f"{PATROL} polcoop:earliest", f"{PATROL} polcoop:latest"),
        (
            f'{PATROL} polcoop:edtf "2024-05-02" ; polcoop:earliest "2024-05-02T00:00:00Z"^^xsd:dateTime ; '
            'polcoop:latest "2024-05-02T23:59:59Z"^^xsd:dateTime',
        ),
    ),
    Mutation(
        "an instrument is published before it is signed",
        (
            whole("ActOrder", "polcoop:actsOn", "event:cn-fr-mlat-publication-2007"),
            whole("SourceDate", "polcoop:establishes", "claim:p14-09", "warning"),
        ),
        (f"{SIGNED} polcoop:edtf", f"{SIGNED} polcoop:earliest", f"{SIGNED} polcoop:latest"),
        (
            f'{SIGNED} polcoop:edtf "2008" ; polcoop:earliest "2008-01-01T00:00:00Z"^^xsd:dateTime ; '
            'polcoop:latest "2008-12-31T23:59:59Z"^^xsd:dateTime',
        ),
    ),
    Mutation(
        "a succession goes round",
        (
            *(whole("SuccessionCycle", "polcoop:directlySucceeds", f"{MOU}-{y}") for y in (2004, 2009, 2017)),
            whole("SuccessionOrder", "polcoop:directlySucceeds", f"{MOU}-2004"),
        ),
        with_=(f"{MOU}-2004 polcoop:directlySucceeds {MOU}-2017",),
    ),
    Mutation(
        "a number loses its unit",
        (f"{OFFICERS} shapes:Statistic-unit violation polcoop:unit",),
        (f"{OFFICERS} polcoop:unit",),
    ),
    Mutation(
        "a number loses its indicator",
        (f"{OFFICERS} shapes:Statistic-indicator violation polcoop:indicator",),
        (f"{OFFICERS} polcoop:indicator",),
    ),
    Mutation(
        "a number loses its date",
        (f"{OFFICERS} shapes:StatisticDate-given info polcoop:edtf",),
        (f"{OFFICERS} polcoop:edtf", f"{OFFICERS} polcoop:earliest", f"{OFFICERS} polcoop:latest"),
    ),
    Mutation(
        "a number counts what its indicator does not",
        (whole("StatisticUnit", "polcoop:unit", OFFICERS),),
        (f"{OFFICERS} polcoop:unit",),
        (f"{OFFICERS} polcoop:unit unit:boats",),
    ),
    Mutation(
        "the assessment of the sum of the peacekeepers goes",
        (whole("PartsOfTotal", "polcoop:value", CONTINGENT),),
        ("claim:p05-13 polcoop:assessment",),
    ),
    Mutation(
        "a part exceeds its total",
        (whole("PartsOfTotal", "polcoop:value", "statistic:overseas-chinese-service-centres-2022"),),
        ("statistic:johannesburg-service-centres-2022 polcoop:value",),
        ("statistic:johannesburg-service-centres-2022 polcoop:value 48.0",),
    ),
    Mutation(
        "a growth is not that of the contributions",
        (whole("GrowthRate", "polcoop:value", "statistic:cn-interpol-contribution-growth-2017-2021"),),
        ("statistic:cn-interpol-contribution-growth-2017-2021 polcoop:value",),
        ("statistic:cn-interpol-contribution-growth-2017-2021 polcoop:value 68.0",),
        tuple(f"event:cn-interpol-statutory-contribution-{year}" for year in (2017, 2021)),
    ),
    Mutation(
        "a printed amount changes",
        (whole("PrintedAmount", "polcoop:printedAs", YUAN),),
        (f"{YUAN} polcoop:printedAs",),
        (f'{YUAN} polcoop:printedAs "3 millions de yuans"',),
    ),
    Mutation(
        "an amount changes its currency",
        (whole("PrintedCurrency", "polcoop:currency", DOLLARS),),
        (f"{DOLLARS} polcoop:currency",),
        (f"{DOLLARS} polcoop:currency currency:eur",),
    ),
    Mutation(
        "an amount loses its currency",
        (f"{DOLLARS} shapes:MonetaryAmount-currency violation polcoop:currency",),
        (f"{DOLLARS} polcoop:currency",),
    ),
    Mutation(
        "an op. cit. is retargeted",
        (whole("FootnoteChain", "polcoop:shortFormOf", "footnote:87"),),
        ("footnote:87 polcoop:shortFormOf",),
        ("footnote:87 polcoop:shortFormOf footnote:12",),
    ),
    Mutation(
        "an ibid. skips a footnote",
        (
            whole("FootnoteChain", "polcoop:shortFormOf", "footnote:27"),
            whole("FootnoteChainOrder", "polcoop:shortFormOf", "footnote:27"),
        ),
        ("footnote:27 polcoop:shortFormOf",),
        ("footnote:27 polcoop:shortFormOf footnote:12",),
    ),
    Mutation(
        "a short form loses its antecedent",
        ("footnote:27 shapes:ShortForm violation",),
        ("footnote:27 polcoop:shortFormOf",),
    ),
    Mutation(
        "a footnote moves off its page",
        (
            *(whole("FootnotePage", "polcoop:restsOn", f"claim:p14-{n}") for n in (26, 27)),
            whole("NoteFootnoteOrder", "polcoop:onPage", "footnote:74"),
        ),
        ("footnote:73 polcoop:onPage",),
        ("footnote:73 polcoop:onPage 20",),
    ),
    Mutation(
        "a node has two labels in French",
        ("agent:interpol shapes:Label-unique violation skos:prefLabel",),
        with_=('agent:interpol skos:prefLabel "OIPC"@fr',),
    ),
    Mutation(
        "a label is missing",
        (
            "place:rome shapes:Label-en violation skos:prefLabel",
            "place:rome shapes:NoteLabel-fr violation skos:prefLabel",
        ),
        ("place:rome skos:prefLabel",),
    ),
    Mutation(
        "a label is decomposed",
        ("place:rome shapes:AlternativeLabel-trimmed violation skos:altLabel",),
        with_=('place:rome skos:altLabel "Rome e\\u0301ternelle"@fr',),
    ),
    Mutation(
        "a concept is of another list",
        (f"{MLAT} shapes:List-legalCharacter violation polcoop:legalCharacter",),
        (f"{MLAT} polcoop:legalCharacter",),
        (f"{MLAT} polcoop:legalCharacter modality:asserted",),
    ),
    Mutation(
        "an event is a person too",
        (
            f"{PATROL} shapes:InstanceTypes-rigid violation rdf:type",
            whole("NoteIdentifier", "rdf:type", PATROL),
        ),
        with_=(f"{PATROL} a polcoop:Person",),
    ),
    Mutation(
        "a place becomes a body",
        (whole("NoteIdentifier", "rdf:type", "place:rome"),),
        ("place:rome a",),
        ("place:rome a polcoop:Organisation",),
    ),
    Mutation(
        "a reference dangles",
        ("place:roma shapes:References-described violation rdf:type",),
        with_=(f"{PATROL} polcoop:atPlace place:roma",),
    ),
    Mutation(
        "a class is not declared",
        (
            "place:rome shapes:InstanceTypes-declared violation rdf:type",
            whole("NoteTerms", "rdf:type", "place:rome"),
        ),
        ("place:rome a",),
        ("place:rome a polcoop:City",),
    ),
    Mutation(
        "a property is not declared",
        (
            whole("UsedProperties", "polcoop:patrolledIn", PATROL),
            whole("NoteTerms", "polcoop:patrolledIn", PATROL),
        ),
        with_=(f"{PATROL} polcoop:patrolledIn place:rome",),
    ),
    Mutation(
        "two countries are one item of Wikidata",
        ("wd:Q142 shapes:WikidataItem-single violation ^schema:sameAs",),
        ("agent:it schema:sameAs",),
        ("agent:it schema:sameAs wd:Q142",),
    ),
    Mutation(
        "a link to Wikidata is the page and not the item",
        (
            "agent:it shapes:WikidataLink-form violation schema:sameAs",
            "agent:it shapes:NoteLink-item violation schema:sameAs",
        ),
        ("agent:it schema:sameAs",),
        ("agent:it schema:sameAs <https://www.wikidata.org/wiki/Q38>",),
    ),
    Mutation(
        "a service centre passes for a police centre",
        (
            whole("PresenceWhole", "polcoop:partOf", CENTRE),
            whole("PresenceCount", "polcoop:indicator", "statistic:johannesburg-service-centres-2022"),
        ),
        (f"{CENTRE} a",),
        (f"{CENTRE} a polcoop:CommunityPolicingCentre",),
    ),
)
