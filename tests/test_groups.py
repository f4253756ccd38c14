"""Groups of people: their numbers, their service, their own use, and the gaps between them."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from affine import Affine
from conftest import ROOT, shared
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from analysis.fragments import Fragments, make_fragments
from analysis.groups import gaps, group_people, make_groups, shares_of
from analysis.ledger import STATES, Ledger
from analysis.use import USES, make_use
from analysis.use_tables import use_record, use_records, use_table
from data.layer import Layer, Source
from data.load import load_region
from data.use import GroupShares, check_groups
from geo.errors import SchemaError
from geo.grid import Grid

GRID = Grid(CRS.from_epsg(3035), Affine(1000, 0, 4_000_000, 0, -1000, 3_010_000), (1, 3))
WHERE = Source("groups", "w.tif", "0")


def layer(values, name="women"):
    return Layer(np.array([values], dtype=float), GRID, name, "persons", WHERE)


def group(name, *, share=None, using=(np.nan, np.nan), against=None):
    share = None if share is None else np.array(share, dtype=float)
    return GroupShares(name, name, share, np.array(using, dtype=float), "", against, 2021)


def place(groups, layers=None):
    """Cell 0 in zone 0; cell 1 half in zone 0, half in zone 1; cell 2 outside every zone."""
    people = np.array([100.0, 80.0, 40.0])
    cell, zone = np.array([0, 1, 1, 2]), np.array([0, 0, 1, -1])
    fragments = Fragments(np.arange(3), people, cell, zone, np.array([100.0, 40.0, 40.0, 40.0]), 2)
    return SimpleNamespace(groups=layers or {}, group_shares=tuple(groups), use=None), fragments


def served(fragments, **parts):
    """Ledger with a fraction of every fragment's persons in each state."""
    rest = 1 - sum(parts.values())
    states = {state: parts.get(state, 0.0) * fragments.persons for state in STATES}
    states["unknown"] = rest * fragments.persons
    return Ledger(states, {}, {})


def test_a_layers_people_are_shared_over_fragments_as_people_are():
    region, fragments = place([group("women")], {"women": layer([30, 60, np.nan])})
    members, known = group_people(region, fragments, region.group_shares[0])
    assert members.tolist() == [30, 30, 30, 0]
    assert known.tolist() == [True, True, True, False]


def test_a_zones_share_is_of_the_people_of_its_fragments():
    region, fragments = place([group("old", share=[0.1, np.nan])])
    members, known = group_people(region, fragments, region.group_shares[0])
    assert members.tolist() == pytest.approx([10, 4, 0, 0])
    assert known.tolist() == [True, True, False, False]


def test_service_is_that_of_the_place_and_use_is_the_groups_own_or_not_known():
    own, none = group("women", share=[0.5, 0.5], using=[0.25, np.nan]), group("old", share=[0.1, 0.1])
    region, fragments = place([own, none])
    ledger = served(fragments, declared_4g=0.5, no_signal=0.5)
    women, old = make_groups(region, fragments, ledger)
    assert women.use.people(("no_signal",)).tolist() == pytest.approx([25, 10, 10, 0])
    assert women.use.people(uses=("using",)).tolist() == pytest.approx([12.5, 5, 0, 0])
    assert women.use.cross["declared_4g", "using"].tolist() == pytest.approx([12.5, 5, 0, 0])
    assert women.use.people(uses=("use_not_known",)).tolist() == pytest.approx([0, 0, 20, 0])
    assert old.use.people(uses=("using",)).sum() == 0
    assert old.use.people(uses=("use_not_known",)).sum() == pytest.approx(old.members.sum())
    assert women.within(np.array([1, 0.5, np.nan, 1])) == pytest.approx(60)


part = st.floats(0, 1)


