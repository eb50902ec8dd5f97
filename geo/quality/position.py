"""Whether rows stand where they say: in the region, in their street, by their unit, and not on a default point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from geo.grid import to_metres
from geo.quality.rows import Context, Floats, Found, Ints, Mask, Rows, Units, apart
from geo.quality.rules import KindRules


class Streets:
    """The streets of the region, ready for points.

    Parameters
    ----------
    frame : DataFrame
        ``code`` and ``geometry`` (Shapely polygons, CGCS2000 degrees).
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        ordered = frame.sort_values("code", kind="stable")
        self.codes: list[str] = [str(code) for code in ordered["code"]]
        self.shapes: NDArray[np.object_] = np.array(ordered["geometry"].to_numpy(object), object)
        shapely.prepare(self.shapes)
        self._tree = shapely.STRtree(self.shapes)
        self._codes = pa.array(self.codes, pa.string())

    def claimed(self, codes: pa.Array) -> Ints:
        """Number of the street that each row claims; −1 where it claims none that exists."""
        found = pc.index_in(codes, value_set=self._codes)
        return np.asarray(pc.fill_null(found, -1).to_numpy(zero_copy_only=False), np.int64)

    def inside(self, claim: Ints, lon: Floats, lat: Floats) -> Mask:
        """Whether each point lies in the street it claims (its border included): one test per point, all streets prepared."""
        result = np.zeros(len(claim), bool)
        order = np.argsort(claim, kind="stable")
        edges = np.searchsorted(claim[order], np.arange(len(self.codes) + 1))
        for street in range(len(self.codes)):
            rows = order[edges[street]:edges[street + 1]]
            if rows.size:
                result[rows] = shapely.intersects_xy(self.shapes[street], lon[rows], lat[rows])
        return result

    def at(self, lon: Floats, lat: Floats) -> Ints:
        """Number of the street that holds each point, the lowest on a common border; −1 outside."""
        point, street = self._tree.query(shapely.points(lon, lat), predicate="intersects")
        result = np.full(len(lon), len(self.codes), np.int64)
        np.minimum.at(result, point, street)
        return np.where(result == len(self.codes), -1, result)

    def distance(self, street: Ints, lon: Floats, lat: Floats) -> Floats:
        """Distance of each point from a street, m."""
        flat: dict[int, shapely.Geometry] = {}
        for number in np.unique(street).tolist():
            flat[number] = shapely.transform(self.shapes[number], lambda xy: np.column_stack(to_metres(xy[:, 0], xy[:, 1])))
        x, y = to_metres(lon, lat)
        polygons = np.array([flat[number] for number in street.tolist()], object)
        return np.asarray(shapely.distance(polygons, shapely.points(x, y)), np.float64)


@dataclass(frozen=True)
class Placed:
    """Where rows lie.

    Attributes
    ----------
    street : (n,) int64
        Street that a row counts for: the one it claims, else the one it lies in; −1 for none.
    found : tuple of Found
    """

    street: Ints
    found: tuple[Found, ...]


def position(rows: Rows, streets: Streets, rules: KindRules, context: Context, owner: Ints) -> Placed:
    """All findings about the places of one kind's rows."""
    claim = streets.claimed(rows.array("area_code"))
    lon, lat = rows.lon, rows.lat
    doubtful = np.flatnonzero(~(streets.inside(claim, lon, lat) & (claim >= 0)))
    located = claim.copy()
    located[doubtful] = streets.at(lon[doubtful], lat[doubtful])
    found = [*_streets(rows, streets, claim, located, doubtful, context)]
    if rules.pile:
        found += _piles(lon, lat, rules.pile)
    found += _coarse(rows, context)
    if rules.parent_m and context.units is not None:
        found += _parents(rows, context.units, owner, rules.parent_m)
    return Placed(np.where(claim >= 0, claim, located), tuple(found))


def _streets(rows: Rows, streets: Streets, claim: Ints, located: Ints, doubtful: Ints, context: Context) -> Iterator[Found]:
    outside = doubtful[located[doubtful] < 0]
    # a line of the region's surroundings is drawn where it is; only what claims a street, or is a point, is out of place
    out_of_place = outside[(claim[outside] >= 0) | (rows.kind.geometry != "line")]
    if out_of_place.size:
        yield Found("P-REGION", out_of_place)
    elsewhere = doubtful[(located[doubtful] >= 0) & (claim[doubtful] >= 0)]
    if not elsewhere.size:
        return
    away = streets.distance(claim[elsewhere], rows.lon[elsewhere], rows.lat[elsewhere])
    spare = np.maximum(np.nan_to_num(rows.numbers("position_accuracy_m")[elsewhere]), context.limit("border_least_m"))
    names = np.array(streets.codes, object)
    for code, hit in (("P-SIDE", away <= context.limit("border_m")), ("P-STREET", away > context.limit("border_m"))):
        chosen = hit & (away > spare)
        where = elsewhere[chosen]
        if where.size:
            yield Found(code, where, value=names[claim[where]], number=away[chosen], other=names[located[where]])


def _piles(lon: Floats, lat: Floats, most: int) -> Iterator[Found]:
    there = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    key = np.round(lon[there] * 1e7).astype(np.int64) * 2_000_000_000 + np.round(lat[there] * 1e7).astype(np.int64)
    _, which, count = np.unique(key, return_inverse=True, return_counts=True)
    piled = count[which] > most
    if piled.any():
        yield Found("P-PILE", there[piled], number=count[which][piled].astype(np.float64))


def _coarse(rows: Rows, context: Context) -> Iterator[Found]:
    scale = 10.0 ** context.limit("coarse_decimals")
    rounded = shapely.get_type_id(rows.shapes) == 0
    for values in (rows.lon, rows.lat):
        rounded &= np.abs(values * scale - np.round(values * scale)) < 1e-6
    stated = np.nan_to_num(rows.numbers("position_accuracy_m")) >= context.limit("coarse_stated_m")
    places = np.flatnonzero(rounded & ~stated)
    if places.size:
        yield Found("P-COARSE", places)


def _parents(rows: Rows, units: Units, owner: Ints, most: float) -> Iterator[Found]:
    mine = np.maximum(owner, 0)
    away = np.where(owner >= 0, apart(rows.lon, rows.lat, units.lon[mine], units.lat[mine]), 0.0)
    places = np.flatnonzero(away > most)
    if places.size:
        yield Found("P-PARENT", places, value=rows.texts("enterprise_id", places), number=away[places])
