from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers.columns import Columns

ROW = st.fixed_dictionaries({
    "int64": st.none() | st.integers(-2**63, 2**63 - 1), "int8": st.none() | st.integers(-128, 127),
    "double": st.none() | st.floats(allow_nan=False), "bool": st.none() | st.booleans(),
    "string": st.none() | st.text(), "binary": st.none() | st.binary(max_size=9),
    "date": st.none() | st.dates(date(1, 1, 1)), "list": st.none() | st.lists(st.integers(0, 9), max_size=3),
})
SCHEMA = pa.schema({"int64": pa.int64(), "int8": pa.int8(), "double": pa.float64(), "bool": pa.bool_(), "string": pa.string(),
                    "binary": pa.binary(), "date": pa.date32(), "list": pa.list_(pa.int64())})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROW, max_size=20), st.data())
def test_rows_are_what_arrow_itself_reads(tmp_path: Path, rows: list[dict[str, object]], data: st.DataObject) -> None:
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), tmp_path / "t.parquet", row_group_size=7)
    columns = Columns(tmp_path / "t.parquet")
    picked = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=30)) if rows else []
    assert columns.rows(picked) == [rows[row] for row in picked]
    assert columns.texts("string") == [row["string"] for row in rows]
    assert columns.numbers("int64").tolist() == [row["int64"] or 0 for row in rows]
    assert columns.numbers("bool").tolist() == [bool(row["bool"]) for row in rows]


def test_what_is_kept_cannot_be_changed(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1.0, None]}), tmp_path / "t.parquet")
    values = Columns(tmp_path / "t.parquet").numbers("a")
    with pytest.raises(ValueError, match="read-only"):
        values[0] = 2.0
