#!/usr/bin/env bash
# The Debian package through its life, in a fresh tree: installed, its service's command run as its user, upgraded from an
# older one with a register of the first schema, purged. Some minutes.
#
#   tests/package.sh [--binary FILE]
#
# Needs root; installs debootstrap and lintian where they are missing. Ends with 5 where it cannot run. It works in a mount
# namespace of its own, and in a network namespace for the capture; what it mounts goes with it.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
binary=$top/target/release/tapledger
[ "${1:-}" != --binary ] || binary=$(realpath "$2")

skip() { echo "SKIPPED: $1"; exit 5; }
fail() { echo "FAILED: $1" >&2; exit 1; }
step() { echo "--- $1"; }

[ "$(id -u)" = 0 ] || skip "a tree of its own needs root"
command -v apt-get >/dev/null || skip "this is no Debian"
[ -x "$binary" ] || fail "$binary is missing: build it, or name another with --binary"
if [ -z "${TAPLEDGER_IN_NAMESPACE:-}" ]; then
    unshare --mount true 2>/dev/null || skip "no mount namespaces here"
    TAPLEDGER_IN_NAMESPACE=1 exec unshare --mount --propagation private "$0" --binary "$binary"
fi
for program in debootstrap lintian; do
    command -v "$program" >/dev/null && continue
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$program" >/dev/null 2>&1 ||
        [ "$program" = lintian ] || skip "$program cannot be installed"
done

work=$(mktemp -d)
trap 'umount -l "$work/tree/proc" 2>/dev/null || true; rm -rf --one-file-system "$work"' EXIT
tree=$work/tree

# A commit between two builds is no difference between them.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct 2>/dev/null || stat -c %Y "$top/Cargo.toml")}
export SOURCE_DATE_EPOCH

step "packages"
new=$("$top/systemd/package.sh" --binary "$binary" --output "$work" 2>/dev/null)
old=$("$top/systemd/package.sh" --binary "$binary" --output "$work" --version 0.0.9 2>/dev/null)
cmp -s "$new" <("$top/systemd/package.sh" --binary "$binary" --output "$work/again" >/dev/null 2>&1; cat "$work/again/"*.deb) ||
    fail "the same input gave another package"
if command -v lintian >/dev/null; then
    lintian --allow-root --fail-on error "$new" || fail "lintian found errors"
else
    echo "SKIPPED: lintian cannot be installed"
fi

step "units"
if command -v systemd-analyze >/dev/null; then
    units=$work/units
    mkdir -p "$units/usr/lib/systemd" "$units/usr/lib/tapledger" "$units/bin"
    dpkg-deb -x "$new" "$units"
    cp -r /lib/systemd/system/. "$units/usr/lib/systemd/system/"
    dpkg-deb -x "$new" "$units"
    cp /bin/true "$units/usr/lib/tapledger/console"
    cp /bin/kill "$units/bin/kill"
    ln -s usr/lib "$units/lib"
    # Its exit code is 0 whatever it finds; what it prints tells.
    said=$(systemd-analyze verify --root="$units" --man=no tapledger-{sensor,notify,watch,console}.service 2>&1) ||
        fail "systemd-analyze verify: $said"
    [ -z "$said" ] || fail "systemd-analyze verify: $said"
    for unit in sensor notify watch console; do
        level=$(systemd-analyze security --offline=true --no-pager "$top/systemd/tapledger-$unit.service" |
            sed -n 's/.*exposure level.*: \([0-9.]*\) .*/\1/p')
        echo "tapledger-$unit.service: exposure $level"
        awk -v level="$level" 'BEGIN { exit !(level != "" && level <= 1.5) }' || fail "$unit is exposed by $level"
    done
else
    echo "SKIPPED: systemd-analyze is not installed"
fi

step "a fresh tree"
# The archive and release of this machine.
read -r archive release < <(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | head -n 1) ||
    skip "apt knows no archive"
suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-$release}")
debootstrap --variant=minbase --include=libpcap0.8,python3-minimal "$suite" "$tree" "$archive" >"$work/debootstrap.log" 2>&1 ||
    { tail -n 5 "$work/debootstrap.log"; skip "debootstrap cannot make a tree here"; }
