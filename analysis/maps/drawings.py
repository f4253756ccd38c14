"""Inline pictures without a script: stacked bars that keep their letters on a narrow page, and Lorenz curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.maps.palette import UNKNOWN, UNKNOWN_LINE, rgb
from analysis.maps.safe import text

if TYPE_CHECKING:
    from collections.abc import Sequence

ROW = 44
"""Pixels from one bar to the next; its words stand above it."""

BAR = 18
HEADING = 30
TILE = 8
MOST_LETTERS = 34
"""Of the words above a bar, so that they keep clear of the figure at its end on a narrow page."""

RISING, FALLING = "M-2,2l4,-4M0,8l8,-8M6,10l4,-4", "M-2,6l4,4M0,0l8,8M6,-2l4,4"


@dataclass(frozen=True)
class Bar:
    """One bar of a stack.

    Attributes
    ----------
    label, value : str
        Words at its left and right end.
    parts : tuple of (share from 0 to 1, fill, words)
        From left to right; a fill is a colour ``#rrggbb`` or ``url(#id)``.
    heading : str
        Stands above the bar where a new kind of bars begins.
    """

    label: str
    value: str
    parts: tuple[tuple[float, str, str], ...]
    heading: str = ""


def texture(name: str, colour: str, *, over: str) -> str:
    """A pattern for parts of bars; grey (`UNKNOWN`) is hatched as not known everywhere else.

    Parameters
    ----------
    name : str
        Its id in the page.
    colour : str
        Six hexadecimal digits.
    over : str
        ``""`` (nothing), ``stripes`` or ``dots``.
    """
    ink = "#14211f" if _light(colour) else "#ffffff"
    drawn = f'<rect width="{TILE}" height="{TILE}" fill="#{colour}"/>'
    if colour == UNKNOWN:
        drawn += f'<path d="{RISING}" stroke="#{UNKNOWN_LINE}" stroke-width="1.2"/>'
    if over == "stripes":
        drawn += f'<path d="{FALLING}" stroke="{ink}" stroke-width="2.2" stroke-opacity=".75"/>'
    if over == "dots":
        drawn += f'<circle cx="2" cy="2" r="1.3" fill="{ink}"/><circle cx="6" cy="6" r="1.3" fill="{ink}"/>'
    return f'<pattern id="{name}" width="{TILE}" height="{TILE}" patternUnits="userSpaceOnUse">{drawn}</pattern>'


def _light(colour: str) -> bool:
    red, green, blue = rgb(colour)
    return 0.299 * red + 0.587 * green + 0.114 * blue > 128


def swatches(items: Sequence[tuple[str, str]]) -> str:
    """A legend: (fill, words) each; the fill may be a texture of a picture of the same page."""
    lines = (
        f'<li><svg width="28" height="14" aria-hidden="true"><rect width="28" height="14" fill="{fill}"/></svg>'
        f"<span>{text(words)}</span></li>"
        for fill, words in items
    )
    return f'<ul class="key">{"".join(lines)}</ul>'


def named(key: str, *, title: str, desc: str) -> str:
    """What a screen reader says of a picture; its ids are `key` with -t and -d."""
    return f'<title id="{key}-t">{text(title)}</title><desc id="{key}-d">{text(desc)}</desc>'


def stacked_bars(bars: Sequence[Bar], *, key: str, title: str, desc: str, textures: Sequence[str] = ()) -> str:
    """Bars of equal length, each cut into its shares: the letters stay as large on a narrow page.

    Parameters
    ----------
    bars : sequence of Bar
        From top to bottom.
    key : str
        Beginning of the ids.
    title, desc : str
        What the picture is and shows, for who does not see it.
    textures : sequence of str
        Patterns that the parts refer to, see `texture`.

    Returns
    -------
    str
        An ``<svg>``; every text is escaped here.
    """
    drawn: list[str] = []
    top = 0
    for bar in bars:
        if bar.heading:
            top += HEADING
            drawn.append(f'<text x="0" y="{top - 8}" class="head">{text(bar.heading)}</text>')
        drawn.append(_bar(bar, top))
        top += ROW
    ticks = "".join(
        f'<line x1="{at}%" x2="{at}%" y1="0" y2="{top}" class="grid"/>'
        f'<text x="{at}%" y="{top + 16}" text-anchor="{anchor}" class="tick">{at} %</text>'
        for at, anchor in ((0, "start"), (25, "middle"), (50, "middle"), (75, "middle"), (100, "end"))
    )
    return (
        f'<svg class="bars" role="img" aria-labelledby="{key}-t {key}-d" width="100%" height="{top + 22}">'
        f"{named(key, title=title, desc=desc)}<defs>{''.join(textures)}</defs>{ticks}{''.join(drawn)}</svg>"
    )


def _bar(bar: Bar, top: int) -> str:
    parts: list[str] = []
    label = bar.label if len(bar.label) <= MOST_LETTERS else f"{bar.label[: MOST_LETTERS - 1].rstrip()}…"
    at = 0.0
    for share, fill, words in bar.parts:
        if share > 0:
            parts.append(
                f'<rect x="{100 * at:.3f}%" y="{top + 16}" width="{100 * share:.3f}%" height="{BAR}" fill="{fill}">'
                f"<title>{text(words)}</title></rect>"
            )
        at += share
    return (
        f'<text x="0" y="{top + 12}">{text(label)}</text>'
        f'<text x="100%" y="{top + 12}" text-anchor="end">{text(bar.value)}</text>{"".join(parts)}'
    )


@dataclass(frozen=True)
class Curve:
    """One Lorenz curve: words of its legend, colour ``#rrggbb``, whether dashed, points (people, value) from 0 to 1."""

    words: str
    colour: str
    dashed: bool
    points: tuple[tuple[float, float], ...]


