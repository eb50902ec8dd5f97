"""Several at once: two loads of one kind wait for each other, a reader sees the old state or the new, never half."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pandas as pd
import shapely

from geo.store import LoadReport, Store, open_store, query

EnterpriseMaker = Callable[..., pd.DataFrame]


def slowly(frame: pd.DataFrame, started: threading.Event, go_on: threading.Event) -> Iterator[pd.DataFrame]:
    half = len(frame) // 2
    yield frame.iloc[:half]
    started.set()
    assert go_on.wait(30)
    yield frame.iloc[half:]


def test_two_loads_of_one_kind(store: Store, store_url: str, enterprises: EnterpriseMaker) -> None:
    first = enterprises(3_000, staff_at_place=1)
    second = enterprises(4_000, staff_at_place=2).iloc[1_000:]
    started, go_on, reports = threading.Event(), threading.Event(), dict[str, LoadReport]()

    def load(name: str, frame: pd.DataFrame, opened: Store) -> None:
        reports[name] = opened.load("enterprise", slowly(frame, started, go_on) if name == "first" else frame, source=name)

    with open_store(store_url, patience=30) as one, open_store(store_url, patience=30) as two:
        a = threading.Thread(target=load, args=("first", first, one))
        a.start()
        assert started.wait(30)
        b = threading.Thread(target=load, args=("second", second, two))
        b.start()
        b.join(0.5)
        assert b.is_alive()  # it waits
        go_on.set()
        a.join(60)
        b.join(60)
    assert (reports["first"].inserted, reports["second"].inserted, reports["second"].updated) == (3_000, 1_000, 2_000)
    assert [load["source"] for load in store.loads()] == ["second", "first"]
    staff = store.read("enterprise", columns=["id", "staff_at_place"])
    assert staff["staff_at_place"].value_counts().to_dict() == {2: 3_000, 1: 1_000}
    assert len(store.search(shapely.box(115, 39, 118, 41), ["enterprise"])["enterprise"]) == 4_000


def test_a_reader_never_sees_half(store: Store, store_url: str, enterprises: EnterpriseMaker) -> None:
    state = enterprises(7_000, staff_at_place=2)
    before = enterprises(6_000, staff_at_place=1).assign(id=lambda frame: "x" + frame["id"])
    store.load("enterprise", before, source="a", complete=True)
    started, go_on, stop = threading.Event(), threading.Event(), threading.Event()
    seen: list[tuple[int, ...]] = []
    faults: list[BaseException] = []

    def look() -> None:
        try:
            with open_store(store_url) as reader:
                while not stop.is_set():
                    with reader.snapshot():
                        rows = reader.read("enterprise", columns=["staff_at_place"])["staff_at_place"]
                        found = reader.search(shapely.box(115, 39, 118, 41), ["enterprise"])["enterprise"]
                        page = reader.query("enterprise", limit=query.LARGEST_PAGE, columns=["staff_at_place"], count=True)
                        assert page.matched is not None
                        seen.append((len(rows), len(found), len(page), page.matched, reader.counts()["enterprise"],
                                     *sorted(set(rows) | set(found["staff_at_place"]))))
        except BaseException as error:
            faults.append(error)

    watcher = threading.Thread(target=look)
    watcher.start()
    loader = threading.Thread(
        target=lambda: store.load("enterprise", slowly(state, started, go_on), source="a", complete=True))
    loader.start()
    assert started.wait(30)
    looks = len(seen)
    while len(seen) < looks + 3 and not faults:
        threading.Event().wait(0.02)  # the load is half done, and looked at three times
    go_on.set()
    loader.join(60)
    after = len(seen)
    while len(seen) < after + 2 and not faults:
        threading.Event().wait(0.02)
    stop.set()
    watcher.join(30)
    assert not faults
    assert set(seen) == {(6_000,) * 5 + (1,), (7_000,) * 5 + (2,)}
    assert [one[0] for one in seen] == sorted(one[0] for one in seen)
