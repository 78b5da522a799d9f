"""What the pages say in their own words, in English and French."""

from __future__ import annotations

from typing import Final

WORDS: Final[dict[str, tuple[str, str]]] = {
    "site": ("Site", "Site"),
    "language": ("Language", "Langue"),
    "ontology": ("Ontology", "Ontologie"),
    "topics": ("Topics", "Thèmes"),
    "shapes": ("Shapes", "Formes"),
    "licence": (
        "Code: MIT. Data, ontology, shapes: CC0 1.0.",
        "Code : MIT. Données, ontologie, formes : CC0 1.0.",
    ),
    "page": ("page", "page"),
    "according to": ("according to", "selon"),
    "assessed": ("assessed as", "évaluation :"),
    "as data": ("As data:", "En données :"),
    "what is said": ("What is said", "Ce qui en est dit"),
    "claims": ("Claims", "Affirmations"),
    "all claims": ("all claims, by a query", "toutes les affirmations, par une requête"),
    "links here": ("What links here", "Ce qui y renvoie"),
    "all links": ("all links, by a query", "tous les renvois, par une requête"),
    "contents": ("Contents", "Contenu"),
    "graph": ("Graph", "Graphe"),
    "graph explained": (
        "As data the graph comes whole.",
        "En données, le graphe vient en entier.",
    ),
    "triples": ("triples.", "triplets."),
    "ask it": ("ask it by a query", "l’interroger par une requête"),
    "class": ("Class", "Classe"),
    "instances": ("Instances", "Instances"),
    "unknown": ("Nothing is known of this", "Rien n’est connu de ceci"),
    "unknown explained": (
        "No triple of the dataset has this IRI. It may be mistyped: names are in lower case, with hyphens.",
        "Aucun triplet du jeu de données ne porte cet IRI. Vérifiez l’orthographe : minuscules et tirets.",
    ),
    "start": ("Start page", "Page d’accueil"),
    "search": ("Search the labels by a query", "Chercher dans les libellés par une requête"),
    "subject": (
        "International police and judicial cooperation",
        "Coopération policière et judiciaire internationale",
    ),
    "about": (
        "A research note as a knowledge graph: an ontology, the facts that the note states, and for each "
        "fact the claims that state it, with their page, their source, their voice and their hedge.",
        "Une note de recherche en graphe de connaissances : une ontologie, les faits que la note énonce et, "
        "pour chacun, les affirmations qui l’énoncent, avec page, source, voix et degré d’assurance.",
    ),
    "served": ("Served here:", "Servi ici :"),
    "ask": ("Ask in SPARQL", "Interroger en SPARQL"),
    "query": ("Query", "Requête"),
    "result as": ("Result as", "Résultat en"),
    "run": ("Run", "Lancer"),
    "stored": ("A stored query", "Une requête enregistrée"),
    "answer to what": ("What it is an answer to", "À quoi c’est une réponse"),
    "dataset": ("Dataset", "Jeu de données"),
    "version": ("version", "version"),
    "no version": (
        "files given to the server, without a version",
        "fichiers donnés au serveur, sans version",
    ),
    "result": ("Result", "Résultat"),
    "time": ("Time", "Date"),
    "not known": ("not known", "inconnu"),
    "permalink": ("answered from the dataset as it is.", "réponse tirée du jeu de données actuel."),
    "in memory": (
        "This server stores queries in memory: they are gone when it restarts.",
        "Ce serveur garde les requêtes en mémoire : elles disparaissent quand il redémarre.",
    ),
    "pinned": (
        "answered from this version, as long as the server keeps it.",
        "réponse tirée de cette version, tant que le serveur la garde.",
    ),
    "versions kept": ("Versions kept:", "Versions gardées :"),
    "cite": ("Cite it", "Citer"),
    "alone": ("alone", "seul"),
    "sources problem": ("About the sources:", "Sur les sources :"),
    "no sources": (
        "No sources are listed: the rows show no claim, fact, footnote or work as a node; labels alone lead "
        "nowhere.",
        "Aucune source : les lignes ne montrent ni affirmation, ni fait, ni note, ni ouvrage comme nœud ; "
        "les libellés seuls ne mènent à rien.",
    ),
    "examples": ("Examples", "Exemples"),
    "for programs": ("For programs", "Pour les programmes"),
    "protocol": ("SPARQL 1.1 Protocol, queries only:", "Protocole SPARQL 1.1, requêtes seules :"),
    "described": ("described in OpenAPI:", "description OpenAPI :"),
    "dereferenced": ("every IRI answers, for instance", "chaque IRI répond, par exemple"),
    "health": ("whether the server is up:", "état du serveur :"),
}
"""Key to English and French."""

PROPERTIES: Final[dict[str, tuple[str, str]]] = {
    "rdf:type": ("is a", "est"),
    "skos:prefLabel": ("name", "nom"),
    "skos:altLabel": ("also called", "autre nom"),
    "skos:definition": ("definition", "définition"),
    "skos:scopeNote": ("scope", "portée"),
    "skos:example": ("example", "exemple"),
    "skos:inScheme": ("in the list", "dans la liste"),
    "skos:topConceptOf": ("at the top of the list", "en tête de la liste"),
    "skos:hasTopConcept": ("at its top", "en tête"),
    "skos:broader": ("broader", "plus large"),
    "skos:narrower": ("narrower", "plus étroit"),
    "skos:exactMatch": ("same concept elsewhere", "même concept ailleurs"),
    "skos:closeMatch": ("similar concept elsewhere", "concept proche ailleurs"),
    "schema:sameAs": ("same thing elsewhere", "même entité ailleurs"),
    "rdfs:comment": ("comment", "commentaire"),
    "rdfs:subClassOf": ("subclass of", "sous-classe de"),
    "rdfs:subPropertyOf": ("subproperty of", "sous-propriété de"),
    "rdfs:domain": ("domain", "domaine"),
    "rdfs:range": ("range", "portée des valeurs"),
    "rdfs:isDefinedBy": ("defined by", "défini par"),
}
"""Names of properties of other vocabularies, by CURIE, where the data gives them none."""


def say(key: str, language: str) -> str:
    """Return the words for ``key``."""
    english, french = WORDS[key]
    return french if language == "fr" else english
