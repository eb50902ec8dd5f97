"""Features as GeoJSON text in files that the processes of a machine map together: a page is cut out of them, not written again.

A file is made when somebody first asks for many features of a collection, in a thread that others go before; until it is
there, and wherever it is not wanted, :func:`layers.formats.jsontext.feature_texts` writes the same bytes.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import IO
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
import structlog
from numpy.typing import NDArray

from layers import arrow
from layers.collections.collection import Collection
from layers.formats.jsontext import feature_texts, text_bytes
from layers.formats.selection import BLOCK

_log = structlog.get_logger(__name__)

#: Fewer features than this are written in a few milliseconds.
LEAST = 1000

#: At the end of a file: what it is, bytes of text, number of features.
_END = struct.Struct("<8sqq")
_MAGIC = b"features"

#: Politeness of the thread that makes files (nice): whoever asks for a page or a tile goes first.
_NICE = 15


class KeptTexts:
    """The files of one server process; several may share a folder.

    Parameters
    ----------
    folder : Path
        Made when needed; everything in it can be made again.
    most_bytes : int
        Of all files together; 0: none are made. Those of the run that was begun longest ago go first.
    least : int
        Fewer features are always written anew.
    """

    def __init__(self, folder: Path, most_bytes: int, *, least: int = LEAST) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._least = least
        self._open: WeakKeyDictionary[Collection, pa.Array | None] = WeakKeyDictionary()
        self._lock = threading.Lock()
        self._maker = ThreadPoolExecutor(1, thread_name_prefix="texts")

    def page(self, run: str, collection: Collection, rows: NDArray[np.int64]) -> memoryview | None:
        """Rows as GeoJSON features with commas between them; None while there is no file of the collection.

        Parameters
        ----------
        run : str
            Names the collection's content: run id and version of the program.
        collection : Collection
        rows : (n,) int
        """
        if len(rows) < self._least or not self._most_bytes:
            return None
        texts = self._texts(run, collection)
        if texts is None:
            return None
        found = texts.take(arrow.numbers(np.ascontiguousarray(rows, np.int64)))
        ends = np.frombuffer(found.buffers()[1], np.int64, 1, 8 * (found.offset + len(found)))
        return memoryview(found.buffers()[2])[:int(ends[0]) - 1]  # each has a comma behind it

    def close(self) -> None:
        """Wait for the file that is being made."""
        self._maker.shutdown()

    def _texts(self, run: str, collection: Collection) -> pa.Array | None:
        with self._lock:
            if collection not in self._open:
                path = self._folder / run / f"{collection.name}.texts"
                self._open[collection] = _mapped(path, len(collection))
                if self._open[collection] is None:
                    self._maker.submit(self._make, path, collection)
            return self._open[collection]

    def _make(self, path: Path, collection: Collection) -> None:
        """Make the file, or wait until another process has; afterwards it is used."""
        try:
            with suppress(AttributeError):  # a thread has a niceness of its own on Linux only
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                found = _mapped(path, len(collection))
                if found is None:
                    self._write(path, collection)
                    found = _mapped(path, len(collection))
        except OSError as error:  # pages go on without it
            _log.warning("features are not kept as text", collection=collection.name, detail=str(error))
        else:
            with self._lock:
                self._open[collection] = found

    def _write(self, path: Path, collection: Collection) -> None:
        aside = path.with_suffix(f".{os.getpid()}")
        try:
            with aside.open("wb") as file:
                whole = write_texts(file, collection, lambda size: self._room(path.parent, size))
            if whole:
                aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)

    def _room(self, own: Path, wanted: int) -> bool:
        """Whether there is room for so many bytes, after the runs that were made longest ago have gone."""
        others = sorted((path for path in self._folder.iterdir() if path.is_dir() and path != own),
                        key=lambda path: path.stat().st_mtime_ns)
        while others and _size(self._folder) + wanted > self._most_bytes:
            shutil.rmtree(others.pop(0), ignore_errors=True)  # whoever has mapped a file of it keeps it
        return _size(self._folder) + wanted <= self._most_bytes


def write_texts(file: IO[bytes], collection: Collection, room: Callable[[int], bool]) -> bool:
    """Write a collection as such a file; False, and not all of it, if there is no room for the bytes that it will about have."""
    count = len(collection)
    ends, size = np.zeros(count + 1, np.int64), 0
    for start in range(0, count, BLOCK):
        texts = feature_texts(collection, np.arange(start, min(start + BLOCK, count)))
        if not start and not room(int(len(text_bytes(texts, b",")) * 1.1 * count / len(texts))):
            return False
        lengths = np.diff(np.frombuffer(texts.buffers()[1], np.int32, len(texts) + 1, 4 * texts.offset))
        ends[start + 1:start + 1 + len(texts)] = size + np.cumsum(lengths + 1, dtype=np.int64)
        size += file.write(text_bytes(texts, b",") + b",")
    file.write(b"\0" * (-size % 8))
    file.write(ends.tobytes())
    file.write(_END.pack(_MAGIC, size, count))
    return True


def _mapped(path: Path, count: int) -> pa.Array | None:
    """The texts of a file, each with a comma behind it; None if it is not there, or not of so many features."""
    try:
        whole = pa.memory_map(str(path)).read_buffer()
    except OSError:
        return None
    start = whole.size - _END.size
    magic, size, held = _END.unpack(whole.slice(start)) if start >= 0 else (b"", 0, 0)
    places = size + -size % 8
    if magic != _MAGIC or held != count or places + 8 * (held + 1) != start:
        return None
    return pa.Array.from_buffers(pa.large_string(), held, [None, whole.slice(places, 8 * (held + 1)), whole.slice(0, size)])


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):  # it went meanwhile
            total += path.stat().st_size
    return total
