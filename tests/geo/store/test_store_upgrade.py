"""Upgrades with data in the store: from every earlier revision, on both engines, and loading the same again changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from alembic import command

from geo.errors import BadParameter
from geo.kinds import KINDS
from geo.store import Store, migrate, open_store
from geo.store.schema import ewkb

EnterpriseMaker = Callable[..., pd.DataFrame]

EARLIER = sorted(migrate.known())[:-1]


def fill(store: Store, revision: str, frame: pd.DataFrame) -> None:
    """Rows as that revision's program wrote them, by plain SQL: hashes by its own formula, which ours does not know."""
    columns = [name for name in frame.columns if name != "geometry"]
    boxes = shapely.bounds(frame["geometry"].to_numpy())
    with store._writing() as connection:
        command.upgrade(migrate._config(connection), revision)
        raw: Any = connection.connection.driver_connection
        sqlite = connection.dialect.name == "sqlite"
        mark = "?" if sqlite else "%s"
        names = ", ".join([*columns, "minx", "miny", "maxx", "maxy", "content", "load_id", "geometry"])
        statement = f"INSERT INTO enterprise ({names}) VALUES ({', '.join([mark] * (len(columns) + 7))})"
        for at, row in enumerate(frame[columns].astype(object).itertuples(index=False)):
            plain = [None if value is None else value.isoformat() if hasattr(value, "isoformat") else value for value in row]
            shape = frame["geometry"][at]
            raw.execute(statement, (*plain, *boxes[at].tolist(), at, 1, shapely.to_wkb(shape) if sqlite else ewkb(shape)))
        now = datetime.now(UTC).isoformat()
        raw.execute("INSERT INTO load (id, kind, source, started, finished, inserted, updated, unchanged, removed, quarantined, "
                    f"sha) VALUES (1, 'enterprise', 'old.csv', '{now}', '{now}', 40, 0, 0, 0, 0, 'x')")
        raw.execute("INSERT INTO meta (key, value) VALUES ('uuid', 'abcdef0123456789'), ('changes', '1')")


def triggers(store: Store) -> int:
    with store._reading() as connection:
        if connection.dialect.name != "sqlite":
            return 3 * len(KINDS)
        return int(connection.exec_driver_sql("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'").scalar_one())


@pytest.mark.parametrize("revision", EARLIER)
def test_a_filled_store_is_upgraded(store_url: str, enterprises: EnterpriseMaker, revision: str) -> None:
    frame = enterprises(40, name=['a,b"\n'] * 40, floor_area_m2=np.linspace(0.1, 1e6, 40) / 3)
    frame.loc[3, "geometry"] = shapely.box(116, 40, 116.1, 40.1)
    with open_store(store_url) as store:
        fill(store, revision, frame)
        before = datetime.now(UTC)
        store.init()
        assert store.revision() == migrate.head()
        assert store.structure_differences() == []
        assert triggers(store) == 3 * len(KINDS)
        entry = store.catalogue()["enterprise"]
        assert (entry.rows, entry.load_id) == (40, 1)
        assert entry.extent == pytest.approx(shapely.total_bounds(frame["geometry"].to_numpy()), abs=0)
        back = store.read("enterprise")
        assert list(back["name"]) == list(frame["name"])
        np.testing.assert_array_equal(back["floor_area_m2"], frame["floor_area_m2"])
        assert shapely.equals_exact(back["geometry"].to_numpy(), frame["geometry"].to_numpy()).all()
        assert len(store.search(shapely.box(115, 39, 118, 41), ["enterprise"])["enterprise"]) == 40
        # the same file again: nothing changes, although the formula of the hashes is another one and fields were added
        again = store.load("enterprise", frame, source="old.csv", complete=True)
        assert (again.unchanged, again.changed) == (40, False)
        changed = store.load("enterprise", frame.assign(insured=True), source="old.csv")
        assert changed.updated == 40
        assert [one.operation for one in store.history("enterprise", "E00001")] == ["insert", "update"]
        assert store.history("enterprise", "E00001")[0].source == "old.csv"
        with pytest.raises(BadParameter, match="历史自"):
            store.read("enterprise", at=before)


@pytest.mark.parametrize("revision", EARLIER)
def test_down_again_with_data_and_up(store_url: str, enterprises: EnterpriseMaker, revision: str) -> None:
    with open_store(store_url) as store:
        store.init()
        store.load("enterprise", enterprises(10), source="a")
        with store._writing() as connection:
            command.downgrade(migrate._config(connection), revision)
        store.init()
        assert store.structure_differences() == []
        assert triggers(store) == 3 * len(KINDS)
        assert store.load("enterprise", enterprises(10), source="a").unchanged == 10
        assert len(store.search(shapely.box(115, 39, 118, 41), ["enterprise"])["enterprise"]) == 10
