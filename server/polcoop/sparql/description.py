"""What the endpoint says of itself (SPARQL 1.1 Service Description), as a query that the engine answers: it
knows the graphs, and writes every format."""

from __future__ import annotations

from typing import Final

from polcoop.citation.provenance import DatasetVersion
from polcoop.formats import BOOLEAN, GRAPH, SOLUTIONS
from polcoop.iris import CATALOGUE, PREFIXES

_FORMATS: Final = "http://www.w3.org/ns/formats/"
_FORMAT_NAMES: Final = {
    "json": "SPARQL_Results_JSON",
    "xml": "SPARQL_Results_XML",
    "csv": "SPARQL_Results_CSV",
    "tsv": "SPARQL_Results_TSV",
    "turtle": "Turtle",
    "ntriples": "N-Triples",
    "rdfxml": "RDF_XML",
    "jsonld": "JSON-LD",
    "nquads": "N-Quads",
    "trig": "TriG",
}
"""Names of formats to those that the W3C gave them (Unique URIs for File Formats)."""

LANGUAGE_EXTENSIONS: Final = {
    "https://www.w3.org/TR/sparql12-query/": "SPARQL 1.2 as it stood in 2025: triple terms, directions",
    "https://github.com/w3c/sparql-dev/blob/main/SEP/SEP-0002/sep-0002.md": "durations, ADJUST",
    "https://github.com/w3c/sparql-dev/blob/main/SEP/SEP-0006/sep-0006.md": "LATERAL",
}
"""What the engine reads beyond SPARQL 1.1 Query, with what it is."""

_GEO: Final = "http://www.opengis.net/def/function/geosparql/"
_GEO_NAMES: Final = (
    "asGeoJSON", "centroid", "convexHull", "coordinateDimension", "difference", "dimension", "distance",
    "ehContains", "ehCoveredBy", "ehCovers", "ehDisjoint", "ehEquals", "ehInside", "ehMeet", "ehOverlap",
    "envelope", "getSRID", "intersection", "isEmpty", "isSimple", "length", "perimeter",
    "rcc8dc", "rcc8ec", "rcc8eq", "rcc8ntpp", "rcc8ntppi", "rcc8po", "rcc8tpp", "rcc8tppi", "relate",
    "sfContains", "sfCrosses", "sfDisjoint", "sfEquals", "sfIntersects", "sfOverlaps", "sfTouches",
    "sfWithin", "spatialDimension", "symDifference", "union",
)  # fmt: skip
_CASTS: Final = (
    "date", "time", "duration", "dayTimeDuration", "yearMonthDuration",
    "gYear", "gYearMonth", "gMonth", "gDay", "gMonthDay",
)  # fmt: skip
EXTENSION_FUNCTIONS: Final = (
    *(_GEO + name for name in _GEO_NAMES),
    *(PREFIXES["xsd"] + name for name in _CASTS),
)
"""Functions that the engine knows beyond those of SPARQL 1.1: GeoSPARQL, and casts."""

_QUERY: Final = """
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX sd: <http://www.w3.org/ns/sparql-service-description#>
PREFIX void: <http://rdfs.org/ns/void#>
CONSTRUCT {
  <ENDPOINT> a sd:Service ;
    sd:endpoint <ENDPOINT> ;
    sd:supportedLanguage sd:SPARQL10Query , sd:SPARQL11Query ;
    sd:feature ?feature ;
    sd:defaultEntailmentRegime <http://www.w3.org/ns/entailment/Simple> ;
    sd:resultFormat ?format ;
    sd:languageExtension ?extension ;
    sd:extensionFunction ?function ;
    sd:defaultDataset <ENDPOINT#dataset> ;
    sd:availableGraphs <ENDPOINT#graphs> ;
    dcterms:license ?license .
  ?extension rdfs:label ?extensionLabel .
  ?function a sd:Function .
  <ENDPOINT#dataset> a sd:Dataset ; sd:defaultGraph <ENDPOINT#default-graph> ; sd:namedGraph ?part ;
    ?about ?value ; owl:versionInfo ?version .
  <ENDPOINT#default-graph> a sd:Graph .
  <ENDPOINT#graphs> a sd:GraphCollection ; sd:namedGraph ?part .
  ?part a sd:NamedGraph ; sd:name ?graph ; sd:graph ?content .
  ?content a sd:Graph ; void:triples ?size .
} WHERE {
  { VALUES ?feature { FEATURES } }
  UNION { VALUES ?format { FORMATS } }
  UNION { VALUES ?version { VERSION } }
  UNION { VALUES (?extension ?extensionLabel) { EXTENSIONS } }
  UNION { VALUES ?function { FUNCTIONS } }
  UNION {
    { SELECT DISTINCT ?graph { GRAPH ?graph {} } }
    BIND(IRI(CONCAT("ENDPOINT#graph-", MD5(STR(?graph)))) AS ?part)
    BIND(IRI(CONCAT(STR(?part), "-content")) AS ?content)
    OPTIONAL { GRAPH <CATALOGUE> { ?counted sd:name ?graph ; void:triples ?size } }
  }
  UNION {
    VALUES ?about { dcterms:title dcterms:description dcterms:license
                    <http://www.w3.org/ns/dcat#version> }
    GRAPH <CATALOGUE> { <CATALOGUE#dataset> ?about ?value }
  }
  UNION { GRAPH <CATALOGUE> { <CATALOGUE#dataset> dcterms:license ?license } }
}
"""


def service_description(endpoint: str, version: DatasetVersion | None, *, federated: bool) -> str:
    """Return a CONSTRUCT query for the description of the service at the IRI ``endpoint``.

    Title, licence and sizes are those that the catalogue of the dataset states, if it has one; ``federated``
    says whether SERVICE is answered.
    """
    # Arrow and Parquet have no IRI among the W3C's file formats.
    offered = dict.fromkeys(c.name for c in (*SOLUTIONS, *BOOLEAN, *GRAPH) if c.name in _FORMAT_NAMES)
    features = ("sd:UnionDefaultGraph", *(("sd:BasicFederatedQuery",) if federated else ()))
    filled = {
        "FEATURES": " ".join(features),
        "FORMATS": " ".join(f"<{_FORMATS}{_FORMAT_NAMES[name]}>" for name in offered),
        "EXTENSIONS": " ".join(f'(<{iri}> "{label}"@en)' for iri, label in LANGUAGE_EXTENSIONS.items()),
        "FUNCTIONS": " ".join(f"<{iri}>" for iri in EXTENSION_FUNCTIONS),
        "VERSION": f'"{version}"' if version else "",
        "CATALOGUE": CATALOGUE,
        "ENDPOINT": endpoint,
    }
    text = _QUERY
    for name, value in filled.items():
        text = text.replace(name, value)
    return text


def catalogue_query(version: DatasetVersion | None) -> str:
    """Return a CONSTRUCT query for the catalogue of a compiled dataset, with the ``version`` that is served:
    it cannot be part of the data of which it holds the digest."""
    stated = f'<{CATALOGUE}#dataset> <{PREFIXES["owl"]}versionInfo> "{version}" .' if version else ""
    return f"CONSTRUCT {{ {stated} ?s ?p ?o }} WHERE {{ GRAPH <{CATALOGUE}> {{ ?s ?p ?o }} }}"
