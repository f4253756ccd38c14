"""Two runs compared: by hand, against a linear programme, the demo with one more site, and every reason to refuse."""

import copy
import dataclasses
import json
import shutil

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer
from scipy.optimize import linprog
from test_cli import gapmap

from analysis.compare import COMPARE_OUTPUTS, compare, write_comparison
from analysis.compare_story import story
from analysis.compare_tables import OUTSIDE, gap_effects, least_moved
from analysis.compute import compute, settlement_of
from analysis.ledger import STATES
from analysis.results import Results, grid_record, read_results
from analysis.run import demo, run
from analysis.scenario import Scenario, parse_scenario
from analysis.settlement import CLASS_NAMES
from data.load import load_region
from geo.errors import SchemaError, SourceError
from geo.grid import Grid
from geo.ground import ground_discs

GRID = Grid(CRS.from_epsg(3035), Affine(1000, 0, 4_000_000, 0, -1000, 3_002_000), (2, 2))
ZONES = np.array(["a", "a", "b", ""])
CLASSES = np.array([30, 12, 12, 11])
WALKED = {5: 0.1, 10: 0.2, 15: 0.5}
BELOW_4G = ("no_signal", "below_broadband", "mobile_broadband")


def counted(states):
    """People, gap, known of a table of persons by state: the target is 4G."""
    people, gap = states.sum(axis=1), states[list(BELOW_4G)].sum(axis=1)
    return people, gap, people - states["unknown"]


def walks(people):
    return {
        **{f"within_{limit}_min": share * people for limit, share in WALKED.items()},
        "without_way": 0.25 * people,
        "unknown": 0.0,
    }


def share(part, whole):
    return part / whole if whole > 0 else None


def made(states, *, year=2020, classes=CLASSES):
    """A run of four cells, two in zone a, one in b, one outside; `states` are persons (4, 7) in the order of STATES."""
    states = pd.DataFrame(np.asarray(states, dtype=float), columns=list(STATES))
    people, gap, known = counted(states)
    x, y = GRID.centres(np.arange(4))
    cells = pd.DataFrame({"cell_id": np.arange(4), "x": x, "y": y, "population": people, "settlement": classes})
    cells = cells.assign(zone_id=ZONES, **states, gap_people=gap.where(known > 0), unknown_people=people - known)
    cells = cells.assign(wifi_known=1.0, **{f"wifi_{limit}_min": part for limit, part in WALKED.items()})
    cells = gpd.GeoDataFrame(cells[people > 0], geometry=gpd.points_from_xy(x, y)[people > 0], crs=GRID.crs)
    return Results(
        summary=summary_of(states, year=year, classes=classes),
        cells=cells,
        zones=zones_of(states),
        plan=pd.DataFrame(),
        wifi=pd.DataFrame(),
        grid=GRID,
        provenance={
            "gapmap": "0", "grid": grid_record(GRID), "inputs": [], "scenario": Scenario().model_dump(mode="json"),
            "region": {"grid": {"extent": "all"}, "coverage": [{"kind": "sites", "role": "count"}]},
        },
    )  # fmt: skip


def summary_of(states, *, year, classes):
    people, gap, known = (part.sum() for part in counted(states))
    covered = {"persons": known - gap, "share": share(known - gap, known), "unknown": people - known}
    rows = []
    for code in sorted(set(classes), reverse=True):
        inside = states[classes == code]
        p, g, k = (part.sum() for part in counted(inside))
        if p > 0:
            named = {"settlement": int(code), "name": CLASS_NAMES[code], "population": p, "ledger": dict(inside.sum())}
            rows.append({**named, "gap_people": g, "gap_share": share(g, k), "unknown": p - k})
    return {
        "name": "Two zones", "year": year, "synthetic": False, "target": "4G", "model": "link budget",
        "basis": ["modelled"], "population": {"total": people}, "ledger": dict(states.sum()),
        "gap": {"people": gap, "known": known, "share": share(gap, known)}, "settlement_gap": rows,
        "coverage": {
            t: {"union": covered, "largest_operator": {**covered, "operator": "One"}} for t in ("2G", "3G", "4G", "5G")
        },
        "quality": {"measured": None},
        "wifi": {
            "measure": "along streets", **walks(people),
            "by_settlement": [{"settlement": row["settlement"], **walks(row["population"])} for row in rows],
        },
    }  # fmt: skip


