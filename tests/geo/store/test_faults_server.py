"""The database stopped and started again during a load and during a query; a full disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
import shapely
import sqlalchemy as sa

from geo.errors import EnvironmentProblem, StoreError
from geo.store import Store, bulkreads, open_store
from tests.geo.store.cluster import Cluster

EnterpriseMaker = Callable[..., pd.DataFrame]

pytestmark = pytest.mark.postgis


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    made = Cluster()
    made.start()
    yield made
    made.remove()


@pytest.fixture
def served(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Store]:
    """A store in a database of its own in a cluster that may be stopped."""
    name = "".join(letter for letter in request.node.name.lower() if letter.isalnum())[:50]
    with open_store(cluster.database(name)) as store:
        store.init()
        yield store


@pytest.mark.parametrize("mode", ["immediate", "fast"])
def test_the_server_stops_during_a_load(served: Store, cluster: Cluster, enterprises: EnterpriseMaker, mode: str) -> None:
    served.load("enterprise", enterprises(50), source="a")
    version, frame = served.version(), enterprises(9_000, seed=4)

    def interrupted() -> Iterator[pd.DataFrame]:
        for start in range(0, 9_000, 1_000):
            if start == 4_000:
                cluster.stop(mode)
            yield frame.iloc[start:start + 1_000]

    with pytest.raises(StoreError, match="无法连接") as caught:
        served.load("enterprise", interrupted(), source="a")
    assert "PostgreSQL" in caught.value.remedy("zh")
    with pytest.raises(StoreError, match="无法连接"):
        served.counts()
    cluster.start()
    assert (served.version(), served.counts()["enterprise"], len(served.read("enterprise"))) == (version, 50, 50)
    assert served.load("enterprise", frame, source="a").inserted == 8_950
    assert len(served.search(shapely.box(115, 39, 118, 41), ["enterprise"])["enterprise"]) == 9_000


@pytest.mark.parametrize("large", [False, True])
def test_the_server_stops_during_queries(served: Store, cluster: Cluster, enterprises: EnterpriseMaker, large: bool,
                                         monkeypatch: pytest.MonkeyPatch) -> None:
    if large:
        monkeypatch.setattr(bulkreads, "LARGE", 1)
    served.load("enterprise", enterprises(5_000), source="a")
    reading, failures = threading.Event(), list[BaseException]()

    def read() -> None:
        try:
            while True:
                assert len(served.read("enterprise")) == 5_000
                reading.set()
        except BaseException as error:
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    reading.wait(20)
    cluster.stop("fast")
    for reader in readers:
        reader.join(30)
    assert [type(error) for error in failures] == [StoreError, StoreError], failures
    assert all("无法连接" in str(error) for error in failures), failures
    cluster.start()
    assert len(served.read("enterprise")) == 5_000
    page = served.query("enterprise", polygon=shapely.box(115, 39, 118, 41), limit=10, count=True)
    assert (page.matched, len(page)) == (5_000, 10)


# -- a full disk ------------------------------------------------------------------------------------------------------

#: Loads until the disk is full, says what it was told, frees the space and loads again.
STARVED = """
import resource, signal, sys
import pandas as pd
from geo.errors import StoreError
from geo.store import loading, open_store
loading.CHUNK = 2000
url, file, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
frame = pd.read_parquet(file)
with open_store(url) as store:
    store.init()
    store.load("enterprise", frame.iloc[:500], source="a")
    version = store.version()
    if limit:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        store.load("enterprise", frame, source="a")
    except StoreError as error:
        print(error.zh)
    print(store.version() == version, store.counts()["enterprise"], len(store.read("enterprise")))
with open_store(url) as store:
    print(store.version() == version, store.counts()["enterprise"], len(store.read("enterprise")))
    print(store.load("enterprise", frame.iloc[:600], source="a").inserted)
"""


def mounted(folder: Path, megabytes: int) -> bool:
    """Mount a small file system in memory; only root may."""
    folder.mkdir(exist_ok=True)
    return os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=777", "tmpfs", str(folder)], capture_output=True,
        check=False).returncode == 0


@pytest.mark.parametrize("how", ["limit of the process", "small file system"])
def test_a_full_disk_on_sqlite(enterprises: EnterpriseMaker, tmp_path: Path, how: str) -> None:
    frame = enterprises(40_000)
    frame.assign(geometry=shapely.to_wkb(frame["geometry"].to_numpy())).to_parquet(tmp_path / "rows.parquet")
    small = tmp_path / "small"
    # where mounting is not permitted, the process's own limit stands for the disk's
    is_mounted = how == "small file system" and mounted(small, 6)
    try:
        done = subprocess.run(
            [sys.executable, "-c", STARVED, f"sqlite:///{small / 'store.sqlite'}", str(tmp_path / "rows.parquet"),
             "0" if is_mounted else "4000000"], capture_output=True, text=True, check=False, timeout=120)
    finally:
        if is_mounted:
            subprocess.run(["umount", str(small)], check=True)
    said = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert "磁盘已满" in said[0]
    assert said[1:] == ["True 500 500", "True 500 500", "100"]


def test_a_full_disk_for_a_backup(enterprises: EnterpriseMaker, tmp_path: Path) -> None:
    import resource

    with open_store(f"sqlite:///{tmp_path / 'store.sqlite'}") as store:
        store.init()
        store.load("enterprise", enterprises(3_000), source="a")
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
        try:
            with pytest.raises(EnvironmentProblem, match="无法写入"):
                store.backup(tmp_path / "backup.zip")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert sorted(path.name for path in tmp_path.iterdir() if "sqlite" not in path.name) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system for the server")
def test_a_full_disk_on_postgis(cluster: Cluster, enterprises: EnterpriseMaker) -> None:
    disk = cluster.folder / "disk"
    if not mounted(disk, 32):
        pytest.skip("mounting is not permitted here")
    (disk / "space").mkdir()
    (disk / "ballast").write_bytes(bytes(8 << 20))
    shutil.chown(disk / "space", "postgres")
    url = cluster.database("starved")
    run(url, f"CREATE TABLESPACE small LOCATION '{disk / 'space'}'",
        "ALTER ROLE riskmap IN DATABASE starved SET default_tablespace = small")
    try:
        with open_store(url) as store:
            store.init()
            store.load("enterprise", enterprises(500), source="a")
            version = store.version()
            with pytest.raises(StoreError, match="磁盘已满"):
                store.load("enterprise", enterprises(60_000), source="a")
            assert (store.version(), store.counts()["enterprise"], len(store.read("enterprise"))) == (version, 500, 500)
            (disk / "ballast").unlink()  # somebody frees some space
            assert store.load("enterprise", enterprises(600), source="a").inserted == 100
    finally:
        run(url.replace("/starved", "/postgres"), "DROP DATABASE starved WITH (FORCE)", "DROP TABLESPACE small")
        subprocess.run(["umount", str(disk)], check=True)


def run(url: str, *statements: str) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
    finally:
        engine.dispose()
