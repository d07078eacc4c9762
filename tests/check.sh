#!/usr/bin/env bash
# The second command: installs what is missing and runs every check. Exit code 0 if all hold.
#
# With PACKAGE=1 also the Debian package in a fresh tree, as root (some minutes).
#
# With PLANT=1 also a plant of real protocol stacks, as root (two minutes; see tests/plant/README.md).
#
# Needs Rust and, for what else is missing, apt-get as root or through sudo. Works in any folder, without a terminal.
set -uo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=.ci/prepare
source "$top/.ci/prepare"
cd "$top" || exit 1

# A minimal Rust has no formatter and no linter.
for component in rustfmt clippy; do
    if ! cargo "${component/rustfmt/fmt}" --version >/dev/null 2>&1; then
        rustup component add "$component" || { echo "cargo ${component/rustfmt/fmt} is not installed" >&2; exit 1; }
    fi
done

export CARGO_TERM_PROGRESS_WHEN=never
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
names=() results=()
failed=0

# check NAME COMMAND…: runs it, keeps what it prints, remembers how it went.
check() {
    local name=$1 start=$SECONDS result=ok
    shift
    echo "=== $name"
    "$@" 2>&1 </dev/null | tee "$work/$name.log" || result=FAILED
    [ "$result" = ok ] || failed=1
    names+=("$name")
    results+=("$result, $((SECONDS - start)) s")
}

tests() {
    # The accuracy table is a check of its own below.
    if cargo nextest --version >/dev/null 2>&1; then
        FUZZ_SECONDS=1 cargo nextest run --workspace --locked --no-fail-fast -E 'not test(/^accuracy::/)'
    else
        FUZZ_SECONDS=1 cargo test --workspace --locked --no-fail-fast --lib --bins --tests -- --skip accuracy::
    fi
}

# The binary that users get, on real captures where they are beside the project.
accuracy() {
    TAPLEDGER_BIN=$release cargo test --quiet --workspace --test end_to_end --locked -- --nocapture --test-threads 1 accuracy::
}

fuzz() {
    FUZZ_SECONDS=20 FUZZ_SEEDS_TO=$work/seeds cargo test --quiet --workspace --locked --test 'fuzz_*' -- --nocapture || return 1
    # Guided by coverage, where that tool is installed; it builds the decoders a second time.
    if cargo fuzz --version >/dev/null 2>&1; then
        (cd crates/protocols && RUSTC_BOOTSTRAP=1 cargo fuzz run every_protocol "$work/seeds" -- -max_total_time=30 -max_len=4096 -verbosity=0)
    fi
}

# The first command of the README as a user runs it, in an empty folder.
first_command() {
    mkdir "$work/user" && cd "$work/user" && "$top/captures/import.sh" | tee table || return 1
    [ "$(head -c 15 register.db)" = "SQLite format 3" ] || { echo "register.db is no database"; return 1; }
    grep -q '"schema": *"tapledger.register/1"' register.json || { echo "register.json is no register"; return 1; }
    [ "$(wc -l <register.csv)" -gt 40 ] || { echo "register.csv has few rows"; return 1; }
    for word in 10.10.10.11 "6ES7 315-2EH14-0AB0" "1756-L83E/B" "BMX P34 2020" "SEL-3530 RTAC"; do
        grep -q -- "$word" register.csv || { echo "$word is not in register.csv"; return 1; }
    done
    [ "$(wc -l <table)" -gt 40 ] || { echo "the asset table is short"; return 1; }
    # The same again changes nothing.
    cp register.json first.json && "$top/captures/import.sh" >/dev/null && cmp first.json register.json
}

# Real protocol stacks in network namespaces with the binary at their mirror port. It needs root, and installs packages.
plant() {
    python3 -m unittest discover -s tests/plant || return 1
    local code=0
    tests/plant/plant check --tapledger "$release" || code=$?
    [ "$code" = 5 ] && { echo "SKIPPED: the plant"; code=0; }
    return "$code"
}

# The Debian package installed, upgraded and purged in a tree of its own. It needs root, and installs debootstrap and lintian.
package() {
    local code=0
    tests/package.sh --binary "$release" || code=$?
    [ "$code" = 5 ] && code=0
    return "$code"
}

release=$(cargo metadata --no-deps --format-version 1 --locked | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release/tapledger

# The modules of protocols are declared inside a macro, where `cargo fmt` does not look for files.
format() {
    cargo fmt --all --check && rustfmt --edition 2024 --check crates/protocols/src/*/*.rs
}
check "format" format
check "lints" cargo clippy --workspace --all-targets --locked -- -D warnings
check "documentation" env RUSTDOCFLAGS=-Dwarnings cargo doc --workspace --no-deps --locked
check "tests" tests
check "tests of the documentation" cargo test --workspace --doc --locked
check "fuzzing" fuzz
check "first command" first_command
check "accuracy" accuracy
[ -z "${PACKAGE:-}" ] || check "package" package
[ -z "${PLANT:-}" ] || check "plant" plant

echo
echo "=== What the test runners said"
grep -hE '^ *Summary \[|^ *(FAIL|SIGABRT|TIMEOUT) \[|^test .* FAILED|^test result:|^fuzz ' "$work"/*.log | grep -v ' 0 passed; 0 failed' | tail -n 80
awk '/^test result:/ { passed += $4; failed += $6 } END { if (passed + failed) print "cargo test in all: " passed " passed, " failed " failed" }' "$work"/*.log
grep -hE '^(Accuracy|SKIPPED|\| )' "$work/accuracy.log"
echo
echo "=== Summary"
for index in "${!names[@]}"; do
    printf '%-28s %s\n' "${names[$index]}" "${results[$index]}"
done
exit "$failed"
