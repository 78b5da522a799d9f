"""What a dataset says of itself: its size, graphs, classes, properties and links (VoID, 4 and 5), counted by
one query.

The compiled dataset carries the answer in a graph of its own, so that it can be queried; over other data the
server asks the same query when somebody wants to know.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad, QueryTriples, Store

from polcoop.iris import CATALOGUE as DOCUMENT
from polcoop.iris import PREFIXES
from polcoop.sources.project import CATALOGUE

_QUERY: Final = """
PREFIX void: <http://rdfs.org/ns/void#>
PREFIX sd: <http://www.w3.org/ns/sparql-service-description#>
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX foaf: <http://xmlns.com/foaf/0.1/>
CONSTRUCT {
  ?dataset a void:Dataset ;
    void:triples ?triples ; void:distinctSubjects ?subjects ; void:distinctObjects ?objects ;
    void:properties ?properties ; void:classes ?classes ; void:entities ?entities ;
    void:propertyPartition ?propertyPart ; void:classPartition ?classPart ;
    void:subset ?graphPart , ?linkset .
  ?propertyPart void:property ?property ; void:triples ?uses ;
    void:distinctSubjects ?users ; void:distinctObjects ?values .
  ?classPart void:class ?class ; void:entities ?instances ; void:propertyPartition ?inner .
  ?inner void:property ?innerProperty ; void:triples ?innerUses .
  ?graphPart a void:Dataset , sd:NamedGraph ; sd:name ?graph ; sd:graph ?content ; void:triples ?size .
  ?content a sd:Graph ; void:triples ?size .
  ?linkset a void:Linkset ; void:target ?dataset , ?other ; void:subjectsTarget ?dataset ;
    void:objectsTarget ?other ; void:linkPredicate ?link ; void:triples ?links .
  ?other a void:Dataset ; dcterms:title "Wikidata" ; foaf:homepage <https://www.wikidata.org/> ;
    void:uriSpace "http://www.wikidata.org/entity/" ;
    void:sparqlEndpoint <https://query.wikidata.org/sparql> .
} WHERE {
  BIND(<DOCUMENT#dataset> AS ?dataset)
  {
    SELECT (COUNT(*) AS ?triples) (COUNT(DISTINCT ?s) AS ?subjects) (COUNT(DISTINCT ?o) AS ?objects)
           (COUNT(DISTINCT ?p) AS ?properties) { ?s ?p ?o }
  } UNION {
    SELECT (COUNT(DISTINCT ?c) AS ?classes) { ?s a ?c FILTER(isIRI(?c)) }
  } UNION {
    SELECT (COUNT(DISTINCT ?s) AS ?entities) { ?s a ?c FILTER(isIRI(?s)) }
  } UNION {
    { SELECT ?property (COUNT(*) AS ?uses) (COUNT(DISTINCT ?s) AS ?users) (COUNT(DISTINCT ?o) AS ?values)
        { ?s ?property ?o } GROUP BY ?property }
    BIND(IRI(CONCAT("DOCUMENT#property-", MD5(STR(?property)))) AS ?propertyPart)
  } UNION {
    { SELECT ?class (COUNT(DISTINCT ?s) AS ?instances) { ?s a ?class FILTER(isIRI(?class)) } GROUP BY ?class }
    BIND(IRI(CONCAT("DOCUMENT#class-", MD5(STR(?class)))) AS ?classPart)
  } UNION {
    { SELECT ?of ?innerProperty (COUNT(*) AS ?innerUses)
        { ?s a ?of ; ?innerProperty ?o FILTER(isIRI(?of)) } GROUP BY ?of ?innerProperty }
    BIND(IRI(CONCAT("DOCUMENT#class-", MD5(STR(?of)))) AS ?classPart)
    BIND(IRI(CONCAT(STR(?classPart), "-", MD5(STR(?innerProperty)))) AS ?inner)
  } UNION {
    { SELECT ?graph (COUNT(*) AS ?size) { GRAPH ?graph { ?s ?p ?o } } GROUP BY ?graph }
    BIND(IRI(CONCAT("DOCUMENT#graph-", MD5(STR(?graph)))) AS ?graphPart)
    BIND(IRI(CONCAT(STR(?graphPart), "-content")) AS ?content)
  } UNION {
    { SELECT ?link (COUNT(*) AS ?links)
        { ?s ?link ?o FILTER(isIRI(?o) && STRSTARTS(STR(?o), "http://www.wikidata.org/entity/")) }
        GROUP BY ?link }
    BIND(IRI(CONCAT("DOCUMENT#wikidata-", MD5(STR(?link)))) AS ?linkset)
    BIND(<DOCUMENT#wikidata> AS ?other)
  }
}
"""


def statistics_query(document: str) -> str:
    """Return a CONSTRUCT query for the statistics of all that it is asked over.

    The dataset and its parts are named in the document with this IRI: ``<document>#dataset``.
    """
    return _QUERY.replace("DOCUMENT", document)


def statistics(quads: Iterable[Quad]) -> list[Quad]:
    """Return the statistics of ``quads``, as quads of the catalogue's graph; what is in that graph already is
    not counted."""
    store = Store()
    store.bulk_extend(quad for quad in quads if quad.graph_name != CATALOGUE)
    found = store.query(statistics_query(DOCUMENT), use_default_graph_as_union=True)
    assert isinstance(found, QueryTriples)  # noqa: S101 - it is a CONSTRUCT query
    return [Quad(t.subject, t.predicate, t.object, CATALOGUE) for t in found]


def version_statement(release: str) -> list[Quad]:
    """Return the statement of the dataset's version, in the catalogue's graph; none if it has none."""
    version = NamedNode(PREFIXES["dcat"] + "version")
    return [Quad(NamedNode(f"{DOCUMENT}#dataset"), version, Literal(release), CATALOGUE)] if release else []
