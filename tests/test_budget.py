"""The link budget: by hand, against the published ranges, monotone, ordered; bad tables say all that is wrong."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from analysis.radio.budget import (
    Link,
    allowed_median_loss_db,
    coverage_probability,
    fade_margin_db,
    link,
    model_base_height_m,
    radius_m,
)
from analysis.radio.models import MODELS, environments, validity
from analysis.radio.reach import link_reach, nominal_reach, table_faults
from data.coverage import RADIUS_CLASSES, TECHNOLOGIES, VARIANTS, read_radii
from data.radio import PROPAGATION_TABLE, SITE_TABLE, read_propagation, read_site_links
from geo.errors import RangeError, SchemaError

SITES, PROPAGATION = read_site_links(), read_propagation()
FREE = Link("4G", 1000.0, 0.0, 1.5, 1.5, -100.0, "free-space", "open", 8.0, 0.0, 0.0)
KINDS = [(model, environment) for model in MODELS for environment in environments(model)]


def a_link(model, environment, *, share=0.5, eirp=33.2, threshold=-105.0, height=30.0):
    """A link inside its model's ranges, at a share of the (logarithmic) frequency range up to 6 GHz."""
    holds = validity(model, environment)
    low, high = max(holds.frequency_mhz[0], 400.0), min(holds.frequency_mhz[1], 6000.0)
    own = min(max(height, holds.base_height_m[0]), holds.base_height_m[1])
    frequency = min(max(low * (high / low) ** share, low), high)
    return Link("4G", frequency, eirp, own, 1.5, threshold, model, environment, None, 0.0, 0.0)


def hata_open_db(mhz, base_m, km):
    """Hata 1980 in the open, a person at 1.5 m, written out anew."""
    log = math.log10
    reach = (1.1 * log(mhz) - 0.7) * 1.5 - (1.56 * log(mhz) - 0.8)
    town = 69.55 + 26.16 * log(mhz) - 13.82 * log(base_m) - reach + (44.9 - 6.55 * log(base_m)) * log(km)
    return town - 4.78 * log(mhz) ** 2 + 18.33 * log(mhz) - 40.94


# ---- by hand


def test_half_the_people_at_the_median_and_the_margin_of_the_rest():
    # free space: 32.45 + 20 log10(1000) + 20 log10(1) = 92.45 dB at 1 km; 0 − (−100) = 100 dB are allowed
    assert float(coverage_probability(FREE, 1.0)) == pytest.approx(norm.cdf((100 - 92.45) / 8), abs=1e-3)
    # the median is met where 20 log10(d) = 7.55
    assert radius_m(FREE, confidence=0.5) == pytest.approx(10 ** (7.55 / 20) * 1000, rel=1e-3)
    assert radius_m(replace(FREE, extra_loss_db=20.0), confidence=0.5) == pytest.approx(
        10 ** (-12.45 / 20) * 1000, rel=1e-3
    )
    # 90 %: 1.2816 × 8 = 10.25 dB less
    assert radius_m(FREE) == pytest.approx(10 ** ((7.55 - 10.2524) / 20) * 1000, rel=1e-3)
    assert fade_margin_db(8, 0.9) == pytest.approx(10.2524, abs=1e-4)
    assert fade_margin_db(8, 0.5) == pytest.approx(0)
    assert fade_margin_db(8, 0.1) == pytest.approx(-10.2524, abs=1e-4)
    assert allowed_median_loss_db(FREE, confidence=0.9, sigma_db=8) == pytest.approx(89.7476, abs=1e-4)
    assert allowed_median_loss_db(replace(FREE, terrain_loss_db=3.0), confidence=0.5, sigma_db=6) == pytest.approx(97)


def test_a_radius_is_the_distance_where_the_median_equals_the_allowed_loss():
    own = Link("4G", 700.0, 33.2, 30.0, 1.5, -105.0, "okumura-hata", "open", 8.0, 0.0, 0.0)
    allowed = allowed_median_loss_db(own, confidence=0.9, sigma_db=8)
    assert hata_open_db(700.0, 30.0, radius_m(own) / 1000) == pytest.approx(allowed, abs=1e-6)


