"""Chunks of a file turned into rows of a kind: fields, values, position, street, codes; what is noticed is collected."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from geo.coordinates import Reference
from geo.ingest.assignment import Streets, assign_area_codes, claims_apart
from geo.ingest.checks import check_area_codes, check_codes
from geo.ingest.findings import Findings
from geo.ingest.hosts import Hosts
from geo.ingest.mapping import Mapping
from geo.ingest.plausibility import PER_CHUNK, Region, Sample, Watch
from geo.ingest.positions import Positions, locate
from geo.ingest.shapes import mend
from geo.ingest.values import normalise
from geo.store import And, Comparison, Store


@dataclass
class Rows:
    """Makes rows out of the chunks of one file.

    Attributes
    ----------
    store : Store
        For streets, enterprises, and where features stand already.
    mapping : Mapping
        Columns of the file.
    reference : Reference
        What its coordinates are in.
    source : str
        Data set; the rows' ``source`` where the file has none.
    identifier : tuple of str
        Headings that together make the id; empty where there is a column of ids.
    swap_axes : bool
        Whether the first axis is north.
    findings : Findings
        What is noticed, the reader's own included.
    """

    store: Store
    mapping: Mapping
    reference: Reference
    source: str
    path: Path
    identifier: tuple[str, ...] = ()
    swap_axes: bool = False
    findings: Findings = field(default_factory=Findings)

    def __post_init__(self) -> None:
        self.kind = self.mapping.kind
        self.streets = self._streets()
        self.watch = Watch(self.reference, Region.of(self.streets))
        self._hosts: Hosts | None = None
        self._first = True

    def _streets(self) -> Streets | None:
        if self.kind.name == "area":
            return None
        areas = self.store.read("area", columns=["code", "level", "name", "geometry"])
        areas = areas[areas["level"] == "street"]
        return Streets.of(areas) if len(areas) else None

    def frames(self, chunks: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """Frames for the store, one per chunk; what Arrow keeps of the chunk before is given back, or it would hoard 200 MB."""
        for chunk in chunks:
            yield self.frame(chunk)
            pa.default_memory_pool().release_unused()

    def frame(self, chunk: pd.DataFrame) -> pd.DataFrame:
        """One chunk: every declared field the file has, ``extra``, and the geometry."""
        frame = self._fields(chunk)
        positions = locate(chunk, self.mapping, self.reference, swap_axes=self.swap_axes)
        shapes = mend(positions.shapes, chunk.index.to_numpy(np.int64), self.findings)
        if any(one.name == "enterprise_id" for one in self.kind.fields) and "enterprise_id" in frame:
            frame, shapes = self._settled(frame, shapes)
        frame = check_codes(self.kind, frame, self.findings)
        frame = frame.assign(geometry=pd.Series(shapes, index=frame.index, dtype=object))
        frame = self._placed(frame, shapes, positions)
        if self.reference.accuracy_m and "position_accuracy_m" not in frame:
            frame = frame.assign(position_accuracy_m=self.reference.accuracy_m)
        return frame

    def _fields(self, chunk: pd.DataFrame) -> pd.DataFrame:
        columns = {}
        for column in self.mapping.columns:
            if column.name in chunk and column.target in {one.name for one in self.kind.all_fields} and column.how != "json":
                words = self.mapping.saved.values.get(column.target)
                columns[column.target] = normalise(self.kind, column.target, chunk[column.name], factor=column.factor,
                                                   words=words)
        frame = pd.DataFrame(columns, index=chunk.index)
        if self.identifier:
            frame["id"] = _joined(chunk, self.identifier)
        defaults = {"source": self.source, "synthetic": False, **self.mapping.saved.constants}
        for name, value in defaults.items():
            frame[name] = frame[name].fillna(value) if name in frame else value
        extra = extra_json(chunk, self._extra_of(chunk))
        return frame if extra is None else frame.assign(extra=extra)

    def _extra_of(self, chunk: pd.DataFrame) -> list[str]:
        """Columns without a field, those that only later features have included."""
        mapped = {column.name for column in self.mapping.columns} | {"geometry", "extra"}
        return [*(name for name in self.mapping.extra if name in chunk), *(str(name) for name in chunk if name not in mapped)]

    def _settled(self, frame: pd.DataFrame, shapes: NDArray[np.object_]) -> tuple[pd.DataFrame, NDArray[np.object_]]:
        if self._hosts is None:
            self._hosts = Hosts(self.store)
        return self._hosts.settle(frame, shapes, self.findings)

    def _placed(self, frame: pd.DataFrame, shapes: NDArray[np.object_], positions: Positions) -> pd.DataFrame:
        """Street of every row, claims compared; and the chunk shown to the watch."""
        claimed = np.full(len(frame), -1, np.int64)
        if self.streets is not None:
            given = np.array([shape if isinstance(shape, shapely.Geometry) else None for shape in shapes], object)
            if "area_code" in frame:
                frame, claimed = self._claims(frame, given)
            frame = assign_area_codes(frame.assign(geometry=given), self.streets).assign(geometry=frame["geometry"])
        known = self._known(frame) if self._first and self.kind.name != "area" else np.full((len(frame), 2), np.nan)
        self._first = False
        self.watch.add(Sample(frame.index.to_numpy(np.int64), positions.x, positions.y, positions.lon, positions.lat, claimed,
                              known))
        return frame

    def _claims(self, frame: pd.DataFrame, shapes: NDArray[np.object_]) -> tuple[pd.DataFrame, NDArray[np.int64]]:
        assert self.streets is not None  # noqa: S101  (its caller has looked)
        before = frame["area_code"]
        after = check_area_codes(before, self.streets.known, self.findings)
        dropped = before.notna() & after.isna()
        if dropped.any():
            frame = frame.assign(area_code=after, extra=_with_claim(frame, before.where(dropped)))
        codes = after.to_numpy(object)
        apart = claims_apart(codes, shapes, self.streets)
        self.findings.rows("area-code-disagrees", "warning", "所写街道代码与坐标所在街道不符（相距 200 m 以上），均按原值保留",
                           "the claimed street is not where the position lies (more than 200 m off); both are kept",
                           frame.index[apart], codes[apart])
        place = {code: at for at, code in enumerate(self.streets.codes)}
        return frame, np.array([place.get(code, -1) if isinstance(code, str) else -1 for code in codes], np.int64)

    def _known(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Where the store has the features of the first rows already, by id, else by name.

        What an earlier load of the same source said is no witness: this may be its correction.
        """
        known = np.full((len(frame), 2), np.nan)
        for name in ("id", "name"):
            if name not in frame or np.isfinite(known[:, 0]).sum() >= 5:
                continue
            keys = frame[name].astype("str").head(min(PER_CHUNK, 1_000)).dropna()
            keys = keys[~keys.duplicated(keep=False) & ~keys.str.contains("\x00", regex=False)]
            if not len(keys):
                continue
            others = And(Comparison(name, "in", keys.tolist()), Comparison("source", "!=", self.source))
            page = self.store.query(self.kind.name, where=others, columns=[name, "geometry"], limit=5 * len(keys)).frame
            page = page[~page[name].duplicated(keep=False)].set_index(name)["geometry"]
            at = frame.index.get_indexer(keys.index[keys.isin(page.index)])
            points = representative(page.loc[keys[keys.isin(page.index)]].to_numpy(object))
            known[at] = np.column_stack([shapely.get_x(points), shapely.get_y(points)])
        return known