@given(
    counts=st.lists(st.floats(0, 1) | st.just(np.nan), min_size=3, max_size=3),
    share=st.lists(part | st.just(np.nan), min_size=2, max_size=2),
    using=st.lists(part | st.just(np.nan), min_size=2, max_size=2),
    states=st.lists(part, min_size=6, max_size=6),
)
def test_a_group_sums_to_its_people_and_never_exceeds_everybody(counts, share, using, states):
    weights = np.array(states) / max(sum(states), 1)
    layers = {"women": layer(np.array(counts) * [100, 80, 40])}
    region, fragments = place([group("women", using=using), group("old", share=share, using=using)], layers)
    ledger = served(fragments, **dict(zip(STATES[1:], weights, strict=True)))
    for found in make_groups(region, fragments, ledger):
        total = np.sum([found.use.cross[state, use] for state in STATES for use in USES], axis=0)
        np.testing.assert_allclose(total, found.members, rtol=1e-12, atol=1e-12)
        assert (found.members <= fragments.persons * (1 + 1e-12)).all()
        record = use_records(fragments, found.use, index=np.zeros(4, dtype=np.int64), count=1)[0]
        assert sum(record["use"].values()) == pytest.approx(found.members.sum(), rel=1e-12, abs=1e-12)


def records(by_group, whole=None):
    """Records with only what `gaps` needs: (name, against, using share, states)."""
    made = []
    for name, against, using, states in by_group:
        service = dict.fromkeys(STATES, 0.0) | states
        made.append(
            {"group": name, "against": against, "using_share": using, "service": service, "population": sum(service.values())}
        )  # fmt: skip
    return made


def test_gaps_by_hand():
    women = ("women", "men", 0.4, {"declared_4g": 60.0, "no_signal": 40.0})
    men = ("men", None, 0.5, {"declared_4g": 40.0, "mobile_broadband": 40.0, "no_signal": 20.0})
    old = ("old", None, None, {"unknown": 10.0})
    everybody = records([("old", None, 0.6, {"usable": 100.0})])[0]
    towns = [
        {"settlement": code, "population": 100.0, "service": dict.fromkeys(STATES, 0.0) | {state: 100.0}, "use": use}
        for code, state, use in (
            (30, "usable", {"using": 90.0, "not_using": 10.0}),
            (21, "usable", {"using": 70.0, "not_using": 30.0}),
            (12, "no_signal", {"using": 40.0, "not_using": 60.0}),
        )
    ]
    rows = gaps(records([women, men, old]), everybody={"old": everybody, "men": everybody}, by_settlement=towns)
    found = {(row["first"], row["second"], row["measure"]): row for row in rows}
    assert len(rows) == 9  # men, whom women are set against, are not set against everybody as well
    use = found["women", "men", "using_share"]
    assert (use["ratio"], use["points"]) == pytest.approx((0.8, -10))
    assert found["women", "men", "broadband_share"]["points"] == pytest.approx(-20)
    assert found["women", "men", "at_least_4g_share"]["ratio"] == pytest.approx(1.5)
    unknown = found["old", "everybody", "using_share"]
    assert (unknown["first_share"], unknown["second_share"], unknown["ratio"], unknown["points"]) == (
        None, 0.6, None, None
    )  # fmt: skip
    assert found["old", "everybody", "at_least_4g_share"]["points"] is None
    rural = found["rural", "urban", "using_share"]
    assert (rural["ratio"], rural["points"]) == pytest.approx((0.5, -40))
    assert found["rural", "urban", "at_least_4g_share"]["ratio"] == 0


def test_a_share_of_nobody_known_is_not_known():
    service = dict.fromkeys(STATES, 0.0) | {"unknown": 5.0}
    assert shares_of({"population": 5.0, "service": service, "using_share": None})["broadband_share"] is None


def test_a_group_larger_than_the_population_is_refused_by_cell():
    people = layer([100, 80, np.nan], "population")
    faults, notes = check_groups(people, {"women": layer([100.9, 80, 7])})
    assert faults == []
    assert [note.count for note in notes] == [7]
    (fault,), _ = check_groups(people, {"women": layer([101.2, 95, 7])})
    assert fault.row.startswith("1:2")
    assert "95.0 of 80.0, 15.0 too many" in fault.problem
    assert "2 cells" in fault.problem


