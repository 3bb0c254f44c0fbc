"""The filters and tests of the sandbox: jinja2's own, each behind the budget.

Left out are `random` and `lipsum` (a run must be repeatable) and what makes web pages (`urlize`, `xmlattr`). A prompt is no web
page, so `tojson` writes plain JSON, and `dump` is another name for it, as in nunjucks.
"""

from __future__ import annotations

import functools
import html
import json
from collections.abc import Callable, Iterable
from typing import Any

from jinja2.filters import FILTERS, make_attrgetter
from jinja2.runtime import Undefined
from jinja2.tests import TESTS
from jinja2.utils import pass_environment

from workbench.templates.budget import ITEMS, Budget, OverBudget, current
from workbench.templates.growth import INT_BITS, bound_search, join_texts, operate, pad, percent_format, replace_text, text_of

Function = Callable[..., Any]

_PASS_ON = ("default", "d", "first", "last", "min", "max", "attr", "length", "count", "abs")
_LISTS = ("list", "sort", "unique", "reverse", "map", "select", "reject", "selectattr", "rejectattr", "groupby", "dictsort", "items")
_TEXTS = {"upper": 8_000_000, "lower": 8_000_000, "capitalize": 8_000_000, "truncate": 8_000_000,
          "title": 500_000, "wordcount": 500_000, "urlencode": 500_000, "striptags": 50_000}  # fmt: skip
"""Filters on one text, with the longest that each may be given: the lower ones split it or go over it again and again."""
WRAPPED_LINE = 50_000
"""Longest line that is wrapped: about 0.3 s on a slow machine."""


def filters() -> dict[str, Function]:
    """Every filter by its name, the sandbox's own (`~...`, which no template can name) included."""
    builtin: dict[str, Any] = FILTERS
    table: dict[str, Function] = {name: _stepping(builtin[name]) for name in _PASS_ON}
    table |= {name: _making(builtin[name]) for name in _LISTS}
    table |= {name: _on_text(builtin[name], longest) for name, longest in _TEXTS.items()}
    for function in (_batch, _center, _filesizeformat, _float, _format, _indent, _int, _join, _pprint, _replace, _round, _slice, _sum,
                     _string, _tojson, _trim, _wordwrap):  # fmt: skip
        table[function.__name__[1:]] = _stepping(function)
    table |= {"dump": table["tojson"], "safe": table["string"], "e": _stepping(_escape)}
    table |= {"escape": table["e"], "forceescape": table["e"]}
    table |= {"~each": _each, "~made": _made, "~step": _step, "~join": _concatenate}
    return table


def tests() -> dict[str, Function]:
    """Every test by its name."""
    return {name: _stepping(test) for name, test in TESTS.items()}


def _value_index(function: Function) -> int:
    return 1 if getattr(function, "jinja_pass_arg", None) is not None else 0


def _stepping(function: Any) -> Function:
    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        current().step()
        return function(*args, **kwargs)

    return guarded


def _making(function: Function) -> Function:
    at = _value_index(function)

    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        budget = current()
        budget.step()
        if len(args) > at and isinstance(args[at], str) and len(args[at]) > ITEMS:
            raise OverBudget(f"The template makes a list of more than {ITEMS:,} items.")
        return budget.made(function(*args, **kwargs))

    return guarded


def _on_text(function: Function, longest: int) -> Function:
    at = _value_index(function)

    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        budget = current()
        budget.step()
        text = text_of(budget, args[at])
        if len(text) > longest:
            raise OverBudget(f"The template uses a filter on a text of more than {longest:,} characters.")
        return budget.made(function(*args[:at], text, *args[at + 1 :], **kwargs))

    return guarded


def _each(value: Iterable[Any]) -> Any:
    return current().each(value)


def _made(value: Any) -> Any:
    budget = current()
    budget.step()
    return budget.made(value, item_bytes=8)


def _step(value: Any) -> Any:
    current().step()
    return value


def _concatenate(values: list[Any]) -> str:
    budget = current()
    budget.step()
    return join_texts(budget, "", values)


@pass_environment
def _join(environment: Any, value: Iterable[Any], d: Any = "", attribute: Any = None) -> str:
    budget = current()
    items = list(budget.each(value))
    if attribute is not None:
        items = list(map(make_attrgetter(environment, attribute), items))
    return join_texts(budget, text_of(budget, d), items)


@pass_environment
def _sum(environment: Any, iterable: Iterable[Any], attribute: Any = None, start: Any = 0) -> Any:
    budget, total = current(), start
    getter = None if attribute is None else make_attrgetter(environment, attribute)
    for item in iterable:
        total = operate(budget, "+", total, item if getter is None else getter(item))
    return total