PUBLISHED = [
    ("okumura-hata", "open", 30.0, 8.0, {700: 8.0, 800: 7.5}),
    ("3gpp-rma", "nlos", 35.0, None, {700: 2.0, 800: 1.9, 1800: 1.2, 2600: 1.0, 3500: 0.9}),
    ("3gpp-uma", "nlos", 25.0, None, {700: 1.2, 800: 1.1, 1800: 0.7, 2600: 0.6, 3500: 0.5}),
]


@pytest.mark.parametrize(("model", "environment", "height", "sigma", "ranges"), PUBLISHED, ids=["hata", "rma", "uma"])
def test_the_ranges_that_the_project_rests_on_come_out(model, environment, height, sigma, ranges):
    """−105 dBm, 90 %, 33.2 dBm a resource element: antennas at 30 (Hata, σ 8 dB), 35 (RMa) and 25 m (UMa)."""
    for mhz, km in ranges.items():
        own = Link("4G", float(mhz), 33.2, height, 1.5, -105.0, model, environment, sigma, 0.0, 0.0)
        assert radius_m(own) / 1000 == pytest.approx(km, abs=0.0501)


def test_eirp_of_a_resource_element_is_that_of_m_2292():
    found = SITES.set_index(["technology", "settlement"])["eirp_dbm"]
    for settlement, gain in (("urban", 16), ("semi-urban", 16), ("rural", 18)):
        assert found["4G", settlement] == pytest.approx(46 + gain - 3 - 10 * math.log10(600), abs=0.05)
        assert found["3G", settlement] == pytest.approx(43 + gain - 3 - 10)
        assert found["2G", settlement] == pytest.approx(43 + gain - 3)
    assert found["5G", "rural"] == pytest.approx(46 + 18 - 3 - 10 * math.log10(624), abs=0.06)
    assert found["5G", "urban"] == pytest.approx(44 + 16 - 10 * math.log10(612), abs=0.05)


# ---- a model is never extrapolated


@pytest.mark.parametrize(("model", "environment"), KINDS)
def test_beyond_the_model_there_is_nothing_and_before_it_what_it_starts_with(model, environment):
    own = a_link(model, environment)
    low, high = validity(model, environment).distance_km
    found = coverage_probability(own, [0.0, low / 2, low, high, high * 1.0001, 1e6, math.nan])
    assert found[0] == found[1] == found[2]
    assert found[3] > 0 or model == "3gpp-umi" or high > 100
    assert found[4] == found[5] == 0
    assert math.isnan(found[6])
    assert radius_m(replace(own, eirp_dbm=400.0)) == pytest.approx(high * 1000)
    assert radius_m(replace(own, eirp_dbm=-200.0)) == 0


def test_hata_says_nothing_within_a_kilometre():
    weak = Link("4G", 900.0, 0.0, 30.0, 1.5, -105.0, "okumura-hata", "urban", 8.0, 0.0, 0.0)
    assert radius_m(weak) == 0


@pytest.mark.parametrize(("model", "environment"), KINDS)
def test_a_high_antenna_counts_as_the_highest_a_low_one_raises(model, environment):
    own = a_link(model, environment)
    low, high = validity(model, environment).base_height_m
    top = replace(own, base_height_m=high)
    assert model_base_height_m(replace(own, base_height_m=high + 1)) == high
    assert radius_m(replace(own, base_height_m=high + 100)) == radius_m(top)
    for height in (low * 0.99, math.nan):
        with pytest.raises(RangeError, match="antennas of at least"):
            coverage_probability(replace(own, base_height_m=height), 1.0)


def test_the_link_keeps_the_antenna_s_own_height():
    sites = SITES.assign(base_height_m=80.0)
    own = link(sites, PROPAGATION, technology="4G", site_class="urban", person_class="urban", variant="low")
    assert own.base_height_m == 80.0
    assert (own.model, own.environment) == ("3gpp-uma", "nlos")


