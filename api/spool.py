"""Files that exist only while they are sent: a limited number at a time, a limited number of bytes, gone whatever happens."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from geo.errors import Busy

_CHUNK = 262_144


class Spool:
    """The files of one server process.

    Parameters
    ----------
    folder : Path
        Where they are; what a process that died left there is removed.
    most_bytes : int
        Of all of them together.
    most_files : int
        Being made or sent at the same time.
    seconds : float
        That making one may take.
    """

    def __init__(self, folder: Path, *, most_bytes: int, most_files: int = 4, seconds: float = 300.0) -> None:
        self.folder = folder
        self.seconds = seconds
        self._most_bytes = most_bytes
        self._slots = threading.BoundedSemaphore(most_files)
        self._lock = threading.Lock()
        self._bytes = 0

    @property
    def held(self) -> int:
        """Bytes of the files that are being sent."""
        return self._bytes

    def file(self, ending: str, write: Callable[[Path], int]) -> Iterator[bytes]:
        """Make a file and give its bytes.

        Parameters
        ----------
        ending : str
        write : callable
            Writes to the path that it is given and returns the number of bytes.

        Returns
        -------
        iterator of bytes
            The file has no name any more when this is returned; its space is free when the iterator is closed.

        Raises
        ------
        Busy
            If there are too many files, or too many bytes in them.
        """
        if not self._slots.acquire(blocking=False):
            raise _busy()
        try:
            room = self._room()
            try:
                size = write(room / f"features.{ending}")
                handle = os.open(room / f"features.{ending}", os.O_RDONLY)
            finally:
                shutil.rmtree(room, ignore_errors=True)
            self._claim(size, handle)
        except BaseException:
            self._slots.release()
            raise
        return _Sent(handle, lambda: self._free(size))

    def _room(self) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        for left in self.folder.glob("*-*"):
            pid = left.name.split("-")[0]
            if pid.isdigit() and not Path(f"/proc/{pid}").exists():
                shutil.rmtree(left, ignore_errors=True)
        return Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=self.folder))

    def _claim(self, size: int, handle: int) -> None:
        with self._lock:
            if self._bytes + size > self._most_bytes:
                os.close(handle)
                raise _busy()
            self._bytes += size

    def _free(self, size: int) -> None:
        with self._lock:
            self._bytes -= size
        self._slots.release()


class _Sent:
    """Bytes of an unnamed file; freed at its end, when closed, and when nobody holds it any more."""

    def __init__(self, handle: int, done: Callable[[], None]) -> None:
        self._handle = handle
        self._done: Callable[[], None] | None = done

    def __iter__(self) -> _Sent:
        return self

    def __next__(self) -> bytes:
        data = os.read(self._handle, _CHUNK) if self._done is not None else b""
        if not data:
            self.close()
            raise StopIteration
        return data

    def close(self) -> None:
        """Give the space back; a second time does nothing."""
        done, self._done = self._done, None
        if done is not None:
            os.close(self._handle)
            done()

    def __del__(self) -> None:
        self.close()


def _busy() -> Busy:
    return Busy("正在生成的导出文件太多", "too many files are being made",
                remedy_zh="请稍后再试，或改用 GeoJSON、CSV、GeoParquet。",
                remedy_en="Try again later, or use GeoJSON, CSV or GeoParquet.")
