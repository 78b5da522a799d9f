"""What a query text is, and above all what in it may reach the engine."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyoxigraph import Store

from polcoop.errors import ForbiddenQuery, Position, QueryError, QuerySyntaxError, QueryTooLarge
from polcoop.sparql.query import Bounds, Form, Query
from polcoop.sparql.width import Width
from serving import Listener

FORMS = [
    ("SELECT * {}", Form.SELECT),
    ("ask{}", Form.ASK),
    ("# PREFIX\n  prefix : <a:#x> # INSERT\nBASE <b:#>Construct WHERE {}", Form.CONSTRUCT),
    ("PREFIX a:<a:>PREFIX b: # x\n <b:> DESCRIBE <x:y>", Form.DESCRIBE),
    ("\ufeffASK {}", Form.ASK),
    ('VERSION "1.2" SELECT * {}', Form.SELECT),
]


@pytest.mark.parametrize(("text", "form"), FORMS)
def test_the_form_stands_after_the_prologue(text: str, form: Form) -> None:
    assert Query.parse(text).form is form


def test_the_prefixes_that_are_declared() -> None:
    text = (
        "# PREFIX no: <a:no>\nBASE <b:PREFIX>\nprefix : <http://example.org/1#> PREFIX a.b: # x\n <c:d>\n"
        'VERSION "PREFIX v: <a:v>" PREFIX relative: <x> PREFIX escaped: <a:\\u0041>'
        "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p 'PREFIX q: <a:q>' # PREFIX r: <a:r>\n ?o }"
    )
    assert Query.parse(text).namespaces == {"": "http://example.org/1#", "a.b": "c:d"}
    given = replace(Query.parse(text), prefixes=(("x", "http://example.org/"),))
    assert given.namespaces == {"x": "http://example.org/"}


UPDATES = [
    "INSERT DATA { <a:a> <a:b> <a:c> }",
    "prefix a: <a:> delete where { ?s ?p ?o }",
    "LOAD <http://example.org/>",
    "load silent <http://example.org/> into graph <a:a>",
    "# a comment\nCLEAR ALL",
    "DROP DEFAULT",
    "CREATE GRAPH <a:a>",
    "ADD DEFAULT TO <a:a>",
    "MOVE DEFAULT TO <a:a>",
    "COPY DEFAULT TO <a:a>",
    "WITH <a:a> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
]


@pytest.mark.parametrize("text", UPDATES)
def test_an_update_is_refused_with_the_word(text: str) -> None:
    with pytest.raises(ForbiddenQuery, match="is an update, and this endpoint is read-only"):
        Query.parse(text)


@pytest.mark.parametrize(
    ("text", "words", "line", "column"),
    [
        ("", "expected SELECT, ASK, CONSTRUCT or DESCRIBE, found the end of the text", 1, 1),
        ("PREFIX a: <a:>\n  SELEC * {}", "found 'SELEC'", 2, 3),
        ("PREFIX a <a:> SELECT * {}", "the PREFIX declaration is malformed", 1, 1),
        ("SELECT \ud800", "not Unicode", 1, 8),
    ],
)
def test_what_is_no_query_is_told_with_its_place(text: str, words: str, line: int, column: int) -> None:
    with pytest.raises(QuerySyntaxError, match=words) as raised:
        Query.parse(text)
    assert raised.value.position == Position(line, column)


@pytest.mark.parametrize(
    ("text", "words", "column"),
    [
        ("SELECT", "expected '(', '*', 'DISTINCT', 'REDUCED' or a variable, found the end of the text", 7),
        ("SELECT DISTINCT WHERE {}", "expected '(', '*' or a variable, found 'WHERE'", 17),
        ("SELECT * WHERE ?s ?p ?o", "expected '{', found '?s'", 16),
        ("SELECT ?a, ?b {}", "expected '(', 'FROM', 'WHERE', '{' or a variable, found ','", 10),
        ("SELECT (COUNT(*) ?n) {}", "expected ')', ',', ';', 'AS' or an operator, found '?n)'", 18),
        ("DESCRIBE # nobody", "expected '*', an IRI or a variable, found the end of the text", 18),
        ("ASK { ?é ?p 'é' } LIMIT x", "expected an integer, found 'x'", 25),
        ("ASK { OPTIONAL ?s ?p ?o }", "expected '{', found '?s'", 16),
        ("ASK { ?s ?p ?o, }", "expected a term or a variable, found '}'", 17),
        ("ASK { GRAPH { ?s ?p ?o } }", "expected an IRI or a variable, found '{'", 13),
        ("ASK { FILTER }", "unexpected '}'", 14),
        ("SELECT * {} ORDER", "unexpected the end of the text", 18),
        ("CONSTRUCT { ?s ?p ?o }", "unexpected the end of the text", 23),
    ],
)
def test_a_syntax_error_says_what_was_expected_and_where(text: str, words: str, column: int) -> None:
    with pytest.raises(SyntaxError) as refused:
        Store().query(text)
    told = Query.parse(text).syntax.explain(str(refused.value))
    assert (str(told), told.position) == (words, Position(1, column))


def test_bounds_on_length_and_depth() -> None:
    with pytest.raises(QueryTooLarge, match="has 15 bytes; the limit is 14"):
        Query.parse("ASK {} # 'éé'", Bounds(length=14))
    nested = "ASK " + "{" * 20 + "}" * 20
    assert Query.parse(nested, Bounds(depth=20)).form is Form.ASK
    with pytest.raises(QueryTooLarge, match="more than 19 deep"):
        Query.parse(nested, Bounds(depth=19))
    with pytest.raises(QueryTooLarge, match="deep"):
        Query.parse("ASK { " + "<<" * 20, Bounds(depth=19))
    quoted = (
        "ASK { FILTER('((((((' = \"[[[[[[\") # {{{{{{\n ?s <http://example.org/(((((((> '''{{{{{'{{{{''' }"
    )
    assert Query.parse(quoted, Bounds(depth=2)).form is Form.ASK


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ASK {}", 3),
        ("SELECT ?x { ?x a:b 'c', <d:e>, 1 , :f , _:g # ?h {\n }", 5),
        ("ASK { FILTER(!!?x && -1 < ?y) }", 14),
        ("ASK { ?s ^<a:p>/<a:q>* ?o }", 8),
        ("ASK { VALUES ?x { a:1 (2) 3 '}' } ?s ?p ?o }", 8),
        ("ASK { VALUES (?x ?y) { (UNDEF 1) (?z 2) } FILTER(?x IN (1, 2)) }", 15),
    ],
)
def test_bound_on_parts(text: str, parts: int) -> None:
    long = text + " " * 100
    assert Query.parse(long, Bounds(parts=parts)).form
    with pytest.raises(QueryTooLarge, match=f"more than {parts - 1} variables"):
        Query.parse(long, Bounds(parts=parts - 1))


@pytest.mark.parametrize(
    ("text", "patterns"),
    [
        ("ASK { ?s ?p ?o . ?s ?p ?o . }", 2),
        ("ASK { :s :p :o. :s :p :o.?s ?p 1.5.?s ?p 1. }", 4),
        ("ASK { ?s ?p 1, 'a.b', <a:.> ; ?q [ ?p 1 ; ?q [] ] . }", 6),
        ("ASK { ?s <a:p>/<a:q>/<a:r> ?o }", 2),
        ("ASK { ?s ?p (1 'a' <a:b> :c ?x) }", 10),
        ("ASK { ?s ?p ?o FILTER(?s IN (1, 2, 3, 4) || ?s = CONCAT('a', 'b')) }", 1),
        ("ASK { VALUES ?s { :a. :b. :c } VALUES (?x ?y) { (1 2) (3 4) } }", 2),
        ("ASK { { ?s ?p 1, 2, 3 } { ?s ?p 4, 5, 6 } GRAPH ?g { ?s ?p ?o ; ?q ?r ; ?t ?u } }", 6),
        ("ASK { ?s ?p ?o " + "OPTIONAL { ?s ?p 1, 2, 3 } " * 4 + "}", 4),
        ("ASK { { ?s ?p 1, 2, 3 } UNION { ?s ?p 1, 2, 3, 4 } UNION { ?s ?p ?o } ?s ?p ?o. ?s ?p ?o. }", 5),
        ("ASK { ?s ?p ?o " + "FILTER NOT EXISTS { ?s ?p 1, 2 } MINUS { ?s ?p 1, 2 } " * 5 + "}", 1),
        ("ASK { " + "{ SELECT ?s { ?s ?p 1, 2 } } " * 3 + "}", 3),
        ("CONSTRUCT { ?s ?p 1, 2, 3, 4, 5, 6 } WHERE { ?s ?p 1, 2, 3 }", 2),
        ("CONSTRUCT WHERE { ?s ?p 1, 2, 3 }", 2),
        ("ASK { << ?s ?p ?o >> ?q ?r . << ?s ?p ?o >> ?q ?r . }", 4),
        ("ASK { " + "{ ?s ?p ?o } UNION { ?s ?p ?o } " * 3 + "}", 6),
        ("ASK { {}" + " UNION { ?s ?p ?o }" * 49 + " }", 10),
        ("ASK { ?s ?p ?o " + "{| ?q ?r |} " * 3 + "}", 3),
        ("ASK ) } ] { ?s ?p 1, 2 } } }", 1),
    ],
)
def test_the_patterns_that_are_joined(text: str, patterns: int) -> None:
    assert Width(text, 0).patterns == patterns
    long = text + " " * 500
    assert Query.parse(long, Bounds(patterns=patterns)).form
    with pytest.raises(QueryTooLarge, match=f"joins more than {patterns - 1} patterns in one group"):
        Query.parse(long, Bounds(patterns=patterns - 1))


def test_what_is_described_is_parts() -> None:
    text = "DESCRIBE " + "<a:b> " * 300 + "WHERE { ?s ?p <a:b> }"
    assert Width(text, 0).parts == 306
    with pytest.raises(QueryTooLarge, match="more than 305 variables"):
        Query.parse(text, Bounds(parts=305))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT * FROM <a:a> {}", True),
        ("SELECT * from named <a:a> { }", True),
        ("CONSTRUCT { ?s ?p ?o } FROM <a:a> WHERE { ?s ?p ?o }", True),
        ("DESCRIBE <a:a> FROM <a:a>", True),
        ("SELECT ?from (' FROM ' AS ?x) { ?from <a: FROM> 'FROM' } # FROM", False),
        ("SELECT (STRAFTER('x FROM', 'FROM') AS ?x) { ?s a:FROM from:a }", False),
    ],
)
def test_from_is_seen_only_where_it_is_a_dataset_clause(text: str, expected: bool) -> None:
    assert Query.parse(text).has_dataset is expected


HOSTILE = {
    "openings": "ASK {" + "<<" * 450_000,
    "operators": "ASK {" + "-" * 900_000,
    "lists of values": "ASK { VALUES ?x {" + "VALUES " * 120_000,
    "string": "ASK { '" + "x" * 900_000,
    "angles": "ASK {" + "<" * 900_000,
    "pairs": "ASK " + "()" * 450_000,
    "quotes": "ASK { ?s ?p '''" + "''" * 400_000,
    "the word": "ASK { " + "service" * 120_000,
    "variables": "ASK { " + "?service " * 100_000 + "}",
    "one variable": "ASK { ?" + "service" * 120_000 + " ?p ?o }",
    "labels": "PREFIX service: <a:> ASK { VALUES ?x {" + "service:x " * 90_000 + "} }",
    "local names": "PREFIX : <a:> ASK { VALUES ?x {" + ":service " * 90_000 + "} }",
    "IRIs": "ASK { VALUES ?x {" + "<http://example.org/service> " * 30_000 + "} }",
    "comments": "ASK { " + "# service\n" * 90_000 + "}",
    "escapes": "ASK { '" + "\\u0053ERVICE" * 70_000 + "' }",
    "colons": "ASK { " + ":" * 450_000 + "service" * 60_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_takes_linear_time(text: str) -> None:
    begun = time.monotonic()
    with contextlib.suppress(QueryError):
        Query.parse(text).engine_text()
    # Quadratic behaviour on a million characters would take minutes: the machine's speed does not matter.
    assert time.monotonic() - begun < 30


# ---- SERVICE -----------------------------------

ATTEMPTS = [
    "SELECT * { SERVICE <{url}> { ?s ?p ?o } }",
    "SELECT * { sErViCe SILENT <{url}> { ?s ?p ?o } }",
    "SELECT * { VALUES ?x { <{url}> } SERVICE ?x { ?s ?p ?o } }",
    "PREFIX u: <{url}> SELECT * { SERVICE u: { ?s ?p ?o } }",
    "PREFIX : <{url}> SELECT * { SERVICE:x { ?s ?p ?o } }",
    "ASK { FILTER(?a<?b)SERVICE#>\n<{url}>{ ?s ?p ?o } }",
    "ASK { FILTER(1<2)SERVICE#'\n<{url}>{ ?s ?p ?o } }",
    "ASK { ?s ?p 1SERVICE<{url}>{ ?s ?p ?o } }",
    "ASK { ?s ?p ?o.SERVICE<{url}>{ ?s ?p ?o } }",
    'ASK { ?s ?p "it\'s"SERVICE<{url}>{ ?s ?p ?o } }',
    "ASK { ?s ?p '''x''''''''SERVICE<{url}>{ ?s ?p ?o } }",
    "ASK { OPTIONAL { SERVICE#SERVICE\n<{url}> { ?s ?p ?o } } }",
    "ASK { FILTER EXISTS { SERVICE <{url}> { ?s ?p ?o } } }",
    "ASK { { SELECT * { SERVICE <{url}> { ?s ?p ?o } } } }",
    "ASK { \\u0053ERVICE <{url}> { ?s ?p ?o } }",
    "ASK { SERV\\u0049CE <{url}> { ?s ?p ?o } }",
    "ASK { \\U00000053ERVICE <{url}> { ?s ?p ?o } }",
    "ASK { << ?s ?p ?o >> ?x ?y . SERVICE <{url}> { ?s ?p ?o } }",
    "ASK { ?a ?b ?c . ???? '\nSERVICE <{url}> { ?s ?p ?o }",
]


# Not a clause to us, and nothing that the engine could take for one in the text that it is given.
DISARMED = [
    "ASK { ?s ?p trueSERVICE<{url}>{ ?s ?p ?o } }",
    "ASK { ?s <a:p>?1SERVICE<{url}>{ ?s ?p ?o } }",
    "ASK { ?s ?p 'a'@en--ltrSERVICE<{url}>{ ?s ?p ?o } }",
]


@pytest.fixture(scope="module")
def listening() -> Iterator[Listener]:
    """Somebody whom the engine should never visit."""
    listener = Listener()
    yield listener
    listener.close()


STORE = Store()
# Something for ?s ?p ?o to find: the engine visits nobody for a join with nothing.
STORE.update('INSERT DATA { <a:s> <a:p> "a", true, 1, <a:o> }')


def engine_answers(text: str) -> set[tuple[str, ...]] | str:
    """What the engine makes of a text: its solutions, or the name of its exception."""
    try:
        results = STORE.query(text)
    except (SyntaxError, ValueError, RuntimeError, OSError) as error:
        return type(error).__name__
    try:
        return {tuple(map(str, row)) for row in results}  # type: ignore[union-attr, arg-type]
    except TypeError:
        return str(bool(results))
    except OSError:
        return "OSError"


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_no_service_clause_reaches_the_engine(attempt: str) -> None:
    with pytest.raises(ForbiddenQuery, match="SERVICE"):
        Query.parse(attempt.replace("{url}", "http://127.0.0.1:9999/")).engine_text()


@pytest.mark.parametrize("attempt", DISARMED)
def test_what_is_glued_to_the_word_before_it_is_disarmed(attempt: str, listening: Listener) -> None:
    before = listening.visits
    assert engine_answers(Query.parse(attempt.replace("{url}", listening.url)).engine_text()) == "SyntaxError"
    assert listening.visits == before


def test_the_engine_itself_would_go(listening: Listener) -> None:
    """If this fails the engine has changed, and the tests beside it prove nothing any more."""
    engine_answers(f"SELECT * {{ SERVICE <{listening.url}> {{ ?s ?p ?o }} }}")
    assert listening.visits > 0
    for text in (f"ASK {{ FILTER(?a<?b)SERVICE#>\n<{listening.url}>{{ ?s ?p ?o }} }}", DISARMED[0]):
        visits = listening.visits
        engine_answers(text.replace("{url}", listening.url))
        assert listening.visits > visits, text


def test_a_codepoint_escape_is_no_keyword_to_the_engine(listening: Listener) -> None:
    """What disarming rests upon."""
    before = listening.visits
    assert engine_answers(f"ASK {{ S\\u0045RVICE <{listening.url}> {{ ?s ?p ?o }} }}") == "SyntaxError"
    assert listening.visits == before


def test_service_clauses_are_found() -> None:
    query = Query.parse("# é\nSELECT * { SERVICE <a:é> { ?s ?p 'SERVICE' } OPTIONAL { service ?x {} } }")
    assert [query.text[span.start : span.end] for span in query.services] == [
        "SERVICE <a:é> { ?s ?p 'SERVICE' }",
        "service ?x {}",
    ]


word = st.sampled_from(["SERVICE", "service", "Service", "sErViCe", "\\u0053ERVICE", "servic\\u0065"])
plain_word = word.filter(lambda text: "\\" not in text)
name = st.builds(
    "{}{}{}".format, st.sampled_from(["", "my", "é"]), plain_word, st.sampled_from(["", "s", "_1"])
)
around = st.text(st.sampled_from("aé :/#?{}<>;.,-'\""), max_size=4)


def quoted(quote: str) -> st.SearchStrategy[str]:
    """String literals with the word in them."""
    inside = around.map(lambda text: text.replace(quote[0], "").replace("\\", ""))
    return st.builds("{1}{0}{2}{3}{1}".format, inside, st.just(quote), word, inside)


string = st.one_of(*(quoted(quote) for quote in ("'", '"', "'''", '"""')))
tagged = st.builds(
    "{}{}".format, string, st.sampled_from(["", "@service", "@en-service", "^^<a:service>", "^^SERVICE:x"])
)
iri = st.builds("<a:{}{}>".format, st.sampled_from(["", "x/", "it's", "?a#"]), word)
local = st.builds("{}:{}".format, st.sampled_from(["", "ex", "SERVICE", "service", "myService.x"]), name)
term = st.one_of(tagged, iri, local)
gap = st.one_of(st.just(" "), st.builds("# {}{}\n".format, around, word))