def zones_of(states):
    by_zone = states.groupby(ZONES).sum().reindex(["a", "b"])
    people, gap, known = counted(by_zone)
    shares = (gap / known).where(known > 0)
    rank = shares.rank(ascending=False, method="first")
    table = by_zone.assign(population=people, gap_people=gap, gap_share=shares, unknown_people=people - known)
    table = table.assign(rank=rank.astype("Int64"), zone_name=["Alpha", "Beta"], wifi_known_people=people)
    for limit, part in WALKED.items():
        table[f"wifi_{limit}_min_people"] = part * people
    table = table.assign(wifi_no_way_people=0.25 * people, **{f"at_least_{t}g_share": 1 - shares for t in "2345"})
    boxes = [shapely.box(4e6, 3.001e6, 4.002e6, 3.002e6), shapely.box(4e6, 3e6, 4.001e6, 3.001e6)]
    return gpd.GeoDataFrame(table.rename_axis("zone_id").reset_index(), geometry=boxes, crs=GRID.crs)


def row(**persons):
    return [persons.get(state, 0.0) for state in STATES]


def measure(found, name, *, level="region", key=""):
    table = found.ledger
    rows = table[(table["level"] == level) & (table["id"] == key) & (table["measure"] == name)]
    return tuple(rows[["base", "new", "change"]].iloc[0])


BEFORE = [row(no_signal=30, usable=70), row(mobile_broadband=20, usable=20), row(unknown=50), row(no_signal=10)]
AFTER = [row(no_signal=10, declared_4g=20, usable=70), row(usable=40), row(unknown=10, usable=40), row(no_signal=10)]


def test_two_zones_by_hand():
    found = compare(made(BEFORE), made(AFTER, year=2024))
    assert measure(found, "population") == (200, 200, 0)
    assert measure(found, "gap_people") == (60, 20, -40)
    assert measure(found, "unknown_people") == (50, 10, -40)
    assert measure(found, "gap_share") == pytest.approx((60 / 150, 20 / 190, 20 / 190 - 60 / 150))
    assert measure(found, "usable", level="settlement", key="30") == (70, 70, 0)
    assert measure(found, "usable", level="settlement", key="12") == (20, 80, 60)
    assert measure(found, "gap_people", level="zone", key="a") == (50, 10, -40)
    assert np.isnan(measure(found, "gap_people", level="zone", key="b")).tolist() == [True, False, True]
    assert measure(found, "no_signal", level="zone") == (10, 10, 0)
    assert measure(found, "wifi_15_min_people", level="zone", key="a") == (70, 70, 0)
    zones = found.zones.set_index("zone_name")
    assert zones["verdict"].tolist() == ["improved", "not known", OUTSIDE]
    # all of a is known in both: 140 × Δ(50/140 → 10/140)
    assert zones.loc["Alpha", ["from_people", "from_knowledge", "from_coverage"]].tolist() == pytest.approx([0, 0, -40])
    assert zones["moved_least"].tolist() == [40, 40, 0]
    assert found.cells["moved_least"].tolist() == [20, 20, 40, 0]
    moved = found.record["moved"]
    assert (moved["least"], moved["cells"], moved["reclassed"]) == (80, 3, 0)
    assert moved["states"]["unknown"] == {"rise": 0, "fall": 40}
    assert moved["gap"] == {"rise": 0, "fall": 40}
    said = "\n".join(story(found.record))
    assert "below 4G: 60 people then, 20 now: 40 fewer; 40.0% of the known then, 10.5% now" in said
    assert "at least 80 people changed state of service, in 3 cells" in said
    assert "1 improved, 0 fell back; 1 not known" in said
    assert "improved: Alpha 35.7% → 7.1%, 40 fewer people in the gap, rank 1 → 1" in said


