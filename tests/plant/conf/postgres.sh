#!/bin/sh
# PostgreSQL with an empty cluster of its own, as the user postgres, open to the plant.
set -e
programs=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
data=/run/plant/postgres
mkdir "$data" && chown postgres "$data"
as_postgres="setpriv --reuid=postgres --regid=postgres --clear-groups env LC_ALL=C"
$as_postgres "$programs/initdb" -D "$data/cluster" -A trust --no-sync >/dev/null
echo "host all all all trust" >>"$data/cluster/pg_hba.conf"
exec $as_postgres "$programs/postgres" -D "$data/cluster" -h 0.0.0.0 -c unix_socket_directories="$data" -c fsync=off
