"""Crowd crush at venues with peak occasions of at least 5,000 people.

``f = occasions · Σ_density share · P(fatal | density) · conditions``; deaths follow ``P(N ≥ n | fatal) = n^−0.5`` up to
``min(1 % of the crowd, 150)``. What a venue says of itself (peak density, metering, ``extra.ungated``) goes before its type.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskmodel.columns import flags, looked_up, numbers
from riskmodel.inputs import ModelInputs
from riskmodel.parameters.load import Parameters
from riskmodel.people import Exposure
from riskmodel.precedence import Precedence
from riskmodel.scenarios import ScenarioBuilder, Scope, Theme
from riskmodel.tails import power_law_mean, register_power_tails


def add(builder: ScenarioBuilder, inputs: ModelInputs, parameters: Parameters, factors: pd.Series,  # noqa: ARG001
        exposure: Exposure, counted: Precedence) -> None:  # noqa: ARG001
    """Add one scenario per venue that has peak occasions.

    Examples
    --------
    >>> from riskmodel.example import parameters, scored, town
    >>> fair = [{"id": "v1", "venue_type": "park", "crowd_peaks": 4.0, "capacity": 20_000}]
    >>> builder = ScenarioBuilder(("venue",))
    >>> add(builder, town(venue=fair), parameters(), pd.Series(dtype=float), scored().exposure, Precedence({}))
    >>> points = builder.finish().points
    >>> (points.frequency * points.deaths_local).round(6).tolist()
    [0.001246]
    """
    venues = inputs.frames["venue"]
    peaks = np.nan_to_num(numbers(venues["crowd_peaks"]))
    row = np.flatnonzero(peaks > 0)
    alpha = parameters.number("crowd.fatal.alpha")
    most = parameters.number("crowd.fatal.share") * crowd(venues.iloc[row], parameters)
    cap = np.minimum(most, parameters.number("crowd.fatal.most"))
    builder.add_points("venue", "人群踩踏", Theme.CROWD, Scope.NONE, row=row, x=numbers(venues["x"])[row],
                       y=numbers(venues["y"])[row], frequency=peaks[row] * per_occasion(venues.iloc[row], parameters),
                       deaths_local=power_law_mean(alpha, cap), tail=register_power_tails(builder, alpha, cap))


def per_occasion(venues: pd.DataFrame, parameters: Parameters) -> NDArray[np.float64]:
    """P(fatal crush) per peak occasion of every venue: density, metering (× 0.1) and ungated places (× 3).

    Parameters
    ----------
    venues : DataFrame
        Columns venue_type, peak_density (people/m²; the type's mix of classes where missing), metered (True: all occasions; else
        the type's share) and extra (``{"ungated": true}``: slope, stair, bridge or free event; else the type's share).

    Examples
    --------
    >>> from riskmodel.example import frame, parameters
    >>> park = {"venue_type": "park", "peak_density": 4.5}
    >>> venues = frame("venue", [park, park | {"metered": True}, park | {"metered": True, "extra": {"ungated": True}}])
    >>> [f"{p:.2g}" for p in per_occasion(venues, parameters())]
    ['5e-05', '2.3e-05', '6.3e-05']
    """
    probability = parameters.array("crowd.fatal.probability")
    mix = parameters.table("crowd.peaks.mix")
    base = _typed(venues["venue_type"], {name: float(np.dot(shares, probability)) for name, shares in mix.items()})
    density = numbers(venues["peak_density"])
    known = probability[np.searchsorted(parameters.array("crowd.fatal.density"), np.nan_to_num(density), side="right")]
    base = np.where(np.isnan(density), base, known)
    metered = np.where(flags(venues["metered"]), 1.0, _typed(venues["venue_type"], parameters.table("crowd.peaks.metered")))
    free = np.array([isinstance(extra, dict) and bool(extra.get("ungated")) for extra in venues["extra"]], bool)
    ungated = np.where(free, 1.0, _typed(venues["venue_type"], parameters.table("crowd.peaks.ungated")))
    condition = (1.0 + metered * (parameters.number("crowd.fatal.metered") - 1.0)
                 + ungated * (parameters.number("crowd.fatal.ungated") - 1.0))
    return np.asarray(base * condition)


def crowd(venues: pd.DataFrame, parameters: Parameters) -> NDArray[np.float64]:
    """People at a peak occasion: the larger of the venue's capacity and the type's usual crowd, at least 5,000.

    Examples
    --------
    >>> from riskmodel.example import frame, parameters
    >>> crowd(frame("venue", [{"venue_type": "stadium", "capacity": 60_000}, {"venue_type": "library"}]), parameters()).tolist()
    [60000.0, 5000.0]
    """
    usual = _typed(venues["venue_type"], parameters.table("crowd.peaks.crowd"))
    people = np.fmax(usual, numbers(venues["capacity"]))
    return np.asarray(np.maximum(people, parameters.number("crowd.fatal.crowd_least")))


def _typed(venue_type: pd.Series, table: dict[str, float]) -> NDArray[np.float64]:
    return looked_up(venue_type, table, float(table["rest"]))
