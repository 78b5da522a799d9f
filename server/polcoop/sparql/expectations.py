"""What a syntax tree says should have stood where a text went wrong: read from the tables of its parser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tree_sitter import Language, Node

_MOST: Final = 6
"""More words than these help nobody."""

_GROUPS: Final = (
    ("a term", "< ' integer _:", "pn_prefix < : ' \" ''' \"\"\" _: ( [ true false integer"),
    ("an IRI", "pn_prefix < :", "pn_prefix < :"),
    ("an operator", "* / + - = !=", "* / + - = != < > <= >= || && IN NOT"),
    ("a string", "' \"", "' \" ''' \"\"\""),
    ("a variable", "var", "var"),
    ("an integer", "integer", "integer"),
)
"""Names for tokens that stand for one thing: the tokens that show that it is expected, and all that belong to
it.  The first that fits takes its tokens."""


def expected_in(error: Node, language: Language) -> tuple[int, str] | None:
    """Find the token at which an error of the tree begins.

    :param error: an ERROR node.
    :returns: the byte where the token begins, or ends before it, and what was expected there in words, empty
        if that is too much to say; None if the tree does not tell.
    """
    last: Node | None = None
    for leaf in _leaves(error):
        if leaf.parse_state and leaf.type not in _names(language, leaf.parse_state):
            return leaf.start_byte, _in_words(_names(language, leaf.parse_state))
        last = leaf
    if last is None or not last.next_parse_state:
        return None
    return last.end_byte, _in_words(_names(language, last.next_parse_state))


def _names(language: Language, state: int) -> set[str]:
    iterator = language.lookahead_iterator(state)
    return set(iterator.names()) if iterator else set()


def _in_words(names: set[str]) -> str:
    said = []
    for group, marks, members in _GROUPS:
        if names.issuperset(marks.split()):
            said.append(group)
            names = names.difference(members.split())
    # What is left of tokens: keywords and brackets. Rules of the grammar are in small letters.
    said = [repr(name) for name in sorted(names) if not name.strip("_").replace("_", "a").islower()] + said
    if not said or len(said) > _MOST:
        return ""
    return " or ".join(filter(None, (", ".join(said[:-1]), said[-1])))


def _leaves(node: Node) -> Iterator[Node]:
    """The tokens below a node, in order, without recursion."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current.child_count == 0:
            yield current
        waiting += reversed(current.children)