def test_a_zone_of_which_more_is_known_is_neither_better_nor_worse():
    before, after = [row() for _ in range(4)], [row() for _ in range(4)]
    before[0], after[0] = row(unknown=50, usable=50), row(no_signal=50, usable=50)
    before[2], after[2] = row(usable=100), row(no_signal=2, usable=98)
    found = compare(made(before), made(after))
    assert found.zones["verdict"].tolist() == ["not comparable", "fell back", OUTSIDE]
    # K 50 → 100, r 0 → ½: knowing of 50 more at the mean rate ¼, and 75 mean known people × ½
    assert found.zones.loc[0, ["from_people", "from_knowledge", "from_coverage"]].tolist() == [0, 12.5, 37.5]


def test_people_who_come_and_cells_that_change_class_are_told_apart():
    after = [[2 * people for people in cell] for cell in BEFORE]
    after[1] = row()
    found = compare(made(BEFORE), made(after, year=2030, classes=np.array([30, 12, 13, 11])))
    assert found.cells["moved_least"].tolist() == [0, 0, 0, 0]
    assert found.cells.loc[1, ["population_base", "population_new", "gap_people_change"]].tolist() == [40, 0, -20]
    assert found.record["moved"]["reclassed"] == 100
    assert found.record["moved"]["people"] == {"rise": 160, "fall": 40}
    assert measure(found, "population", level="settlement", key="13") == (0, 100, 100)
    assert measure(found, "usable", level="settlement", key="12") == (20, 0, -20)
    said = "\n".join(story(found.record))
    assert "(2020 → 2030); 100 live in cells whose settlement class changed" in said
    assert "of that change" in said
    assert "nobody need have changed state of service" in said


persons = st.one_of(st.just(0.0), st.floats(0.01, 1e6))
ledgers = st.lists(st.lists(persons, min_size=7, max_size=7), min_size=4, max_size=4)


@settings(max_examples=25)
@given(ledgers, ledgers)
def test_places_sum_to_the_region_and_parts_to_the_change(before, after):
    for states in (before, after):
        states[3][-1] += 1  # of somebody at least something is known, else nothing is compared
    found = compare(made(before), made(after))
    total = 1 + np.sum(before) + np.sum(after)
    table = found.ledger.set_index(["level", "measure"])
    for name in ("population", *STATES, "unknown_people"):
        whole = table.loc[("region", name), ["base", "new", "change"]].to_numpy(dtype=float).ravel()
        for level in ("settlement", "zone"):
            parts = table.loc[[(level, name)], ["base", "new", "change"]] if (level, name) in table.index else 0
            np.testing.assert_allclose(np.sum(parts, axis=0), whole if np.sum(whole[:2]) else 0, atol=1e-9 * total)
    effects = found.zones[["from_people", "from_knowledge", "from_coverage"]].to_numpy().sum()
    gap = counted(pd.DataFrame(after, columns=STATES))[1].sum() - counted(pd.DataFrame(before, columns=STATES))[1].sum()
    assert effects == pytest.approx(gap, abs=1e-8 * total)
    for state, parts in found.record["moved"]["states"].items():
        change = found.record["region"][state]["change"]
        assert parts["rise"] - parts["fall"] == pytest.approx(change, abs=1e-8 * total)
    back = compare(made(after), made(before))
    assert back.record["moved"]["least"] == pytest.approx(found.record["moved"]["least"], abs=1e-8 * total)
    np.testing.assert_allclose(back.zones["from_coverage"], -found.zones["from_coverage"], atol=1e-8 * total)


