#!/usr/bin/env bash
# Makes the Debian package: systemd/package.sh [--binary FILE] [--version VERSION] [--output FOLDER]
#
# Without --binary the release binary is built. Needs dpkg-deb, and binutils, which the compiler brings. Prints the package's path.
# The same input gives the same octets: times are those of the last commit (or SOURCE_DATE_EPOCH).
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
binary='' version='' output=$PWD

while [ $# -gt 0 ]; do
    case $1 in
        --binary) binary=$(realpath "$2") ;;
        --version) version=$2 ;;
        --output) output=$2 ;;
        *) echo "usage: systemd/package.sh [--binary FILE] [--version VERSION] [--output FOLDER]" >&2; exit 2 ;;
    esac
    shift 2
done

cd "$top"
for program in dpkg-deb objdump strip; do
    command -v "$program" >/dev/null || { echo "$program is not installed" >&2; exit 1; }
done
[ -f systemd/config.toml ] || { echo "systemd/config.toml is missing: it is the package's configuration" >&2; exit 1; }
if [ -z "$binary" ]; then
    # shellcheck source=.ci/prepare
    source .ci/prepare
    cargo build --release --locked --package tapledger >&2
    binary=$(cargo metadata --no-deps --format-version 1 --locked | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release/tapledger
fi
[ -n "$version" ] || version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
architecture=$(dpkg --print-architecture)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y Cargo.toml)}
export SOURCE_DATE_EPOCH

# Who answers for the package; there is no public address yet.
maintainer="${DEBFULLNAME:-The tapledger developers} <${DEBEMAIL:-tapledger@localhost}>"

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
put() { install -D -m "$1" "$2" "$stage/$3"; }
umask 022
chmod 755 "$stage"

# What it does.
put 755 "$binary" usr/bin/tapledger
strip --strip-unneeded --remove-section=.comment --remove-section=.note "$stage/usr/bin/tapledger"
for unit in sensor notify watch console; do
    put 644 "systemd/tapledger-$unit.service" "usr/lib/systemd/system/tapledger-$unit.service"
done
put 644 systemd/tapledger.sysusers usr/lib/sysusers.d/tapledger.conf
put 644 systemd/tapledger.tmpfiles usr/lib/tmpfiles.d/tapledger.conf
put 644 systemd/config.toml etc/tapledger/config.toml
mkdir -p "$stage/etc/tapledger/conf.d"

# What it says of itself: by the binary that is packed.
pages=$(mktemp -d)
trap 'rm -rf "$stage" "$pages"' EXIT
"$binary" manual "$pages"
for page in "$pages"/man[15]/*; do
    folder=usr/share/man/$(basename "$(dirname "$page")")
    put 644 "$page" "$folder/$(basename "$page")"
    gzip -9n "$stage/$folder/$(basename "$page")"
done
put 644 "$pages/bash/tapledger" usr/share/bash-completion/completions/tapledger
put 644 "$pages/zsh/_tapledger" usr/share/zsh/vendor-completions/_tapledger
put 644 "$pages/fish/tapledger.fish" usr/share/fish/vendor_completions.d/tapledger.fish

put 644 systemd/lintian-overrides usr/share/lintian/overrides/tapledger

documents=usr/share/doc/tapledger
put 644 systemd/copyright "$documents/copyright"
put 644 CHANGELOG.md "$documents/NEWS.md"
gzip -9n "$stage/$documents/NEWS.md"
cat >"$pages/changelog" <<END
tapledger ($version) unstable; urgency=medium

  * What changes for users stands in NEWS.md.gz.

 -- $maintainer  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
END
put 644 "$pages/changelog" "$documents/changelog"
gzip -9n "$stage/$documents/changelog"

# Licences of what is linked in: their texts, as they ask for.
sources=${CARGO_HOME:-${HOME:-/root}/.cargo}/registry/src
if command -v cargo >/dev/null; then
    cargo tree --package tapledger --locked --offline --edges normal --prefix none --format '{p} {l}' | sed 's/ (\*)$//' |
        sort -u | while read -r name number licence; do
        case $licence in "("*) continue ;; esac # our own
        echo "=== $name ${number#v}: $licence"
        find "$sources"/*/"$name-${number#v}" -maxdepth 1 -type f \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' \) -print0 2>/dev/null |
            sort -z | xargs -0 -r cat
        # Of what is C in it.
        cat "$sources"/*/"$name-${number#v}"/zstd/LICENSE 2>/dev/null || true
        echo
    done >"$pages/third-party"
    put 644 "$pages/third-party" "$documents/third-party-licences"
    gzip -9n "$stage/$documents/third-party-licences"
fi

# What it needs. A library that is not named here is a mistake of the build.
libraries=$(objdump -p "$stage/usr/bin/tapledger" | sed -n 's/^ *NEEDED *//p')
depends="libc6 (>= $(objdump -T "$stage/usr/bin/tapledger" | grep -o 'GLIBC_2\.[0-9.]*' | sort -uV | tail -n 1 | cut -d_ -f2))"
for library in $libraries; do
    case $library in
        libpcap.so.0.8) depends+=", libpcap0.8" ;;
        libgcc_s.so.1) depends+=", libgcc-s1" ;;
        libc.so.6 | libm.so.6 | libpthread.so.0 | libdl.so.2 | ld-linux*) ;;
        *) echo "nobody has said which package brings $library" >&2; exit 1 ;;
    esac
done

mkdir "$stage/DEBIAN"
for script in postinst prerm postrm; do
    put 755 "systemd/debian.$script" "DEBIAN/$script"
done
echo /etc/tapledger/config.toml >"$stage/DEBIAN/conffiles"
(cd "$stage" && find usr etc -type f ! -path etc/tapledger/config.toml -print0 | LC_ALL=C sort -z | xargs -0 md5sum >DEBIAN/md5sums)
cat >"$stage/DEBIAN/control" <<END
Package: tapledger
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -sk --exclude=DEBIAN "$stage" | cut -f1)
Depends: $depends, passwd
Recommends: systemd
Section: net
Priority: optional
Description: passive asset discovery for industrial networks
 tapledger listens at a mirror port (SPAN, TAP) of a plant network, or reads
 packet captures, and keeps the register of the controllers, operator stations,
 historians, switches and other devices it hears. It never sends a frame. Every
 observed value can be traced to the octets that proved it.
 .
 The sensor is installed but neither enabled nor started: choose an interface
 in /etc/tapledger/config.toml first. So are the notifier, which tells others
 what changes (syslog, CEF, MQTT, metrics, files), and the unit that imports
 captures from a folder.
END
find "$stage" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

mkdir -p "$output"
package=$output/tapledger_${version}_$architecture.deb
dpkg-deb --root-owner-group -Zxz --build "$stage" "$package" >&2
echo "$package"
