"""The page's scripts under Node: they parse, and numbers read as officers write them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from layers.viewer.static import WEB

NODE = Path(sys.executable).with_name("node")


def run(code: str) -> Any:
    """Value of an expression that may use everything in format.js."""
    script = f'import * as f from {json.dumps((WEB / "format.js").as_uri())}; process.stdout.write(JSON.stringify({code}));'
    command = [str(NODE), "--no-warnings", "--input-type=module", "-e", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_all_scripts_parse(tmp_path):
    for path in WEB.glob("*.js"):
        module = tmp_path / path.with_suffix(".mjs").name
        module.write_bytes(path.read_bytes())
        subprocess.run([str(NODE), "--check", str(module)], check=True, capture_output=True)


@pytest.mark.parametrize(("call", "text"), [
    ("f.figure(0)", "0"), ("f.figure(0.34123)", "0.341"), ("f.figure(12.3456)", "12.3"), ("f.figure(1234567)", "1,234,567"),
    ("f.figure(3.42e-6)", "3.4×10⁻⁶"), ("f.figure(null)", "–"), ("f.figure(-0.00021)", "-2.1×10⁻⁴"),
    ("f.percent(0.2946)", "29.5%"), ("f.percent(1)", "100%"), ("f.percent(0.9996)", "100%"), ("f.percent(0.9991)", "99.9%"),
    ("f.percent(0.00001)", "<0.1%"), ("f.percent(0)", "0.0%"), ("f.percent(undefined)", "–"),
    ("f.counted(0.9997)", ">99.9%"), ("f.counted(1)", "100%"), ("f.counted(0.5)", "50.0%"), ("f.counted(null)", "–"),
    ("f.people(21890000)", "2,189 万"), ("f.people(51234.4)", "51,234"), ("f.index(83.333)", "83.3"),
    ("f.returnPeriod(0.0034)", "相当于约 290 年 1 人"), ("f.returnPeriod(0)", ""),
    ("f.returnPeriod(106.4)", "相当于约 3.4 天 1 人"),
    ("f.time('2026-11-22T03:45:12+08:00')", "2026-11-22 03:45"), ("f.time(null)", "–"),
])
def test_numbers(call, text):
    assert run(call) == text
