"""Runs inside CLIMADA's own environment: its impact calculation on the events of a file, timed; only numbers come back.

``python peer_climada.py EVENTS.npz RESULT.npz``. CLIMADA (GPL-3.0) is never imported by this product.
"""

from __future__ import annotations

import importlib
import resource
import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

Events = dict[str, NDArray[Any]]


def lethality(events: Events) -> Any:
    """Probability of death of every event in every cell: the hazard matrix, by NumPy from the same kernels."""
    sparse: Any = importlib.import_module("scipy.sparse")
    side, cell, columns = int(events["side"]), float(events["cell"]), np.arange(int(events["side"]))
    knots = np.linspace(0.0, 1.0, events["tables"].shape[1])
    values: list[NDArray[np.float64]] = []
    indices: list[NDArray[np.int32]] = []
    length = np.zeros(len(events["radius"]), np.int64)
    for start, stop in zip(events["first"][:-1], events["first"][1:], strict=True):
        x, y = events["x"][start], events["y"][start]
        reach = float(events["radius"][start:stop].max())
        box = [np.flatnonzero(np.abs((columns + 0.5) * cell - centre) < reach) for centre in (y, x)]
        d2 = np.add.outer(((box[0] + 0.5) * cell - y) ** 2, ((box[1] + 0.5) * cell - x) ** 2).ravel()
        at = np.add.outer(box[0] * side, box[1]).ravel().astype(np.int32)
        for k in range(int(start), int(stop)):
            u = d2 / events["radius"][k] ** 2
            inside = u < 1.0
            values.append(np.interp(u[inside], knots, events["tables"][events["table"][k]]))
            indices.append(at[inside])
            length[k] = len(values[-1])
    rows = np.concatenate([[0], np.cumsum(length)])
    return sparse.csr_matrix((np.concatenate(values), np.concatenate(indices), rows), shape=(len(length), side * side))


def main(source: str, target: str) -> None:
    """Make the hazard, calculate the impact, write times and results."""
    hazard_room: Any = importlib.import_module("climada.hazard")
    entity: Any = importlib.import_module("climada.entity")
    engine: Any = importlib.import_module("climada.engine.impact_calc")
    with np.load(source) as file:
        events = {name: file[name] for name in file.files}
    side = int(events["side"])
    start = time.perf_counter()
    matrix = lethality(events)
    made = time.perf_counter() - start
    latitude, longitude = np.repeat(39.0 + np.arange(side) * 1e-3, side), np.tile(116.0 + np.arange(side) * 1e-3, side)
    count = matrix.shape[0]
    hazard = hazard_room.Hazard("XX", intensity=matrix, frequency=events["frequency"], event_id=np.arange(1, count + 1),
                                event_name=[str(i) for i in range(count)], date=np.ones(count, int), orig=np.ones(count, bool),
                                centroids=hazard_room.Centroids(lat=latitude, lon=longitude), units="1")
    exposures = entity.Exposures(lat=latitude, lon=longitude, value=events["people"], value_unit="people",
                                 data={"impf_XX": np.ones(side * side, int), "centr_XX": np.arange(side * side)})
    functions = entity.ImpactFuncSet([entity.ImpactFunc(
        haz_type="XX", id=1, intensity=np.array([0.0, 1.0]), mdd=np.array([0.0, 1.0]), paa=np.ones(2), intensity_unit="1")])
    calculation = engine.ImpactCalc(exposures, functions, hazard)
    start = time.perf_counter()
    impact = calculation.impact(save_mat=False, assign_centroids=False)
    taken = time.perf_counter() - start
    np.savez(target, at_event=impact.at_event, by_cell=impact.eai_exp, calculation_s=taken, hazard_s=made, entries=matrix.nnz,
             peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    main(*sys.argv[1:])
