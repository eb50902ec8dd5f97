"""Structure: migrations say what the kinds declare, triggers are there, the R*Tree rolls back, unusable stores say why."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
import sqlalchemy as sa

from geo.errors import BadParameter, StoreError
from geo.kinds import KINDS
from geo.store import Store, migrate, open_store, rtree, schema
from geo.store.__main__ import main as write_revision

EnterpriseMaker = Callable[..., pd.DataFrame]


def test_the_migrations_say_what_the_kinds_declare(store: Store) -> None:
    # If this fails after a change of geo.kinds: python -m geo.store "what changed"
    assert store.structure_differences() == []
    assert store.revision() == migrate.head()
    assert store.counts() == dict.fromkeys(KINDS, 0)


def test_init_twice_keeps_everything(store: Store, enterprises: EnterpriseMaker) -> None:
    store.load("enterprise", enterprises(5), source="test")
    version = store.version()
    store.init()
    assert store.version() == version
    assert store.counts()["enterprise"] == 5


def test_down_and_up_again(store_url: str) -> None:
    from alembic import command

    with open_store(store_url) as store:
        store.init()
        with store._writing() as connection:
            command.downgrade(migrate._config(connection), "base")
            names = sa.inspect(connection).get_table_names()
        assert not set(names) & set(schema.METADATA.tables)
        store.init()
        assert store.structure_differences() == []


def test_a_missing_column_is_noticed(store: Store) -> None:
    with store._writing() as connection:
        connection.exec_driver_sql("ALTER TABLE incident DROP COLUMN injuries")
    assert "injuries" in repr(store.structure_differences())


@pytest.mark.postgis
@pytest.mark.parametrize("store_url", ["postgis"], indirect=True)
def test_the_structure_is_compared_without_a_look_at_other_schemas(store: Store) -> None:
    """Tables of others of the same names may be dropped at any time, and PostgreSQL then fails who describes their indexes."""
    asked: list[str] = []
    with store._writing() as connection:
        connection.exec_driver_sql("ALTER TABLE incident ALTER COLUMN geometry TYPE geometry(Point, 4490)")
        sa.event.listen(connection, "before_cursor_execute", lambda *event: asked.append(event[2]))
        found = store.structure_differences()
    assert "ReflectedGeometry(shape='Point', srid='4490')" in repr(found)
    assert len(found) == 1
    described = [text for text in asked if "pg_get_indexdef" in text]
    assert described  # the indexes are compared, and only those of the tables that were found in our schema
    assert all("indrelid IN (" in text for text in described)


def test_revision_tool_has_nothing_to_write(capsys: pytest.CaptureFixture[str]) -> None:
    assert write_revision(["nothing"]) == 0
    assert "already" in capsys.readouterr().out
    assert write_revision([]) == 2


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
class TestSqlite:
    """What only SQLite has: triggers and the R*Tree they keep."""

    def _rtree(self, store: Store) -> list[tuple[int, float]]:
        with store._reading() as connection:
            return [tuple(row) for row in connection.exec_driver_sql("SELECT rowid, minx FROM enterprise_rtree ORDER BY rowid")]

    def _triggers(self, store: Store) -> int:
        with store._reading() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'").scalar_one())

    def test_three_triggers_per_kind_even_after_a_bulk_load(self, store: Store, enterprises: EnterpriseMaker) -> None:
        assert self._triggers(store) == 3 * len(KINDS)
        store.load("enterprise", enterprises(6000), source="test")
        assert self._triggers(store) == 3 * len(KINDS)

    def test_a_rebuilt_table_gets_its_triggers_back(self, store: Store, enterprises: EnterpriseMaker) -> None:
        from alembic.migration import MigrationContext
        from alembic.operations import Operations

        store.load("enterprise", enterprises(10), source="test")
        with store._writing() as connection:
            operations = Operations(MigrationContext.configure(connection))
            with operations.batch_alter_table("enterprise", recreate="always") as batch:
                batch.drop_column("address")
            lost = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'").scalar_one()
            assert lost == 3 * len(KINDS) - 3
            rtree.rebuild_rtree(connection, "enterprise")
        assert self._triggers(store) == 3 * len(KINDS)
        assert len(self._rtree(store)) == 10

    @pytest.mark.parametrize("count", [20, 6000])
    def test_the_rtree_follows_and_rolls_back(self, store: Store, enterprises: EnterpriseMaker, count: int) -> None:
        frame = enterprises(count)
        store.load("enterprise", frame, source="test")
        before = self._rtree(store)
        np.testing.assert_allclose([x for _, x in before], shapely.get_x(frame["geometry"].to_numpy()), rtol=1e-6)

        def fail() -> None:
            with store.transaction():
                store.load("enterprise", enterprises(count, seed=5), source="test")
                assert self._rtree(store) != before
                raise RuntimeError("interrupted")

        with pytest.raises(RuntimeError):
            fail()
        assert self._rtree(store) == before
        assert self._triggers(store) == 3 * len(KINDS)

    def test_integrity_after_all_kinds_of_loads(self, store: Store, store_url: str, enterprises: EnterpriseMaker) -> None:
        store.load("enterprise", enterprises(6000), source="a")
        store.load("enterprise", enterprises(50, seed=3), source="a")
        store.load("enterprise", enterprises(20), source="a", complete=True)
        connection = sqlite3.connect(store_url.removeprefix("sqlite:///"))
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT rtreecheck('enterprise_rtree')").fetchall() == [("ok",)]
        connection.close()
        assert len(self._rtree(store)) == store.counts()["enterprise"]


def test_newer_store_is_refused(store: Store, store_url: str) -> None:
    with store._writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="比本程序新") as caught:
        open_store(store_url)
    assert "升级" in caught.value.remedy("zh")


def test_uninitialised_store_says_so(store_url: str) -> None:
    with open_store(store_url) as store:
        assert store.revision() is None
        with pytest.raises(StoreError, match="尚未初始化"):
            store.counts()


def test_read_only_refuses_writes(store: Store, store_url: str, enterprises: EnterpriseMaker) -> None:
    store.load("enterprise", enterprises(3), source="test")
    with open_store(store_url, read_only=True) as reader:
        assert reader.counts()["enterprise"] == 3
        with pytest.raises(StoreError, match="只读"):
            reader.load("enterprise", enterprises(3), source="test")
        with pytest.raises(StoreError, match="只读"), reader._reading() as connection:
            connection.exec_driver_sql("DELETE FROM enterprise")


def test_missing_file_read_only(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="不存在或无法打开"):
        open_store(f"sqlite:///{tmp_path / 'none.sqlite'}", read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_corrupt_files(tmp_path: Path, enterprises: EnterpriseMaker) -> None:
    other = tmp_path / "other.sqlite"
    other.write_bytes(b"this is no database at all" * 100)
    with pytest.raises(StoreError, match="损坏"):
        open_store(f"sqlite:///{other}")
    cut = tmp_path / "cut.sqlite"
    with open_store(f"sqlite:///{cut}") as store:
        store.init()
        store.load("enterprise", enterprises(3000), source="test")
    data = bytearray(cut.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    cut.write_bytes(data)
    with pytest.raises(StoreError, match="损坏"), open_store(f"sqlite:///{cut}") as store:
        store.read("enterprise")


def test_unmakeable_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="目录"):
        open_store(f"sqlite:///{tmp_path / 'file' / 'x.sqlite'}")


def test_paths_with_odd_characters(tmp_path: Path) -> None:
    folder = tmp_path / "数据 100% #1"
    with open_store(f"sqlite:///{folder / 'a b.sqlite'}") as store:
        store.init()
    assert (folder / "a b.sqlite").is_file()


def test_unreachable_postgis_says_what_to_do_and_keeps_the_password() -> None:
    with pytest.raises(StoreError, match="无法连接") as caught:
        open_store("postgresql://someone:s3cret@127.0.0.1:1/none")
    assert "s3cret" not in str(caught.value) + caught.value.en + str(caught.value.context)
    assert "PostgreSQL" in caught.value.remedy("zh")


@pytest.mark.postgis
@pytest.mark.parametrize("store_url", ["postgis"], indirect=True)
def test_wrong_password_and_wrong_database(store_url: str) -> None:
    url = sa.make_url(store_url)
    with pytest.raises(StoreError, match="拒绝了登录"):
        open_store(url.set(password="wrong").render_as_string(hide_password=False))
    with pytest.raises(StoreError, match="不存在该数据库"):
        open_store(url.set(database="no_such_database").render_as_string(hide_password=False))


@pytest.mark.parametrize("url", ["", "mysql://x/y", "sqlite://", "sqlite:///:memory:", "nonsense", "postgresql://h:port/x"])
def test_urls_that_are_none(url: str) -> None:
    with pytest.raises(BadParameter, match="存储地址"):
        open_store(url)