@st.composite
def harmless(draw: st.DrawFn) -> tuple[str, str]:
    """Queries full of the word, none of it a keyword; in two parts, before and from the last brace."""
    variable = draw(name)
    values = "".join(draw(st.lists(st.builds("{}{}".format, gap, term), min_size=1, max_size=6)))
    blank = draw(
        st.sampled_from(["", " OPTIONAL { _:service ?p _:aService }", " FILTER(?x<?service&&?service>?y)"])
    )
    prefixes = "".join(
        f"PREFIX {label}:{draw(gap)}<b:{label}>\n"
        for label in ("", "ex", "SERVICE", "service", "myService.x")
    )
    where = f"{{{draw(gap)}VALUES ?{variable} {{{values} }}{blank} "
    return f"{prefixes}SELECT ?{variable} WHERE {where}", "}" + draw(gap)


@settings(max_examples=150)
@given(harmless())
def test_the_word_elsewhere_is_not_refused_and_means_the_same(parts: tuple[str, str]) -> None:
    text = "".join(parts)
    query = Query.parse(text)
    answers = engine_answers(text)
    assume(not isinstance(answers, str))
    given_to_engine = query.engine_text()
    assert engine_answers(given_to_engine) == answers
    for found in re.finditer("service", given_to_engine, re.IGNORECASE):
        assert re.search(r"[?$@:_][\w.-]*\Z", given_to_engine[: found.start()]), given_to_engine