def test_impossible_questions_raise():
    for confidence in (0.0, 1.0, -1.0, math.nan):
        with pytest.raises(RangeError, match="confidence"):
            radius_m(FREE, confidence=confidence)
        with pytest.raises(RangeError, match="confidence"):
            fade_margin_db(8, confidence)
    for sigma in (-1.0, math.nan):
        with pytest.raises(RangeError, match="deviation"):
            fade_margin_db(sigma, 0.9)
    with pytest.raises(RangeError, match="at least 0 km"):
        coverage_probability(FREE, [1.0, -1.0])
    with pytest.raises(RangeError, match="0 rows"):
        link(SITES, PROPAGATION, technology="6G", site_class="urban", person_class="urban", variant="low")
    with pytest.raises(RangeError, match="no row"):
        link(SITES, PROPAGATION, technology="4G", site_class="urban", person_class="urban", variant="lower")


def test_a_frequency_on_a_border_belongs_to_the_row_above_and_the_last_one_to_the_last():
    for mhz, model in ((1499.9, "okumura-hata"), (1500.0, "cost-231"), (2000.0, "3gpp-rma"), (6000.0, "3gpp-rma")):
        own = link(
            SITES.assign(frequency_mhz=mhz),
            PROPAGATION,
            technology="5G",
            site_class="rural",
            person_class="rural",
            variant="high",
        )
        assert own.model == model


# ---- monotone


@given(
    kind=st.sampled_from(KINDS),
    share=st.floats(0, 1),
    eirp=st.floats(0, 60),
    more=st.floats(0, 30),
    confidence=st.floats(0.5, 0.99),
)
def test_power_and_a_lower_threshold_never_lose_and_confidence_never_gains(kind, share, eirp, more, confidence):
    own = a_link(*kind, share=share, eirp=eirp)
    km = np.geomspace(*validity(*kind).distance_km, 40)
    here, radius = coverage_probability(own, km), radius_m(own, confidence=confidence)
    for better in (
        replace(own, eirp_dbm=eirp + more),
        replace(own, threshold_dbm=-105.0 - more),
        replace(own, extra_loss_db=-more),
    ):
        assert (coverage_probability(better, km) >= here - 1e-15).all()
        assert radius_m(better, confidence=confidence) >= radius - 1e-3
    assert radius_m(own, confidence=0.995) <= radius + 1e-3


@given(
    kind=st.sampled_from([kind for kind in KINDS if kind[1] not in ("los", "mixed") and kind[0] != "free-space"]),
    share=st.floats(0, 1),
    height=st.floats(10, 150),
    more=st.floats(0, 100),
)
def test_a_higher_antenna_never_reaches_less_where_the_model_is_monotone(kind, share, height, more):
    own = a_link(*kind, share=share, height=height)
    higher = replace(own, base_height_m=own.base_height_m + more)
    assert radius_m(higher) >= radius_m(own) - 1e-3


@given(kind=st.sampled_from(KINDS), share=st.floats(0, 1), eirp=st.floats(-10, 60))
def test_the_radius_holds_everywhere_within_and_fails_just_beyond(kind, share, eirp):
    own = a_link(*kind, share=share, eirp=eirp)
    radius, (low, high) = radius_m(own), validity(*kind).distance_km
    if radius == 0:
        assert coverage_probability(own, low) < 0.9
        return
    within = np.linspace(low, radius / 1000, 3001)
    assert (coverage_probability(own, within) >= 0.9 - 1e-9).all()
    assert radius == pytest.approx(high * 1000) or coverage_probability(own, radius / 1000 + 1e-6) < 0.9


# ---- reach


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.9, 0.95, 0.99])
def test_low_central_high_hold_for_every_technology_site_and_person(confidence):
    reach = link_reach(SITES, PROPAGATION, confidence=confidence)
    assert set(reach.metres) == {(v, t) for v in VARIANTS for t in TECHNOLOGIES}
    for technology in TECHNOLOGIES:
        low, central, high = (reach.metres[variant, technology] for variant in VARIANTS)
        assert low.shape == (3, 3)
        assert (low > 0).all()
        assert (low <= central).all()
        assert (central <= high).all()
        assert (low < high).all()


