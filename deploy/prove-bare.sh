#!/bin/bash
# Proves that a bare Debian 12 with what README names first is enough: in a chroot made by
# debootstrap, from a clone of HEAD, an ordinary user runs `make run` and `make demo`, and
# root runs `.ci/run`. Takes the machine's network, certificates and client settings along.
#
#   deploy/prove-bare.sh FOLDER [run|ci|all]      as root; FOLDER is made, and kept
#
# MIRROR is the Debian mirror, PORT the portal's port.
set -euo pipefail

folder=${1:?a folder for the chroot}
what=${2:-all}
source=$(cd "$(dirname "$0")/.." && pwd)
mirror=${MIRROR:-http://deb.debian.org/debian}
port=${PORT:-8000}
settings='^(PIP_(CERT|INDEX_URL|DEFAULT_TIMEOUT|TRUSTED_HOST)|npm_config_.*|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY)='
mapfile -t carried < <(env | grep -E "$settings" || true)

inside() { # user, command
    chroot --userspec="$1" "$folder" /usr/bin/env -i "${carried[@]}" \
        HOME="$([[ $1 = root ]] && echo /root || echo /home/visitor)" LANG=C.UTF-8 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        PORT="$port" DEBIAN_FRONTEND=noninteractive bash -euo pipefail -c "$2"
}

stop_portal() { # as Ctrl-C does
    [[ -n ${portal:-} ]] || return 0
    local supervisor=$folder/home/visitor/reclaim/var/supervisord.pid
    [[ ! -e $supervisor ]] || kill -INT "$(ps -o ppid= -p "$(<"$supervisor")" | tr -d ' ')" || true
    wait "$portal" || true
    portal=
}

leave() {
    stop_portal
    for at in dev/pts dev/shm dev sys proc; do
        ! mountpoint -q "$folder/$at" || umount -l "$folder/$at"
    done
}
trap leave EXIT

[[ -e $folder/etc/debian_version ]] || debootstrap --variant=minbase bookworm "$folder" "$mirror"
for at in proc sys dev; do mount --rbind "/$at" "$folder/$at" && mount --make-rslave "$folder/$at"; done
cp --dereference /etc/resolv.conf "$folder/etc/resolv.conf"
cp /etc/hosts "$folder/etc/hosts"

# This machine's certificates, where Debian's own package would put them.
inside root "apt-get update -qq && apt-get install -qq -y --no-install-recommends ca-certificates >/dev/null"
cp --dereference /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/ca-certificates.crt"

packages=$(grep -m1 -oE 'apt-get install [a-z0-9 .+-]+' "$source/README.md" | cut -d' ' -f3-)
echo "== README names: $packages"
inside root "apt-get install -qq -y --no-install-recommends $packages >/dev/null"
inside root "id visitor >/dev/null 2>&1 || useradd --create-home visitor"

rm -rf "$folder/home/visitor/source.git" "$folder/home/visitor/reclaim"
git clone -q --bare "$source" "$folder/home/visitor/source.git"
inside root "chown -R visitor: /home/visitor"
inside visitor "git clone -q /home/visitor/source.git /home/visitor/reclaim"

if [[ $what != ci ]]; then
    echo "== make run, as a newcomer"
    log=$folder/home/visitor/run.log
    : >"$log"
    inside visitor "cd ~/reclaim && exec make run" >"$log" 2>&1 &
    portal=$!
    for _ in $(seq 900); do
        grep -q '^{"sightings"' "$log" && break
        kill -0 "$portal" 2>/dev/null || { cat "$log"; exit 1; }
        sleep 1
    done
    cat "$log"
    grep -q '^{"sightings"' "$log" || { echo "The demo did not end in time."; exit 1; }
    echo "== make demo, once more"
    inside visitor "cd ~/reclaim && make demo"
    echo "== Ctrl-C"
    stop_portal
    tail -n 2 "$log"
    echo "== make run again: seconds until it answers"
    began=$SECONDS
    inside visitor "cd ~/reclaim && exec make run" >"$log" 2>&1 &
    portal=$!
    until grep -q "Reclaim answers" "$log"; do sleep 0.2; done
    echo "$((SECONDS - began)) s"
fi
if [[ $what != run ]]; then
    echo "== .ci/run"
    stop_portal
    inside root "rm -rf /root/reclaim && git -c safe.directory='*' clone -q /home/visitor/source.git /root/reclaim \
        && cd /root/reclaim && CI=true bash .ci/run </dev/null"
fi
