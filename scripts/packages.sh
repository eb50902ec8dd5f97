#!/usr/bin/env bash
# Debian packages that only the tests need: PostGIS (the store's other engine), Chromium (the page in a real browser), nginx
# (the site of plain files) and QGIS (a client that others made).
set -euo pipefail

missing=()
ls /usr/share/postgresql/*/extension/postgis.control >/dev/null 2>&1 || missing+=(postgresql-15-postgis-3 postgresql-15)
[ -x /usr/sbin/nginx ] || missing+=(nginx-light)
[ -d /usr/lib/python3/dist-packages/qgis ] || missing+=(python3-qgis)
command -v chromium >/dev/null || missing+=(chromium)
ls /usr/lib/*/libatomic.so.1 >/dev/null 2>&1 || missing+=(libatomic1) # the driver of the browser tests links to it
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
    if ! sudo -n true 2>/dev/null; then
        echo "测试需要以下系统软件包，请以 root 安装后重试：apt-get install ${missing[*]}" >&2
        echo "The tests need these packages; install them as root and try again." >&2
        exit 2
    fi
    as_root=(sudo)
fi
echo "installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
${as_root[@]+"${as_root[@]}"} apt-get update -qq
${as_root[@]+"${as_root[@]}"} apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