@pytest.mark.parametrize("mhz", [400, 450, 499, 500, 700, 900, 1499, 1500, 1800, 1999, 2000, 2600, 3500, 6000])
def test_the_order_holds_in_every_band(mhz):
    reach = link_reach(SITES.assign(frequency_mhz=float(mhz)), PROPAGATION)
    assert max(float(found.max()) for found in reach.metres.values()) <= 20000


def test_reach_is_the_radius_of_each_link_in_the_order_of_the_classes():
    reach = link_reach(SITES, PROPAGATION).metres["central", "3G"]
    for i, own in enumerate(RADIUS_CLASSES):
        for j, person in enumerate(RADIUS_CLASSES):
            found = link(SITES, PROPAGATION, technology="3G", site_class=own, person_class=person, variant="central")
            assert reach[i, j] == radius_m(found)


def test_reach_does_not_depend_on_the_order_of_rows():
    one = link_reach(SITES, PROPAGATION).metres
    other = link_reach(SITES.iloc[::-1], PROPAGATION.iloc[::-1]).metres
    assert all(one[key].tobytes() == other[key].tobytes() for key in one)


def test_nominal_radii_follow_the_site_alone():
    radii = read_radii()
    reach = nominal_reach(radii).metres
    for technology in TECHNOLOGIES:
        for i, name in enumerate(RADIUS_CLASSES):
            assert (reach["high", technology][i] == radii.loc[(technology, name), "high"] * 1000).all()


def test_a_table_in_the_wrong_order_is_refused_with_its_rows():
    low = PROPAGATION.index[(PROPAGATION["variant"] == "low") & (PROPAGATION["frequency_to_mhz"] == 6000)]
    table = PROPAGATION.copy()
    table.loc[low, "extra_loss_db"] = 0.0
    table.loc[low, ["model", "environment"]] = ["3gpp-rma", "los"]
    with pytest.raises(SchemaError) as caught:
        link_reach(SITES, table)
    wrong = 0
    for technology in TECHNOLOGIES:
        for own in RADIUS_CLASSES:
            for person in RADIUS_CLASSES:
                near, far = (
                    radius_m(
                        link(SITES, table, technology=technology, site_class=own, person_class=person, variant=variant)
                    )
                    for variant in ("low", "central")
                )
                wrong += near > far
    assert len(caught.value.faults) == wrong > 30
    assert {fault.file for fault in caught.value.faults} == {"radio_propagation.csv"}
    assert any(fault.row == "2 and 8" for fault in caught.value.faults)
    assert "low reaches" in str(caught.value)


def test_what_only_the_models_can_tell_is_told_at_once():
    table = PROPAGATION.copy()
    table.loc[2, "model"] = "3gpp-rmi"
    table.loc[4, "environment"] = "hilly"
    table.loc[1, "frequency_to_mhz"] = 1600.0
    table.loc[6, "mobile_height_m"] = 0.5
    sites = SITES.copy()
    sites.loc[8, "base_height_m"] = 25.0
    found = {(fault.file, fault.column, fault.row) for fault in table_faults(sites, table)}
    assert found == {
        ("radio_propagation.csv", "model", "2"),
        ("radio_propagation.csv", "environment", "4"),
        ("radio_propagation.csv", "frequency_to_mhz", "1"),
        ("radio_propagation.csv", "mobile_height_m", "6"),
        ("radio_sites.csv", "base_height_m", "8"),
    }
    with pytest.raises(SchemaError, match=r"3gpp-rmi"):
        link_reach(sites, table)
    assert table_faults(SITES, PROPAGATION) == []


# ---- tables


def written(tmp_path, original, change):
    table = pd.read_csv(original, dtype=str, keep_default_na=False)
    path = tmp_path / "table.csv"
    change(table).to_csv(path, index=False)
    return path


