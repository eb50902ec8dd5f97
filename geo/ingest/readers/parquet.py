"""Parquet and GeoParquet, batch by batch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from geo.coordinates import WGS84
from geo.ingest.readers.reading import CHUNK, Reading, bad_file, known_reference


def read_parquet(path: Path) -> Reading:
    """A Parquet file with the geometry as WKB in the primary column that it names, or in ``geometry``.

    Raises
    ------
    BadFile
        If it is broken.
    """
    try:
        file = pq.ParquetFile(path)
        described = json.loads((file.schema_arrow.metadata or {}).get(b"geo", b"{}"))
        primary = str(described.get("primary_column", "geometry"))
        crs = described.get("columns", {}).get(primary, {}).get("crs")
    except (OSError, pa.ArrowException, ValueError, AttributeError) as error:
        raise bad_file(path, "不是 Parquet 文件或已损坏", "is no Parquet file or is broken", "请重新获取该文件。",
                       "Fetch the file again.") from error
    names = [name for name in file.schema_arrow.names if name != primary]
    has_geometry = primary in file.schema_arrow.names
    reading = Reading(path, "GeoParquet", tuple(names), _chunks(path, file, primary if has_geometry else ""),
                      has_geometry=has_geometry, reference=WGS84, total=file.metadata.num_rows)
    if crs is not None:  # WGS 84 is what the format means where it says nothing
        reading.reference = known_reference(reading, json.dumps(crs) if isinstance(crs, dict) else str(crs))
    return reading


def _chunks(path: Path, file: pq.ParquetFile, primary: str) -> Iterator[pd.DataFrame]:
    passed = 0
    try:
        for batch in file.iter_batches(batch_size=CHUNK):
            frame: pd.DataFrame = batch.to_pandas(date_as_object=False)
            frame = frame.reset_index(drop=True).set_axis(pd.Index(np.arange(passed, passed + len(frame), dtype=np.int64)))
            passed += len(frame)
            yield frame.rename(columns={primary: "geometry"}) if primary else frame
    except (OSError, pa.ArrowException) as error:
        raise bad_file(path, f"在第 {passed + 1} 行之后损坏", f"is broken behind row {passed}", "请重新获取该文件。",
                       "Fetch the file again.") from error
    finally:
        file.close()
