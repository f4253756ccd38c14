"""Path-loss models behind one interface: distance, frequency, heights and surroundings in; a distribution of loss out.

No model is ever stretched: a value outside the range that its source gives raises `RangeError`.
"""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from analysis.radio import free_space, hata, tr38901
from analysis.radio.loss import Antennas, Component, PathLoss, Validity
from geo.errors import RangeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

__all__ = ["MODELS", "Component", "PathLoss", "Validity", "environments", "path_loss", "source", "validity"]


class _Formula(Protocol):
    def __call__(
        self, distance_km: NDArray[np.float64], antennas: Antennas, *, environment: str
    ) -> tuple[Component, ...]: ...


@dataclass(frozen=True)
class _Model:
    source: str
    environments: tuple[str, ...]
    validity: Callable[[str], Validity]
    components: _Formula


_REGISTRY = {
    "free-space": _Model(free_space.SOURCE, free_space.ENVIRONMENTS, free_space.validity, free_space.components),
    "okumura-hata": _Model(hata.HATA_SOURCE, hata.ENVIRONMENTS, hata.hata_validity, hata.hata),
    "cost-231": _Model(hata.COST_231_SOURCE, hata.ENVIRONMENTS, hata.cost_231_validity, hata.cost_231),
    "3gpp-rma": _Model(tr38901.SOURCE, tr38901.ENVIRONMENTS, tr38901.rma_validity, tr38901.rma),
    "3gpp-uma": _Model(tr38901.SOURCE, tr38901.ENVIRONMENTS, tr38901.uma_validity, tr38901.uma),
    "3gpp-umi": _Model(tr38901.SOURCE, tr38901.ENVIRONMENTS, tr38901.umi_validity, tr38901.umi),
}

MODELS: tuple[str, ...] = tuple(_REGISTRY)
"""Names of the models."""


def _known(kind: str, name: str, names: tuple[str, ...]) -> str:
    if name in names:
        return name
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else "."
    raise RangeError(f"{kind} '{name}' is unknown{hint} Known: {', '.join(names)}")


def _model(model: str) -> _Model:
    return _REGISTRY[_known("path-loss model", model, MODELS)]


def environments(model: str) -> tuple[str, ...]:
    """Surroundings that a model tells apart.

    ``urban-large, urban, suburban, open`` of Okumura–Hata and COST-231; ``mixed`` (line of sight by its probability),
    ``los`` and ``nlos`` of 3GPP; ``open`` of free space.
    """
    return _model(model).environments


def source(model: str) -> str:
    """Where a model's formula and range come from."""
    return _model(model).source


def validity(model: str, environment: str) -> Validity:
    """Ranges in which a model holds.

    Raises
    ------
    RangeError
        An unknown model, or surroundings that it does not have.
    """
    found = _model(model)
    return found.validity(_known(f"environment of {model}", environment, found.environments))


def path_loss(
    model: str,
    distance_km: ArrayLike,
    *,
    frequency_mhz: float,
    base_height_m: float,
    mobile_height_m: float = 1.5,
    environment: str,
    sigma_db: float | None = None,
) -> PathLoss:
    """Loss between isotropic antennas over paths of given length.

    Parameters
    ----------
    model : str
        One of `MODELS`.
    distance_km : float array (n,)
        Along the ground (models add the antennas' heights themselves); any shape, kept in the answer.
    frequency_mhz : float
    base_height_m, mobile_height_m : float
        Above ground.
    environment : str
        One of `environments(model)`.
    sigma_db : float, optional
        Standard deviation of the shadowing, in place of the model's own, in every state of the path; 0 = none.

    Returns
    -------
    PathLoss

    Raises
    ------
    RangeError
        Anything outside the range of the model: all such values in one sentence, with range and source. A distance that
        is NaN is outside.
    """
    limits = validity(model, environment)
    if sigma_db is not None and not (math.isfinite(sigma_db) and sigma_db >= 0):
        raise RangeError(f"a standard deviation of shadowing is at least 0 dB and finite, not {sigma_db}")
    distance = np.asarray(distance_km, dtype=np.float64)
    antennas = Antennas(frequency_mhz, base_height_m, mobile_height_m)
    limits.require(f"{model} ({environment}; {source(model)})", distance, antennas)
    parts = _REGISTRY[model].components(distance, antennas, environment=environment)
    if sigma_db is not None:
        parts = tuple(replace(part, sigma_db=np.full_like(part.loss_db, sigma_db)) for part in parts)
    return PathLoss(parts)
