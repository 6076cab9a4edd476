# shellcheck shell=bash
# The groups of tools/test: a function each, group_NAME, and what counts their tests. Needs the
# other files of this folder, and `quick`: 1 leaves out what starts a virtual machine.

passed=0 failed=0 lines=() quick=${quick:-0}

# run_group NAME - runs a group to its end, whatever fails in it, and adds up what it counted.
run_group() {
    local name=$1 log=build/log/$1 begun=$SECONDS status good bad
    mkdir -p build/log
    say "group $name"
    # In a process of its own: what ends a group must not end the others.
    set +e
    (
        set -e
        "group_$name"
    ) </dev/null 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    set -e
    good=$(count passed "$log") bad=$(count failed "$log")
    # A group that ended badly and counted no failure has failed as a whole.
    if ((status != 0 && bad == 0)); then bad=1; fi
    passed=$((passed + good)) failed=$((failed + bad))
    lines+=("$(printf '%-12s %5d passed %5d failed  %s' "$name" "$good" "$bad" \
        "$(clock $((SECONDS - begun)))")")
    say "${lines[-1]}"
}

# count passed|failed LOG - adds up the closing lines of cargo test, nextest, pytest and check.
count() {
    sed 's/\x1b\[[0-9;]*m//g' "$2" | awk -v what="$1" '
        /^test result: |^ +Summary \[|^=+ .* in [0-9.]+s|^check: / {
            for (i = 1; i < NF; i++) {
                word = $(i + 1)
                gsub(/[;:,]/, "", word)
                if (word == what || (what == "failed" && (word == "error" || word == "errors")) ||
                    (what == "failed" && word == "timed" && $(i + 2) ~ /^out/)) sum += $i
            }
        }
        END { print sum + 0 }'
}

# check WHAT COMMAND... - runs a command as one test.
check() {
    local what=$1
    shift
    if "$@"; then
        echo "check: 1 passed: $what"
    else
        echo "check: 1 failed: $what"
        return 1
    fi
}

# fuzzer_is_locked - whether the lock file of the fuzzer's own workspace has what its crates ask for.
fuzzer_is_locked() {
    cargo metadata --quiet --locked --format-version 1 \
        --manifest-path tests/fuzz/libfuzzer/Cargo.toml >/dev/null
}

# page_holds - whether the page's types fit and its own tests pass, with the packages of its lock file.
page_holds() (
    cd web && { [[ node_modules/.package-lock.json -nt package-lock.json ]] || npm ci; } &&
        npm run --silent check
)

group_style() {
    local bad=0
    need_component fmt clippy
    need shellcheck=shellcheck
    check "formatting" cargo fmt --all --check || bad=1
    check "formatting of the fuzzer" cargo fmt --manifest-path tests/fuzz/libfuzzer/Cargo.toml --check || bad=1
    check "the fuzzer's lock file" fuzzer_is_locked || bad=1
    check "lints" cargo clippy --workspace --all-targets --quiet -- -D warnings || bad=1
    check "the page's types and tests" page_holds || bad=1
    check "shell scripts" shellcheck -x tools/demo tools/test tools/bench tools/boot-image tools/boot-sector \
        tools/lib/*.sh \
        .ci/run ||
        bad=1
    check "the boot sector is made of its source" tools/boot-sector --check || bad=1
    return $bad
}

# need_machines - virtual machines are tested on real ones: QEMU, firmware, and what makes images.
# Where ipxe-qemu keeps its ROMs differs between Debian 12 and 13.
need_machines() {
    need qemu-system-x86_64=qemu-system-x86 /usr/share/OVMF/OVMF_CODE_4M.fd=ovmf \
        /usr/share/doc/ipxe-qemu=ipxe-qemu grub-mkrescue=grub-common setpriv=util-linux \
        /usr/lib/grub/i386-pc/boot.img=grub-pc-bin \
        /usr/lib/grub/x86_64-efi/linux.mod=grub-efi-amd64-bin xorriso=xorriso mformat=mtools
}

group_unit() {
    local some=() skip=()
    need curl=curl python3=python3
    if ((quick)); then
        # The tests that start QEMU, by their names.
        some=(-E 'not (test(drivers::qemu::tests) or test(an_accelerator_serves))')
        skip=(--skip drivers::qemu::tests --skip an_accelerator_serves)
    else
        need_machines
    fi
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run --workspace --no-fail-fast "${some[@]}" &&
            cargo test --workspace --doc --no-fail-fast
    else
        cargo test --workspace --no-fail-fast -- "${skip[@]}"
    fi
}

# fence_package - the package that brings fence_ipmilan: Debian 12 packs all fence agents as one.
fence_package() {
    if grep -qx VERSION_CODENAME=bookworm /etc/os-release 2>/dev/null; then
        echo fence-agents
    else
        echo fence-agents-ipmilan
    fi
}

# clients ARGS... - pytest on the program as the unit tests built it: with overflow checks.
clients() {
    need curl=curl ip=iproute2 unshare=util-linux setpriv=util-linux mount=mount \
        openssl=openssl systemd-analyze=systemd /bin/kill=procps \
        ipmitool=ipmitool /usr/sbin/ipmipower=freeipmi-tools ipmiutil=ipmiutil \
        /usr/sbin/fence_ipmilan="$(fence_package)"
    ((quick)) || need_machines
    need_venv
    cargo build -p outband --bin outband -p outband-load --bin outband-load
    OUTBAND_BIN=$(target_folder)/debug/outband "${venv:?}/bin/pytest" -c tests/clients/pytest.ini \
        --rootdir tests/clients "$@"
}

group_clients() {
    local which="not validators"
    if ((quick)); then which+=" and not machines"; fi
    need chromium=chromium
    clients tests/clients -m "$which"
}

group_validators() { clients tests/clients -m validators; }

group_kill() { clients tests/clients/test_kill.py tests/clients/test_qemu_kill.py --kills 500; }

group_attacks() { clients tests/clients/test_ipmi_attacks.py --all-attacks; }

group_fuzz() { tools/lib/fuzz.sh 1800; }

group_debian-12() { root_group bookworm; }

group_debian-13() { root_group trixie; }
