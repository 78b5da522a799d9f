"""What is sent to endpoints, what comes back, and what is refused: the mediator, case by case."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from strange import StrangeServer, Visit, results

from conftest import Federation, federation
from polcoop.errors import ForbiddenQuery, QueryError, QuerySyntaxError, RemoteFailure
from polcoop.sparql.federation.plan import Plan
from polcoop.sparql.federation.policy import Policy
from polcoop.sparql.federation.remote import Remote

PREFIX = "PREFIX ex: <http://example.org/>\n"
DATA = (
    """@prefix ex: <http://example.org/> . @prefix schema: <http://schema.org/> .
ex:fr schema:sameAs ex:Q1 ; ex:kind ex:Country ; ex:name "France"@en , "France"@fr .
ex:it schema:sameAs ex:Q2 ; ex:kind ex:Country ; ex:name "Italy"@en , "Italie"@fr .
ex:xx ex:kind ex:Country .
ex:no ex:kind ex:Body ; schema:sameAs _:nobody .
ex:big schema:sameAs """
    + " , ".join(f"ex:B{number}" for number in range(10_002))
    + " .\n"
)
KNOWN = {
    "http://example.org/Q1": {"type": "literal", "value": "68", "datatype": "http://www.w3.org/2001/XMLSchema#integer"},
    "http://example.org/Q2": {"type": "literal", "value": "59", "datatype": "http://www.w3.org/2001/XMLSchema#integer"},
}  # fmt: skip


async def population(visit: Visit) -> None:
    """Whatever is asked, say all that is known of ?x and ?pop."""
    await visit.answer(results(["x", "pop"], [{"x": item, "pop": term} for item, term in KNOWN.items()]))


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federation]:
    folder = tmp_path_factory.mktemp("local")
    (folder / "data.ttl").write_text(DATA, encoding="utf-8")
    with federation(folder / "data.ttl", folder) as engine:
        yield engine


@pytest.fixture
def endpoint() -> Iterator[StrangeServer]:
    server = StrangeServer(population)
    yield server
    server.close()


Ask = Callable[[str], tuple[list[tuple[str | None, ...]], Plan]]


@pytest.fixture
def ask(local: Federation, endpoint: StrangeServer) -> Ask:
    """Answer a query in which E is the address of the endpoint: rows as text, and the plan."""
    policy = Policy([endpoint.url], private=True)
    remote = Remote(policy, "polcoop tests (https://example.org/)")

    def answered(text: str) -> tuple[list[tuple[str | None, ...]], Plan]:
        prologue = PREFIX + "PREFIX schema: <http://schema.org/>\n"
        found, plan = local.ask(prologue + text.replace("<E>", f"<{endpoint.url}>"), remote, policy)
        assert plan is not None
        return [tuple(getattr(term, "value", None) for term in row) for row in found.rows], plan

    return answered


ITEMS = "?c ex:kind ex:Country ; schema:sameAs ?x"
SERVICE = "SERVICE <E> { ?x ex:population ?pop }"

# The local part around SERVICE, and the values of ?x that it sends: the two with an item, or others.
BOTH = {"Q1", "Q2"}
SENT = {
    "a triple before": (f"{ITEMS} . SERVICE", BOTH),
    "a triple after": (f"SERVICE {ITEMS}", BOTH),
    "both": ("?c ex:kind ex:Country . SERVICE ?c schema:sameAs ?x", BOTH),
    "OPTIONAL": (f"{ITEMS} . OPTIONAL {{ SERVICE }}", BOTH),
    "a triple inside OPTIONAL": ("?c ex:kind ex:Country . OPTIONAL { ?c schema:sameAs ?x SERVICE }", BOTH),
    "UNION": (f"{ITEMS} . {{ SERVICE }} UNION {{ ?x ex:population ?pop }}", BOTH),
    "a group": (f"{ITEMS} . {{ {{ SERVICE }} }}", BOTH),
    "a sub-select": (f"{{ SELECT ?c ?pop {{ {ITEMS} SERVICE }} }}", BOTH),
    "beside a sub-select": (f"{{ SELECT ?x {{ {ITEMS} }} }} SERVICE", BOTH),
    "EXISTS": (f"{ITEMS} FILTER EXISTS {{ SERVICE }}", BOTH),
    "MINUS": (f"{ITEMS} MINUS {{ SERVICE }}", BOTH),
    "BIND": ("?c ex:kind ex:Country ; schema:sameAs ?y BIND(?y AS ?x) SERVICE", BOTH),
    "VALUES": ("VALUES ?x { ex:Q2 ex:Q3 } SERVICE", {"Q2", "Q3"}),
    "a filter": (f"{ITEMS} ; ex:name ?n FILTER(?n = 'Italy'@en) SERVICE", {"Q2"}),
    "a filter after": (f"{ITEMS} ; ex:name ?n SERVICE FILTER(?n = 'Italy'@en)", {"Q2"}),
    "a filter on the joined": (f"{ITEMS} FILTER(?x != ex:Q1) SERVICE", {"Q2"}),
    "not one that needs the answer": (f"{ITEMS} FILTER(?pop > 60) SERVICE", BOTH),
    "a blank node, which nobody else has": ("?c ex:kind ex:Body ; schema:sameAs ?x SERVICE", set()),
    "nothing": ("?c ex:kind ex:Nothing ; schema:sameAs ?x SERVICE", set()),
    "GRAPH": (f"GRAPH ?g {{ {ITEMS} SERVICE }}", set()),
}


@pytest.mark.parametrize(("body", "sent"), SENT.values(), ids=SENT)
def test_the_values_of_the_local_part_are_sent(ask: Ask, endpoint: StrangeServer, body: str, sent) -> None:
    _, plan = ask(f"SELECT * {{ {body.replace('SERVICE', SERVICE)} }}")
    assert [step.join for step in plan.steps] == [("x",)]
    if not sent:
        assert endpoint.visits == [], "no values, no request"
        return
    (visit,) = endpoint.visits
    block = visit.query.partition("VALUES (?x) {")[2].partition("}")[0]
    assert {word.strip("()<>").removeprefix("http://example.org/") for word in block.split()} == sent


# Not sent: it would be wrong, or nobody knows whether it would be right.
UNBOUND = {
    "not bound in each row": "?c ex:kind ex:Country OPTIONAL { ?c schema:sameAs ?x } SERVICE",
    "after an OPTIONAL with it": "?c ex:kind ex:Country . OPTIONAL { SERVICE } ?c schema:sameAs ?x",
    "beyond the edge of an OPTIONAL": f"{ITEMS} . {{ ?d ex:kind ?k OPTIONAL {{ SERVICE }} }}",
    "a sub-select has its own scope": f"{ITEMS} . {{ SELECT ?x {{ SERVICE }} LIMIT 1 }}",
    "nothing is shared": "?c ex:kind ex:Country . SERVICE",
    "too many values": "ex:big schema:sameAs ?x . SERVICE",
}


@pytest.mark.parametrize("body", UNBOUND.values(), ids=UNBOUND)
def test_where_values_do_not_help_the_pattern_is_sent_as_it_stands(
    ask: Ask, endpoint: StrangeServer, body: str
) -> None:
    _, plan = ask(f"SELECT * {{ {body.replace('SERVICE', SERVICE)} }}")
    assert [step.join for step in plan.steps] == [()]
    (visit,) = endpoint.visits
    assert "VALUES" not in visit.query
    assert visit.query.endswith("LIMIT 20001")


def test_a_variable_that_the_pattern_may_leave_unbound_is_not_sent(ask: Ask, endpoint: StrangeServer) -> None:
    _, plan = ask(f"SELECT * {{ {ITEMS} . SERVICE <E> {{ ?y ex:p ?z OPTIONAL {{ ?x ex:q ?y }} }} }}")
    assert [step.join for step in plan.steps] == [()]


def test_values_stand_where_they_change_nothing(ask: Ask, endpoint: StrangeServer) -> None:
    """Inside the pattern, which is planned better, only if nothing optional comes before what binds them."""
    around = "SELECT * { VALUES ?x { ex:Q1 } SERVICE <E> %s }"
    ask(around % "{ ?x ex:p ?y OPTIONAL { ?x ex:q ?z } }")
    ask(around % "{ OPTIONAL { ?x ex:q ?z } ?x ex:p ?y }")
    ask(around % "{ SELECT ?x (COUNT(*) AS ?n) { ?x ex:p ?y } GROUP BY ?x }")
    inside, beside, select = (
        " ".join(visit.query.partition("WHERE")[2].split()) for visit in endpoint.visits
    )
    values = "{ VALUES (?x) { (<http://example.org/Q1>) }"
    assert inside.startswith(f"{values} ?x ex:p ?y OPTIONAL")
    assert beside.startswith(f"{values} {{ OPTIONAL")
    assert select.startswith(f"{values} {{ SELECT")


def test_only_what_is_used_elsewhere_is_asked_back(ask: Ask, endpoint: StrangeServer) -> None:
    pattern = "VALUES ?x { ex:Q1 } SERVICE <E> { ?x ex:population ?pop ; ex:q ?other }"
    for selected in ("?pop", "*", "(COUNT(DISTINCT *) AS ?n)"):
        ask(f"SELECT {selected} {{ {pattern} }}")
    asked = [visit.query.partition("SELECT ")[2].partition(" WHERE")[0] for visit in endpoint.visits]
    assert asked == ["?x ?pop", "?x ?pop ?other", "?x ?pop ?other"]


def test_the_answer_is_joined_and_keeps_its_duplicates(ask: Ask, endpoint: StrangeServer) -> None:
    async def twice(visit: Visit) -> None:
        await visit.answer(
            results(["x", "pop"], [{"x": "http://example.org/Q1", "pop": KNOWN["http://example.org/Q1"]}] * 2)
        )

    endpoint.behaviour = twice
    rows, _ = ask(f"SELECT ?c ?pop {{ ?c ex:kind ex:Country ; schema:sameAs ?x . {SERVICE} }}")
    assert rows == [("http://example.org/fr", "68")] * 2


def test_labels_in_the_manner_of_wikidata(ask: Ask, endpoint: StrangeServer) -> None:
    """Its label service is no endpoint: it goes along, and the names that it makes up are asked back."""
    parameter = "<http://www.bigdata.com/rdf#serviceParam> ex:language 'en'"
    labels = f"SERVICE <http://wikiba.se/ontology#label> {{ {parameter} }}"
    ask(f"SELECT ?x ?xLabel {{ VALUES ?x {{ ex:Q1 }} SERVICE <E> {{ ?x ex:p ex:o . {labels} }} }}")
    (visit,) = endpoint.visits
    assert "SELECT ?x ?xLabel WHERE" in visit.query
    assert labels in visit.query


def test_prefixes_and_base_go_along_as_far_as_they_are_used(ask: Ask, endpoint: StrangeServer) -> None:
    ask("PREFIX other: <http://example.com/> SELECT * { SERVICE <E> { ?x ex:p <http://example.org/o> } }")
    (visit,) = endpoint.visits
    assert visit.query.startswith("PREFIX ex: <http://example.org/>\nSELECT")


def test_several_clauses_in_the_order_that_binds_most(ask: Ask, endpoint: StrangeServer) -> None:
    """The second clause is joined with data, the first only with the second's answer."""
    second = "SERVICE <E> { ?x ex:population ?pop }"
    _, plan = ask(
        f"SELECT * {{ SERVICE <E> {{ ?pop ex:p ?x }} {second} ?c schema:sameAs ?x ; ex:kind ex:Country }}"
    )
    assert [step.join for step in plan.steps] == [("x",), ("pop", "x")] or [
        set(step.join) for step in plan.steps
    ] == [{"x"}, {"pop", "x"}]


