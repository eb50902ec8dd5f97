"""Rows that stand where their enterprise stands: risk sources, dangers and equipment whose ledger has no position of its own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from geo.ingest.assignment import representative_points
from geo.ingest.findings import Findings
from geo.store import Store


class Hosts:
    """The enterprises of the store, found by id or by credit code."""

    def __init__(self, store: Store) -> None:
        table = store.read_table("enterprise", columns=["id", "credit_code", "geometry"])
        self._ids, self._codes = (table[name].combine_chunks() for name in ("id", "credit_code"))
        self._geometry = table["geometry"]

    def settle(self, frame: pd.DataFrame, shapes: NDArray[np.object_], findings: Findings) -> tuple[pd.DataFrame,
                                                                                                    NDArray[np.object_]]:
        """Positions of the enterprises for the rows without one; a credit code in place of the enterprise's id becomes the id.

        Parameters
        ----------
        frame : DataFrame
            With ``enterprise_id``.
        shapes : (n,) object
            Positions as far as the rows have them.
        """
        wanted = pa.array(frame["enterprise_id"].astype("str"), from_pandas=True).cast(pa.string())
        by_id = pc.index_in(wanted, self._ids.cast(pa.string()))
        by_code = pc.index_in(wanted, self._codes.cast(pa.string()), skip_nulls=True)
        at = pc.coalesce(by_id, by_code).fill_null(-1).to_numpy(zero_copy_only=False)
        missing = pd.isna(shapes) & (at >= 0)
        points = shapes.copy()
        if missing.any():
            found = shapely.from_wkb(self._geometry.take(pa.array(at[missing])).to_numpy(zero_copy_only=False))
            points[missing] = representative_points(np.asarray(found, dtype=object))
            findings.rows("at-enterprise", "info", "没有坐标的行取所属单位的位置",
                          "rows without a position stand where their enterprise stands",
                          frame.index[missing], frame["enterprise_id"][missing])
        by_code_alone = (at >= 0) & pc.is_null(by_id).to_numpy(zero_copy_only=False)
        if by_code_alone.any():
            ids = frame["enterprise_id"].to_numpy(object).copy()
            ids[by_code_alone] = self._ids.take(pa.array(at[by_code_alone])).to_numpy(zero_copy_only=False)
            findings.rows("enterprise-by-code", "info", "单位编号写的是统一社会信用代码，已换成库中的单位编号",
                          "credit codes in place of enterprise ids were resolved", frame.index[by_code_alone],
                          frame["enterprise_id"][by_code_alone])
            frame = frame.assign(enterprise_id=ids)
        orphan = (at < 0) & frame["enterprise_id"].notna().to_numpy()
        findings.rows("enterprise-unknown", "warning", "所属单位不在库中", "rows of enterprises that the store does not have",
                      frame.index[orphan], frame["enterprise_id"][orphan])
        return frame, points
