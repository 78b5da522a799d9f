"""What a result rests on: one query to the engine that answered it, and the works read from its answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from polcoop.citation.provenance import DatasetVersion
from polcoop.citation.works import Name, Work
from polcoop.iris import BASE, ONTOLOGY, PREFIXES
from polcoop.solutions import Blank, Iri, Literal, Solutions, Term

TITLES: Final = {
    "en": "polcoop: international police and judicial cooperation as linked data",
    "fr": "polcoop : la coopération policière et judiciaire internationale en données liées",
}
AUTHOR: Final = "The polcoop contributors"
_KINDS: Final = {"en": "Data set", "fr": "Jeu de données"}
LICENCE: Final = "CC0-1.0"
NOTE: Final = f"{PREFIXES['work']}note-135"
_CHINA: Final = Iri(f"{PREFIXES['agent']}cn")
MOST_SHOWN: Final = 500
"""Nodes whose sources are looked up; a longer result rests on more than its bibliography says."""

T = TypeVar("T", bound=Term)

_HEADER: Final = ONTOLOGY.removesuffix("#")
_NODES: Final = f"{BASE}id/"
_IRI_FORBIDDEN: Final = frozenset('<>"{}|^`\\') | {chr(code) for code in range(0x21)}

_FORMS: Final = {
    "article": "document", "book": "book", "chapter": "chapter", "film": "motion_picture",
    "interview": "interview", "journal": "periodical", "journal-article": "article-journal",
    "journal-issue": "periodical", "legal-text": "legislation", "list": "webpage", "minutes": "report",
    "policy-brief": "report", "policy-document": "report", "press-article": "article-newspaper",
    "report": "report", "research-note": "report", "resolution": "legislation", "speech": "speech",
    "statistical-table": "dataset", "television-series": "broadcast", "web-page": "webpage",
    "website": "webpage",
}  # fmt: skip
"""Concepts of ``work-form`` to item types of CSL 1.0.2; what is not here is a ``document``."""

_QUERY: Final = """PREFIX polcoop: <https://w3id.org/polcoop/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX dcterms: <http://purl.org/dc/terms/>
SELECT DISTINCT ?work ?page ?property ?value ?label ?person ?country WHERE {
  {
    VALUES ?shown { $shown }
    { ?shown polcoop:onPage ?page } UNION { ?claim polcoop:establishes ?shown ; polcoop:onPage ?page }
  } UNION {
    {
      SELECT DISTINCT ?work WHERE {
        { VALUES ?work { $note } } UNION {
          VALUES ?shown { $shown }
          { ?shown a polcoop:Work . BIND(?shown AS ?work) }
          UNION { ?shown polcoop:citesWork ?work }
          UNION { ?shown polcoop:restsOnWork ?work }
          UNION { ?claim polcoop:establishes ?shown ; polcoop:restsOnWork ?work }
        }
      }
    }
    VALUES ?property {
      polcoop:title polcoop:translatedTitle polcoop:author polcoop:editor polcoop:issuedBy polcoop:publisher
      polcoop:container polcoop:seriesTitle polcoop:volume polcoop:issue polcoop:pageRange polcoop:edtf
      polcoop:language polcoop:url polcoop:accessDate polcoop:workForm polcoop:atPlace skos:prefLabel
    }
    ?work ?property ?value .
    OPTIONAL { ?value polcoop:title ?printed }
    OPTIONAL { ?value skos:prefLabel ?named FILTER(LANG(?named) IN ("en", "fr")) }
    OPTIONAL {
      ?value a ?person FILTER(?person = polcoop:Person)
      OPTIONAL { ?value polcoop:ofCountry ?country }
    }
    BIND(COALESCE(?printed, ?named) AS ?label)
  } UNION {
    VALUES (?work ?property) {
      ($ontology owl:versionInfo) ($ontology dcterms:created) ($ontology dcterms:modified)
      ($ontology dcterms:issued)
    }
    ?work ?property ?value
  }
}"""


@dataclass(frozen=True, slots=True)
class Bibliography:
    """What a result is cited by.  ``dataset`` is None when the endpoint has no polcoop dataset; ``sources``
    are the works that its claims, facts and footnotes rest on; ``pages`` those of the note that state it."""

    dataset: Work | None
    note: Work | None
    sources: tuple[Work, ...]
    pages: tuple[int, ...]

    @property
    def works(self) -> tuple[Work, ...]:
        """All of them: the dataset first, then the note, then the sources by author and title."""
        return (*filter(None, (self.dataset, self.note)), *self.sources)


def shown_nodes(iris: Iterable[str]) -> list[str]:
    """Return those of the ``iris`` of a result that are nodes of the dataset, in order, each once: what may
    have a source."""
    return list(dict.fromkeys(iri for iri in iris if iri.startswith(_NODES)))


def bibliography_query(nodes: Iterable[str]) -> str:
    """Return the SELECT query whose answer :func:`read_bibliography` takes; of ``nodes``, the first
    ``MOST_SHOWN`` count."""
    shown = " ".join(f"<{iri}>" for iri in list(nodes)[:MOST_SHOWN] if not _IRI_FORBIDDEN & set(iri))
    return _QUERY.replace("$shown", shown).replace("$note", f"<{NOTE}>").replace("$ontology", f"<{_HEADER}>")


def read_bibliography(
    answer: Solutions, version: DatasetVersion | None = None, *, lang: str = "en"
) -> Bibliography:
    """Read the answer to :func:`bibliography_query`.

    :param version: the dataset version that the result comes from, if it is known.
    :param lang: language of the reader, ``en`` or ``fr``, for names and translated titles.
    """
    pages: set[int] = set()
    facts: dict[str, _Facts] = defaultdict(_Facts)
    place = {name: index for index, name in enumerate(answer.variables)}
    for row in answer.rows:
        work, page = row[place["work"]], row[place["page"]]
        if isinstance(page, Literal):
            pages.add(int(page.value))
        elif isinstance(work, Iri):
            facts[work.value].add(
                *(row[place[name]] for name in ("property", "value", "label", "person", "country"))
            )
    header, note = facts.pop(_HEADER, None), facts.pop(NOTE, None)
    sources = [_work(iri, known, lang) for iri, known in facts.items()]
    sources.sort(key=_alphabetical)
    return Bibliography(
        None if header is None else _dataset(header, version, lang),
        None if note is None else _note(_work(NOTE, note, lang), sorted(pages)),
        tuple(sources),
        tuple(sorted(pages)),
    )


@dataclass(slots=True)
class _Facts:
    """What the answer says of one work: property name to values, and names of the nodes among them."""

    values: dict[str, list[Term]] = field(default_factory=lambda: defaultdict(list))
    labels: dict[Term, list[Literal]] = field(default_factory=lambda: defaultdict(list))
    persons: dict[Term, bool] = field(default_factory=dict)

    def add(
        self,
        prop: Term | None,
        value: Term | None,
        label: Term | None,
        person: Term | None,
        country: Term | None,
    ) -> None:
        if not isinstance(prop, Iri) or value is None:
            return
        values = self.values[prop.value.rpartition("#")[2].rpartition("/")[2]]
        if value not in values:
            values.append(value)
        if isinstance(label, Literal):
            self.labels[value].append(label)
        if person is not None:
            # Officials of China are named in the Chinese order.
            self.persons[value] = country == _CHINA or self.persons.get(value, False)

    def text(self, name: str, lang: str = "") -> str:
        """The value in ``lang``, else the first; of a node, its name."""
        values = self.values.get(name, [])
        return self.named(_preferred(values, lang), lang) if values else ""

    def named(self, value: Term, lang: str) -> str:
        match value:
            case Literal(text):
                return text
            case Iri(iri):
                labels = self.labels.get(value)
                return _preferred(labels, lang).value if labels else iri
            case _:
                return ""

    def names(self, prop: str, lang: str, slug: str, order: str) -> tuple[Name, ...]:
        """The agents of a property, in the order in which ``order`` (the printed reference) has them."""
        found = []
        for value in self.values.get(prop, []):
            if isinstance(value, Blank):
                continue
            label = self.named(value, lang)
            if value in self.persons:
                found.append((label, Name.of_person(label, family_first=self.persons[value], hint=slug)))
            else:
                found.append((label, Name(label)))
        found.sort(key=lambda pair: (order.find(pair[1].family) % (len(order) + 1), pair[0]))
        return tuple(name for _, name in found)


def _preferred(values: list[T], lang: str) -> T:
    """The value in ``lang``, else the one in English, else the least, so that the choice never depends on the
    engine's order."""

    def rank(value: T) -> tuple[int, str]:
        language = value.language if isinstance(value, Literal) else None
        return {lang: 0, "en": 1}.get(language or "", 2), getattr(value, "value", "")

    return min(values, key=rank)


