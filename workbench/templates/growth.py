"""Operators, string methods and formatting that can make something bigger: each asks the budget before it works."""

from __future__ import annotations

import operator
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jinja2.exceptions import SecurityError
from jinja2.runtime import Undefined

from workbench.templates.budget import ITEMS, Budget, OverBudget

INT_BITS = 4096
PADDING = 100_000
"""Widest padding: nobody centres a prompt in a million columns."""
SEARCH_STEPS = 50_000_000
"""About 0.05 s."""

_DIRECTIVE = re.compile(r"%(?:\((?P<key>[^)]*)\))?[#0\- +]*(?P<width>\*|\d+)?(?:\.(?P<precision>\*|\d+))?[hlL]?(?P<kind>.)?", re.S)
_EMPTY_TEXT = sys.getsizeof("")
_DIGITS = re.compile(r"\d+")

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "**": operator.pow,
    "%": operator.mod,
}


def text_of(budget: Budget, value: Any) -> str:
    """The value as text, the way a template writes it. Raises OverBudget before a container gets too long."""
    if type(value) is str:
        return value
    if isinstance(value, (str, Undefined, int, float)) or value is None:
        return str(value)
    if hasattr(value, "__next__"):
        raise TypeError("this is a list that is made step by step; write |list or |join behind it")
    if isinstance(value, (list, tuple, dict, set, frozenset)) or hasattr(value, "_Namespace__attrs"):
        budget.fits(4 * budget.weigh(value))  # a character may be written as an escape of four times its size
    return str(budget.made(str(value)))


def operate(budget: Budget, sign: str, left: Any, right: Any) -> Any:
    """`left sign right`, within the budget."""
    budget.step()
    if isinstance(left, int) and isinstance(right, int):
        if sign == "**" and right > 0 and left.bit_length() * right > INT_BITS:
            raise OverBudget("The template calculates a number with more than 1,000 digits.")
        if left.bit_length() + right.bit_length() > INT_BITS:
            raise OverBudget("The template calculates a number with more than 1,000 digits.")
        return _OPERATORS[sign](left, right)
    if sign == "*" and not isinstance(left, (float, Undefined)) and not isinstance(right, (float, Undefined)):
        times, one = (left, right) if isinstance(left, int) else (right, left)
        if isinstance(times, int) and times > 0:
            head = _EMPTY_TEXT if isinstance(one, str) else 0  # a long text has one head, however often its characters are repeated
            budget.fits((budget.weigh(one) - head) * times)
    elif sign == "+" and isinstance(left, (str, list, tuple)) and isinstance(right, (str, list, tuple)):
        budget.fits(budget.weigh(left) + budget.weigh(right))
    elif sign == "%" and isinstance(left, str):
        return percent_format(budget, left, right)
    return budget.made(_OPERATORS[sign](left, right), item_bytes=8)


def percent_format(budget: Budget, text: str, values: Any) -> str:
    """`text % values`, within the budget."""
    directives, width = 0, 0
    for match in _DIRECTIVE.finditer(text):
        directives += 1
        for number in (match["width"], match["precision"]):
            if number == "*" or (number and (len(number) > 6 or int(number) > PADDING)):
                raise OverBudget("A width in a format is too large.")
            width += int(number or 0)
    if isinstance(values, Mapping):
        size = max((budget.weigh(value) for value in values.values()), default=0) * directives
    else:
        size = sum(budget.weigh(value) for value in (values if isinstance(values, tuple) else (values,)))
    budget.fits(budget.weigh(text) + size + width)
    return str(budget.made(text % values))


def brace_field(budget: Budget, value: Any, spec: str) -> str:
    """`format(value, spec)`, within the budget."""
    budget.step()
    for digits in _DIGITS.findall(spec):
        if len(digits) > 6 or int(digits) > PADDING:
            raise OverBudget("A width in a format is too large.")
    if not isinstance(value, (str, int, float, Undefined)) and value is not None:
        value = text_of(budget, value)
    return str(budget.made(format(value, spec)))


def join_texts(budget: Budget, separator: str, items: Sequence[Any]) -> str:
    """The items as text with the separator between them, within the budget."""
    texts = [text_of(budget, item) for item in items]
    budget.fits(sum(map(budget.weigh, texts)) + budget.weigh(separator) * len(texts))
    return str(budget.made(separator.join(texts)))


