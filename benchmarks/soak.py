"""Many clients at once: each asks, reads the whole answer, waits a moment as a person does, and asks for something else."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers import program

#: A request: method, path, body (empty for GET; one line).
Ask = tuple[str, str, str]

#: Each connection of wrk is a person: it asks at random, and waits a random time of the mean given before it asks again.
_LUA = """
local asks = {}
for line in io.lines(os.getenv("RISKMAP_ASKS")) do
  local method, path, body = line:match("^(%S+)\\t(%S+)\\t(.*)$")
  asks[#asks + 1] = { method, path, body }
end
local pause = tonumber(os.getenv("RISKMAP_PAUSE_MS"))
init = function(args) math.randomseed(7) end
delay = function() return -pause * math.log(1 - math.random()) end
request = function()
  local ask = asks[math.random(#asks)]
  local headers = { ["Accept-Encoding"] = "gzip", ["Content-Type"] = ask[1] == "POST" and "application/json" or nil }
  return wrk.format(ask[1], ask[2], headers, ask[1] == "POST" and ask[3] or nil)
end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %f %f %f\\n", summary.requests, e.connect + e.read + e.write + e.timeout + e.status,
                         latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000))
end
"""


@dataclass(frozen=True)
class Soak:
    """What many clients saw.

    Attributes
    ----------
    requests, errors : int
        Answers in all; those that were no success, or did not come.
    p50_ms, p99_ms, max_ms : float
        Time from asking to the last byte.
    growth_mb : float
        Memory of the server's processes at the end less that after the first fifth of the time.
    """

    requests: int
    errors: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    growth_mb: float


def soak(base: str, asks: Sequence[Ask], pid: int, folder: Path, *, clients: int, seconds: int, pause: float) -> Soak:
    """Let `clients` ask for random `asks` for some seconds, with `pause` seconds between two on average; wrk is the crowd."""
    script, listed = folder / "soak.lua", folder / "asks.txt"
    script.write_text(_LUA)
    listed.write_text("".join("\t".join(ask) + "\n" for ask in asks))
    command = [program("wrk", "wrk"), "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "60s", "-s", str(script), base]
    environment = os.environ | {"RISKMAP_ASKS": str(listed), "RISKMAP_PAUSE_MS": str(1e3 * pause)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as crowd:
        time.sleep(seconds / 5)
        early = memory_mb(pid)
        time.sleep(seconds * 0.75)
        growth = memory_mb(pid) - early
        output, _ = crowd.communicate()
    found = re.search(r"RESULT (\d+) (\d+) (\S+) (\S+) (\S+)", output)
    if found is None:
        raise RuntimeError(output)
    p50, p99, most = map(float, found.groups()[2:])
    return Soak(int(found[1]), int(found[2]), p50, p99, most, growth)


def memory_mb(pid: int) -> float:
    """Memory of a process and all below it, MB; pages that several share (libraries, workers after a fork) count once."""
    pids, pending = [], [pid]
    while pending:
        one = pending.pop()
        pids.append(one)
        with suppress(OSError):  # it ended meanwhile
            for task in Path(f"/proc/{one}/task").glob("*/children"):
                pending += [int(child) for child in task.read_text().split()]
    return sum(_proportional(one) for one in pids)


def _proportional(pid: int) -> float:
    """Proportional set size (PSS)."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
