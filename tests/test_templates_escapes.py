"""Known ways out of jinja2's sandbox: each ends in a sentence that names the line, and nothing of Python is reached."""

from __future__ import annotations

import time

import pytest

from workbench import templates
from workbench.values import BadInput

ESCAPES: dict[str, str] = {
    # CVE-2016-10745 and CVE-2019-10906: format strings that look into their arguments
    "format": "{{ '{0.__class__}'.format(x) }}",
    "format, a name": "{{ '{a.__class__.__mro__}'.format(a=x) }}",
    "format, an item": "{{ '{0[__class__]}'.format(x.__class__) }}",
    "format_map": "{{ '{a.__class__}'.format_map({'a': x}) }}",
    "format_map of a function": "{{ '{a.__globals__}'.format_map({'a': range}) }}",
    # CVE-2024-56326: format kept and called from elsewhere
    "format in a variable": "{% set f = '{0.__class__}'.format %}{{ f(x) }}",
    "format in a list": "{{ ['{0.__class__}'.format][0](x) }}",
    "format in a namespace": "{% set ns = namespace(f='{0.__class__}'.format) %}{{ ns.f(x) }}",
    "format through a macro": "{% macro m(f) %}{{ f(x) }}{% endmacro %}{{ m('{0.__class__}'.format) }}",
    "format through a filter": "{{ ('{0.__class__}'|attr('format'))(x) }}",
    "format through map": "{{ ['{0.__class__}']|map(attribute='format')|first }}",
    "format of format": "{{ '{0.__class__}'.format.format(x) }}",
    "format through call": "{% set f = '{0.__class__}'.format %}{{ f.__call__(x) }}",
    # CVE-2025-27516: attr reaches what a dot may not
    "attr": "{{ ''|attr('__class__') }}",
    "attr of format": "{{ ''|attr('format')|attr('__self__') }}",
    "attr, joined": "{{ ''|attr(['__', 'class', '__']|join) }}",
    "attr, reversed": "{{ ''|attr('__ssalc__'|reverse) }}",
    "attr, replaced": "{{ ''|attr('xxclassxx'|replace('x', '_')) }}",
    "attr, hexadecimal": r"{{ ''|attr('\x5f\x5fclass\x5f\x5f') }}",
    "attr, unicode escape": r"{{ ''|attr('\u005f\u005fclass\u005f\u005f') }}",
    "attr of a global": "{{ cycler|attr('__init__')|attr('__globals__') }}",
    # Attributes by all roads
    "a class": "{{ ''.__class__ }}",
    "a class of a list": "{{ [].__class__.__base__.__subclasses__() }}",
    "a class of a number": "{{ (1).__class__ }}",
    "a class of a mapping": "{{ {}.__class__ }}",
    "a class by item": "{{ ''['__class__'] }}",
    "a class by an escaped item": r"{{ ()['\x5f\x5fclass\x5f\x5f'] }}",
    "a class of a value": "{{ x.__class__ }}",
    "a class of a value in a list": "{{ things[0].__class__ }}",
    "a class by map": "{{ [x]|map(attribute='__class__')|list }}",
    "a class by selectattr": "{{ [x]|selectattr('__class__')|list }}",
    "a class by rejectattr": "{{ [x]|rejectattr('__class__.__name__', 'equalto', 'a')|list }}",
    "a class by sort": "{{ [x, x]|sort(attribute='__class__') }}",
    "a class by groupby": "{{ [x]|groupby('__class__') }}",
    "a class by unique": "{{ [x]|unique(attribute='__class__')|list }}",
    "a class by sum": "{{ [x]|sum(attribute='__class__') }}",
    "a class by max": "{{ [x, x]|max(attribute='__class__') }}",
    "a class in a set block": "{% set y = ''.__class__ %}{{ y }}",
    "a class in a condition": "{% if ''.__class__ %}yes{% endif %}",
    "a class in a loop": "{% for c in ''.__class__.__mro__ %}{{ c }}{% endfor %}",
    "mro": "{{ x.mro() }}",
    "a wide underscore": "{{ ''.\uff3f\uff3fclass\uff3f\uff3f }}",
    "a wide letter": "{{ ''.__\uff43lass__ }}",
    "a wide underscore by item": "{{ ''['\uff3f\uff3fclass\uff3f\uff3f'] }}",
    # Globals of other environments and of jinja2's own helpers
    "lipsum": "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "cycler": "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "joiner": "{{ joiner.__init__.__globals__ }}",
    "namespace": "{{ namespace.__init__.__globals__ }}",
    "range": "{{ range.__self__ }}",
    "dict": "{{ dict.__base__ }}",
    "dict mro": "{{ dict.mro() }}",
    "a made cycler": "{{ cycler(1).__class__ }}",
    "self": "{{ self._TemplateReference__context }}",
    "self, its class": "{{ self.__init__.__globals__ }}",
    "a macro": "{% macro m() %}{% endmacro %}{{ m.__call__.__func__ }}",
    "a macro's function": "{% macro m() %}{% endmacro %}{{ m._func }}",
    "a macro's environment": "{% macro m() %}{% endmacro %}{{ m._environment }}",
    "a caller": "{% macro m() %}{{ caller.__class__ }}{% endmacro %}{% call m() %}a{% endcall %}",
    "a loop": "{% for i in [1] %}{{ loop.__class__ }}{% endfor %}",
    "a loop's iterator": "{% for i in [1] %}{{ loop._iterable }}{% endfor %}",
    "flask's request": "{{ request.application.__globals__ }}",
    "flask's config": "{{ config.items() }}",
    "flask's url_for": "{{ url_for.__globals__.os.environ }}",
    # Frames of generators
    "a generator": "{{ ([1]|map('string')).gi_frame }}",
    "a generator by attr": "{{ ([1]|select)|attr('gi_code') }}",
    "a generator in format": "{{ '{0.gi_frame}'.format([1]|map('string')) }}",
    # Changing what others hold
    "append": "{{ things.append(1) }}",
    "pop": "{{ things.pop() }}",
    "clear": "{{ table.clear() }}",
    "update": "{{ table.update(a=1) }}",
    "setdefault": "{{ table.setdefault('a', 1) }}",
    "append by attr": "{{ (things|attr('append'))(1) }}",
    "append kept": "{% set f = things.append %}{{ f(1) }}",
    # Calls and files
    "a call of a value": "{{ x() }}",
    "a call of a class": "{{ x.__class__() }}",
    "eval": "{{ eval('1') }}",
    "include a file": "{% include '/etc/passwd' %}",
    "include by a value": "{% include x %}",
    "import a file": "{% import 'os' as os %}{{ os }}",
    "from": "{% from 'os' import system %}",
    "extends": "{% extends 'base' %}",
    "a block": "{% block a %}{% endblock %}",
    "do": "{% do things.append(1) %}",
    "i18n": "{% trans %}{{ x.__class__ }}{% endtrans %}",
    "debug": "{% debug %}",
    "autoescape": "{% autoescape false %}{{ x }}{% endautoescape %}",
    "an unknown filter": "{{ 'id'|system }}",
    "an unknown test": "{{ 'id' is system }}",
}  # fmt: skip


