#!/usr/bin/env bash
# Runs `make test` on bare Debian machines, each a root file system of its own that debootstrap makes, with git, make
# and python3 and nothing else, and a clean clone of the last commit in it. Needs Linux, root and debootstrap.
#
#   tools/test_machines.sh                          make test on each of MACHINES
#   tools/test_machines.sh make lint                another command there
#
# MACHINES        Debian releases by their code names; default: "bookworm trixie" (12 and 13)
# MACHINES_CACHE  where bare root file systems are kept; default: ~/.cache/tictactoe-machines
# MACHINES_MIRROR the Debian mirror; default: the first that this machine's own apt uses
#
# Each run works on a copy. Mounts and processes live in namespaces of the run and are gone with it, however it ends.
# The network is this machine's; pip's settings are, too, and what they name by an absolute path can be read there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cache=${MACHINES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tictactoe-machines}
read -r -a machines <<<"${MACHINES:-bookworm trixie}"
packages=git,make,python3
files=/run/this-machine # where files of this machine are found there: in their own places, packages may write

say() { printf 'test-machines: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# The Debian mirror that this machine's apt uses.
mirror() {
    if [[ -n ${MACHINES_MIRROR:-} ]]; then
        echo "$MACHINES_MIRROR"
    else
        apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' |
            awk '$1 == "Debian" { print $2; exit }'
    fi
}

# Makes the bare root file system of a release, if it is not there yet.
make_bare() {
    local release=$1 from
    [[ ! -d $cache/$release ]] || return 0
    from=$(mirror)
    [[ -n $from ]] || die "apt here uses no Debian mirror; name one: MACHINES_MIRROR=http://..."
    command -v debootstrap >/dev/null || die "debootstrap is missing: apt-get install -y debootstrap"
    say "making a bare Debian $release in $cache"
    mkdir -p "$cache"
    rm -rf --one-file-system "$cache/$release.new"
    if ! debootstrap --variant=minbase --include="$packages" "$release" "$cache/$release.new" "$from" \
        >"$cache/$release.log" 2>&1; then
        tail -n 5 "$cache/$release.log" >&2
        die "debootstrap failed; all of its output is in $cache/$release.log"
    fi
    mv "$cache/$release.new" "$cache/$release"
}

# What a machine in this network has: its resolver, and the proxy of its apt.
join_network() {
    local tree=$1 proxy
    cp -L /etc/resolv.conf /etc/hosts "$tree/etc/"
    proxy=$(apt-config dump Acquire::http::Proxy Acquire::https::Proxy)
    [[ -z $proxy ]] || printf '%s\n' "$proxy" >"$tree/etc/apt/apt.conf.d/90proxy"
}

# The environment of the command, a NAME=VALUE an argument: a bare one, with this machine's proxies and pip settings.
set_environment() {
    local name
    environment=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin CI=true)
    for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
        [[ -z ${!name:-} ]] || environment+=("$name=${!name}")
    done
    mapfile -d '' -t pip_settings < <(.venv/bin/python tools/pip_settings.py)
    local setting word
    for setting in "${pip_settings[@]}"; do
        for word in ${setting#*=}; do
            if [[ -f $word ]]; then setting=${setting//"$word"/$files$word}; fi
        done
        environment+=("$setting")
    done
}

# The files and folders of this machine that pip's settings name. An index links to files beside its own folder.
named_paths() {
    local setting word
    for setting in "${pip_settings[@]}"; do
        for word in ${setting#*=}; do
            if [[ $word == file:///*/* ]]; then word=${word#file://} word=${word%/*}; fi
            if [[ $word == /?* && -e $word ]]; then echo "$word"; fi
        done
    done | sort -u
}

# Runs inside the new namespaces, as their first process.
enter() {
    local tree=$1 shared=$2
    shift 2
    mount -t proc proc "$tree/proc"
    mount -t sysfs -o ro sysfs "$tree/sys"
    mount --rbind /dev "$tree/dev"
    local path place
    while read -r path; do
        if [[ -d $path ]]; then
            place=$tree$path
            mkdir -p "$place"
        else
            place=$tree$files$path
            mkdir -p "${place%/*}"
            touch "$place"
        fi
        mount --bind "$path" "$place"
        mount -o remount,bind,ro "$place"
    done <"$shared"
    chroot "$tree" /usr/bin/env -i "${@}" </dev/null
}

# Makes a machine: a copy of a bare release, with a clone of this repository.
make_machine() {
    folder=$(mktemp -d -p /var/tmp tictactoe-machine.XXXXXX)
    cp -a --reflink=auto "$cache/$1" "$folder/root"
    join_network "$folder/root"
    git clone --quiet . "$folder/root/root/tictactoe"
    named_paths >"$folder/shared"
}

# Runs a command on the machine that was made; the status is the command's.
run_on_machine() {
    unshare --mount --propagation private --pid --fork --kill-child \
        "$0" --enter "$folder/root" "$folder/shared" \
        "${environment[@]}" sh -c 'cd /root/tictactoe && exec "$@"' sh "$@" &
    running=$!
    local status=0
    wait "$running" || status=$?
    running=
    return "$status"
}

# With the first process of the namespaces all others in them end, and the mounts go.
remove_machine() {
    if [[ -n $running ]]; then
        kill -KILL "$running" || true
        wait "$running" || true
        running=
    fi
    [[ -z $folder ]] || rm -rf --one-file-system "$folder"
    folder=
}

describe() {
    chroot "$cache/$1" /bin/sh -c '. /etc/os-release; echo "$PRETTY_NAME, $(python3 --version)"'
}

if [[ ${1:-} == --enter ]]; then
    shift
    enter "$@"
    exit
fi

[[ $EUID == 0 ]] || die "mounts and chroot need root"
[[ -x .venv/bin/python ]] || die "no .venv here: make setup"
[[ -z $(git status --porcelain) ]] || say "what is not committed is not tested"
(($# > 0)) || set -- make test

set -m # what runs in the background is no part of this script's process group, and may be interrupted on its own
running='' folder=''
trap remove_machine EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

set_environment
results=() failed=0
for release in "${machines[@]}"; do
    make_bare "$release"
    name=$(describe "$release")
    say "$name: $*"
    began=$SECONDS
    make_machine "$release"
    if run_on_machine "$@"; then result=passed; else result="FAILED (status $?)" failed=1; fi
    remove_machine
    results+=("$name: $* $result after $(((SECONDS - began + 59) / 60)) min")
done
printf '%s\n' "${results[@]}"
exit "$failed"