@settings(max_examples=25)
@given(ledgers)
def test_a_run_and_itself_differ_by_nothing(states):
    found = compare(made(states), made(states))
    nothing_changed(found)
    assert set(found.record["verdicts"]) <= {"about the same", "not known"}


def nothing_changed(found):
    """Every change is exactly 0, or not known because the figure is known in neither."""
    ledger = found.ledger
    assert ledger["change"].fillna(0).eq(0).all()
    assert (ledger["change"].isna() == ledger["base"].isna()).all()
    for table in (found.zones, found.cells):
        for column in table.columns:
            if column.endswith("_change") or column.startswith(("from_", "moved_")):
                assert table[column].fillna(0).eq(0).all(), column
    assert found.record["gap_from"] == {"people": 0, "knowledge": 0, "coverage": 0}
    moved = found.record["moved"]
    assert (moved["least"], moved["cells"], moved["reclassed"]) == (0, 0, 0)
    assert all(part == {"rise": 0, "fall": 0} for part in (*moved["states"].values(), moved["people"], moved["gap"]))
    assert found.record["differs"] == {"inputs": [], "settings": []}


@given(st.lists(st.tuples(persons, persons), min_size=7, max_size=7))
def test_the_least_movement_is_the_cheapest_transport(pairs):
    then, now = np.array(pairs).T / 1e4
    size, stay = len(then), min(then.sum(), now.sum())
    # as many people as both ledgers hold are carried from states then to states now; a move costs 1, staying nothing
    rows = np.kron(np.eye(size), np.ones(size))
    columns = np.kron(np.ones(size), np.eye(size))
    cost = (1 - np.eye(size)).ravel()
    limits = np.concatenate([then, now])
    found = linprog(cost, A_ub=np.vstack([rows, columns]), b_ub=limits, A_eq=np.ones((1, size**2)), b_eq=[stay])
    assert found.status == 0
    assert least_moved((now - then)[:, None])[0] == pytest.approx(found.fun, abs=1e-5)


shares = st.floats(0, 1)


@given(st.lists(st.tuples(persons, persons, shares, shares, shares, shares), min_size=1, max_size=5))
def test_effects_sum_to_the_change_of_the_gap(rows):
    table = np.array(rows).T
    people = table[0:2]
    known = people * table[2:4]
    gap = known * table[4:6]
    found = gap_effects(people, known, gap)
    np.testing.assert_allclose(sum(found), gap[1] - gap[0], rtol=1e-9, atol=1e-9 * (1 + people.max()))
    back = gap_effects(people[::-1], known[::-1], gap[::-1])
    np.testing.assert_allclose(back, -np.array(found), rtol=1e-9, atol=1e-9 * (1 + people.max()))


def test_one_thing_that_changes_has_all_of_the_effect():
    def effects(people, heard, rate):
        p, k, r = (np.array(pair, dtype=float)[:, None] for pair in (people, heard, rate))
        return [float(part[0]) for part in gap_effects(p, p * k, p * k * r)]

    assert effects((100, 200), (0.5, 0.5), (0.4, 0.4)) == pytest.approx([20, 0, 0])
    assert effects((100, 100), (0.5, 1), (0.4, 0.4)) == pytest.approx([0, 20, 0])
    assert effects((100, 100), (0.5, 0.5), (0.4, 0.2)) == pytest.approx([0, 0, -10])
    assert effects((100, 0), (1, 0), (0.4, 0)) == pytest.approx([-40, 0, 0])  # all have left: no rate changed
    assert effects((100, 100), (0, 1), (0, 0.4)) == pytest.approx([0, 40, 0])  # nothing was known: no rate changed


def changed(results, path, value):
    """A copy of a run in which one thing is another: ``summary.target``, ``provenance.scenario.radio.confidence`` …"""
    part, *keys = path.split(".")
    tree = copy.deepcopy(getattr(results, part))
    inner = tree
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    return dataclasses.replace(results, **{part: tree})


def declared(**rest):
    return [{"kind": "polygons", "role": "count", **rest}]


