"""Path-loss models: ns-3 and hand-worked values, what the formulas promise, and what they refuse."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.radio.free_space import free_space_db
from analysis.radio.loss import Component, PathLoss
from analysis.radio.models import MODELS, environments, path_loss, source, validity
from geo.errors import GapmapError, RangeError

PAIRS = [(model, environment) for model in MODELS for environment in environments(model)]
PARAMETERS = ("frequency_mhz", "base_height_m", "mobile_height_m", "distance_km")

# Drawn over the validity ranges and computed once by the network simulator ns-3, PyPI package ns3 3.44.post0 (its C++
# models OkumuraHata, ThreeGppRma, ThreeGppUma, ThreeGppUmiStreetCanyon and Friis, shadowing off). Distances are along
# the ground; ns-3 takes Hata's along the slant path, so its nodes were set that far apart. Loss in dB, 4 decimals.
NS3 = [
    ("okumura-hata", "urban-large", 671.4395, 42.314, 5.823, 2.9907, 131.5128),
    ("okumura-hata", "urban-large", 171.4307, 116.264, 1.337, 3.6659, 117.4329),
    ("okumura-hata", "urban-large", 176.1752, 45.421, 4.821, 11.9058, 136.8406),
    ("okumura-hata", "urban-large", 636.0721, 191.111, 6.194, 3.2817, 120.6988),
    ("okumura-hata", "urban-large", 1420.0973, 37.919, 8.726, 2.3812, 135.247),
    ("okumura-hata", "urban-large", 196.7343, 82.442, 8.345, 1.7184, 101.5881),
    ("okumura-hata", "urban", 985.4378, 169.326, 9.022, 1.2184, 100.1381),
    ("okumura-hata", "urban", 1106.263, 185.449, 9.499, 1.3784, 100.8105),
    ("okumura-hata", "urban", 240.8844, 49.035, 1.31, 12.6738, 146.204),
    ("okumura-hata", "urban", 972.9416, 137.809, 8.426, 6.6321, 125.5967),
    ("okumura-hata", "urban", 290.702, 46.979, 1.881, 9.6684, 143.6025),
    ("okumura-hata", "urban", 240.4799, 84.254, 4.814, 1.0647, 99.782),
    ("okumura-hata", "suburban", 326.4798, 39.766, 4.728, 1.1459, 100.9247),
    ("okumura-hata", "suburban", 634.431, 86.868, 5.449, 5.9954, 122.627),
    ("okumura-hata", "suburban", 271.0823, 108.774, 1.122, 15.9893, 136.4829),
    ("okumura-hata", "suburban", 549.812, 197.879, 1.504, 6.292, 124.5986),
    ("okumura-hata", "suburban", 794.7035, 85.958, 1.841, 1.5967, 114.7546),
    ("okumura-hata", "suburban", 208.3268, 160.422, 1.809, 11.4567, 124.536),
    ("okumura-hata", "open", 167.9443, 117.336, 2.361, 16.2977, 111.8799),
    ("okumura-hata", "open", 481.809, 118.62, 4.266, 8.5498, 107.866),
    ("okumura-hata", "open", 365.685, 112.2, 3.273, 7.4093, 106.5451),
    ("okumura-hata", "open", 250.0146, 84.101, 5.292, 8.4483, 103.8225),
    ("okumura-hata", "open", 883.8729, 93.184, 5.022, 16.0989, 120.6362),
    ("okumura-hata", "open", 1288.1978, 135.187, 1.945, 3.9167, 108.3971),
    ("cost-231", "urban", 1522.978, 179.344, 6.985, 2.2898, 118.4913),
    ("cost-231", "urban", 1960.046, 170.435, 9.056, 2.099, 114.6982),
    ("cost-231", "urban", 1788.527, 94.411, 3.664, 9.7814, 154.6514),
    ("cost-231", "urban", 1808.297, 86.409, 5.887, 16.1361, 156.1772),
    ("cost-231", "urban", 1783.41, 185.297, 6.094, 19.5388, 150.7044),
    ("cost-231", "urban", 1514.664, 108.196, 5.97, 8.8228, 143.3135),
    ("3gpp-rma", "los", 4047.8218, 101.832, 5.47, 0.1569, 90.5276),
    ("3gpp-rma", "los", 15365.6983, 52.14, 4.652, 1.0937, 119.2409),
    ("3gpp-rma", "los", 25860.8806, 58.243, 4.898, 0.1616, 105.9158),
    ("3gpp-rma", "los", 1181.4965, 59.67, 8.106, 0.0369, 70.1821),
    ("3gpp-rma", "los", 3531.1478, 49.765, 6.204, 2.0916, 113.6221),
    ("3gpp-rma", "los", 802.524, 78.098, 2.688, 0.8722, 91.3046),
    ("3gpp-rma", "nlos", 3811.3646, 53.412, 5.032, 0.0104, 78.1309),
    ("3gpp-rma", "nlos", 747.1882, 137.088, 1.741, 0.1189, 75.6522),
    ("3gpp-rma", "nlos", 7750.6483, 15.079, 9.38, 0.0364, 81.6549),
    ("3gpp-rma", "nlos", 25686.207, 70.716, 6.275, 0.4273, 120.2761),
    ("3gpp-rma", "nlos", 719.8173, 80.865, 7.745, 1.3525, 105.3551),
    ("3gpp-rma", "nlos", 10112.3946, 105.255, 2.152, 0.1278, 97.4339),
    ("3gpp-uma", "los", 8470.6153, 25.0, 12.13, 0.0412, 82.5308),
    ("3gpp-uma", "los", 96458.22, 25.0, 10.795, 0.0478, 105.0385),
    ("3gpp-uma", "los", 98442.6667, 25.0, 6.915, 0.0389, 103.7774),
    ("3gpp-uma", "los", 52549.0912, 25.0, 12.869, 2.4285, 136.8889),
    ("3gpp-uma", "los", 26398.0492, 25.0, 3.429, 1.7388, 127.7177),
    ("3gpp-uma", "los", 22048.0455, 25.0, 2.296, 0.019, 87.2375),
    ("3gpp-uma", "nlos", 29164.5758, 25.0, 5.029, 1.0991, 159.5662),
    ("3gpp-uma", "nlos", 18737.1243, 25.0, 9.465, 0.012, 84.7424),
    ("3gpp-uma", "nlos", 46487.3206, 25.0, 4.285, 0.066, 117.1208),
    ("3gpp-uma", "nlos", 7058.2234, 25.0, 6.423, 0.0241, 85.5269),
    ("3gpp-uma", "nlos", 2954.5619, 25.0, 2.803, 1.4701, 145.9499),
    ("3gpp-uma", "nlos", 587.992, 25.0, 11.76, 0.1247, 84.773),
    ("3gpp-umi", "los", 631.7025, 10.0, 4.943, 4.1628, 126.1496),
    ("3gpp-umi", "los", 55577.5676, 10.0, 7.103, 0.4749, 123.5068),
    ("3gpp-umi", "los", 37028.9494, 10.0, 6.95, 0.0389, 97.1877),
    ("3gpp-umi", "los", 1666.6141, 10.0, 4.893, 0.0636, 74.7386),
    ("3gpp-umi", "los", 11892.0555, 10.0, 4.154, 0.4304, 109.2173),
    ("3gpp-umi", "los", 33682.3828, 10.0, 5.118, 0.4837, 119.3246),
    ("3gpp-umi", "nlos", 3996.4933, 10.0, 7.025, 2.1998, 151.5444),
    ("3gpp-umi", "nlos", 64092.8634, 10.0, 8.231, 0.0394, 115.2022),
    ("3gpp-umi", "nlos", 12634.3839, 10.0, 2.52, 0.2917, 132.5744),
    ("3gpp-umi", "nlos", 69361.1418, 10.0, 6.874, 1.1734, 168.3551),
    ("3gpp-umi", "nlos", 3447.6876, 10.0, 7.326, 0.0116, 70.0738),
    ("3gpp-umi", "nlos", 68089.8939, 10.0, 6.151, 0.0244, 109.2126),
    ("free-space", "open", 659.8194, 1.5, 1.5, 2.1198, 95.3622),
    ("free-space", "open", 4410.5284, 1.5, 1.5, 0.4161, 97.7215),
    ("free-space", "open", 5617.0461, 1.5, 1.5, 0.0785, 85.3353),
    ("free-space", "open", 2288.6616, 1.5, 1.5, 0.2116, 86.1497),
    ("free-space", "open", 2150.5456, 1.5, 1.5, 0.2288, 86.2879),
    ("free-space", "open", 1862.6616, 1.5, 1.5, 0.1659, 82.2474),
    # and what a network is made of
    ("3gpp-rma", "los", 700, 35, 1.5, 4.9, 120.9801),
    ("3gpp-rma", "nlos", 700, 35, 1.5, 4.9, 143.1005),
    ("3gpp-rma", "los", 800, 12, 1.5, 3.1, 121.4753),
    ("3gpp-rma", "nlos", 800, 12, 1.5, 3.1, 149.1925),
    ("3gpp-rma", "los", 900, 10, 1.5, 0.4, 87.451),
    ("3gpp-rma", "nlos", 900, 10, 1.5, 0.4, 116.6447),
    ("3gpp-rma", "los", 1800, 60, 1.5, 4.5, 118.7952),
    ("3gpp-rma", "nlos", 1800, 60, 1.5, 4.5, 143.6267),
    ("3gpp-rma", "los", 3500, 25, 1.5, 1.2, 107.357),
    ("3gpp-rma", "nlos", 3500, 25, 1.5, 1.2, 137.1645),
    ("3gpp-rma", "los", 800, 150, 10, 4.8, 111.9035),
    ("3gpp-rma", "nlos", 800, 150, 10, 4.8, 118.3329),
    ("3gpp-rma", "los", 700, 35, 1.5, 9.9, 133.1974),
    ("3gpp-uma", "los", 700, 25, 1.5, 0.05, 63.2328),
    ("3gpp-uma", "nlos", 700, 25, 1.5, 0.05, 78.5314),
    ("3gpp-uma", "los", 800, 25, 1.5, 2.5, 123.9208),
    ("3gpp-uma", "nlos", 800, 25, 1.5, 2.5, 144.394),
    ("3gpp-uma", "los", 1800, 25, 1.5, 4.9, 136.4185),
    ("3gpp-uma", "nlos", 1800, 25, 1.5, 4.9, 162.8585),
    ("3gpp-uma", "los", 3500, 25, 1.5, 0.9, 107.5827),
    ("3gpp-uma", "nlos", 3500, 25, 1.5, 0.9, 139.8789),
    ("3gpp-uma", "los", 2600, 25, 12.9, 0.0101, 62.6465),
    ("3gpp-uma", "nlos", 2600, 25, 12.9, 0.0101, 62.6465),
    ("3gpp-umi", "los", 700, 10, 1.5, 0.05, 66.5009),
    ("3gpp-umi", "nlos", 700, 10, 1.5, 0.05, 79.2926),
    ("3gpp-umi", "los", 2600, 10, 1.5, 0.7, 112.8231),
    ("3gpp-umi", "nlos", 2600, 10, 1.5, 0.7, 131.672),
    ("3gpp-umi", "los", 3500, 10, 1.5, 0.25, 95.0801),
    ("3gpp-umi", "nlos", 3500, 10, 1.5, 0.25, 118.6448),
    ("3gpp-umi", "los", 800, 10, 9.9, 0.0101, 51.553),
    ("3gpp-umi", "nlos", 800, 10, 9.9, 0.0101, 53.2691),
    ("okumura-hata", "urban-large", 800, 30, 1.5, 19.5, 170.5232),
    ("okumura-hata", "urban-large", 900, 45, 1.5, 1.2, 126.6843),
    ("okumura-hata", "urban", 800, 30, 1.5, 19.5, 170.511),
    ("okumura-hata", "urban", 900, 45, 1.5, 1.2, 126.6675),
    ("okumura-hata", "suburban", 800, 30, 1.5, 19.5, 160.8715),
    ("okumura-hata", "suburban", 900, 45, 1.5, 1.2, 116.7249),
    ("okumura-hata", "open", 800, 30, 1.5, 19.5, 142.4992),
    ("okumura-hata", "open", 900, 45, 1.5, 1.2, 98.1611),
]

# ns-3's ComputePlos of the ThreeGpp...ChannelConditionModel classes, same package.
NS3_SIGHT_M = (10, 18, 19, 50, 100, 300, 1000, 2500, 5000)
NS3_SIGHT = {
    "3gpp-rma": (1.0, 0.99203191, 0.99104038, 0.96078944, 0.91393119, 0.74826357, 0.37157669, 0.08290997, 0.00680566),
    "3gpp-uma": (1.0, 1.0, 0.98629701, 0.64940219, 0.34767084, 0.06803635, 0.01800013, 0.0072, 0.0036),
    "3gpp-umi": (1.0, 1.0, 0.97841655, 0.51958541, 0.23098475, 0.06022595, 0.018, 0.0072, 0.0036),
}


def middle(model, environment):
    """Arguments well inside the range, and its nearest and farthest distance."""
    limits = validity(model, environment)
    arguments = {
        "frequency_mhz": math.sqrt(math.prod(limits.frequency_mhz)),
        "base_height_m": sum(limits.base_height_m) / 2,
        "mobile_height_m": sum(limits.mobile_height_m) / 2,
        "environment": environment,
    }
    if environment == "urban-large" and model == "okumura-hata":
        arguments["frequency_mhz"] = 900.0
    return arguments, limits.distance_km


@st.composite
def links(draw, pairs=PAIRS):
    model, environment = draw(st.sampled_from(pairs))
    limits = validity(model, environment)
    frequency = st.floats(*limits.frequency_mhz)
    if (model, environment) == ("okumura-hata", "urban-large"):
        frequency = st.floats(150, 200) | st.floats(400, 1500)
    arguments = {
        "frequency_mhz": draw(frequency),
        "base_height_m": draw(st.floats(*limits.base_height_m)),
        "mobile_height_m": draw(st.floats(*limits.mobile_height_m)),
        "environment": environment,
    }
    near, far = sorted(draw(st.tuples(*[st.floats(*limits.distance_km)] * 2)))
    return model, arguments, near, far


# ---- against others' values


@pytest.mark.parametrize(("model", "environment", "frequency", "base", "mobile", "distance", "expected"), NS3)
def test_median_is_ns3s(model, environment, frequency, base, mobile, distance, expected):
    found = path_loss(
        model,
        [distance],
        frequency_mhz=frequency,
        base_height_m=base,
        mobile_height_m=mobile,
        environment=environment,
    )
    assert found.loss_db == pytest.approx([expected], abs=1e-3)


@pytest.mark.parametrize("model", NS3_SIGHT)
def test_probability_of_sight_is_ns3s(model):
    arguments, _ = middle(model, "mixed")
    distance = np.array(NS3_SIGHT_M) / 1000
    sight = path_loss(model, distance, **arguments | {"mobile_height_m": 1.5}).components[0].weight
    assert sight == pytest.approx(NS3_SIGHT[model], abs=2e-8)


def test_metropolitan_centres_are_ns3s_cost_231():
    # ns3 3.44.post0, Cost231PropagationLossModel with its "shadowing" offset set to C_M = 3 dB; it writes 1.11 for 1.1
    # in the mobile antenna's gain, 0.05 dB at 1.5 m
    at = {"frequency_mhz": 1758.823, "base_height_m": 77.822, "mobile_height_m": 1.464, "environment": "urban-large"}
    assert path_loss("cost-231", [16.5506], **at).loss_db == pytest.approx([172.8194], abs=0.06)


def test_hata_by_hand():
    # 900 MHz, 50 m, 1.5 m, 5 km: 69.55 + 26.16·2.95424 − 13.82·1.69897 + (44.9 − 6.55·1.69897)·0.69897 = 146.9590;
    # a = (1.1·2.95424 − 0.7)·1.5 − (1.56·2.95424 − 0.8) = 0.0159; large: 3.2·(lg 17.625)² − 4.97 = −0.0009;
    # suburban 2·(lg 32.14286)² + 5.4 = 9.9428; open 4.78·8.72755 − 18.33·2.95424 + 40.94 = 28.5064
    at = {"frequency_mhz": 900, "base_height_m": 50, "mobile_height_m": 1.5}
    expected = {"urban-large": 146.9599, "urban": 146.9431, "suburban": 137.0003, "open": 118.4367}
    for environment, loss in expected.items():
        found = path_loss("okumura-hata", [5.0], environment=environment, **at)
        assert found.loss_db == pytest.approx([loss], abs=1e-3)


def test_cost_231_by_hand():
    # 1,800 MHz, 30 m, 1.5 m, 1 km: 46.3 + 33.9·3.25527 − 13.82·1.47712 − 0.0430 = 136.1968; suburban
    # 2·(lg 64.28571)² + 5.4 = 11.9384; open 4.78·10.59680 − 18.33·3.25527 + 40.94 = 31.9236 (Report ITU-R SM.2028-2)
    at = {"frequency_mhz": 1800, "base_height_m": 30, "mobile_height_m": 1.5}
    expected = {"urban-large": 139.1968, "urban": 136.1968, "suburban": 124.2584, "open": 104.2732}
    for environment, loss in expected.items():
        found = path_loss("cost-231", [1.0], environment=environment, **at)
        assert found.loss_db == pytest.approx([loss], abs=1e-3)


def test_free_space_by_hand():
    # the textbook's 100 dB at 2.4 GHz over 1 km; 300 m of height over 400 m of ground are 500 m
    level = {"frequency_mhz": 2400, "environment": "open"}
    assert path_loss("free-space", [1.0], base_height_m=2, mobile_height_m=2, **level).loss_db == pytest.approx(
        [100.05], abs=0.01
    )
    slant = path_loss("free-space", [0.4], base_height_m=301, mobile_height_m=1, **level).loss_db
    assert slant == pytest.approx(100.05 - 6.0206, abs=0.01)


# ---- the mixture


def mixture(weights, losses, sigmas):
    states = zip(weights, losses, sigmas, strict=True)
    return PathLoss(tuple(Component(*(np.array([v], dtype=float) for v in state)) for state in states))


def test_two_equal_states_by_hand():
    loss = mixture((0.5, 0.5), (100, 120), (8, 8))
    assert loss.loss_db == pytest.approx([110])
    assert loss.sigma_db == pytest.approx([math.hypot(8, 10)])
    # one state at its median, the other 2.5 σ below: (0.5 + 0.9938) / 2
    assert loss.probability(120) == pytest.approx([0.74690], abs=1e-5)


def test_without_shadowing_the_probability_is_a_step():
    loss = mixture((0.3, 0.7), (90, 110), (0, 0))
    steps = [float(loss.probability(allowed)[0]) for allowed in (89.9, 90, 109.9, 110)]
    assert steps == pytest.approx([0, 0.3, 0.3, 1])
    assert loss.loss_db == pytest.approx([110])


def test_an_allowed_loss_not_known_gives_a_probability_not_known():
    for sigma in (None, 0):
        at = {"frequency_mhz": 900, "base_height_m": 50, "environment": "urban", "sigma_db": sigma}
        found = path_loss("okumura-hata", [2.0, 2.0], **at).probability([math.nan, 200.0])
        assert np.isnan(found[0])
        assert found[1] > 0.99


def test_the_mixture_agrees_with_drawn_paths():
    loss = path_loss("3gpp-uma", [0.1], frequency_mhz=1800, base_height_m=25, environment="mixed")
    (sight, hidden), draws = loss.components, 400_000
    rng = np.random.default_rng(3)
    seen = rng.random(draws) < sight.weight
    shadow = rng.standard_normal(draws)
    drawn = np.where(seen, sight.loss_db + sight.sigma_db * shadow, hidden.loss_db + hidden.sigma_db * shadow)
    assert loss.loss_db[0] == pytest.approx(np.median(drawn), abs=0.1)
    assert loss.sigma_db[0] == pytest.approx(drawn.std(), abs=0.05)
    for allowed in (80, 90, 100, 110):
        assert loss.probability(allowed)[0] == pytest.approx((drawn <= allowed).mean(), abs=0.004)


@given(link=links(), sigma=st.none() | st.floats(0.1, 15))
def test_half_the_paths_lose_less_than_the_median(link, sigma):
    model, arguments, near, far = link
    loss = path_loss(model, [near, far], **arguments, sigma_db=sigma)
    if (loss.sigma_db > 0).all():
        assert loss.probability(loss.loss_db) == pytest.approx(0.5, abs=1e-6)
    assert sum(part.weight for part in loss.components) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("model", "environment", "sigma"),
    [
        ("free-space", "open", (0, 0)),
        ("okumura-hata", "urban", (9, 9)),
        ("cost-231", "open", (9, 9)),
        ("3gpp-rma", "los", (4, 6)),  # breakpoint 2π · 35 · 1.5 · 1.8e9 / 3e8 = 1,979 m
        ("3gpp-rma", "nlos", (8, 8)),
        ("3gpp-uma", "los", (4, 4)),
        ("3gpp-uma", "nlos", (6, 6)),
        ("3gpp-umi", "los", (4, 4)),
        ("3gpp-umi", "nlos", (7.82, 7.82)),
    ],
)
def test_sigma_is_the_sources(model, environment, sigma):
    base = {"3gpp-uma": 25, "3gpp-umi": 10}.get(model, 35)
    at = {"frequency_mhz": 1800 if model != "okumura-hata" else 900, "base_height_m": base, "environment": environment}
    assert path_loss(model, [1.978, 1.98], **at).sigma_db == pytest.approx(sigma)
    assert path_loss(model, [1.978, 1.98], **at, sigma_db=5).sigma_db == pytest.approx((5, 5))


# ---- what the formulas promise


@given(link=links())
def test_loss_rises_with_distance(link):
    model, arguments, near, far = link
    loss = path_loss(model, [near, far], **arguments).loss_db
    assert loss[1] >= loss[0] - 1e-3  # RMa's branches meet within 0.001 dB


@given(link=links(), allowed=st.floats(40, 200))
def test_probability_falls_with_distance(link, allowed):
    model, arguments, near, far = link
    nearer, farther = path_loss(model, [near, far], **arguments).probability(allowed)
    assert 0 <= farther <= 1
    assert 0 <= nearer <= 1
    # below one half two states of unlike σ may cross: see the docstring of analysis.radio.tr38901
    if farther >= 0.5 or not model.startswith("3gpp"):
        assert nearer >= farther - 1e-4


def test_below_one_half_the_step_of_sigma_shows():
    # pins what the docstring says: breakpoint at 1,979 m, an allowed loss 12 dB under the median there
    at = {"frequency_mhz": 1800, "base_height_m": 35, "environment": "los"}
    loss = path_loss("3gpp-rma", [1.978, 1.98], **at)
    near, far = loss.probability(loss.loss_db[0] - 12)
    assert near < 0.002 < 0.02 < far


@given(link=links(), allowed=st.floats(0, 250), more=st.floats(0, 60))
def test_probability_rises_with_the_allowed_loss(link, allowed, more):
    model, arguments, near, far = link
    loss = path_loss(model, [near, far], **arguments)
    assert (loss.probability(allowed + more) >= loss.probability(allowed) - 1e-12).all()


@given(link=links(), share=st.floats(0, 1))
def test_loss_of_each_state_rises_with_frequency(link, share):
    model, arguments, near, far = link
    low, high = arguments["frequency_mhz"], validity(model, arguments["environment"]).frequency_mhz[1]
    higher = low + share * (high - low)
    if (model, arguments["environment"]) == ("okumura-hata", "urban-large") and 200 < higher < 400:
        higher = 400.0
    before = path_loss(model, [near, far], **arguments).components
    after = path_loss(model, [near, far], **arguments | {"frequency_mhz": higher}).components
    for old, new in zip(before, after, strict=True):
        assert (new.loss_db >= old.loss_db - (0.04 if model == "3gpp-rma" else 0.01)).all()
        assert (new.weight == old.weight).all()


@given(link=links([p for p in PAIRS if p[0] in {"okumura-hata", "cost-231"}]), share=st.floats(0, 1))
def test_a_higher_base_never_loses_more_in_hatas_models(link, share):
    model, arguments, near, far = link
    higher = arguments["base_height_m"] + share * (200 - arguments["base_height_m"])
    before = path_loss(model, [near, far], **arguments)
    after = path_loss(model, [near, far], **arguments | {"base_height_m": min(higher, 200.0)})
    assert (after.loss_db <= before.loss_db + 1e-9).all()


@given(link=links([("3gpp-rma", "mixed"), ("3gpp-rma", "los"), ("3gpp-rma", "nlos")]), share=st.floats(0, 1))
def test_a_higher_rural_base_loses_more_by_its_slant_path_alone(link, share):
    model, arguments, near, far = link
    low = arguments["base_height_m"]
    high = min(low + share * (150 - low), 150.0)
    reach = 2 * math.pi * high * arguments["mobile_height_m"] * arguments["frequency_mhz"] * 1e6 / 3e8
    distance = np.array([near, far])[np.array([near, far]) * 1000 >= 2 * high]
    if reach > 6000:
        return
    before = path_loss(model, distance, **arguments)
    after = path_loss(model, distance, **arguments | {"base_height_m": high})
    slant = [np.hypot(distance * 1000, h - arguments["mobile_height_m"]) for h in (low, high)]
    longer = np.maximum(20.48 * np.log10(slant[1] / slant[0]) + 0.0014 * (slant[1] - slant[0]), 0)
    assert (after.loss_db <= before.loss_db + longer + 0.04).all()


@pytest.mark.parametrize("model", NS3_SIGHT)
def test_sight_is_certain_near_and_fades(model):
    arguments, (near, far) = middle(model, "mixed")
    sight, hidden = path_loss(model, np.geomspace(near, far, 400), **arguments).components
    assert sight.weight[0] == 1
    assert (np.diff(sight.weight) <= 0).all()
    assert sight.weight[-1] < 0.01
    assert (hidden.loss_db >= sight.loss_db).all()


@given(link=links([p for p in PAIRS if p[0] in {"okumura-hata", "cost-231"}]))
def test_hatas_models_never_lose_less_than_free_space(link):
    model, arguments, near, far = link
    loss = path_loss(model, [near, far], **arguments).loss_db
    assert (loss >= free_space_db(np.array([near, far]), frequency_mhz=arguments["frequency_mhz"]) - 1e-9).all()


def test_free_space_lies_under_open_land_near_a_high_mast():
    # the formula alone gives 85.65 dB at 1 km from 200 m, 800 MHz; free space 90.51
    at = {"frequency_mhz": 800, "base_height_m": 200, "environment": "open"}
    assert path_loss("okumura-hata", [1.0], **at).loss_db == pytest.approx([90.51], abs=0.01)


# ---- what they refuse


@pytest.mark.parametrize(
    ("model", "environment", "expected"),
    [
        ("okumura-hata", "open", ((150, 1500), (30, 200), (1, 10), (1, 20))),
        ("cost-231", "urban", ((1500, 2000), (30, 200), (1, 10), (1, 20))),
        ("3gpp-rma", "los", ((500, 30_000), (10, 150), (1, 10), (0.01, 10))),
        ("3gpp-rma", "nlos", ((500, 30_000), (10, 150), (1, 10), (0.01, 5))),
        ("3gpp-rma", "mixed", ((500, 30_000), (10, 150), (1, 10), (0.01, 5))),
        ("3gpp-uma", "mixed", ((500, 100_000), (25, 25), (1.5, 13), (0.01, 5))),
        ("3gpp-umi", "mixed", ((500, 100_000), (10, 10), (1.5, 22.5), (0.01, 5))),
    ],
)
def test_ranges_are_the_sources(model, environment, expected):
    assert tuple(getattr(validity(model, environment), name) for name in PARAMETERS) == expected


@pytest.mark.parametrize("parameter", PARAMETERS)
@pytest.mark.parametrize(("model", "environment"), PAIRS)
def test_every_parameter_has_its_range(model, environment, parameter):
    arguments, distances = middle(model, environment)
    low, high = getattr(validity(model, environment), parameter)
    for inside in (low, high):
        given_ = arguments | {"distance_km": [distances[0]], parameter: inside}
        given_["distance_km"] = np.atleast_1d(given_["distance_km"])
        assert np.isfinite(path_loss(model, **given_).loss_db).all()
    for outside in (low * 0.999, high * 1.001, math.nan, -1.0, math.inf):
        given_ = arguments | {"distance_km": [distances[0]], parameter: outside}
        given_["distance_km"] = np.atleast_1d(given_["distance_km"])
        with pytest.raises(RangeError, match="outside") as caught:
            path_loss(model, **given_)
        assert source(model) in str(caught.value)
        assert f"{high:.10g}" in str(caught.value)


def test_every_fault_is_told_at_once():
    with pytest.raises(RangeError) as caught:
        path_loss("okumura-hata", [2.0, 0.5, 30.0], frequency_mhz=2600, base_height_m=10, environment="urban")
    told = str(caught.value)
    assert "okumura-hata (urban; Hata 1980" in told
    assert "frequency 2600 MHz is outside 150–1500 MHz" in told
    assert "base antenna height 10 m is outside 30–200 m" in told
    assert "2 of 3 distances outside 1–20 km (row 2: 0.5 km, 3: 30 km)" in told


def test_many_distances_are_counted_and_a_few_named():
    with pytest.raises(RangeError, match=r"90 of 90 distances .*row 1: 21 km, .*5: 25 km, …") as caught:
        path_loss("cost-231", np.arange(21.0, 111), frequency_mhz=1800, base_height_m=30, environment="open")
    assert isinstance(caught.value, GapmapError)
    assert isinstance(caught.value, ValueError)


def test_a_large_city_has_no_formula_between_200_and_400_mhz():
    at = {"base_height_m": 30, "environment": "urban-large"}
    for frequency in (200, 400):
        assert path_loss("okumura-hata", [1.0], frequency_mhz=frequency, **at).loss_db[0] > 100
    with pytest.raises(RangeError, match="between 200 and 400 MHz"):
        path_loss("okumura-hata", [1.0], frequency_mhz=300, **at)


def test_unknown_names_are_refused_with_the_nearest():
    with pytest.raises(RangeError, match="did you mean 'okumura-hata'"):
        validity("okumura-hatta", "urban")
    with pytest.raises(RangeError, match="did you mean 'suburban'"):
        validity("cost-231", "suburbann")
    with pytest.raises(RangeError, match="Known: mixed, los, nlos"):
        path_loss("3gpp-rma", [1.0], frequency_mhz=800, base_height_m=30, environment="open")


@pytest.mark.parametrize("sigma", [-1, math.nan, math.inf])
def test_sigma_is_a_number_of_at_least_zero(sigma):
    with pytest.raises(RangeError, match="standard deviation"):
        path_loss("3gpp-rma", [1.0], frequency_mhz=800, base_height_m=30, environment="los", sigma_db=sigma)


# ---- shapes


@pytest.mark.parametrize(("model", "environment"), PAIRS)
def test_shape_and_order_of_the_distances_do_not_matter(model, environment):
    arguments, (near, far) = middle(model, environment)
    distance = np.linspace(near, far, 12)
    flat = path_loss(model, distance, **arguments)
    grid = path_loss(model, distance[::-1].reshape(3, 4), **arguments)
    one = path_loss(model, distance[5], **arguments)
    for ask in (lambda p: p.loss_db, lambda p: p.sigma_db, lambda p: p.probability(120.0)):
        assert (ask(grid).ravel()[::-1] == ask(flat)).all()
        assert ask(one) == ask(flat)[5]
    assert path_loss(model, [], **arguments).probability(120.0).shape == (0,)
