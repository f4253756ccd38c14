"""The page around a map: one file, nothing asked of anybody, only our own scripts allowed to run."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar

import folium
from branca.element import Figure, MacroElement

from analysis.maps.safe import SandboxedTemplate, seal

seal()

MAP_ID = "gapmap"


@cache
def asset(name: str) -> str:
    """Text of a file of this package, such as ``assets/map.js``."""
    return files("analysis.maps").joinpath(*name.split("/")).read_text(encoding="utf-8")


class OfflineMap(folium.Map):
    """folium's map without a single outside script, style or tile."""

    default_js: ClassVar[list[tuple[str, str]]] = []
    default_css: ClassVar[list[tuple[str, str]]] = []
    _template = SandboxedTemplate(
        "{% macro html(this, kwargs) %}"
        '<div class="folium-map" id="{{ this.get_name() }}" role="region" aria-label="Map"></div>'
        "{% endmacro %}"
        "{% macro script(this, kwargs) %}"
        "const {{ this.get_name() }} = L.map({{ this.get_name()|tojson }}, {{ this.options|tojavascript }});\n"
        "gapmap.start({{ this.get_name() }});"
        "{% endmacro %}"
    )

    def __init__(self) -> None:
        super().__init__(tiles=None, zoom_snap=0.25, zoom_delta=0.5, prefer_canvas=True)
        self._id = MAP_ID

    def render(self, **kwargs: Any) -> None:
        """Render without the header script that folium adds: it would need an exception in the policy."""
        MacroElement.render(self, **kwargs)


class Page(Figure):
    """A whole document in which the map stands; its parts are safe HTML already.

    Parameters
    ----------
    parts : dict
        ``title``, ``banner``, ``header``, ``below`` (escaped HTML), ``data`` (safe JSON), ``body`` (class of the body).
    more : tuple of str
        Names of further scripts of this package, run before the map's own, and of further styles.
    """

    _template = SandboxedTemplate(
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="{{ this.policy() }}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        "<title>{{ this.parts.title }}</title>\n"
        "{% for style in this.styles %}<style>{{ style }}</style>\n{% endfor %}</head>\n"
        '<body class="{{ this.parts.body }}">\n{{ this.parts.banner }}\n{{ this.parts.header }}\n'
        '<main class="stage"><div class="map-box">{{ this.html.render() }}</div>\n'
        '<aside class="panel" aria-label="Layers and legend">'
        '<section id="layers"><label for="layer">Show on the map</label><select id="layer"></select></section>'
        '<section id="legend" aria-live="polite"></section>'
        '<fieldset id="overlays"><legend>On top</legend></fieldset></aside></main>\n'
        "{{ this.parts.below }}\n"
        '<script type="application/json" id="gapmap-data">{{ this.parts.data }}</script>\n'
        "{% for script in this.scripts() %}<script>{{ script }}</script>\n{% endfor %}</body>\n</html>\n"
    )

    def __init__(self, parts: dict[str, str], *, more: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.parts = parts
        self.more = [name for name in more if name.endswith(".js")]
        styles = ("vendor/leaflet/leaflet.css", "assets/map.css", *(name for name in more if name.endswith(".css")))
        self.styles = [asset(name) for name in styles]
        self.add_child(OfflineMap(), name="map")

    def scripts(self) -> list[str]:
        """The scripts of the page, all ours, in order."""
        parts = ("assets/wifi.js", "assets/zones.js", "assets/plan.js", *self.more, "assets/map.js")
        return [*(asset(name) for name in ("vendor/leaflet/leaflet.js", *parts)), self.script.render().strip()]

    def policy(self) -> str:
        """Content security policy: no request at all, and only scripts with the hashes of ours run."""
        hashes = [hashlib.sha256(script.encode()).digest() for script in self.scripts()]
        allowed = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in hashes)
        return (
            f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
            "base-uri 'none'; form-action 'none'"
        )