def replace_text(budget: Budget, text: str, old: str, new: str, count: int = -1) -> str:
    """`text.replace(old, new, count)`, within the budget."""
    times = text.count(old) if count < 0 else min(count, text.count(old))
    # One wide character makes the whole text wide: four bytes for each of its characters.
    budget.fits((len(text) + times * len(new)) * max(_char_bytes(budget, text), _char_bytes(budget, new)))
    return str(budget.made(text.replace(old, new, count)))


def pad(budget: Budget, name: str, text: str, width: int, *fill: str) -> str:
    """`text.name(width, fill)` for center, ljust, rjust, zfill and expandtabs, within the budget."""
    budget.fits((len(text) + max(int(width), 0)) * 4 if name != "expandtabs" else len(text) * 4 * max(int(width), 1))
    return str(budget.made(getattr(text, name)(width, *fill)))


def _char_bytes(budget: Budget, text: str) -> int:
    return 1 if text.isascii() else 4


def bound_search(text: str, wanted: Any) -> None:
    """Raises OverBudget where a search in this text, from its end or for any of these characters, could take as many steps as the
    product of both lengths. (A search from the front takes their sum.)"""
    if isinstance(wanted, str) and len(text) * len(wanted) > SEARCH_STEPS:
        raise OverBudget("The template looks for a text that is too long in one that is too long.")


def _split(budget: Budget, text: str, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    separator = args[0] if args else kwargs.get("sep")
    if name == "rsplit":
        bound_search(text, separator)
    wanted = args[1] if len(args) > 1 else kwargs.get("maxsplit", -1)
    limit = ITEMS + 1 if wanted < 0 else min(wanted, ITEMS + 1)
    return _not_too_many(budget, getattr(text, name)(separator, limit))


def _splitlines(budget: Budget, text: str, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if sum(map(text.count, "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")) > ITEMS:
        raise OverBudget(f"The template makes a list of more than {ITEMS:,} items.")
    return _not_too_many(budget, text.splitlines(*args, **kwargs))


def _not_too_many(budget: Budget, items: list[str]) -> Any:
    if len(items) > ITEMS:
        raise OverBudget(f"The template makes a list of more than {ITEMS:,} items.")
    return budget.made(items)


def _replace(budget: Budget, text: str, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return replace_text(budget, text, *args, **kwargs)


def _join(budget: Budget, text: str, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    (items,) = args
    return join_texts(budget, text, list(budget.each(items)))


def _pad(budget: Budget, text: str, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return pad(budget, name, text, *(args or (kwargs.get("tabsize", 8),)))


_GROWING: dict[str, Callable[[Budget, str, str, tuple[Any, ...], dict[str, Any]], Any]] = {
    "split": _split, "rsplit": _split, "splitlines": _splitlines, "replace": _replace, "join": _join,
    "center": _pad, "ljust": _pad, "rjust": _pad, "zfill": _pad, "expandtabs": _pad,
}  # fmt: skip

_TEXT_METHODS = """
upper lower title capitalize swapcase casefold strip lstrip rstrip startswith endswith find rfind index rindex count
isalpha isdigit isalnum isspace isupper islower istitle isnumeric isdecimal isidentifier isascii isprintable
removeprefix removesuffix partition rpartition
"""
_STEEP = frozenset({"rfind", "rindex", "rpartition", "strip", "lstrip", "rstrip"})
_HARMLESS: dict[type, frozenset[str]] = {
    str: frozenset(_TEXT_METHODS.split()),
    dict: frozenset({"copy", "get", "items", "keys", "values"}),
    list: frozenset({"copy", "count", "index"}),
    tuple: frozenset({"count", "index"}),
    range: frozenset({"count", "index"}),
    int: frozenset({"bit_count", "bit_length"}),
    float: frozenset({"is_integer"}),
}


def call_method(budget: Budget, method: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a method of a text, list or mapping returns, within the budget. Raises SecurityError for all other methods."""
    owner, name = method.__self__, method.__name__
    if isinstance(owner, str) and name in _GROWING:
        return _GROWING[name](budget, str(owner), name, args, kwargs)
    for kind, names in _HARMLESS.items():
        if isinstance(owner, kind):
            if name in names:
                if isinstance(owner, str) and name in _STEEP and args:
                    bound_search(owner, args[0])
                result = method(*args, **kwargs)
                return result if name == "get" else budget.made(result)
            break
    raise SecurityError(f"the method {name} cannot be used in a prompt")
