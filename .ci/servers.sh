# shellcheck shell=bash disable=SC2034,SC2154
# What the scripts share that start and stop the servers of the live tests.
set -euo pipefail
shopt -s inherit_errexit

ci=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")

say() { printf '%s\n' "$*" >&2; }
die() {
	say "$(basename "$0"): $*"
	exit 1
}

# failed MESSAGE LOG ends the script with the message and the end of the log.
failed() {
	tail -n 20 "$2" >&2 || true
	die "$1, see $2"
}

# wait_for SECONDS COMMAND… runs COMMAND until it succeeds.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}

# pid_of FILE WORD prints the pid in FILE if that process lives and has WORD on its command line.
pid_of() {
	local pid
	[[ -s $1 ]] && read -r pid <"$1" && grep -qsaF -- "$2" "/proc/$pid/cmdline" && echo "$pid"
}

# stop SIGNAL PID stops a process, and its process group if PID is negative.
stop() {
	kill -s "$1" -- "$2" 2>/dev/null || return 0
	wait_for 30 gone "${2#-}" || die "process ${2#-} does not stop"
}
gone() { ! grep -qsa . "/proc/$1/cmdline"; } # a zombie has no command line

# python prints the first Python that is new enough for NetBox, makes virtual environments and compiles extensions.
python() {
	local candidate
	for candidate in python3.14 python3.13 python3.12 python3 \
		"${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[2-9].*/bin/python; do
		"$candidate" - 2>/dev/null <<-PY || continue
			import ensurepip, os, sys, sysconfig, venv
			header = os.path.join(sysconfig.get_path("include"), "Python.h")
			sys.exit(sys.version_info < (3, 12) or not os.path.exists(header))
		PY
		echo "$candidate"
		return
	done
	return 1
}

# packages NAME… installs Debian packages.
packages() {
	(($#)) || return 0
	((EUID == 0)) || die "please install: $*"
	say "installing $*"
	{
		apt-get update -qq &&
			DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
	} >"$dir/log/apt" 2>&1 || failed "apt-get failed" "$dir/log/apt"
}

# venv REQUIREMENT… makes $dir/venv with these Python packages, unless it has them already.
venv() {
	[[ $(cat "$dir/venv/requirements" 2>/dev/null) != "$*" ]] || return 0
	python >/dev/null || packages python3-venv python3-dev
	python >/dev/null || die "please install Python 3.12 or newer"
	say "installing $*"
	rm -rf "$dir/venv"
	"$(python)" -m venv "$dir/venv"
	"$dir/venv/bin/pip" install -q --disable-pip-version-check "$@" >"$dir/log/pip" 2>&1 ||
		failed "pip failed" "$dir/log/pip"
	echo "$*" >"$dir/venv/requirements"
}