class Thing:
    """A value that nobody should look into."""

    secret = "secret"

    def __call__(self) -> str:
        return self.secret


@pytest.mark.parametrize("name", ESCAPES)
def test_a_way_out_of_the_sandbox_ends_in_a_sentence_with_its_line(name: str) -> None:
    thing, things, table = Thing(), [Thing()], {"b": 1}
    began = time.perf_counter()
    with pytest.raises(BadInput) as caught:
        templates.render_text(f"Hello\n{ESCAPES[name]}", {"x": thing, "things": things, "table": table})
    assert time.perf_counter() - began < 2
    assert len(things) == 1
    assert table == {"b": 1}
    assert caught.value.line == 2 or isinstance(caught.value, templates.MissingValues)
    assert "class '" not in caught.value.message
    assert Thing.secret not in caught.value.message


def test_there_are_more_than_forty() -> None:
    assert len(ESCAPES) > 80


@pytest.mark.parametrize(
    "text",
    [
        "{{ x" + "|upper" * 250 + " }}", "{{ " + "- " * 250 + "x }}", "{{ x" + "[0]" * 250 + " }}", "{{ " + "x + " * 400 + "x }}",
        "{{ " + "2 ** " * 400 + "x }}", "{{ x" + "()" * 300 + " }}", "{{ x" + "|upper" * 5000 + " }}", "{{ " + "not " * 5000 + "x }}",
    ],
)  # fmt: skip
def test_looking_at_a_long_expression_takes_no_longer_than_a_moment(text: str) -> None:
    began = time.process_time()
    templates.check(text)
    assert time.process_time() - began < 2
