"""The full generated city, once per session: sample → store → model → snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from geo.ingest import load_directory
from geo.sample import generate
from geo.settings import Settings
from geo.store import open_store
from layers.inputs import read_inputs
from layers.night import Night, run_night
from layers.reader import Snapshot
from riskmodel.inputs import ModelInputs


@dataclass(frozen=True)
class City:
    """The published night of the full sample and what it was made from."""

    settings: Settings
    sample: Path
    night: Night
    snapshot: Snapshot
    inputs: ModelInputs


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    """Beijing in full: a tenth would distort every theme, so nothing smaller is asked about colours."""
    home = tmp_path_factory.mktemp("city")
    settings = Settings(home=home)
    settings.prepare_home()
    sample = home / "sample"
    generate(sample, enterprises=settings.sample_enterprises, seed=settings.sample_seed)
    with open_store(settings.store_url) as store:
        store.init()
        load_directory(store, sample, settings)
        night = run_night(store, settings)
        inputs = read_inputs(store, night.as_of)
    return City(settings, sample, night, Snapshot(night.path), inputs)