def nobody_knows(coverage):
    return {**coverage, "5G": {who: {**row, "share": None} for who, row in coverage["5G"].items()}}


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("provenance.scenario.target", "3G", "scenario, target: 4G in BASE, 3G in NEW"),
        ("provenance.scenario.footprint", "low", "scenario, footprint"),
        ("provenance.scenario.settlement.variant", "manual-2021", "scenario, settlement.variant"),
        ("provenance.scenario.radio.confidence", 0.8, "scenario, radio.confidence: 0.9 in BASE, 0.8 in NEW"),
        ("provenance.scenario.quality.down_mbps", 20.0, "scenario, quality.down_mbps"),
        ("provenance.scenario.walking.speed_kmh", 4.0, "scenario, walking.speed_kmh"),
        ("provenance.scenario.wifi.users_per_access_point", 50.0, "scenario, wifi.users_per_access_point"),
        ("provenance.scenario.capacity.enabled", False, "scenario, capacity.enabled"),
        ("provenance.scenario.newly_invented", 1, "newly_invented: not stated in BASE, 1 in NEW"),
        ("provenance.region.grid.extent", "zones", "region, grid.extent"),
        ("provenance.region.coverage", declared(threshold_dbm=-110.0), "counts as covered: none in BASE, -110 dBm in NEW"),
        ("provenance.region.coverage", declared(speed={"min_down_mbps": 10.0}), "none in BASE, 10/0 Mbit/s in NEW"),
        ("provenance.inputs", [{"layer": "propagation", "sha256": "ab" * 32}], "table 'propagation': built-in in BASE"),
        ("summary.synthetic", True, "synthetic"),
        ("summary.model", "terrain", "model of footprints: link budget in BASE, terrain in NEW"),
        ("summary.basis", ["declared", "modelled"], "basis of coverage: modelled in BASE, declared, modelled in NEW"),
        ("summary.quality.measured", {}, "speed tests: none in BASE, given in NEW"),
        ("summary.wifi.measure", "straight line × 1.3", "walks to public WiFi"),
        ("summary.use", {}, "BASE/summary.json: made by other definitions: lacks use"),
    ],
)  # fmt: skip
def test_what_makes_a_comparison_false_is_refused_and_named(path, value, words):
    base = made(BEFORE)
    with pytest.raises(SchemaError) as error:
        compare(base, changed(base, path, value))
    assert words in str(error.value)
    assert len(error.value.faults) == 1


def test_technologies_that_one_run_alone_speaks_of_are_refused():
    base = made(BEFORE)
    new = changed(base, "summary.coverage", nobody_knows(base.summary["coverage"]))
    with pytest.raises(SchemaError, match="technologies spoken of: 2G, 3G, 4G, 5G in BASE, 2G, 3G, 4G in NEW"):
        compare(base, new)


def test_other_zones_and_grids_are_refused_all_at_once():
    base = made(BEFORE)
    zones = base.zones.copy()
    zones["zone_id"] = ["a", "c"]
    zones.loc[0, "geometry"] = shapely.box(4e6, 3.001e6, 4.002e6, 3.00201e6)
    other = Grid(CRS.from_epsg(3035), Affine(500, 0, 4_000_000, 0, -500, 3_002_000), (4, 4))
    new = dataclasses.replace(changed(base, "summary.model", "terrain"), zones=zones, grid=other)
    with pytest.raises(SchemaError) as error:
        compare(base, new)
    said = str(error.value)
    for words in (
        "model of footprints", "grid, transform", "grid, shape: [2, 2] in BASE, [4, 4] in NEW",
        "1 in BASE alone: b", "1 in NEW alone: c", "1 have another outline: a",
    ):  # fmt: skip
        assert words in said
    assert len(error.value.faults) == 6
    with pytest.raises(SchemaError, match="grid, CRS"):
        compare(base, dataclasses.replace(base, grid=Grid(CRS.from_epsg(6933), GRID.transform, GRID.shape)))


