"""Front-end packages come by name, version and hash; a failure says what to do in both languages."""

from __future__ import annotations

import json
import stat
import sys

import pytest

from geo.errors import EnvironmentProblem
from tools import assets

LOCK = json.loads((assets.ROOT / "package-lock.json").read_text())


def test_every_package_has_a_sha512_and_no_address():
    packages = {name: entry for name, entry in LOCK["packages"].items() if name}
    assert len(packages) > 4
    for name, entry in packages.items():
        assert entry["integrity"].startswith("sha512-"), name
        assert "resolved" not in entry, name
        entry.pop("funding", None)  # where a package's author takes donations, not where the package lies
    assert "://" not in json.dumps(LOCK)


def test_versions_are_exact_and_what_is_copied_is_declared():
    declared = json.loads((assets.ROOT / "package.json").read_text())["dependencies"]
    assert {package for package, _ in assets.COPIED.values()} == set(declared)
    for name, version in declared.items():
        assert LOCK["packages"][f"node_modules/{name}"]["version"] == version


def test_second_call_changes_nothing():
    assert (assets.STATIC / "index.html").is_file(), "run tools/assets.py first (make setup)"
    assets.page()
    assert assets.vendor() is False
    assert assets.page() is False


@pytest.fixture
def other_npm(tmp_path, monkeypatch):
    """A Python folder with an npm that fails like one without a network."""
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 'npm error code ENOTFOUND' >&2\nexit 7\n")
    npm.chmod(npm.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    return npm


def test_failed_install_names_cause_and_remedy(other_npm):
    with pytest.raises(EnvironmentProblem) as caught:
        assets.install()
    assert "ENOTFOUND" in caught.value.zh
    assert "7" in caught.value.en
    assert "网络" in caught.value.remedy_zh
    assert "registry" in caught.value.remedy_en


def test_missing_npm_is_said(other_npm):
    other_npm.unlink()
    with pytest.raises(EnvironmentProblem, match="找不到"):
        assets.install()


def test_package_without_the_expected_file_is_said(tmp_path):
    (tmp_path / "package").mkdir()
    with pytest.raises(EnvironmentProblem, match=r"没有 dist/leaflet\.js"):
        assets._copy(tmp_path / "package", tmp_path / "target", {"dist/leaflet.js": "leaflet.js"})
