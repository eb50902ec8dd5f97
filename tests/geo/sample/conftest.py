"""One small sample and the ground, shared by the tests of this folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from geo.sample import SampleSummary, generate
from geo.sample.ground import Ground, lay_ground
from geo.sample.population import residents_by_street
from geo.sample.shipped import Shipped, read_shipped

SEED = 7
TODAY = date(2026, 3, 1)


@dataclass(frozen=True)
class Made:
    folder: Path
    summary: SampleSummary

    def read(self, kind: str) -> pd.DataFrame:
        return pq.read_table(self.folder / f"{kind}.parquet").to_pandas()


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("sample")
    return Made(folder, generate(folder, enterprises=8_000, seed=SEED, as_of=TODAY))


@pytest.fixture(scope="session")
def shipped() -> Shipped:
    return read_shipped()


@pytest.fixture(scope="session")
def residents(shipped: Shipped) -> np.ndarray:
    return residents_by_street(shipped)


@pytest.fixture(scope="session")
def ground(shipped: Shipped, residents: np.ndarray) -> Ground:
    return lay_ground(shipped, residents)