def test_service_with_a_variable(ask: Ask, endpoint: StrangeServer) -> None:
    variable = "VALUES ?e { <E> } SERVICE ?e { ?x ex:population ?pop }"
    rows, plan = ask(f"SELECT ?c ?e ?pop {{ {ITEMS} . {variable} }}")
    assert rows == [
        ("http://example.org/fr", endpoint.url, "68"),
        ("http://example.org/it", endpoint.url, "59"),
    ]
    assert [(step.endpoint, step.join) for step in plan.steps] == [(endpoint.url, ("x",))]


FORBIDDEN = "SERVICE <http://127.0.0.1:9/sparql> is refused: it is not among the endpoints"
REFUSED = {
    "a variable of which one value is not allowed": (
        "VALUES ?e { <E> <N> } SERVICE ?e { ?x ?y ?z }",
        ForbiddenQuery,
        FORBIDDEN,
    ),
    "nested, not allowed": ("SERVICE <E> { SERVICE <N> { ?x ?y ?z } }", ForbiddenQuery, FORBIDDEN),
    "nested, a variable": (
        "SERVICE <E> { ?x ex:p ?e SERVICE ?e { ?x ?y ?z } }",
        ForbiddenQuery,
        "within a SERVICE",
    ),
    "the second": ("SERVICE <E> { ?x ?y ?z } SERVICE SILENT <N> { ?x ?y ?z }", ForbiddenQuery, FORBIDDEN),
    "a variable that nothing binds": ("SERVICE ?e { ?x ex:population ?pop }", QueryError, "nobody to ask"),
    "a variable that OPTIONAL binds": (
        "?c ex:kind ex:Country OPTIONAL { ?c schema:sameAs ?e } SERVICE ?e { ?x ?y ?z }",
        QueryError,
        "nobody to ask",
    ),
    "a variable that is text": ("VALUES ?e { 'x' } SERVICE ?e { ?x ?y ?z }", QueryError, "is no address"),
    "EXISTS that looks outside": (
        "?c ex:kind ?k FILTER EXISTS { SERVICE <E> { ?x ex:p ?y FILTER(?y = ?c) } }",
        ForbiddenQuery,
        "in EXISTS",
    ),
    "a relative address": ("SERVICE <sparql> { ?x ?y ?z }", QuerySyntaxError, "is absolute"),
    "an undeclared prefix": ("SERVICE wd:x { ?x ?y ?z }", QuerySyntaxError, "the prefix wd: is not declared"),
    "a query that does not parse": ("SERVICE <E> { ?x ?y ?z } }", QuerySyntaxError, "."),
    "two endpoints": ("SERVICE <E> <E> { ?x ?y ?z }", QuerySyntaxError, "."),
    "no pattern": ("SERVICE <E>", (QuerySyntaxError, ForbiddenQuery), "."),
}