@settings(max_examples=150)
@given(
    harmless(),
    st.sampled_from([" ", "\n", "#x\n", "#>\n", ""]),
    st.sampled_from(["SERVICE", "service"]),
    st.booleans(),
)
def test_a_clause_among_harmless_words_is_refused(
    parts: tuple[str, str], space: str, keyword: str, silent: bool
) -> None:
    assume(not isinstance(engine_answers("".join(parts)), str))
    clause = f"{keyword}{' SILENT' if silent else ''}{space}<a:b> {{ ?s ?p ?o }}"
    with pytest.raises(ForbiddenQuery):
        Query.parse(f"{parts[0]}{clause}{parts[1]}").engine_text()


BEFORE = [
    "", " ", "?s ?p ?o.", "?s ?p ?o", "?s ?p true", "?s ?p 1", "<a:s> <a:p> <a:o>", "FILTER(1<2)",
    "FILTER(?a<?b)", "#\n", "#'\n", "#<\n", "BIND(1 AS ?x)", "?s ?p 'a'", "OPTIONAL{}", "{}UNION",
    "VALUES ?v{1}", "?s x:p ?o;", "FILTER(!EXISTS",
]  # fmt: skip
AFTER = ["", " ", "\n", "\t", "#\n", "#>\n", "#'\n", '#"\n', "# }\n", " SILENT ", " SILENT#>\n", "#'''\n"]
WORDS = ["SERVICE", "service", "sErViCe", "SERVICE", "\\u0053ERVICE"]
END = ["", " ", ".", "#'", "'", ">", "#>", ")", "FILTER(?c>?d)", "'''", '"', " # SERVICE", "?service ?p ?o"]
NOISE = list("<>#'\"\n ?:.\\@{}()$;1a")


