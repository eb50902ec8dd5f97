#!/usr/bin/env bash
# The Python environment, from the two lock files and nothing else: .tools holds the installer, .venv the product.
# Called by `make setup`; safe to interrupt and to call again.
set -euo pipefail
cd "$(dirname "$0")/.."
export UV_PYTHON_DOWNLOADS=never UV_LINK_MODE="${UV_LINK_MODE:-copy}"

die() { printf '\n%s\n%s\n' "$1" "$2" >&2; exit 2; }

find_python() {
    local name
    for name in "${PYTHON:-}" python3.11 python3 python; do
        [ -n "$name" ] || continue
        if "$name" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then echo "$name"; return; fi
    done
    die "需要 Python 3.11，没有找到。请安装 python3.11 与 python3.11-venv，或用 PYTHON=路径 make setup 指定。" \
        "Python 3.11 is needed and was not found. Install it with its venv module, or say PYTHON=path make setup."
}

mkdir -p .setup
exec 9>.setup/lock
flock 9

python=$(find_python)
if ! .tools/bin/uv --version >/dev/null 2>&1; then
    rm -rf .tools
    "$python" -m venv .tools || die "无法建立虚拟环境：请安装 python3-venv。" "The venv module is missing: install python3-venv."
    .tools/bin/pip install --quiet --disable-pip-version-check --require-hashes -r tools.lock ||
        die "下载安装器失败，请检查到软件源的网络。" "The installer could not be fetched: check the network to your package index."
fi
if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
    rm -rf .venv
    .tools/bin/uv venv --quiet --python "$python" .venv
fi
.tools/bin/uv pip sync --quiet --python .venv/bin/python --require-hashes requirements.lock ||
    die "安装依赖失败，请检查网络与磁盘空间。" "The packages could not be installed: check network and disk space."
.tools/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e .
