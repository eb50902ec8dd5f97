"""Objects handed from process to process in the memory of one machine: their arrays pass no socket and no scheduler.

A *room* is a piece of anonymous memory that its maker owns: it lies on no disk, its size is that of what is in it, and it is gone
when the maker closes it or dies. Other processes of the same user find it by its address; those of another machine, of another
container or of a system that has no such memory do not, and are told so, for them the objects must be sent.
"""

from __future__ import annotations

import mmap
import os
import pickle
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

#: Arrays begin at multiples of this, as the compiled code was made for aligned ones.
_ALIGNED = 64


@dataclass(frozen=True)
class Address:
    """Where a process finds a room: process and descriptor of its maker, and a name that no other room has.

    Examples
    --------
    >>> room = Room()
    >>> os.close(room.address.opened())
    >>> room.address.reachable()
    True
    >>> room.close()
    >>> room.address.reachable()
    False
    """

    pid: int
    descriptor: int
    name: str

    def opened(self) -> int | None:
        """A descriptor of the room in this process, to be closed; None where the room cannot be reached."""
        path = f"/proc/{self.pid}/fd/{self.descriptor}"
        try:
            if self.name not in os.readlink(path):
                return None
            return os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return None

    def reachable(self) -> bool:
        """Whether this process finds the room."""
        descriptor = self.opened()
        if descriptor is None:
            return False
        os.close(descriptor)
        return True


@dataclass(frozen=True)
class Packed:
    """An object whose arrays lie in a room: the object without them, and where each begins and ends.

    Examples
    --------
    >>> import numpy as np
    >>> room = Room()
    >>> room.put({"risk": np.zeros(10), "people": np.zeros(3)}).spans
    ((0, 80), (128, 152))
    >>> room.close()
    """

    head: bytes
    spans: tuple[tuple[int, int], ...]

    @property
    def end(self) -> int:
        """Where the next object may begin."""
        return max((end for _, end in self.spans), default=0)


class Room:
    """Memory of this process that others may read and write.

    Attributes
    ----------
    address : Address

    Examples
    --------
    >>> import numpy as np
    >>> room = Room()
    >>> left = room.put(np.array([1e-6, 3e-5]))
    >>> room.take(left).tolist()
    [1e-06, 3e-05]
    >>> room.close()
    """

    def __init__(self) -> None:
        name = f"riskmap-{uuid4().hex}"
        self._descriptor = os.memfd_create(name, os.MFD_CLOEXEC)
        self.address = Address(os.getpid(), self._descriptor, name)

    def put(self, what: Any) -> Packed:
        """Leave an object here."""
        return put(self._descriptor, what)

    def take(self, packed: Packed) -> Any:
        """What somebody left here; its arrays stay valid after the room is closed."""
        return take(self._descriptor, packed)

    def close(self) -> None:
        """Give the memory back as soon as nobody reads it any more."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1


def possible() -> bool:
    """Whether this system has such memory (Linux).

    Examples
    --------
    >>> possible() == os.path.isdir("/proc/self/fd")
    True
    """
    return hasattr(os, "memfd_create") and os.path.isdir("/proc/self/fd")


def put(descriptor: int, what: Any, begin: int = 0) -> Packed:
    """Write the arrays of an object to a room, from a given byte on.

    Raises
    ------
    OSError
        If the machine has no memory left.

    Examples
    --------
    >>> import numpy as np
    >>> room = Room()
    >>> descriptor = room.address.opened()
    >>> put(descriptor, np.zeros(4), begin=100).spans
    ((128, 160),)
    >>> os.close(descriptor)
    >>> room.close()
    """
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(what, protocol=5, buffer_callback=buffers.append)
    spans = []
    for buffer in buffers:
        raw = buffer.raw()
        if not raw.nbytes:
            spans.append((0, 0))
            continue
        begin = -(-begin // _ALIGNED) * _ALIGNED
        end = begin
        while end < begin + raw.nbytes:
            end += os.pwrite(descriptor, raw[end - begin:], end)
        spans.append((begin, end))
        begin = end
    return Packed(head, tuple(spans))


def take(descriptor: int, packed: Packed) -> Any:
    """An object out of a room; its arrays are read in place, writing to them changes nothing there.

    Examples
    --------
    >>> import numpy as np
    >>> room = Room()
    >>> descriptor = room.address.opened()
    >>> left = put(descriptor, np.arange(3))
    >>> mine = take(descriptor, left)
    >>> mine[0] = 7
    >>> mine.tolist(), take(descriptor, left).tolist()
    ([7, 1, 2], [0, 1, 2])
    >>> os.close(descriptor)
    >>> room.close()
    """
    if not packed.end:  # no arrays, or empty ones
        return pickle.loads(packed.head, buffers=[bytearray() for _ in packed.spans])  # noqa: S301 - from a process of this run
    first = min(begin for begin, end in packed.spans if end) // mmap.ALLOCATIONGRANULARITY * mmap.ALLOCATIONGRANULARITY
    pages = mmap.mmap(descriptor, packed.end - first, offset=first, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    view = memoryview(pages)
    parts = [view[begin - first:end - first] if end else view[:0] for begin, end in packed.spans]
    return pickle.loads(packed.head, buffers=parts)  # noqa: S301
