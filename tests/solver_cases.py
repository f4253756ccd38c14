"""Small planning problems with everything in them, and their answers by enumeration, written apart from the solver."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
from hypothesis import strategies as st

from analysis.invest import make_problem

LADDER = (0.25, 0.6, 1.0)


@st.composite
def cases(draw, most=6, priorities=(0.0, 0.5, 1.0, 2.0)):
    """Zones of a few rows, three rungs, assets, weights, a priority, locks, and a budget that covers the locks."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows, size, assets = int(rng.integers(1, 7)), int(rng.integers(1, most + 1)), int(rng.integers(0, 3))
    start = np.sort(rng.choice([0.0, 0.0, 0.3, 0.5, 1.0], (rows, 3)), axis=1)[:, ::-1]
    case = {
        "people": rng.integers(0, 50, rows).astype(float),
        "row_weight": rng.choice([1.0, 2.0, 0.5], rows),
        "zone": np.sort(rng.integers(-1, 3, rows)),
        "start": start,
        "reach": [
            {int(row): float(rng.choice([0.25, 0.5, 0.8, 1.0])) for row in np.flatnonzero(rng.random(rows) < 0.6)}
            for _ in range(size)
        ],
        "level": rng.integers(-1, 3, size),
        "cost": rng.integers(1, 9, size).astype(float),
        "asset": rng.integers(-1, assets, size) if assets else np.full(size, -1),
        "asset_cost": rng.integers(0, 7, assets).astype(float),
        "priority": float(rng.choice(priorities)),
    }
    kind = rng.choice(3, size, p=[0.75, 0.125, 0.125]) if rng.random() < 0.5 else np.zeros(size, dtype=int)
    case["fixed"], case["barred"] = np.flatnonzero(kind == 1), np.flatnonzero(kind == 2)
    least = price(case, case["fixed"].tolist())
    case["budget"] = float(rng.integers(least, least + 1 + int(case["cost"].sum())))
    return case


def made(case):
    reach = case["reach"]
    names = ("cost", "level", "start", "row_weight", "zone", "priority", "asset", "asset_cost")
    return make_problem(
        case["people"],
        indptr=np.append(0, np.cumsum([len(one) for one in reach])),
        rows=[row for one in reach for row in sorted(one)],
        fraction=[one[row] for one in reach for row in sorted(one)],
        ladder=LADDER,
        **{name: case[name] for name in names},
    )


def price(case, chosen):
    """Own costs and each asset once."""
    assets = {int(case["asset"][j]) for j in chosen} - {-1}
    return sum(case["cost"][j] for j in chosen) + sum(case["asset_cost"][a] for a in assets)


def value_of_row(case, row, chosen):
    """Mean value of a person of the row: the row's people in a line, each with the best service that reaches them."""
    offers = [(case["reach"][j][row], case["level"][j]) for j in chosen if row in case["reach"][j]]
    edges = sorted({0.0, 1.0, *case["start"][row], *(fraction for fraction, _ in offers)})
    total = better = 0.0
    for low, high in pairwise(edges):
        had = sum(share >= high for share in case["start"][row]) - 1
        has = max([had, *(level for fraction, level in offers if fraction >= high)])
        total += (high - low) * (LADDER[has] if has >= 0 else 0.0)
        better += (high - low) * (has > had)
    return total, better


def utility(mean_value, priority, region):
    """Isoelastic utility of a zone, for a person of it (the integral from 0)."""
    x, m = mean_value + 0.05, region + 0.05
    if priority == 1.0:
        return m * (np.log(x) - np.log(0.05))
    return m**priority * (x ** (1 - priority) - 0.05 ** (1 - priority)) / (1 - priority)


def worth(case, chosen, *, priority=None, mask=None):
    """Aim of a choice over nothing, and the people better off."""
    eps = case["priority"] if priority is None else priority
    weight = case["people"] * case["row_weight"]
    whole = weight.sum()
    before = np.array([value_of_row(case, row, [])[0] for row in range(weight.size)])
    after, better = np.array([value_of_row(case, row, chosen) for row in range(weight.size)]).T
    seen = np.ones(weight.size, dtype=bool) if mask is None else mask
    region = weight @ before / whole if whole > 0 else 0.0
    total = 0.0
    for zone in np.unique(case["zone"]):
        own = (case["zone"] == zone) & seen
        if zone < 0 or eps == 0.0:
            total += weight[own] @ (after - before)[own]
        elif weight[own].sum() > 0:
            share = weight[own] / weight[own].sum()
            gain = utility(share @ after[own], eps, region) - utility(share @ before[own], eps, region)
            total += weight[own].sum() * gain
    return total, float(case["people"] @ better)


def choices(case):
    """Every choice that keeps to the locks and the budget."""
    free = [j for j in range(len(case["reach"])) if j not in {*case["fixed"].tolist(), *case["barred"].tolist()}]
    for size in range(len(free) + 1):
        for some in combinations(free, size):
            chosen = [*case["fixed"].tolist(), *some]
            if price(case, chosen) <= case["budget"] + 1e-9:
                yield chosen


def optimum(case):
    return max(worth(case, chosen)[0] for chosen in choices(case))
