"""Longley–Rice against published results, against itmlogic 1.2 and by hand; clutter against proplib-p2108 1.1.0."""

from __future__ import annotations

import math

import numpy as np
import pytest
import rasterio
from conftest import shared
from hypothesis import given
from hypothesis import strategies as st
from itm_paths import across, published, synthetic, table

from analysis.radio.clutter import clutter_loss_db
from analysis.radio.itm import Medium, free_space_db, itm_loss
from analysis.radio.itm_profile import SCRATCH, Link, mean_height, read_profile
from analysis.radio.itm_variability import climate_constants, median_gain
from geo.errors import RangeError

FLAT = {"frequency_mhz": 900.0, "base_height_m": 30.0, "mobile_height_m": 1.5}

# Published with the model's Fortran code (qkpflanx.txt): rows 1, 10, 50, 90, 99 % of time, columns 50, 90, 10 % of
# situations; surface refractivity 314 at the path itself. (MHz, heights) of each test.
QKPFL = {
    (41.5, 143.9, 8.5): [
        [128.6, 137.6, 119.6],
        [132.2, 140.8, 123.5],
        [135.8, 144.3, 127.2],
        [138.0, 146.5, 129.4],
        [139.7, 148.4, 131.0],
    ],
    (573.3, 194.0, 9.1): [
        [144.3, 154.1, 134.4],
        [150.9, 159.5, 142.3],
        [157.6, 165.7, 149.4],
        [161.6, 169.9, 153.3],
        [164.9, 173.6, 156.2],
    ],
}


@pytest.fixture(scope="session")
def porto_alegre():
    with rasterio.open(shared("porto-alegre") / "poa_elevation.tif") as file:
        return file.read(1)


@pytest.mark.parametrize("case", QKPFL)
def test_crystal_palace_to_mursley_as_published(case):
    mhz, base, mobile = case
    heights, spacing = published("crystal-palace")
    at_path = 314 * math.exp(mean_height(np.array(heights), len(heights) - 1) / 9460)
    for time, row in zip((0.01, 0.1, 0.5, 0.9, 0.99), QKPFL[case], strict=True):
        for situation, expected in zip((0.5, 0.9, 0.1), row, strict=True):
            loss = itm_loss(
                heights,
                spacing_m=spacing,
                base_height_m=base,
                mobile_height_m=mobile,
                frequency_mhz=mhz,
                vertical=False,
                surface_refractivity=at_path,
                time=time,
                situation=situation,
                mode=11,
            )
            assert loss == pytest.approx(expected, abs=0.06)


def test_effective_heights_and_irregularity_as_published():
    heights, spacing = published("crystal-palace")
    z = np.array(heights)
    at_path = 314 * math.exp(mean_height(z, z.size - 1) / 9460)
    for (mhz, base, mobile), (he0, he1, dh) in zip(QKPFL, ((240.5, 18.4, 89), (292.5, 19.0, 91)), strict=True):
        link = Link(mhz / 47.7, Medium(vertical=False).impedance(mhz), at_path, base, mobile)
        path = read_profile(z, z.size - 1, spacing, link, np.empty(SCRATCH))
        assert path.effective0 == pytest.approx(he0, abs=0.06)
        assert path.effective1 == pytest.approx(he1, abs=0.06)
        assert path.irregularity == pytest.approx(dh, abs=0.6)
        assert 157e-9 / path.curvature == pytest.approx(1.368, abs=6e-4)


@pytest.mark.parametrize(
    ("name", "link", "expected"),
    [
        ("ntia-4", (3, 5, 5600, False, 2, 0.90, 0.30, 0.88), 183.26),
        ("ntia-5", (1.5, 10, 8800, True, 1, 0.23, 0.95, 0.20), 218.91),
    ],
)
def test_two_paths_as_ntia_publishes_them(name, link, expected):
    base, mobile, mhz, vertical, climate, time, location, situation = link
    heights, spacing = published(name)
    loss = itm_loss(
        heights,
        spacing_m=spacing,
        base_height_m=base,
        mobile_height_m=mobile,
        frequency_mhz=mhz,
        vertical=vertical,
        climate=climate,
        conductivity=0.008,
        time=time,
        location=location,
        situation=situation,
        mode=12,
    )
    assert loss == pytest.approx(expected, abs=0.02)