def representative(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Middle of the box of every geometry, as the watch takes them."""
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    middle = shapely.points((bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2)
    return np.asarray(middle, dtype=object).reshape(-1)


def _joined(chunk: pd.DataFrame, names: tuple[str, ...]) -> pd.Series:
    parts = [pa.array(chunk[name].astype("str"), from_pandas=True).cast(pa.string()) for name in names]
    joined = pc.binary_join_element_wise(*parts, "-") if len(parts) > 1 else parts[0]
    return pd.Series(joined.to_pandas().to_numpy(), index=chunk.index, dtype="str")


def extra_json(chunk: pd.DataFrame, others: list[str]) -> pd.Series | None:
    """What the declaration does not know, as one JSON object per row, joined with what the file itself gives as ``extra``."""
    own = chunk.get("extra", None)
    if own is not None and own.notna().any():
        return _merged(chunk, others, own)
    pieces = []
    for name in sorted(others):
        written = _json_texts(chunk[name])
        if written.null_count < len(written):
            key = json.dumps(name, ensure_ascii=False).replace("\\u0000", "")
            pieces.append(pc.fill_null(pc.binary_join_element_wise(f"{key}: ", written, ", ", ""), ""))
    if not pieces:
        return None
    joined = pc.ascii_rtrim(pc.binary_join_element_wise(*pieces, ""), characters=", ")
    empty = pc.equal(joined, "")
    text = pc.if_else(empty, pa.scalar(None, pa.string()), pc.binary_join_element_wise("{", joined, "}", ""))
    return pd.Series(text.to_pandas().to_numpy(), index=chunk.index, dtype="str")


def _json_texts(column: pd.Series) -> pa.Array:
    """Every value as JSON text, each distinct one written once; null where there is none."""
    if isinstance(column.dtype, pd.StringDtype):
        plain = pa.array(column, from_pandas=True)
        plain = (plain.combine_chunks() if isinstance(plain, pa.ChunkedArray) else plain).cast(pa.string())
        if not pc.any(pc.match_substring_regex(plain, r'["\\\x00-\x1f]')).as_py():
            return pc.binary_join_element_wise('"', plain, '"', "")
    try:
        codes, distinct = pd.factorize(column, use_na_sentinel=True)
        texts = pa.array([*(_json(value) for value in distinct), None], pa.string())
        return texts.take(pa.array(np.where(codes < 0, len(distinct), codes)))
    except TypeError:  # lists and dictionaries
        return pa.array([None if value is None else _json(value) for value in column], pa.string())


def _json(value: Any) -> str:
    if isinstance(value, np.generic):
        value = value.item()
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str).replace("\\u0000", "\\ufffd")


def _merged(chunk: pd.DataFrame, others: list[str], own: pd.Series) -> pd.Series:
    rest = extra_json(chunk.drop(columns="extra"), others)
    texts = []
    for before, more in zip(own, rest if rest is not None else [None] * len(own), strict=True):
        told = json.loads(more) if isinstance(more, str) else {}
        given = _object(before)
        told |= given if isinstance(given, dict) else {} if given is None else {"extra": given}
        texts.append(json.dumps(told, ensure_ascii=False, sort_keys=True, default=str) if told else None)
    return pd.Series(texts, index=chunk.index, dtype="str")


def _object(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return None if value is None or (isinstance(value, float) and np.isnan(value)) else value


def _with_claim(frame: pd.DataFrame, claims: pd.Series) -> pd.Series:
    """The JSON column with the claimed street codes that were left out."""
    extra = frame["extra"].to_numpy(object).copy() if "extra" in frame else np.full(len(frame), None, object)
    for at in np.flatnonzero(claims.notna().to_numpy()):
        told = json.loads(extra[at]) if isinstance(extra[at], str) else {}
        extra[at] = json.dumps({**told, "area_code_claimed": str(claims.iloc[at])}, ensure_ascii=False, sort_keys=True)
    return pd.Series(extra, index=frame.index, dtype="str")
