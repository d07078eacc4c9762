#!/usr/bin/env bash
# Measures tapledger and tshark in turns on the plant mix and prints ratios and peaks of memory.
#
#   benches/compare.sh                 1 M and 10 M frames, three rounds
#   benches/compare.sh --frames 200000 --rounds 5
#
# tshark keeps state for every frame: 10 M frames take it some 5 GB of memory and minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source .ci/prepare

if ! command -v tshark >/dev/null; then
    echo "benches/compare.sh: tshark is not installed (apt-get install tshark)" >&2
    exit 1
fi
tshark --version 2>/dev/null | head -1
if [ $# -eq 0 ]; then
    set -- --frames 1000000,10000000 --rounds 3
fi
exec cargo bench --quiet --locked --package tapledger --bench pipeline -- --tshark "$@"