def test_ntia_example_with_its_intermediate_values():
    heights, spacing = published("ntia-example")
    link = {"spacing_m": spacing, "base_height_m": 15, "mobile_height_m": 3, "frequency_mhz": 3500}
    assert itm_loss(heights, **link) == pytest.approx(114.5, abs=0.06)
    table_db = {0.10: (110.9, 117.2, 129.1), 0.65: (110.9, 117.4, 129.2), 0.90: (110.9, 117.5, 129.3)}
    for time, row in table_db.items():
        for situation, expected in zip((0.1, 0.6, 0.9), row, strict=True):
            loss = itm_loss(heights, time=time, situation=situation, mode=1, **link)
            assert loss == pytest.approx(expected, abs=0.06)
    made = Link(3500 / 47.7, Medium().impedance(3500), 301.0, 15.0, 3.0)
    path = read_profile(np.array(heights), len(heights) - 1, spacing, made, np.empty(SCRATCH))
    assert (path.angle0, path.angle1) == pytest.approx((-1.949e-3, -0.856e-3), abs=6e-7)
    assert (path.horizon0, path.horizon1) == pytest.approx((14868, 6494), abs=0.6)
    assert (path.effective0, path.effective1) == pytest.approx((15.0, 3.0), abs=0.06)
    assert (path.refractivity, path.irregularity) == pytest.approx((251.5, 3.2), abs=0.06)


def _differences(rows, path_of):
    found = {}
    for _, seed, branch, loss in rows:
        heights, spacing, link = path_of(int(seed))
        ours = itm_loss(heights, spacing_m=spacing, **link)
        found.setdefault(branch, []).append(abs(ours - float(loss)))
    return found


def test_made_up_paths_equal_itmlogic():
    found = _differences([row for row in table("itm_itmlogic.csv") if row[0] == "synthetic"], synthetic)
    assert {branch: len(off) for branch, off in found.items()} == {"los": 100, "bent": 100, "scatter": 100}
    assert max(max(off) for off in found.values()) < 0.01


def test_porto_alegre_paths_equal_itmlogic(porto_alegre):
    rows = [row for row in table("itm_itmlogic.csv") if row[0] == "porto-alegre"]
    found = _differences(rows, lambda seed: across(porto_alegre, seed))
    assert len(rows) == 100
    assert max(max(off) for off in found.values()) < 0.01


@pytest.mark.parametrize(("seed", "there", "back"), [(220, 110.158, 105.677), (105, 127.483, 123.922)])
def test_where_itmlogic_takes_the_last_height_but_one(seed, there, back):
    """In line of sight itmlogic 1.2 takes `pfl[np + 1]`, not the ground under the second antenna, `pfl[np + 2]`.

    NTIA's own code takes the latter. So itmlogic's loss changes by over 3 dB when these paths are turned round (`there`
    and `back` are its values), and ours is neither.
    """
    heights, spacing, link = synthetic(seed, level_end=False)
    turned = link | {"base_height_m": link["mobile_height_m"], "mobile_height_m": link["base_height_m"]}
    ours = itm_loss(heights, spacing_m=spacing, **link)
    assert itm_loss(heights[::-1], spacing_m=spacing, **turned) == pytest.approx(ours, abs=1e-9)
    assert min(abs(ours - there), abs(ours - back)) > 0.1


@given(st.integers(1, 4000), st.booleans())
def test_a_path_turned_round_has_the_same_loss(seed, level_end):
    heights, spacing, link = synthetic(seed, level_end=level_end)
    turned = link | {"base_height_m": link["mobile_height_m"], "mobile_height_m": link["base_height_m"]}
    there = itm_loss(heights, spacing_m=spacing, **link)
    assert itm_loss(heights[::-1], spacing_m=spacing, **turned) == pytest.approx(there, abs=1e-9)


@given(st.integers(1, 4000), st.floats(0.05, 0.9), st.floats(0.01, 0.09))
def test_more_certainty_never_lowers_the_loss(seed, share, more):
    heights, spacing, link = synthetic(seed)
    link |= {"frequency_mhz": max(link["frequency_mhz"], 100.0), "mode": 3, "location": 0.5, "time": 0.5}
    loss = [itm_loss(heights, spacing_m=spacing, **link | {"situation": s}) for s in (share, share + more)]
    assert loss[1] >= loss[0] - 1e-9


def test_free_space_by_hand():
    # 20 log10(4π d f / c) with c = 299,792,458 m/s: 92.45 + 20 log10(GHz) + 20 log10(km)
    assert float(free_space_db(1000, 1000)) == pytest.approx(
        20 * math.log10(4 * math.pi * 1e12 / 299_792_458), abs=0.01
    )
    assert float(free_space_db(20_000, 1000)) - float(free_space_db(10_000, 1000)) == pytest.approx(6.0206, abs=1e-4)


def test_high_antennas_over_flat_ground_are_within_a_decibel_of_free_space():
    for km in (2, 5, 10):
        loss = itm_loss(np.zeros(101), spacing_m=10 * km, frequency_mhz=2000, base_height_m=200, mobile_height_m=50)
        assert loss == pytest.approx(float(free_space_db(1000 * km, 2000)), abs=1)