mount -t proc proc "$tree/proc"
# Each word starts the next in its place, so that a signal to a job in the background reaches the last.
inside() { (exec chroot "$tree" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"); }
# As the unit runs it: its user, and of all capabilities CAP_NET_RAW.
as_service() {
    exec chroot "$tree" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 setpriv --reuid=tapledger --regid=tapledger --init-groups --no-new-privs \
        --bounding-set=-all,+net_raw --inh-caps=-all,+net_raw --ambient-caps=-all,+net_raw "$@"
}
service() { (as_service "$@"); }
everything() {
    (cd "$tree" && find . -xdev -not -path './proc/*' -not -path './tmp/*' -not -path './var/lib/dpkg/*' -not -path './var/log/*' \
        -not -path './var/cache/*' -not -name '*-' -not -name '.pwd.lock' | LC_ALL=C sort)
    # Users and groups count as well.
    cut -d: -f1 "$tree/etc/passwd" "$tree/etc/group" | LC_ALL=C sort
}
everything >"$work/before"
cp "$old" "$new" "$tree/tmp/"

step "installed: the older one"
inside dpkg --install "/tmp/$(basename "$old")" >/dev/null || fail "dpkg --install"
service tapledger --version
[ "$(stat -c '%U %a' "$tree/var/lib/tapledger" 2>/dev/null)" = "UNKNOWN 750" ] ||
    [ "$(inside stat -c '%U %a' /var/lib/tapledger)" = "tapledger 750" ] || fail "/var/lib/tapledger is not the service's"
[ -z "$(find "$tree/etc/systemd/system" -name 'tapledger*' 2>/dev/null)" ] || fail "the package enabled a unit"
inside sh -c 'test -s /usr/share/man/man1/tapledger-db-prune.1.gz && test -s /usr/share/man/man5/tapledger.toml.5.gz' || fail "man pages"

# A register of the first schema, with one capture, as the first version wrote it.
python3 - "$top/crates/register/src/schema.rs" "$work/register.db" <<'END'
import re, sqlite3, sys
source = open(sys.argv[1]).read()
tables = re.search(r'const VERSION_1: &str = "(.*?)\n";', source, re.S).group(1)
application = int(re.search(r'APPLICATION_ID: i64 = (0x[0-9a-f_]+);', source).group(1).replace("_", ""), 16)
register = sqlite3.connect(sys.argv[2])
register.executescript(f"{tables}; PRAGMA application_id = {application}; PRAGMA user_version = 1; PRAGMA journal_mode = WAL;")
register.execute("INSERT INTO capture (uid, kind, name, site, sensor, interface, frames, status) VALUES ('" + "a" * 64
                 + "', 'file', 'old.pcap', 'default', '', '', 3, 'complete')")
capture = register.execute("SELECT id FROM capture").fetchone()[0]
a = register.execute("INSERT INTO station (capture, address, vlan, path) VALUES (?, '10.0.0.1', 0, '')", (capture,)).lastrowid
b = register.execute("INSERT INTO station (capture, address, vlan, path) VALUES (?, '10.0.0.2', 0, '')", (capture,)).lastrowid
day = 20000
register.execute("INSERT INTO presence VALUES (?, ?, ?, ?, 3, 180)", (a, day, day * 86400 * 10**9, day * 86400 * 10**9 + 5))
talk = register.execute("INSERT INTO conversation (client, server, protocol, transport, port, vlan, oriented) VALUES (?, ?, 'modbus', 'tcp', 502, 0, 1)", (a, b)).lastrowid
register.execute("INSERT INTO conversation_day VALUES (?, ?, ?, ?, 3, 3, 0, 180, 0)", (talk, day, day * 86400 * 10**9, day * 86400 * 10**9 + 5))
register.commit()
END
install -m 600 "$work/register.db" "$tree/var/lib/tapledger/register.db"
inside chown tapledger:tapledger /var/lib/tapledger/register.db
echo '# chosen by hand' >>"$tree/etc/tapledger/config.toml"

step "upgraded, with a migration"
inside dpkg --force-confold --install "/tmp/$(basename "$new")" >/dev/null || fail "upgrade"
grep -q '^# chosen by hand' "$tree/etc/tapledger/config.toml" || fail "the upgrade lost the configuration"
db=/var/lib/tapledger/register.db
service tapledger db migrate --db "$db" | tee "$work/migrated"
grep -q 'from schema 1; a copy of it is /var/lib/tapledger/register.db.v1.backup' "$work/migrated" || fail "no migration"
service tapledger db check --db "$db" | tail -n 1 | grep -q 'is sound' || fail "the migrated register is not sound"
service tapledger conversations --db "$db" | grep -q modbus || fail "the old conversation is gone"

step "the service's command as its user"
# A plant of two interfaces in a network namespace, and what the unit starts inside the tree.
cat >"$tree/tmp/plant.py" <<'END'
import socket, sys, time
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind(("tlpkg3", 0))
# ARP: who has 10.9.0.1, says 10.9.0.7.
frame = bytes.fromhex("ffffffffffff001b1b000007" "0806" "0001080006040001" "001b1b000007" "0a090007" "000000000000" "0a090001") + bytes(18)
for _ in range(int(sys.argv[1])):
    out.send(frame)
    time.sleep(0.05)
END
export -f inside as_service service fail step
export tree work db
unshare --net bash -euo pipefail <<'END'
ip link add tlpkg2 type veth peer name tlpkg3
for side in tlpkg2 tlpkg3; do
    [ ! -e /proc/sys/net/ipv6 ] || echo 1 >/proc/sys/net/ipv6/conf/$side/disable_ipv6
    ip link set "$side" arp off multicast off up
done
# (/sys shows the interfaces of another namespace.)
sent() { ip -s -j link show tlpkg2 | sed 's/.*"tx":{[^}]*"packets":\([0-9]*\).*/\1/'; }
before=$(sent)
[[ $before =~ ^[0-9]+$ ]] || fail "the interface's counter cannot be read"

# In the foreground, with no more than the unit's capability.
inside python3 /tmp/plant.py 60 &
service tapledger capture -i tlpkg2 --duration 3s --db "$db" --ring /var/lib/tapledger/pcap --ring-octets 4M --ring-free 1M
wait
service tapledger assets list --db "$db" | grep -q 00:1b:1b:00:00:07 || fail "capture heard nothing"
ls "$tree"/var/lib/tapledger/pcap/tlpkg2-*.pcap >/dev/null || fail "no capture file"
# Without the capability it says which, and ends with 5.
code=0
inside setpriv --reuid=tapledger --regid=tapledger --init-groups --no-new-privs --bounding-set=-all \
    tapledger capture -i tlpkg2 --duration 1s --db "$db" 2>/dev/null || code=$?
[ "$code" = 5 ] || fail "capture without CAP_NET_RAW ended with $code"

# >>> The sensor: runs as soon as the binary has it.
if inside tapledger sensor --help >/dev/null 2>&1; then
    step "ExecStart with a stand-in for the service manager"
    printf '[[interface]]\nname = "tlpkg2"\n' >>"$tree/etc/tapledger/config.toml"
    command=$(sed -n 's/^ExecStart=//p' "$tree/usr/lib/systemd/system/tapledger-sensor.service")
    install -d -m 700 "$tree/run/tapledger" && inside chown tapledger:tapledger /run/tapledger
    cat >"$tree/tmp/notify.py" <<'PYTHON'
# Listens where a service manager would, and writes down what the service says.
import os, socket
path = "/run/tapledger/notify"
ears = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ears.bind(path)
os.chmod(path, 0o777)
with open("/tmp/notified", "w", buffering=1) as out:
    while True:
        out.write(ears.recv(65536).decode() + "\n")
PYTHON
    (exec chroot "$tree" /usr/bin/python3 /tmp/notify.py) &
    ears=$!
    for _ in $(seq 50); do [ -S "$tree/run/tapledger/notify" ] && break; sleep 0.1; done
    # shellcheck disable=SC2086 # the unit's words
    as_service env NOTIFY_SOCKET=/run/tapledger/notify WATCHDOG_USEC=4000000 $command &
    sensor=$!
    for _ in $(seq 150); do grep -q READY=1 "$tree/tmp/notified" 2>/dev/null && break; sleep 0.1; done
    grep -q READY=1 "$tree/tmp/notified" || fail "the sensor never said READY=1"
    inside python3 /tmp/plant.py 80
    kill -HUP "$sensor"; sleep 1
    kill -TERM "$sensor"
    code=0; wait "$sensor" || code=$?
    kill "$ears" 2>/dev/null || true
    # The service manager made it, and takes it away with the service.
    rm -r "$tree/run/tapledger"
    [ "$code" = 0 ] || fail "the sensor ended with $code"
    for word in WATCHDOG=1 STATUS= RELOADING=1 STOPPING=1; do
        grep -q "$word" "$tree/tmp/notified" || fail "the sensor never said $word: $(cat "$tree/tmp/notified")"
    done
    service tapledger db check --db "$db" | tail -n 1 | grep -q 'is sound' || fail "the sensor's register is not sound"
else
    echo "NOT YET: this binary has no sensor"
fi
# <<<
[ "$(sent)" = "$before" ] || fail "frames were sent on the capture interface: $before, then $(sent)"
END

step "backup and restore"
service tapledger db backup /var/lib/tapledger/monday.db --db "$db" >/dev/null
(cd "$tree/var/lib/tapledger" && sha256sum --check --quiet monday.db.sha256) || fail "the hash beside the backup"
inside tapledger db restore /var/lib/tapledger/monday.db --db "$db" >/dev/null || fail "restore as root"
service tapledger db prune --db "$db" >/dev/null || fail "what root restored is not the service's"

step "removed and purged"
inside dpkg --remove tapledger >/dev/null 2>&1 || fail "remove"
[ -f "$tree/var/lib/tapledger/register.db" ] && [ -f "$tree/etc/tapledger/config.toml" ] || fail "a removal took the register away"
inside dpkg --purge tapledger >/dev/null 2>&1 || fail "purge"
everything >"$work/after"
diff "$work/before" "$work/after" || fail "the purge left something behind"
echo "the package is sound: $(basename "$new"), $(stat -c %s "$new") octets"
