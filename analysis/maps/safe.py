"""Text from data is hostile: it is escaped for HTML and JSON, and no template can run it.

folium hands rendered text to Jinja a second time, so a name such as ``{{ … }}`` would run on the machine that draws
the map. Two layers hold, always both: every template of ours, and every one branca makes from a string, belongs to a
sandboxed environment; and no text from data reaches a page with a character that Jinja, HTML or JavaScript reads.
"""

from __future__ import annotations

import html
import json
import math
import re
from typing import Any

import branca.element
import jinja2
from folium.template import tojavascript
from jinja2.sandbox import ImmutableSandboxedEnvironment

_ENTITIES = {ord(c): f"&#{ord(c)};" for c in "$`\\{}"}
_JSON_UNSAFE = {ord(c): f"\\u{ord(c):04x}" for c in "<>&'$`{}\u2028\u2029"}
_JINJA_PAIR = re.compile(r"\{(?=[{%])|[}%](?=\})")
_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


class _Sandbox(ImmutableSandboxedEnvironment):
    """Sandboxed, with the one filter that folium's templates use."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["tojavascript"] = tojavascript


class SandboxedTemplate(jinja2.Template):
    """A Jinja template that cannot reach attributes, modules or files."""

    environment_class = _Sandbox


def seal() -> None:
    """Make branca compile every string it is handed in the sandbox; called when `analysis.maps` is imported."""
    branca.element.__dict__["Template"] = SandboxedTemplate


def text(value: object) -> str:
    """Escape a value for HTML text and attributes: what HTML reads, then dollar, backquote, backslash, braces.

    None and NaN give an empty string.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return html.escape(str(value)).translate(_ENTITIES)


def json_text(value: Any) -> str:
    """JSON for a data block inside a page: inside strings every character that HTML, Jinja or JS reads is a code.

    Parameters
    ----------
    value : JSON value
        NaN is refused (ValueError): missing is None.
    """
    raw = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)
    # inside a string a backslash only ever stands in an escape of json's own, so that one is rewritten first
    safe = _JSON_STRING.sub(lambda m: m[0].replace("\\\\", "\\u005c").translate(_JSON_UNSAFE), raw)
    # nested objects would otherwise put two braces side by side, which Jinja reads
    return _JINJA_PAIR.sub(r"\g<0> ", safe)