def _work(iri: str, known: _Facts, lang: str) -> Work:
    slug = iri.removeprefix(PREFIXES["work"])
    label = known.text("prefLabel", lang)
    printed = known.values.get("title", [])
    title = printed[0] if printed and isinstance(printed[0], Literal) else None
    form = next((value.value for value in known.values.get("workForm", ()) if isinstance(value, Iri)), "")
    form = form.removeprefix(PREFIXES["work-form"])
    issuers = known.names("issuedBy", lang, slug, "")
    authors = known.names("author", lang, slug, label)
    editors = known.names("editor", lang, slug, label)
    publisher = known.text("publisher", lang)
    if issuers and not publisher and (authors or editors):
        publisher = ", ".join(name.family for name in issuers)
    foreign = title is not None and not (title.language or lang).startswith(lang)
    return Work(
        id=slug,
        kind=_FORMS.get(form, "document"),
        title=title.value if title else label,
        authors=authors or (() if editors else issuers),
        editors=editors,
        others=" et al." in label,
        date=known.text("edtf"),
        translation=known.text("translatedTitle", lang) if foreign else "",
        container=known.text("container", lang),
        series=known.text("seriesTitle"),
        publisher=publisher,
        place=known.text("atPlace", lang),
        volume=known.text("volume"),
        number=known.text("issue"),
        pages=known.text("pageRange"),
        language=known.text("language"),
        url=known.text("url"),
        accessed=known.text("accessDate"),
        genre=form.replace("-", " ") if form in {"film", "speech", "interview"} else "",
    )


def _alphabetical(work: Work) -> tuple[list[str], str, str]:
    names = [name.family.casefold() for name in work.authors or work.editors]
    return names or [work.title.casefold()], work.date, work.title


def _note(note: Work, pages: list[int]) -> Work:
    """The note as the place where the result is stated: its pages, when the rows have any."""
    return replace(note, pages=_ranges(pages) or note.pages, genre=note.series)


def _dataset(header: _Facts, version: DatasetVersion | None, lang: str) -> Work:
    release = header.text("versionInfo")
    dates = [header.text(name)[:10] for name in ("created", "issued", "modified")]
    return Work(
        id=f"polcoop-{release}",
        kind="dataset",
        title=TITLES[lang],
        authors=(Name(AUTHOR),),
        date=max(dates),
        url=BASE,
        version=str(version or release),
        genre=_KINDS[lang],
        note=f"SHA-256 {version.digest}; {LICENCE}" if version else LICENCE,
    )


def _ranges(pages: list[int]) -> str:
    """``14, 16-18``."""
    runs: list[list[int]] = []
    for page in pages:
        if runs and page == runs[-1][1] + 1:
            runs[-1][1] = page
        else:
            runs.append([page, page])
    return ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in runs)