def test_low_antennas_over_flat_ground_approach_the_plane_earth_loss():
    """Two rays over a plane: 40 log10 d − 20 log10(h1 h2), whatever the frequency; far beyond 4 h1 h2 / λ."""
    for mhz in (300, 600):
        loss = itm_loss(np.zeros(101), spacing_m=40, frequency_mhz=mhz, base_height_m=10, mobile_height_m=2)
        assert loss == pytest.approx(40 * math.log10(4000) - 20 * math.log10(10 * 2), abs=6)


def test_a_ridge_between_costs_more_than_flat_ground():
    """A ridge of 100 m half way along 10 km at 900 MHz.

    A sharp edge alone costs 23.6 dB (ν = 4.2). Within the smooth Earth's horizon the model draws a curve from two rays
    to diffraction beyond it, so it charges less; it must charge something.
    """
    ground = np.zeros(201)
    ridge = ground.copy()
    ridge[95:106] = 100 * (1 - np.abs(np.arange(-5, 6)) / 6)
    link = {"spacing_m": 50, "frequency_mhz": 900, "base_height_m": 30, "mobile_height_m": 30}
    cost = itm_loss(ridge, **link) - itm_loss(ground, **link)
    assert 8 < cost < 24


def test_an_unknown_height_is_an_unknown_loss():
    heights = np.zeros(101)
    heights[40] = np.nan
    assert math.isnan(itm_loss(heights, spacing_m=50, **FLAT))


def test_every_fault_is_listed_at_once():
    with pytest.raises(RangeError) as caught:
        itm_loss([0, 0], spacing_m=50, frequency_mhz=10, base_height_m=0.2, mobile_height_m=4000, climate=9, time=1)
    text = str(caught.value)
    for part in ("10 MHz", "0.2 m", "4000 m", "climate 9", "share of time", "shape (2,)"):
        assert part in text


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"spacing_m": 5}, "0.5 km"),
        ({"spacing_m": 30_000}, "3000 km"),
        ({"spacing_m": float("nan")}, "nan km"),
        ({"frequency_mhz": float("nan")}, "nan MHz"),
        ({"surface_refractivity": 200}, "refractivity 200"),
        ({"mode": 5}, "mode 5"),
        ({"vertical": False, "permittivity": 1}, "impedance"),
    ],
)
def test_beyond_the_range_raises(changes, part):
    with pytest.raises(RangeError, match=part):
        itm_loss(np.zeros(101), **({"spacing_m": 50} | FLAT | changes))


def test_air_too_thin_for_the_model_raises():
    with pytest.raises(RangeError, match="air"):
        itm_loss(np.full(101, 8000.0), spacing_m=50, **FLAT)


def test_climate_constants_are_a_copy():
    row = climate_constants(5)
    row[:] = 0
    assert median_gain(climate_constants(5), 200.0) > 3


# Clutter (ITU-R P.2108-1)


def test_clutter_equals_the_reference_implementation():
    rows = table("p2108.csv")
    off = [
        abs(
            clutter_loss_db(
                float(mhz), mobile_height_m=float(h), clutter_m=float(top), environment=around, distance_m=float(metres)
            )
            - float(loss)
        )
        for mhz, h, top, around, metres, loss in rows
    ]
    assert len(off) > 100
    assert max(off) < 1e-4


def test_clutter_by_hand():
    # open ground, 1 GHz, antenna at a tenth of the clutter: 21.8 dB for each factor of ten
    assert clutter_loss_db(1000, mobile_height_m=1, clutter_m=10, environment="rural") == pytest.approx(21.8)
    assert clutter_loss_db(1000, mobile_height_m=10, clutter_m=10, environment="urban") == 0
    assert clutter_loss_db(3500, mobile_height_m=20, clutter_m=10, environment="urban") == 0


@given(st.sampled_from(["urban", "semi-urban", "rural"]), st.floats(30, 6000), st.floats(0.5, 30), st.floats(0.1, 30))
def test_a_higher_antenna_never_meets_more_clutter(environment, mhz, height, more):
    low, high = (
        clutter_loss_db(mhz, mobile_height_m=h, clutter_m=20, environment=environment) for h in (height, height + more)
    )
    assert low >= high >= 0


@pytest.mark.parametrize(
    "changes",
    [
        {"frequency_mhz": 10},
        {"frequency_mhz": 70_000},
        {"frequency_mhz": 6_100, "environment": "rural"},
        {"mobile_height_m": 0},
        {"clutter_m": -1},
        {"environment": "forest"},
        {"distance_m": 100},
        {"frequency_mhz": float("nan")},
    ],
)
def test_clutter_beyond_its_range_raises(changes):
    asked = {"frequency_mhz": 900, "mobile_height_m": 1.5, "clutter_m": 10, "environment": "urban"} | changes
    with pytest.raises(RangeError):
        clutter_loss_db(asked.pop("frequency_mhz"), **asked)