def test_a_region_with_too_many_women_is_refused_with_the_rest(tmp_path):
    from geo.raster import write_raster

    grid = Grid(CRS.from_epsg(3035), Affine(1000, 0, 4_000_000, 0, -1000, 3_010_000), (10, 10))
    write_raster(tmp_path / "p.tif", np.full(grid.shape, 100.0), grid, nodata=None)
    write_raster(tmp_path / "w.tif", np.full(grid.shape, 130.0), grid, nodata=None)
    shape = '{"type":"Polygon","coordinates":[[[5.52,50.04],[5.64,50.04],[5.64,50.1],[5.52,50.1],[5.52,50.04]]]}'
    feature = '{"type":"Feature","properties":{"id":"a","off":0.3},"geometry":' + shape + "}"
    (tmp_path / "z.geojson").write_text('{"type":"FeatureCollection","features":[' + feature + "]}")
    (tmp_path / "region.toml").write_text(
        'name = "T"\n[population]\nfile = "p.tif"\ngroups = { women = "w.tif" }\n'
        '[zones]\nfile = "z.geojson"\nid = "id"\nname = "id"\n[use]\nunit = "percent"\noffline = "off"\n'
    )
    with pytest.raises(SchemaError) as caught:
        load_region(tmp_path / "region.toml")
    text = str(caught.value)
    for word in ("w.tif", "30.0 too many", "fractions, not percent", "year"):
        assert word in text, word


@pytest.fixture(scope="module")
def accra_region():
    return load_region(ROOT / "examples/greater-accra/region.toml", root=shared("greater-accra"))


def test_accra_offline_by_sex_reproduces_the_census(accra_region, accra):
    region = accra_region
    fragments = make_fragments(region, everything=False)
    ledger = served(fragments, declared_4g=0.7, no_signal=0.3)
    groups = {found.shares.name: found for found in make_groups(region, fragments, ledger)}
    census = pd.read_csv(accra / "census2021_district_indicators.csv").set_index("district")
    rows = census.reindex(region.zones["census_district"])
    population = fragments.by_zone(fragments.persons)
    told = rows["pct_female"].notna().to_numpy()
    assert (~told).sum() == 3
    offline = {}
    sexes = {"women": rows["pct_female"], "men": 100 - rows["pct_female"]}
    columns = {"women": "pct_offline_female_15plus", "men": "pct_offline_male_15plus"}
    for name, column in columns.items():
        found = groups[name]
        offline[name] = fragments.by_zone(found.use.people(uses=("not_using",)))
        by_zone = offline[name][told] / fragments.by_zone(found.members)[told]
        np.testing.assert_allclose(100 * by_zone, rows[column][told], atol=1e-9)
        weight = population[told] * sexes[name][told] / 100
        record = use_records(fragments, found.use, index=np.zeros(fragments.size, dtype=np.int64), count=1)[0]
        assert 100 * (1 - record["using_share"]) == pytest.approx(np.average(rows[column][told], weights=weight))
        assert record["population"] == pytest.approx(weight.sum())
    # both sexes together give the census's figure of everybody, but for the sex ratio of those aged 15 and over
    both = 100 * (offline["women"] + offline["men"])[told] / population[told]
    assert np.abs(both - rows["pct_offline_15plus"][told]).max() < 0.5
    assert np.average(both, weights=population[told]) == pytest.approx(
        np.average(rows["pct_offline_15plus"][told], weights=population[told]), abs=0.15
    )


def test_accra_groups_stand_in_the_record_with_their_gaps(accra_region):
    region = accra_region
    fragments = make_fragments(region, everything=False)
    ledger = served(fragments, declared_4g=0.7, no_signal=0.3)
    codes = np.full(region.grid.shape, 30, dtype=np.int16)
    record = use_record(
        region, fragments, make_use(fragments, ledger, region.use),
        settlement=codes, groups=make_groups(region, fragments, ledger),
    )  # fmt: skip
    named = {row["group"]: row for row in record["by_group"]}
    assert list(named) == ["women", "men", "children", "aged_60_plus", "disabled"]
    assert named["children"]["using_share"] is None
    unknown = fragments.persons[np.isnan(np.append(region.use.using, np.nan)[fragments.zone])].sum()
    assert named["women"]["not_known_among"] == pytest.approx(unknown)
    table = use_table(record)
    rows = table[table["scope"] == "group"]
    assert rows["id"].tolist() == list(named)
    columns = [f"{state}_{use}" for state in STATES for use in USES]
    np.testing.assert_allclose(rows[columns].sum(axis=1), rows["population"], rtol=1e-12)
    parity = next(row for row in record["gaps"] if (row["first"], row["measure"]) == ("women", "using_share"))
    assert 0.9 < parity["ratio"] < 0.97
    assert parity["points"] < 0
    old = next(row for row in record["gaps"] if (row["first"], row["measure"]) == ("aged_60_plus", "at_least_4g_share"))
    # served alike wherever they live, so alike where they are compared with those who live there too
    assert old["ratio"] == pytest.approx(1)