def _replace(s: Any, old: Any, new: Any, count: int | None = None) -> str:
    budget = current()
    return replace_text(budget, text_of(budget, s), text_of(budget, old), text_of(budget, new), -1 if count is None else count)


def _trim(value: Any, chars: Any = None) -> str:
    budget = current()
    text = text_of(budget, value)
    bound_search(text, chars)
    return str(budget.made(text.strip(chars)))


def _center(value: Any, width: int = 80) -> str:
    budget = current()
    return pad(budget, "center", text_of(budget, value), width)


def _format(value: Any, *args: Any, **kwargs: Any) -> str:
    if args and kwargs:
        raise TypeError("format takes either positions or names, not both")
    budget = current()
    return percent_format(budget, text_of(budget, value), kwargs or args)


def _indent(s: Any, width: Any = 4, first: bool = False, blank: bool = False) -> str:
    budget = current()
    text = text_of(budget, s)
    one = text_of(budget, width) if isinstance(width, str) else " " * _small(width, "indent")
    budget.fits((len(text) + (text.count("\n") + text.count("\r") + 1) * len(one)) * 4)
    _few_lines(text)
    return str(budget.made(FILTERS["indent"](text, one, first, blank)))


@pass_environment
def _wordwrap(
    environment: Any, s: Any, width: int = 79, break_long_words: bool = True, wrapstring: Any = None, break_on_hyphens: bool = True
) -> str:
    budget = current()
    text = text_of(budget, s)
    _few_lines(text)
    lines, joint = text.splitlines(), environment.newline_sequence if wrapstring is None else text_of(budget, wrapstring)
    budget.fits(len(text) * len(joint))
    wrapped = []
    for line in lines:  # as jinja2 does, but with a step for each line, because wrapping one is a single long call
        budget.step()
        if len(line) > WRAPPED_LINE:
            raise OverBudget(f"The template wraps a line of more than {WRAPPED_LINE:,} characters.")
        wrapped.append(FILTERS["wordwrap"](environment, line, width, break_long_words, joint, break_on_hyphens))
    return join_texts(budget, joint, wrapped)


def _batch(value: Iterable[Any], linecount: int, fill_with: Any = None) -> Any:
    budget = current()
    return budget.each(map(budget.made, FILTERS["batch"](_items(budget, value), _small(linecount, "batch"), fill_with)))


def _slice(value: Iterable[Any], slices: int, fill_with: Any = None) -> Any:
    budget = current()
    return budget.each(map(budget.made, FILTERS["slice"](None, _items(budget, value), _small(slices, "slice"), fill_with)))


def _round(value: Any, precision: int = 0, method: Any = "common") -> Any:
    if abs(precision) > 300:
        raise OverBudget("The template rounds to more than 300 places.")
    return FILTERS["round"](value, precision, method)


def _int(value: Any, default: Any = 0, base: int = 10) -> Any:
    if isinstance(value, str) and len(value) > INT_BITS // 4:
        return default
    return FILTERS["int"](value, default, base)


def _float(value: Any, default: Any = 0.0) -> Any:
    return default if isinstance(value, str) and len(value) > INT_BITS // 4 else FILTERS["float"](value, default)


def _filesizeformat(value: Any, binary: bool = False) -> Any:
    return FILTERS["filesizeformat"](_float(value), binary)


def _string(value: Any) -> str:
    return text_of(current(), value)


def _escape(value: Any) -> str:
    budget = current()
    text = text_of(budget, value)
    budget.fits(len(text) * 6)
    return str(budget.made(html.escape(text)))


def _pprint(value: Any) -> Any:
    budget = current()
    if budget.weigh(value) > 200_000:
        raise OverBudget("The template prints a value of more than 200,000 characters.")
    return budget.made(FILTERS["pprint"](value))


def _tojson(value: Any, indent: int | None = None) -> str:
    budget = current()
    budget.fits(2 * budget.weigh(value))
    if isinstance(value, Undefined):
        return str(value)
    step = None if indent is None else min(_small(indent, "tojson"), 16)
    return str(budget.made(json.dumps(value, ensure_ascii=False, indent=step)))


def _items(budget: Budget, value: Iterable[Any]) -> Any:
    if isinstance(value, str) and len(value) > ITEMS:
        raise OverBudget(f"The template makes a list of more than {ITEMS:,} items.")
    return list(budget.each(value))


def _small(number: Any, name: str) -> int:
    if int(number) > 10_000:
        raise OverBudget(f"The number given to {name} is too large.")
    return int(number)


def _few_lines(text: str) -> None:
    if text.count("\n") + text.count("\r") > ITEMS:
        raise OverBudget(f"The template makes a list of more than {ITEMS:,} lines.")