def test_an_outline_may_differ_by_rounding():
    base = made(BEFORE)
    zones = base.zones.copy()
    zones["geometry"] = zones.geometry.translate(xoff=1e-5)
    compare(base, dataclasses.replace(base, zones=zones))
    zones["geometry"] = zones.geometry.translate(xoff=1.0)
    with pytest.raises(SchemaError, match="2 have another outline: a, b"):
        compare(base, dataclasses.replace(base, zones=zones))


def test_tables_of_an_older_version_are_named():
    base = made(BEFORE)
    new = dataclasses.replace(base, cells=base.cells.drop(columns="wifi_known"), zones=base.zones.drop(columns="rank"))
    with pytest.raises(SchemaError) as error:
        compare(base, new)
    assert "NEW/cells.parquet: made by other definitions: lacks wifi_known" in str(error.value)
    assert "NEW/zones.gpkg: made by other definitions: lacks rank" in str(error.value)


def test_budget_costs_seed_and_files_may_differ_and_are_said():
    base = made(BEFORE)
    new = changed(base, "provenance.scenario.investment.budget", 5.0)
    new = changed(changed(new, "provenance.scenario.costs", {"site_tower": 9000.0}), "provenance.scenario.seed", 7)
    new = changed(changed(new, "provenance.scenario.radio.band", False), "summary.year", 2031)
    new = changed(new, "provenance.scenario.clusters", {**new.provenance["scenario"].get("clusters", {}), "more": 1})
    new = changed(new, "provenance.inputs", [{"layer": "population", "file": "p.tif", "sha256": "cd", "year": 2031}])
    found = compare(base, new)
    keys = [item["key"] for item in found.record["differs"]["settings"]]
    assert keys == ["clusters.more", "costs.site_tower", "investment.budget", "radio.band", "seed"]
    assert [item["layer"] for item in found.record["differs"]["inputs"]] == ["population"]
    said = "\n".join(story(found.record))
    assert "files that differ: population" in said
    assert "investment.budget (2000000.0 → 5.0)" in said


@pytest.fixture(scope="module")
def baseline(tmp_path_factory):
    out = tmp_path_factory.mktemp("baseline") / "results"
    demo(out, size_km=40)
    return out


def lonlat_of_need(results):
    """Where the site goes: the middle of the cell with most people in the gap."""
    cell = results.cells.iloc[results.cells["gap_people"].argmax()]
    there = Transformer.from_crs(results.grid.crs, "EPSG:4326", always_xy=True)
    return there.transform(cell["x"], cell["y"])


