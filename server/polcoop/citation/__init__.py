"""What an answer is an answer to, and how it is cited: plain values, no engine and no network.

``digests`` says when two queries or two results are the same, ``provenance`` names dataset, query, result and
time of an answer, ``bibliography`` finds what the rows of a result rest on, ``styles`` writes it for a reader
or a reference manager.  docs/citation.md is the specification.

Whoever can ask an engine cites a result in three steps: ``nodes = shown_nodes(iris)`` of the result, the
answer to ``bibliography_query(nodes)``, and ``cite(read_bibliography(answer, version), "apa")``.
"""