@pytest.mark.parametrize(("body", "kind", "words"), REFUSED.values(), ids=REFUSED)
def test_refused_before_anybody_is_asked(
    ask: Ask, endpoint: StrangeServer, body: str, kind, words: str
) -> None:
    with pytest.raises(kind, match=words):
        ask(f"SELECT * {{ {body.replace('<N>', '<http://127.0.0.1:9/sparql>')} }}")
    assert endpoint.visits == []


def test_functions_in_capitals_and_short_prefixes_are_read(ask: Ask) -> None:
    rows, _ = ask(
        "PREFIX a: <http://example.org/> SELECT ?c {"
        f" ?c a:kind a:Country ; schema:sameAs ?x FILTER(ISIRI(?x)) {SERVICE} }}"
    )
    assert rows == [("http://example.org/fr",), ("http://example.org/it",)]


def test_the_place_of_an_error_is_that_of_the_text(ask: Ask) -> None:
    with pytest.raises(QuerySyntaxError) as raised:
        ask(f"SELECT * {{\n {SERVICE}\n ?x ex:p }}")
    assert raised.value.position is not None
    assert raised.value.position.line == 5


def test_silent_is_silent_about_one_endpoint_only(ask: Ask, endpoint: StrangeServer) -> None:
    endpoint.behaviour = lambda visit: visit.answer(b"no", "500 Internal Server Error")
    body = "?c ex:kind ex:Country ; schema:sameAs ?x . "
    rows, plan = ask(f"SELECT ?c ?pop {{ {body} {SERVICE.replace('SERVICE', 'SERVICE SILENT')} }}")
    assert rows == [("http://example.org/fr", None), ("http://example.org/it", None)]
    assert "status 500" in plan.steps[0].failure
    with pytest.raises(RemoteFailure, match="status 500"):
        ask(f"SELECT * {{ {body} {SERVICE} }}")


