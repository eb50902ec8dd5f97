"""Many clients at once: each asks, reads the whole answer, waits a moment as a person does, and asks for something else."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

#: A request: method, path, body (empty for GET).
Ask = tuple[str, str, bytes]


@dataclass(frozen=True)
class Soak:
    """What many clients saw.

    Attributes
    ----------
    requests, errors : int
        Answers in all; those that were no success, or did not come.
    p50_ms, p99_ms : float
        Time from asking to the last byte.
    growth_mb : float
        Memory of the server's processes at the end less that after the first fifth of the time.
    """

    requests: int
    errors: int
    p50_ms: float
    p99_ms: float
    growth_mb: float


def soak(base: str, asks: Sequence[Ask], pid: int, *, clients: int, seconds: float, pause: float) -> Soak:
    """Let `clients` ask for random `asks` for some seconds, with `pause` seconds between two on average."""
    return asyncio.run(_soak(base, asks, pid, clients, seconds, pause))


async def _soak(base: str, asks: Sequence[Ask], pid: int, clients: int, seconds: float, pause: float) -> Soak:
    parts = urlsplit(base)
    times: list[float] = []
    errors = [0]
    end = time.monotonic() + seconds
    workers = [asyncio.create_task(_client(str(parts.hostname), int(parts.port or 80), asks, random.Random(number), times, errors,
                                           end, pause)) for number in range(clients)]
    await asyncio.sleep(seconds / 5)
    early = memory_mb(pid)
    await asyncio.gather(*workers)
    growth = memory_mb(pid) - early
    ordered = sorted(times)
    return Soak(len(times), errors[0], 1e3 * ordered[len(ordered) // 2], 1e3 * ordered[int(len(ordered) * 0.99)], growth)


async def _client(host: str, port: int, asks: Sequence[Ask], chance: random.Random, times: list[float], errors: list[int],
                  end: float, pause: float) -> None:
    await asyncio.sleep(chance.uniform(0, pause))
    reader, writer = await asyncio.open_connection(host, port, limit=1 << 20)
    try:
        while time.monotonic() < end:
            method, path, body = chance.choice(asks)
            start = time.perf_counter()
            head = (f"{method} {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept-Encoding: gzip\r\nContent-Length: {len(body)}\r\n"
                    "Content-Type: application/json\r\n\r\n")
            writer.write(head.encode() + body)
            try:
                status = await asyncio.wait_for(_answer(reader), 60)
            except (TimeoutError, OSError, asyncio.IncompleteReadError):
                errors[0] += 1
                return
            errors[0] += status >= 400
            times.append(time.perf_counter() - start)
            await asyncio.sleep(chance.expovariate(1 / pause))
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head.split(b" ", 2)[1])
    if b"transfer-encoding: chunked" in head:
        while size := int(await reader.readuntil(b"\r\n"), 16):
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
    elif status not in (204, 304):
        length = head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]
        await reader.readexactly(int(length))
    return status


def memory_mb(pid: int) -> float:
    """Resident memory of a process and all below it, shared pages counted once per process, MB."""
    pids, pending = [], [pid]
    while pending:
        one = pending.pop()
        pids.append(one)
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            pending += [int(child) for child in task.read_text().split()]
    return sum(_resident(one) for one in pids)


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
