#!/usr/bin/env bash
# Fuzzes the targets of tests/fuzz with libFuzzer, on stable Rust, as many at a time as there are
# processors.
#
#   tools/lib/fuzz.sh SECONDS [TARGET...]   SECONDS for all of them together; no TARGET means every one
#
# What is found on the way is kept in build/fuzz/corpus, and goes on from there the next time. An
# input that fails lies in build/fuzz/failed; put it into tests/fuzz/corpus/TARGET once it is mended,
# and every test run tries it again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tools/lib/say.sh
. tools/lib/packages.sh
. tools/lib/rust.sh

# What cargo-fuzz asks of the compiler, but for the sanitizer, which a stable one doesn't have: a
# count for every edge, a table of them, and the values that are compared.
flags="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing"

# build - builds the one program that has all targets; sets $program.
build() {
    local host folder
    host=$(rustc --version --verbose | sed -n 's/^host: //p')
    folder=$(target_folder)/fuzz
    # With a target named, the flags are for the program alone and not for what runs while building.
    RUSTFLAGS=$flags cargo build --quiet --release --locked --manifest-path tests/fuzz/libfuzzer/Cargo.toml \
        --target "$host" --target-dir "$folder"
    program=$folder/$host/release/outband-libfuzzer
}

# fuzz TARGET - fuzzes one target for $each seconds, as one test.
fuzz() {
    local name=$1 log=build/fuzz/$1.log
    mkdir -p "build/fuzz/corpus/$name"
    if OUTBAND_FUZZ=$name "$program" -max_total_time="$each" -max_len=4096 -timeout=30 -rss_limit_mb=1024 \
        -print_final_stats=1 -artifact_prefix="build/fuzz/failed/$name-" \
        "build/fuzz/corpus/$name" "tests/fuzz/corpus/$name" >"$log" 2>&1; then
        echo "check: 1 passed: $name, $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $each s"
    else
        grep --after-context=1 'panicked at' "$log" || true
        tail -n 12 "$log"
        echo "check: 1 failed: $name"
    fi
}

(($#)) || fail "how many seconds?"
seconds=$1 targets=("${@:2}")
if ((${#targets[@]} == 0)); then targets=(tests/fuzz/corpus/*) targets=("${targets[@]##*/}"); fi
need_rust
need c++=g++
build
mkdir -p build/fuzz/failed
cores=$(nproc)
each=$((seconds * cores / ${#targets[@]}))
((each)) || each=1 # 0 would be for ever
say "fuzzing ${targets[*]}, each for $(clock "$each")"
export program each
export -f fuzz
# Each in a shell of its own: one that fails doesn't stop the others.
printf '%s\n' "${targets[@]}" | xargs -P "$cores" -I{} bash -c 'fuzz {}' | tee build/fuzz/log
! grep -q '^check: 1 failed' build/fuzz/log
