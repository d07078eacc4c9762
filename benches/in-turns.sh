#!/usr/bin/env bash
# Measures several builds of tapledger, and tshark, in turns on one capture, and prints what a frame costs each.
#
#   benches/in-turns.sh --rounds 5 CAPTURE target/release/tapledger=new /tmp/old/tapledger=old tshark
#
# Each PROGRAM is a path, with a name behind = if two paths end alike, or the word tshark. Ratios are to the first: above 1
# that program takes more. Every import writes a register of its own. `cargo bench` makes the plant mix that CAPTURE may
# be (target/tmp/mix-1000000.pcap).
set -euo pipefail

rounds=3
if [ "${1:-}" = "--rounds" ]; then
    rounds=$2
    shift 2
fi
if [ $# -lt 2 ]; then
    sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
fi
capture=$1
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# What a program costs: user and system seconds, peak KiB.
cost() {
    local program=${1%%=*}
    rm -f "$folder"/register.db*
    if [ "$program" = tshark ]; then
        set -- tshark -r "$capture"
    else
        set -- "$program" import --quiet --db "$folder/register.db" "$capture"
    fi
    /usr/bin/time -o "$folder/time" -f "%U %S %M" "$@" >/dev/null 2>"$folder/stderr" || {
        echo "$*: failed: $(tail -n 1 "$folder/stderr")" >&2
        exit 1
    }
    tail -n 1 "$folder/time"
}

frames=$(capinfos -Mc "$capture" | awk '/Number of packets/ { print $NF }')
for ((round = 1; round <= rounds; round++)); do
    for program in "$@"; do
        echo "$round ${program##*[=/]} $(cost "$program")"
    done
done | awk -v frames="$frames" '
    {
        if (!($2 in count)) { order[++programs] = $2 }
        nanos[$2, ++count[$2]] = ($3 + $4) * 1e9 / frames
        if ($5 > peak[$2]) { peak[$2] = $5 }
        if ($2 == order[1]) { first = ($3 + $4) }
        ratio[$2, count[$2]] = ($3 + $4) / first
        printf "round %d  %-12s %8.0f ns/frame\n", $1, $2, nanos[$2, count[$2]] > "/dev/stderr"
    }
    function middle(table, name, n,    list, i, j, swap) {
        for (i = 1; i <= n; i++) { list[i] = table[name, i] }
        for (i = 2; i <= n; i++) {
            for (j = i; j > 1 && list[j - 1] > list[j]; j--) { swap = list[j]; list[j] = list[j - 1]; list[j - 1] = swap }
        }
        least = list[1]
        most = list[n]
        return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
    }
    END {
        printf "%-12s %22s %10s %24s\n", "program", "ns/frame (least)", "peak MiB", "ratio (least to most)"
        for (i = 1; i <= programs; i++) {
            name = order[i]
            cost = middle(nanos, name, count[name])
            low = least
            times = middle(ratio, name, count[name])
            printf "%-12s %13.0f (%6.0f) %10.0f %10.2f (%.2f to %.2f)\n", name, cost, low, peak[name] / 1024, times, least, most
        }
    }'
