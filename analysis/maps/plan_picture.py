"""The curve of people against money, with the bound over every other plan, as an inline picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.maps.drawings import named, picture
from analysis.maps.safe import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

WIDE, HIGH = 560, 280
LEFT, UP, RIGHT, DOWN = 64, 14, 16, 48
LOOKS: dict[str, tuple[str, str, tuple[int, ...]]] = {
    "people": ("people better off", "#0f5f57", (1, 0)),
    "gain": ("what they gain, in people's worth of service", "#1b2f8a", (7, 4)),
    "bound": ("the most worth that any plan could gain", "#b3260f", (2, 3)),
}
"""Words, colour and dashes of each line."""


def round_ticks(most: float, *, count: int = 5) -> list[float]:
    """Round ticks (1, 2 or 5 times a power of ten apart) from 0 up to the first at or above `most`, about `count`."""
    if not most > 0:
        return [0.0, 1.0]
    rough = most / count
    power = 10.0 ** np.floor(np.log10(rough))
    apart = next(times * power for times in (1, 2, 5, 10) if times * power >= rough * (1 - 1e-9))
    return [float(apart * place) for place in range(int(np.ceil(most / apart - 1e-9)) + 1)]


def short(value: float) -> str:
    """A round number in few letters: 1.5M, 20k, 300."""
    for size, letter in ((1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def plan_curves(plan: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    """Points (money, value) of each line, from nothing spent on; `LOOKS` names them."""
    money = np.append(0.0, plan["cumulative_cost"].to_numpy(np.float64))
    lines = {
        "people": np.append(0.0, plan["cumulative_people"].to_numpy(np.float64)),
        "gain": np.append(0.0, np.cumsum(plan["gain"].to_numpy(np.float64))),
        "bound": np.append(0.0, plan["bound"].to_numpy(np.float64)),
    }
    return {name: np.column_stack([money, values]) for name, values in lines.items()}


def curve_picture(plan: pd.DataFrame, record: Mapping[str, Any]) -> str:
    """The curve of people against money with the bound, and a line where the budget ends; empty without steps."""
    if plan.empty or not {"gain", "bound"} <= set(plan.columns):
        return ""
    curves, budget = plan_curves(plan), float(record["budget"])
    across = round_ticks(max(float(curves["people"][-1, 0]), budget))
    up = round_ticks(max(float(np.nanmax(points[:, 1])) for points in curves.values()))
    currency = str(record["currency"])
    inside = plan[plan["within_budget"].astype(bool)]
    caption = "People against money"
    desc = f"{len(inside)} sites for {record['cost']:,.0f} {currency} make {record['people']:,.0f} people better off."
    note = (
        "One build order for every budget: it is followed as far as the money goes. The upright line is the scenario's "
        f"budget. The bound is of worth, which is less than people where most had something before. {desc}"
    )
    drawing = _drawn(curves, across, up, budget=budget, words=(caption, desc, currency))
    return picture(caption, drawing, note=note)


def _drawn(
    curves: Mapping[str, NDArray[np.float64]],
    across: list[float],
    up: list[float],
    *,
    budget: float,
    words: tuple[str, str, str],
) -> str:
    def at(money: float, value: float) -> str:
        x = LEFT + money / across[-1] * (WIDE - LEFT - RIGHT)
        return f"{x:.1f},{UP + (1 - value / up[-1]) * (HIGH - UP - DOWN):.1f}"

    caption, desc, currency = words
    grid = "".join(
        f'<path d="M{at(tick, 0)}L{at(tick, up[-1])}" class="grid"/>'
        f'<text x="{at(tick, 0).split(",")[0]}" y="{HIGH - DOWN + 16}" text-anchor="middle" class="tick">'
        f"{short(tick)}</text>"
        for tick in across
    )
    grid += "".join(
        f'<path d="M{at(0, tick)}L{at(across[-1], tick)}" class="grid"/>'
        f'<text x="{LEFT - 6}" y="{float(at(0, tick).split(",")[1]) + 4:.1f}" text-anchor="end" class="tick">'
        f"{short(tick)}</text>"
        for tick in up
    )
    lines, legend = [], []
    for name, (said, colour, dashes) in LOOKS.items():
        look = f'fill="none" stroke="{colour}" stroke-width="2.5" stroke-dasharray="{" ".join(map(str, dashes))}"'
        points = " ".join(at(x, y) for x, y in _stepped(curves[name]) if np.isfinite(y))
        lines.append(f'<polyline points="{points}" {look}/>')
        legend.append((said, look))
    rule = f'<path d="M{at(budget, 0)}L{at(budget, up[-1])}" stroke="#14211f" stroke-width="1.5"/>'
    key = "".join(
        f'<li><svg width="30" height="10" aria-hidden="true"><path d="M0,5h30" {look}/></svg>'
        f"<span>{text(said)}</span></li>"
        for said, look in legend
    )
    middle = (LEFT + WIDE - RIGHT) / 2
    axis = f'<text x="{middle:.0f}" y="{HIGH - 10}" text-anchor="middle">Money spent ({text(currency)})</text>'
    return (
        f'<ul class="key plain">{key}</ul><svg class="curve" role="img" aria-labelledby="curve-t curve-d" '
        f'viewBox="0 0 {WIDE} {HIGH}">{named("curve", title=caption, desc=desc)}{grid}'
        f"{''.join(lines)}{rule}{axis}</svg>"
    )


def _stepped(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners of a line that stays level until the next step is paid."""
    out = np.repeat(points, 2, axis=0)[1:]
    out[1::2, 1] = points[:-1, 1] if len(points) > 1 else out[1::2, 1]
    out[1::2, 0] = points[1:, 0]
    return out
