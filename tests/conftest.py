"""Fixtures that several rooms share: a store on both engines, and rows to put in it."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
import sqlalchemy as sa
from xdist.remote import Producer

from geo.store import Store, open_store
from tests.support.workers import ByWhatIsShared, order

# Started in the background, a shell lets its children ignore Ctrl-C; the tests that send it need the usual behaviour.
signal.signal(signal.SIGINT, signal.default_int_handler)

EnterpriseMaker = Callable[..., pd.DataFrame]


def pytest_configure(config: pytest.Config) -> None:
    """Give each of several workers (``-n``) a database of its own: one's dropped schemas must not disturb another's queries."""
    server, worker = os.environ.get("RISKMAP_TEST_POSTGIS"), os.environ.get("PYTEST_XDIST_WORKER")
    if not server or not worker:
        return
    own = sa.make_url(server).set(database=f"{sa.make_url(server).database}_{worker}")
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if not connection.execute(sa.text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": own.database}).scalar():
            connection.exec_driver_sql(f"CREATE DATABASE {own.database}")
    engine.dispose()
    engine = sa.create_engine(own)
    with engine.begin() as connection:
        connection.exec_driver_sql("SET client_min_messages = error; CREATE EXTENSION IF NOT EXISTS postgis")
    engine.dispose()
    os.environ["RISKMAP_TEST_POSTGIS"] = own.render_as_string(hide_password=False)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByWhatIsShared:
    """With several workers (``-n``), tests that share something stay on one of them."""
    return ByWhatIsShared(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long work first."""
    items.sort(key=lambda item: order(item.nodeid))


@pytest.fixture(params=["sqlite", pytest.param("postgis", marks=pytest.mark.postgis)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a store of its own that is still empty: a SQLite file, then a schema in the test server's PostGIS database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store' / 'riskmap.sqlite'}"
        return
    server = os.environ.get("RISKMAP_TEST_POSTGIS")
    if not server:
        pytest.fail("RISKMAP_TEST_POSTGIS is not set: run `make test`, or export RISKMAP_TEST_POSTGIS=$(scripts/postgis.sh)")
    engine = sa.create_engine(server)
    schema = f"test_{uuid.uuid4().hex}"
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    yield f"{server}?options=-csearch_path%3D{schema}%2Cpublic"
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
    engine.dispose()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An initialised, empty store on both engines."""
    with open_store(store_url, patience=1.0) as opened:
        opened.init()
        yield opened


@pytest.fixture
def enterprises() -> EnterpriseMaker:
    """Makes frames of enterprises: ``enterprises(100, seed=3, staff_at_place=5)``; ids are E00000 and so on."""

    def make(count: int, seed: int = 1, **columns: object) -> pd.DataFrame:
        random = np.random.default_rng(seed)
        points = shapely.points(random.uniform(115.8, 117.2, count), random.uniform(39.6, 40.8, count))
        frame = pd.DataFrame({
            "id": [f"E{number:05d}" for number in range(count)],
            "name": [f"北京测试企业{number}有限公司" for number in range(count)],
            "source": "test", "synthetic": True,
            "industry": random.choice(["C", "F", "H"], count),
            "staff_at_place": random.integers(0, 500, count),
            "floor_area_m2": random.uniform(20, 5000, count),
            "sprinklers": random.choice(np.array([True, False, None], object), count),
            "valid_from": date(2024, 1, 1),
            "assumed": '["floor_area_m2"]',
            "geometry": points,
        })
        return frame.assign(**columns)

    return make