@st.composite
def attempts(draw: st.DrawFn) -> str:
    """Queries with a clause, or nearly: put together from what often stands there, then hit once or twice."""
    pick = st.sampled_from
    parts = (draw(pick(choices)) for choices in (BEFORE, BEFORE, WORDS, AFTER, ["URL", "x:", ":"], AFTER))
    text = "".join(parts) + "{" + draw(pick(["", "?s ?p ?o"])) + "}" + draw(pick(END))
    for _ in range(draw(pick([0, 0, 1, 1, 2]))):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(pick(NOISE)) + text[place + draw(pick([0, 0, 1])) :]
    return f"PREFIX : URL PREFIX x: URL ASK {{{text}}}"


def test_whatever_is_let_through_visits_nobody(listening: Listener) -> None:
    unguarded = 0

    @settings(max_examples=600, database=None)
    @given(attempts())
    def check(attempt: str) -> None:
        nonlocal unguarded
        text = attempt.replace("URL", f"<{listening.url}>")
        before = listening.visits
        engine_answers(text)
        unguarded += listening.visits > before
        try:
            allowed = Query.parse(text).engine_text()
        except QueryError:
            return
        before = listening.visits
        engine_answers(allowed)
        assert listening.visits == before, allowed

    check()
    # Without the guard the engine would have gone there often: the attempts were worth refusing.
    assert unguarded > 12, unguarded