def faults_of(read, path):
    with pytest.raises(SchemaError) as caught:
        read(path)
    return {(fault.column, fault.row): fault.problem for fault in caught.value.faults}


def test_the_site_table_lists_every_fault(tmp_path):
    def spoil(table):
        table.loc[0, "technology"] = "6G"
        table.loc[1, "eirp_dbm"] = "loud"
        table.loc[2, "base_height_m"] = "0"
        table.loc[3, "frequency_mhz"] = ""
        table.loc[4, "source"] = ""
        table.loc[5, "settlement"] = "semi-urban"
        return table

    found = faults_of(read_site_links, written(tmp_path, SITE_TABLE, spoil))
    assert set(found) == {
        ("technology", "1"),
        ("eirp_dbm", "2"),
        ("base_height_m", "3"),
        ("frequency_mhz", "4"),
        ("source", "5"),
        ("settlement", "6"),
        ("settlement", ""),
    }
    with pytest.raises(SchemaError, match=r"no row for 2G, urban[\s\S]*no row for 3G, rural"):
        read_site_links(tmp_path / "table.csv")


def test_the_propagation_table_lists_every_fault(tmp_path):
    def spoil(table):
        table.loc[0, "frequency_to_mhz"] = "450"  # a gap before row 2
        table.loc[3, "frequency_from_mhz"] = "480"  # an overlap with row 3
        table.loc[5, "frequency_to_mhz"] = "5000"  # nothing above
        table.loc[6, "sigma_db"] = "-1"
        table.loc[7, "model"] = ""
        table.loc[8, "variant"] = "middle"
        table.loc[10, "source"] = ""
        return table

    found = faults_of(read_propagation, written(tmp_path, PROPAGATION_TABLE, spoil))
    assert "450–500" in found["frequency_from_mhz", "2"]
    assert "480–500 MHz stands in two rows" in found["frequency_from_mhz", "4"]
    with pytest.raises(SchemaError, match=r"low, rural: no row for 5000–6000 MHz"):
        read_propagation(tmp_path / "table.csv")
    assert "400–500" in found["frequency_from_mhz", "10"]  # row 9 is of no variant
    assert {("sigma_db", "7"), ("model", "8"), ("variant", "9"), ("source", "11")} <= set(found)


def test_missing_columns_are_all_named(tmp_path):
    found = faults_of(
        read_propagation, written(tmp_path, PROPAGATION_TABLE, lambda t: t.drop(columns=["model", "clutter_m"]))
    )
    assert set(found) == {("model", ""), ("clutter_m", "")}
    found = faults_of(read_site_links, written(tmp_path, SITE_TABLE, lambda t: t.drop(columns=["source", "eirp_dbm"])))
    assert set(found) == {("source", ""), ("eirp_dbm", "")}


def test_blank_extra_loss_is_none_and_blank_sigma_the_model_s(tmp_path):
    path = written(tmp_path, PROPAGATION_TABLE, lambda t: t.assign(extra_loss_db="", sigma_db=""))
    table = read_propagation(path)
    assert (table["extra_loss_db"] == 0).all()
    own = link(SITES, table, technology="4G", site_class="rural", person_class="rural", variant="low")
    assert own.sigma_db is None
    table["sigma_db"] = 5.0
    own = link(SITES, table, technology="4G", site_class="rural", person_class="rural", variant="low")
    assert own.sigma_db == 5.0


def test_every_figure_that_ships_has_a_source():
    for table in (SITES, PROPAGATION):
        assert (table["source"].str.len() > 10).all()
        assert not table["source"].str.contains(r"recall|TODO|\?").any()


def test_the_documented_table_is_what_comes_out():
    text = (PROPAGATION_TABLE.parents[2] / "docs" / "radio.md").read_text(encoding="utf-8")
    reach = link_reach(SITES, PROPAGATION).metres
    for i in range(3):
        cells = [" / ".join(f"{reach[v, '4G'][i, j] / 1000:.2f}" for v in VARIANTS) for j in range(3)]
        assert " | ".join(cells) in text
