"""Checks for XML and HTML. Answers are hostile until shown otherwise: nothing is fetched, no entity is expanded, all takes linear time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.parsers import expat

from workbench.evaluators.facts import Asked, Finding, Handler
from workbench.evaluators.outcomes import CannotRun, Invalid
from workbench.evaluators.texts import as_text
from workbench.quick_dataclass import dataclass

# A quote ends at the next `<`, which no attribute of XML may hold: so no text makes the search start over and over.
_TAG = re.compile(r"""<(/?)([A-Za-z_:][\w:.-]*+)((?:[^<>"']|"[^"<]*+"|'[^'<]*+')*+)>""")
_MARK = re.compile(r"<(?=[/!?A-Za-z_:])")
MOST_TAGS = 50_000


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_VOID = _set("area base br col embed hr img input link meta param source track wbr")
_RAW = frozenset(("script", "style", "textarea", "title"))
"""Elements whose content is text, whatever stands in it."""
_KNOWN = _VOID | _RAW | _set(
    "html head body article section nav aside h1 h2 h3 h4 h5 h6 header footer address p pre blockquote ol ul li dl dt dd figure "
    "figcaption main div a em strong small s cite q dfn abbr ruby rt rp data time code var samp kbd sub sup i b u mark bdi bdo span "
    "iframe object picture video audio map svg math noscript canvas ins del table caption colgroup tbody thead tfoot tr td th form "
    "label button select datalist optgroup option output progress meter fieldset legend details summary dialog menu slot "
    "template"
)  # fmt: skip
_ENDS_A_PARAGRAPH = _set(
    "address article aside blockquote details div dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr main menu nav ol p "
    "pre section table ul"
)
_WRAPPERS = frozenset(("html", "head", "body"))


@dataclass(frozen=True, slots=True)
class _Tag:
    start: int
    end: int
    name: str
    kind: str
    """`open`, `close` or `empty` (which ends itself)."""


def _tags(text: str, *, html: bool = False) -> Iterator[_Tag]:
    """The tags of a text, without those in comments and CDATA."""
    at, raw_end, count = 0, "", 0
    while (start := _MARK.search(text, at)) is not None:
        at = start.start()
        for begin, finish in (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")):
            if not raw_end and text.startswith(begin, at):
                end = text.find(finish, at + len(begin))
                at = len(text) if end < 0 else end + len(finish)
                break
        else:
            found = _TAG.match(text, at)
            if found is None:
                at += 1
                continue
            name = found[2].lower() if html else found[2]
            at = found.end()
            if raw_end and not (found[1] and name == raw_end):
                at = found.start() + 1
                continue
            kind = "close" if found[1] else "empty" if found[3].rstrip().endswith("/") or (html and name in _VOID) else "open"
            raw_end = name if html and kind == "open" and name in _RAW else ""
            count += 1
            if count > MOST_TAGS:
                raise CannotRun(f"The answer has more than {MOST_TAGS:,} tags, so it is not read.")
            yield _Tag(found.start(), found.end(), name, kind)


class _Required:
    """Which elements are asked for, as paths from the outermost (`order.item.name`, a number for one of several), and which came."""

    def __init__(self, paths: list[str]) -> None:
        self.missing = set(paths)
        self._steps = {path: _steps(path) for path in paths}
        self._stack: list[tuple[dict[str, int], dict[str, int]]] = [(dict.fromkeys(paths, 0), {})]
        """Of each open element: how many steps of which path lead to it, and how many children of a name it has so far."""

    def open(self, name: str) -> None:
        """An element begins."""
        reached, children = self._stack[-1]
        deeper: dict[str, int] = {}
        if reached:
            number = children[name] = children.get(name, -1) + 1
            for path, done in reached.items():
                wanted, index = self._steps[path][done]
                if wanted == name and index in (None, number):
                    if done + 1 == len(self._steps[path]):
                        self.missing.discard(path)
                    else:
                        deeper[path] = done + 1
        self._stack.append((deeper, {}))

    def close(self) -> None:
        """The innermost open element ends."""
        if len(self._stack) > 1:
            self._stack.pop()

    @property
    def lacking(self) -> str:
        return ", ".join(sorted(self.missing)[:5])


def _steps(path: str) -> list[tuple[str, int | None]]:
    steps: list[tuple[str, int | None]] = []
    for piece in path.split("."):
        if piece.isdecimal() and steps and steps[-1][1] is None and len(piece) < 10:
            steps[-1] = (steps[-1][0], int(piece))
        else:
            steps.append((piece, None))
    return steps


def _paths(value: Any) -> list[str]:
    """The paths of a check's value: a list, `a, b.c`, or `{"requiredElements": [...]}`."""
    if isinstance(value, Mapping) and isinstance(value.get("requiredElements"), list):
        value = value["requiredElements"]
    if isinstance(value, str):
        return [piece.strip() for piece in value.split(",") if piece.strip()]
    if isinstance(value, list):
        return [as_text(piece) for piece in value]
    if not value:
        return []
    raise Invalid("The elements that are asked for are a list, or paths such as order.item, parted by commas.")


class _Refused(Exception):
    """The answer holds something that is not read here."""


def is_xml(asked: Asked) -> Finding:
    """The whole answer is well-formed XML, with the elements that are asked for. Declarations inside a document type are refused."""
    required = _Required(_paths(asked.value))
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.namespace_prefixes = True

    def doctype(_name: str, _system: str | None, _public: str | None, has_subset: int) -> None:
        if has_subset:  # entities that grow (a billion laughs) and files of this computer come from there
            raise _Refused

    def opened(name: str, _attributes: Any) -> None:
        parts = name.split(" ")
        required.open(f"{parts[2]}:{parts[1]}" if len(parts) == 3 and parts[2] else parts[1] if len(parts) > 1 else name)

    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = opened
    parser.EndElementHandler = lambda _name: required.close()
    try:
        parser.Parse(asked.text.encode("utf-8", "surrogatepass"), True)
    except _Refused:
        return False, "The answer declares entities or elements in its document type, which is not read here."
    except expat.ExpatError as error:
        words = expat.ErrorString(error.code)
        return False, f"The answer is not valid XML: line {error.lineno}, column {error.offset + 1}: {words}."
    return _complete(required, "The answer is valid XML.")


def contains_xml(asked: Asked) -> Finding:
    """Somewhere in the answer stand elements with a beginning and an end, and among them those that are asked for."""
    tags = list(_tags(asked.text))
    spans: list[tuple[int, int]] = []
    """Indices of tags: the first and the last of each whole element that lies in no other."""
    open_at: list[int] = []
    for index, tag in enumerate(tags):
        if tag.kind == "open":
            open_at.append(index)
            continue
        first = index
        if tag.kind == "close":
            if not open_at or tags[open_at[-1]].name != tag.name:
                open_at.clear()
                continue
            first = open_at.pop()
        while spans and spans[-1][0] >= first:
            spans.pop()
        spans.append((first, index))
    if not spans:
        return False, "The answer contains no XML."
    required = _Required(_paths(asked.value))
    for first, last in spans:
        for tag in tags[first : last + 1]:
            if tag.kind != "close":
                required.open(tag.name)
            if tag.kind != "open":
                required.close()
    return _complete(required, "The answer contains XML.")


def _complete(required: _Required, good: str) -> Finding:
    return (False, f"The XML lacks {required.lacking}.") if required.missing else (True, good)


def is_html(asked: Asked) -> Finding:
    """The whole answer is HTML: elements that HTML knows, and no text outside of them."""
    text = asked.text.strip()
    if not text:
        return False, "The answer is empty."
    if text[:5].lower() == "<?xml":
        return False, "The answer is XML, not HTML."
    at, known, bare = 0, False, False
    stack: list[str] = []
    held: dict[str, int] = {}
    """How often each name stands on the stack, so that an end without a beginning costs nothing."""

    def pop_to(name: str) -> None:
        while stack:
            last = stack.pop()
            held[last] -= 1
            if last == name:
                return

    has_body = False
    for tag in _tags(text, html=True):
        bare = bare or (not stack and _is_text(text[at : tag.start]))
        at = tag.end
        has_body = has_body or tag.name == "body"
        if tag.kind == "close":
            if held.get(tag.name):
                pop_to(tag.name)
            continue
        known = known or tag.name in _KNOWN or "-" in tag.name
        if tag.name in _ENDS_A_PARAGRAPH and stack and stack[-1] == "p":
            pop_to("p")
        if tag.kind == "open" and tag.name not in _WRAPPERS:
            stack.append(tag.name)
            held[tag.name] = held.get(tag.name, 0) + 1
    bare = bare or (not stack and _is_text(text[at:]))
    if not known:
        return False, "The answer has no element that HTML knows."
    if bare and not has_body:
        return False, "The answer has text outside of HTML elements."
    return True, "The answer is HTML."


_UNSEEN = re.compile(r"\s*+(?:(<!--)|<![A-Za-z][^<>]*+>)?")


def _is_text(piece: str) -> bool:
    """True for what a reader sees: more than spaces, comments and declarations."""
    at = 0
    while at < len(piece):
        found = _UNSEEN.match(piece, at)
        if found is None or found.end() == at:
            return True
        at = found.end()
        if found[1]:
            end = piece.find("-->", at)
            at = len(piece) if end < 0 else end + 3
    return False


_NAME = r"[a-zA-Z][a-zA-Z0-9-]*"
_SIGNS = [
    (re.compile(pattern), weight)
    for pattern, weight in (
        (rf"<{_NAME}(?:\s[^<>]*)?/>", 1),
        (r"&(?:[a-zA-Z]+|#[0-9]+|#x[0-9a-fA-F]+);", 1),
        (r"(?i:<!DOCTYPE\s+html)", 2),
        (r"\s[a-zA-Z-]++=\s*+[\"'][^\"']*+[\"']", 1),
        (r"(?i:<(?:html|head|body|div|span|p|a|img|h[1-6]|ul|ol|li|table|tr|td|th|form|input|button|script|style|link|meta|br|hr)\b)", 2),
        (rf"<{_NAME}(?:\s[^<>]*)?>", 1),
        (rf"</{_NAME}\s*>", 1),
    )
]
"""What looks like HTML, and how much it says."""


def contains_html(asked: Asked) -> Finding:
    """The answer holds HTML: one well-known tag, or two lesser signs (an entity, an attribute, a comment, a tag of another name)."""
    points = sum(weight for pattern, weight in _SIGNS if pattern.search(asked.text))
    comment = asked.text.find("<!--")
    points += comment >= 0 and asked.text.find("-->", comment + 4) >= 0
    return points >= 2, "The answer contains HTML." if points >= 2 else "The answer contains no HTML."


HANDLERS: dict[str, Handler] = {"is-xml": is_xml, "contains-xml": contains_xml, "is-html": is_html, "contains-html": contains_html}
