#!/usr/bin/env bash
# A private PostGIS server for the tests: `scripts/postgis.sh [start|stop] [DATA FOLDER]`.
#
# `start` (default) prints the SQLAlchemy URL of the test database as its only line on standard output. It installs Debian's
# packages if they are missing (that needs root), makes a cluster in the data folder, starts it on
# 127.0.0.1 and creates the database with the extension; each step only if it is not done yet. The cluster never runs as root,
# is not the system's, listens on no socket but the loopback port, and has a random password kept in the data folder.
# The data folder is var/postgis, or, for root, one beside the system's clusters: the account `postgres` cannot look into a
# checkout below /root.
# The port is RISKMAP_TEST_POSTGIS_PORT (55432) or the first free one after it.
set -euo pipefail

action=start
case "${1:-}" in start | stop) action=$1; shift ;; esac
here=$(cd "$(dirname "$0")/.." && pwd)
default=$here/var/postgis
[ "$(id -u)" != 0 ] || default=/var/lib/postgresql/riskmap-test-$(cksum <<<"$here" | cut -d' ' -f1)
data=$(realpath -m "${1:-$default}")
database=riskmap_test

say() { echo "postgis: $*" >&2; }

die() { say "$*"; exit 1; }

# Newest installed version that has PostGIS.
find_binaries() {
    local control version
    for control in $(ls -r /usr/share/postgresql/*/extension/postgis.control 2>/dev/null || true); do
        version=$(basename "$(dirname "$(dirname "$control")")")
        [ -x "/usr/lib/postgresql/$version/bin/initdb" ] && { echo "/usr/lib/postgresql/$version/bin"; return 0; }
    done
    return 1
}

install_packages() {
    [ "$(id -u)" = 0 ] || die "PostgreSQL 与 PostGIS 未安装，请以 root 运行一次，或安装 postgresql-15-postgis-3 (packages are missing, run once as root)"
    say "installing PostgreSQL and PostGIS from Debian"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >&2
    local package
    package=$(apt-cache search --names-only '^postgresql-[0-9]+-postgis-3$' | awk '{print $1}' | sort -V | tail -1)
    [ -n "$package" ] || die "Debian offers no package postgresql-*-postgis-3"
    apt-get install -y -qq --no-install-recommends "${package%-postgis-3}" "$package" >&2
}

# The cluster's account: ourselves, or `postgres` when we are root (PostgreSQL refuses to run as root).
as_owner() {
    if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

running() { as_owner "$bin/pg_ctl" -D "$data/cluster" status >/dev/null 2>&1; }

taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

make_cluster() {
    mkdir -p "$data"
    [ "$(id -u)" != 0 ] || chown postgres: "$data"
    # A folder without the last file that initdb writes was left by an interrupted run.
    [ -f "$data/cluster/PG_VERSION" ] && [ -f "$data/complete" ] && return
    rm -rf "${data:?}/cluster"
    (umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$data/password")
    [ "$(id -u)" != 0 ] || chown postgres: "$data/password"
    as_owner "$bin/initdb" -D "$data/cluster" -U riskmap --pwfile="$data/password" --auth=scram-sha-256 \
        -E UTF8 --locale=C.UTF-8 --no-sync >"$data/initdb.log" 2>&1 || { tail -5 "$data/initdb.log" >&2; die "initdb failed"; }
    touch "$data/complete"
}

start_cluster() {
    local port=${RISKMAP_TEST_POSTGIS_PORT:-55432}
    while taken "$port"; do port=$((port + 1)); done
    # Test data need no durability; parallel plans only make the times vary.
    as_owner "$bin/pg_ctl" -D "$data/cluster" -l "$data/cluster/server.log" -w -t 60 start -o "-p $port -h 127.0.0.1 \
        -c unix_socket_directories='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
        -c max_parallel_workers_per_gather=0 -c shared_buffers=128MB -c max_connections=40" >/dev/null \
        || { as_owner tail -5 "$data/cluster/server.log" >&2; die "the server did not start"; }
    echo "$port" >"$data/port"
}

bin=$(find_binaries) || { [ "$action" = start ] && install_packages; bin=$(find_binaries) || die "PostGIS is not installed"; }

# Two callers at once must not both make the cluster.
mkdir -p "$data"
exec 9>"$data/lock"
flock 9

if [ "$action" = stop ]; then
    if running; then as_owner "$bin/pg_ctl" -D "$data/cluster" -m fast -w stop >/dev/null 9>&-; fi
    exit 0
fi

make_cluster
running || start_cluster 9>&-
export PGPASSWORD PGUSER=riskmap PGHOST=127.0.0.1 PGPORT
PGPASSWORD=$(cat "$data/password")
PGPORT=$(cat "$data/port")
psql_() { "$bin/psql" -qAtX -v ON_ERROR_STOP=1 "$@"; }
[ "$(psql_ -d postgres -c "SELECT 1 FROM pg_database WHERE datname = '$database'")" = 1 ] || psql_ -d postgres -c "CREATE DATABASE $database"
psql_ -d "$database" -c "SET client_min_messages = error; CREATE EXTENSION IF NOT EXISTS postgis"
echo "postgresql+psycopg://riskmap:$PGPASSWORD@127.0.0.1:$PGPORT/$database"
