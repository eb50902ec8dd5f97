"""The store's commands: init, backup and restore, edit and retire, each with what it says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from api import storecommands
from geo.errors import BadFile, BadParameter, BadRow, NotFound
from geo.settings import Settings
from geo.store import Store, open_store

EnterpriseMaker = Callable[..., pd.DataFrame]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs ``riskmap …`` in a home of its own; what the command raises is raised."""
    monkeypatch.setenv("RISKMAP_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RISKMAP_STORE", raising=False)
    return lambda *arguments: CliRunner().invoke(storecommands.app, list(map(str, arguments)), catch_exceptions=False)


def own(tmp_path: Path) -> Store:
    return open_store(Settings(home=tmp_path / "home"))


def test_init_backup_restore(run: Callable[..., Result], tmp_path: Path, enterprises: EnterpriseMaker) -> None:
    assert "数据库已就绪" in run("init").output
    with own(tmp_path) as store:
        store.load("enterprise", enterprises(20), source="a.csv")
    file = tmp_path / "备份.zip"
    said = run("backup", file)
    assert (said.exit_code, "校验通过" in said.output) == (0, True)
    with own(tmp_path) as store:
        store.retire("enterprise", ["E00003"], by="甲")
    with pytest.raises(BadParameter, match="不是空的") as caught:
        run("restore", file)
    assert "--replace" in caught.value.remedy("zh")
    assert "已恢复" in run("restore", file, "--replace").output
    with own(tmp_path) as store:
        assert store.counts()["enterprise"] == 20
    file.write_bytes(file.read_bytes()[:500])
    with pytest.raises(BadFile):
        run("restore", file, "--replace")


def test_edit_and_retire(run: Callable[..., Result], tmp_path: Path, enterprises: EnterpriseMaker) -> None:
    run("init")
    with own(tmp_path) as store:
        store.load("enterprise", enterprises(3, staff_at_place=7), source="a.csv", by="甲")
    said = run("edit", "enterprise", "E00001", "staff_at_place=12", "name=", "geometry=POINT (116.5 40)", "--by", "乙")
    assert "已修改" in said.output
    assert "没有变化" in run("edit", "enterprise", "E00001", "staff_at_place=12", "--by", "乙").output
    assert "已移出 1 行" in run("retire", "enterprise", "E00001", "--by", "丙").output
    for arguments, error in ((("staff_at_place",), BadParameter), (("geometry=POINT (x)",), BadParameter),
                             (("industry=Z",), BadRow)):
        with pytest.raises(error):
            run("edit", "enterprise", "E00002", *arguments)
    with pytest.raises(NotFound):
        run("edit", "enterprise", "nobody", "name=x")


def test_a_reader_needs_postgresql(run: Callable[..., Result]) -> None:
    with pytest.raises(BadParameter, match="SQLite"):
        run("init", "--reader", "someone")


@pytest.mark.postgis
@pytest.mark.parametrize("store_url", ["postgis"], indirect=True)
def test_a_reader_is_made(run: Callable[..., Result], store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import uuid

    import sqlalchemy as sa

    monkeypatch.setenv("RISKMAP_STORE", store_url)
    role = f"reader_{uuid.uuid4().hex[:12]}"
    assert "已建立只读角色" in run("init", "--reader", role).output
    assert "现在可以读取" in run("init", "--reader", role).output
    engine = sa.create_engine(store_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {role}")
        connection.exec_driver_sql(f"DROP ROLE {role}")
    engine.dispose()
