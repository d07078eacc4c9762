#!/usr/bin/env bash
# The first command: installs what is missing, builds tapledger, imports captures and leaves register.db, register.csv
# and register.json in the current folder. Prints the asset table.
#
#   captures/import.sh                     the captures of this folder
#   captures/import.sh my.pcapng folder/   others
#
# The program is then at target/release/tapledger. Importing the same captures again changes nothing.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=.ci/prepare
source "$top/.ci/prepare"

cargo build --quiet --release --locked --package tapledger --manifest-path "$top/Cargo.toml"
target=$(cargo metadata --no-deps --format-version 1 --locked --manifest-path "$top/Cargo.toml" |
    sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
tapledger=$target/release/tapledger

if [ $# -eq 0 ]; then
    # Those in cuts/ are parts of plant.pcapng, and would count its frames twice; those in hard/ are for tests.
    set -- "$top"/captures/*.pcap*
fi
# Exit code 4 says that a file was cut off or damaged, and what was read of it is in the register.
imported=0
"$tapledger" import "$@" --db register.db || imported=$?
if [ "$imported" -ne 0 ] && [ "$imported" -ne 4 ]; then
    exit "$imported"
fi
"$tapledger" export --db register.db --format csv -o register.csv
"$tapledger" export --db register.db --format json -o register.json
"$tapledger" assets list --db register.db
exit "$imported"