SIDE = 340
LEFT, UP = 52, 14


def lorenz_curves(curves: Sequence[Curve], *, key: str, title: str, desc: str, axes: tuple[str, str]) -> str:
    """Lorenz curves under the line of equal shares, with axes in percent and their names, as an ``<svg>``.

    Parameters
    ----------
    curves : sequence of Curve
    key, title, desc : str
        As for `stacked_bars`.
    axes : (str, str)
        What runs to the right and up.
    """

    def point(people: float, value: float) -> str:
        return f"{LEFT + people * SIDE:.1f},{UP + (1 - value) * SIDE:.1f}"

    grid = "".join(
        f'<path d="M{point(part, 0)}L{point(part, 1)}M{point(0, part)}L{point(1, part)}" class="grid"/>'
        f'<text x="{LEFT + part * SIDE:.0f}" y="{UP + SIDE + 16}" text-anchor="middle" class="tick">{part:.0%}</text>'
        f'<text x="{LEFT - 6}" y="{UP + (1 - part) * SIDE + 4:.0f}" text-anchor="end" class="tick">{part:.0%}</text>'
        for part in (0, 0.2, 0.4, 0.6, 0.8, 1)
    )
    lines, legend = [f'<path d="M{point(0, 0)}L{point(1, 1)}" class="equal"/>'], [("equal shares", 'class="equal"')]
    for curve in curves:
        dashes = ' stroke-dasharray="7 4"' if curve.dashed else ""
        look = f'fill="none" stroke="{curve.colour}" stroke-width="2.5"{dashes}'
        lines.append(f'<polyline points="{" ".join(point(*at) for at in curve.points)}" {look}/>')
        legend.append((curve.words, look))
    rows = "".join(
        f'<path d="M{LEFT + 14},{UP + 20 + 20 * place}h26" {look}/>'
        f'<text x="{LEFT + 46}" y="{UP + 24 + 20 * place}">{text(words)}</text>'
        for place, (words, look) in enumerate(legend)
    )
    middle = UP + SIDE / 2
    names = (
        f'<text x="{LEFT + SIDE / 2:.0f}" y="{UP + SIDE + 36}" text-anchor="middle">{text(axes[0])}</text>'
        f'<text transform="translate(12,{middle:.0f}) rotate(-90)" text-anchor="middle">{text(axes[1])}</text>'
    )
    return (
        f'<svg class="lorenz" role="img" aria-labelledby="{key}-t {key}-d" viewBox="0 0 {LEFT + SIDE + 22} '
        f'{UP + SIDE + 44}">{named(key, title=title, desc=desc)}{grid}{"".join(lines)}{rows}{names}</svg>'
    )


def picture(caption: str, drawing: str, *, note: str = "", key: str = "") -> str:
    """A drawing with its caption, legend and a sentence; caption and note are escaped here, the rest is ours."""
    small = f"<small>{text(note)}</small>" if note else ""
    return f'<figure class="picture"><figcaption>{text(caption)}{small}</figcaption>{key}{drawing}</figure>'