@pytest.fixture(scope="module")
def region_with_one_more(baseline, tmp_path_factory):
    """The demo's region with one site of 4G alone, so that its reach is that of 4G."""
    folder = tmp_path_factory.mktemp("more") / "region"
    shutil.copytree(baseline / "region", folder)
    lon, lat = lonlat_of_need(read_results(baseline))
    sites = pd.read_csv(folder / "sites.csv")
    one = {"id": "M-99999", "operator": sites["operator"].iloc[0], "lon": lon, "lat": lat, "synthetic": True}
    flags = {"has_2g": 0, "has_3g": 0, "has_4g": 1, "has_5g": 0}
    pd.concat([sites, pd.DataFrame([{**one, **flags}])]).to_csv(folder / "sites.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def with_one_more(region_with_one_more):
    out = region_with_one_more.parent / "results"
    run(region_with_one_more / "region.toml", out=out)
    return out


def reach_of(folder, results):
    """Metres that a new site of 4G there serves people in surroundings of each class, by the tables alone."""
    from analysis.propagation import make_propagation

    region = load_region(folder / "region.toml")
    settlement = settlement_of(region, variant="ghsl-r2023a")
    model = make_propagation(region, settlement, radio=Scenario().radio)
    sites = pd.concat([layer.sites for layer in region.coverage if layer.sites is not None and layer.counts])
    sites = sites[sites["technology"].isin(["4G", "5G"])].reset_index(drop=True)
    return sites, model.radii(sites, variant="central"), model.around


def test_one_more_site_moves_exactly_its_own_people(baseline, with_one_more, region_with_one_more):
    base, new = read_results(baseline), read_results(with_one_more)
    found = compare(base, new)
    # the ledgers, from the cells of the two runs and nothing else
    then, now = base.cells.set_index("cell_id"), new.cells.set_index("cell_id")
    left = (then["gap_people"] - now["gap_people"]).to_numpy()
    assert left.sum() > 100
    assert left.min() >= -1e-9
    assert found.record["moved"]["gap"]["fall"] == pytest.approx(left.sum(), rel=1e-12)
    assert found.record["moved"]["gap"]["rise"] == pytest.approx(0, abs=1e-9)
    assert found.record["region"]["gap_people"]["change"] == pytest.approx(-left.sum(), rel=1e-9)
    below = then[list(BELOW_4G)].sum().sum() - now[list(BELOW_4G)].sum().sum()
    assert found.record["region"]["at_least_4g_people"]["change"] == pytest.approx(below, rel=1e-9)
    assert found.record["gap_from"]["coverage"] == pytest.approx(-left.sum(), rel=1e-9)
    assert abs(found.record["gap_from"]["people"]) + abs(found.record["gap_from"]["knowledge"]) < 1e-9
    half = np.abs(now[list(STATES)].to_numpy() - then[list(STATES)].to_numpy()).sum() / 2
    assert found.record["moved"]["least"] == pytest.approx(half, rel=1e-9)
    assert [item["layer"] for item in found.record["differs"]["inputs"]] == ["coverage 1"]
    site_people = people_by_discs(base, region_with_one_more)
    assert left.sum() == pytest.approx(site_people, rel=2e-3)


def people_by_discs(base, folder):
    """The site's people from polygons: what of each cell its disc adds to the discs that are there already."""
    sites, radii, around = reach_of(folder, base)
    mine = sites.index[sites["site_id"] == "M-99999"][0]
    total = 0.0
    for index in range(3):
        discs = ground_discs(sites["x"], sites["y"], radii[:, index], base.grid)
        added = shapely.difference(discs[mine], shapely.union_all(np.delete(discs, mine)))
        cells = base.cells[around.ravel()[base.cells["cell_id"]] == index]
        half = base.grid.dx / 2
        boxes = shapely.box(cells["x"] - half, cells["y"] - half, cells["x"] + half, cells["y"] + half)
        total += float(cells["population"] @ (shapely.area(shapely.intersection(boxes, added)) / base.grid.dx**2))
    return total


def beyond_reach(found, folder, base):
    """Cells that lie wholly farther from the new site than it serves anybody."""
    sites, radii, _ = reach_of(folder, base)
    mine = sites.index[sites["site_id"] == "M-99999"][0]
    to_degrees = Transformer.from_crs(base.grid.crs, "EPSG:4326", always_xy=True)
    lon, lat = to_degrees.transform(found.cells["x"], found.cells["y"])
    here = to_degrees.transform(sites["x"][mine], sites["y"][mine])
    metres = Geod(ellps="WGS84").inv(np.full(len(lon), here[0]), np.full(len(lon), here[1]), lon, lat)[2]
    return metres > radii[mine].max() + 0.8 * base.grid.dx


def test_no_cell_beyond_the_reach_of_the_site_changes_coverage(baseline, with_one_more, region_with_one_more):
    base = read_results(baseline)
    found = compare(base, read_results(with_one_more))
    far = found.cells[beyond_reach(found, region_with_one_more, base)]
    assert 0 < len(far) < len(found.cells)
    for name in ("unknown", *BELOW_4G, "gap_people", "unknown_people", "population", "wifi_15_min_people"):
        assert far[f"{name}_change"].abs().max() <= 1e-9, name
    # sites nearby share their people with the new one: others whom they serve may get room, nobody loses it
    assert far["usable_change"].min() >= -1e-6
    assert (far["usable_change"] + far["declared_4g_change"] + far["declared_5g_change"]).abs().max() <= 1e-9


def test_without_dimensioning_no_cell_beyond_the_reach_changes_at_all(baseline, region_with_one_more):
    scenario = parse_scenario({"capacity": {"enabled": False}, "investment": {"sites": False, "wifi": False}})
    base, new = (
        compute(load_region(folder / "region.toml"), scenario, progress=lambda _part, _what: None)
        for folder in (baseline / "region", region_with_one_more)
    )
    found = compare(base, new)
    far = found.cells[beyond_reach(found, region_with_one_more, base)]
    for column in [name for name in far.columns if name.endswith("_change")]:
        assert far[column].fillna(0).abs().max() <= 1e-9, column
    assert found.record["moved"]["least"] > 100


def test_the_demo_and_itself(baseline, tmp_path):
    base = read_results(baseline)
    found = compare(base, base)
    nothing_changed(found)
    assert found.record["verdicts"] == {"about the same": len(base.zones)}
    write_comparison(found, tmp_path / "a")
    assert {path.name for path in (tmp_path / "a").iterdir()} == COMPARE_OUTPUTS
    first = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    shuffled = dataclasses.replace(
        base, cells=base.cells.sample(frac=1, random_state=1), zones=base.zones.sample(frac=1, random_state=1)
    )
    write_comparison(compare(shuffled, base), tmp_path / "a")
    assert {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()} == first
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert gpd.read_parquet(tmp_path / "a" / "compare_cells.parquet").crs == base.grid.crs
    assert json.loads((tmp_path / "a" / "compare.json").read_text(encoding="utf-8")) == found.record


def test_the_command_tells_and_writes(baseline, with_one_more, tmp_path):
    out = gapmap("compare", baseline, with_one_more, "--out", tmp_path / "c")
    assert out.returncode == 0, out.stderr
    assert "SYNTHETIC" in out.stdout
    assert "fewer; " in out.stdout
    assert "files that differ: coverage 1" in out.stdout
    zones = pd.read_csv(tmp_path / "c" / "compare_zones.csv")
    told = json.loads(gapmap("compare", baseline, with_one_more, "--json").stdout)
    assert told == json.loads((tmp_path / "c" / "compare.json").read_text(encoding="utf-8"))
    assert zones["gap_people_change"].sum() == pytest.approx(told["region"]["gap_people"]["change"], rel=1e-9)


def test_a_comparison_replaces_nothing_but_a_comparison(baseline, tmp_path):
    base = read_results(baseline)
    found = compare(base, base)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("keep")
    for out in (tmp_path / "mine", baseline, tmp_path / "mine" / "thesis.txt"):
        with pytest.raises(SourceError, match="holds no comparison"):
            write_comparison(found, out)
    with pytest.raises(SourceError, match="lies inside the results folder"):
        write_comparison(found, baseline / "compared", of=(baseline,))
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "keep"
    assert read_results(baseline).summary == base.summary


def test_a_comparison_that_fails_leaves_the_earlier_one(tmp_path):
    found = compare(made(BEFORE), made(AFTER))
    write_comparison(found, tmp_path / "c")
    first = {path.name: path.read_bytes() for path in (tmp_path / "c").iterdir()}
    broken = dataclasses.replace(found, cells=None)
    with pytest.raises(AttributeError):
        write_comparison(broken, tmp_path / "c")
    assert {path.name: path.read_bytes() for path in (tmp_path / "c").iterdir()} == first
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


def test_wrong_use_of_the_command_is_exit_2(tmp_path):
    out = gapmap("compare", tmp_path / "none", tmp_path / "nothing")
    assert out.returncode == 2
    assert "not a results folder" in out.stderr
    assert "Traceback" not in out.stderr