def test_the_plan_tells_what_happened_and_is_bounded(ask: Ask, endpoint: StrangeServer) -> None:
    _, plan = ask(f"SELECT ?c {{ ?c ex:kind ex:Country ; schema:sameAs ?x . {SERVICE} }}")
    assert plan.header.startswith(f"<{endpoint.url}>;batches=1;cached=0;out=2;back=2;ms=")
    text = plan.text()
    for part in (
        "sent      2 values of ?x, in 1 batches",
        "received  2 rows",
        "local part",
        "VALUES (?x)",
        "then, locally",
    ):
        assert part in text
    many = " ".join([SERVICE] * 40)
    _, plan = ask(f"SELECT ?c {{ ?c ex:kind ex:Country ; schema:sameAs ?x . {many} }}")
    assert len(plan.steps) == 40
    assert len(plan.header) < 1100
    assert "more=" in plan.header


def test_twenty_thousand_rows_come_back(ask: Ask, endpoint: StrangeServer) -> None:
    rows = [
        {"x": f"http://example.org/B{number}", "pop": {"type": "literal", "value": "x" * 50}}
        for number in range(20_000)
    ]
    body = results(["x", "pop"], rows)
    endpoint.behaviour = lambda visit: visit.answer(body)
    found, plan = ask(f"SELECT (COUNT(*) AS ?n) {{ ex:big schema:sameAs ?x . {SERVICE} }}")
    assert found == [("10002",)]
    assert "{ SELECT ?x ?pop WHERE { VALUES" in plan.rest, "a bare block makes a join of each row with each"
