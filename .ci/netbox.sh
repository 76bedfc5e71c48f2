# shellcheck shell=bash disable=SC2034,SC2154
# What netbox-up, netbox-down and netbox-reset share: the work folder, and the servers in it.
# shellcheck source=servers.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/servers.sh"

dir=${PROXBOX_TEST_NETBOX_DIR:-${TMPDIR:-/tmp}/proxbox-netbox}
mkdir -p "$dir/log"
dir=$(cd "$dir" && pwd -P)

# The port belongs to the work folder; the ports of PostgreSQL and Redis follow from it.
[[ -s $dir/port ]] || echo "${PORT:-8180}" >"$dir/port"
read -r port <"$dir/port"
postgres_port=$((port + 10000))
redis_port=$((port + 20000))

postgres_pid() { pid_of "$dir/postgres/postmaster.pid" "$dir/postgres"; }
redis_pid() { pid_of "$dir/redis.pid" "redis-server"; }
gunicorn_pid() { pid_of "$dir/gunicorn.pid" "$dir/gunicorn.py"; }

# sql DATABASE ARGUMENT… runs psql as the owner of the databases.
sql() {
	local database=$1
	shift
	psql -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$postgres_port" -U netbox -d "$database" "$@"
}

# answers succeeds if NetBox answers an authenticated request.
answers() {
	local PROXBOX_TEST_NETBOX_URL PROXBOX_TEST_NETBOX_TOKEN
	# shellcheck source=/dev/null
	source "$dir/env"
	curl -sf -m 30 -o /dev/null -H "Authorization: Bearer $PROXBOX_TEST_NETBOX_TOKEN" \
		"$PROXBOX_TEST_NETBOX_URL/api/status/"
}

stop_gunicorn() {
	local pid
	if pid=$(gunicorn_pid); then stop KILL "-$pid"; fi
}

stop_all() {
	local pid
	stop_gunicorn
	if pid=$(redis_pid); then stop TERM "$pid"; fi
	if pid=$(postgres_pid); then stop INT "$pid"; fi # INT: does not wait for clients
}
