# shellcheck shell=bash
# Finds Rust and says where it puts what it builds. Needs say.sh and packages.sh.

# need_rust - makes sure that cargo runs and that there is a C compiler: it links, and `ring` has C
# and assembly in it.
need_rust() {
    have cargo || PATH=$HOME/.cargo/bin:$PATH
    have cargo || fail "Rust is missing: install it from https://rustup.rs, then run this again"
    need cc=gcc /usr/include/stdlib.h=libc6-dev /etc/ssl/certs/ca-certificates.crt=ca-certificates
}

# need_component NAME... - makes sure that cargo has these commands (fmt, clippy).
need_component() {
    local name
    for name in "$@"; do
        cargo "$name" --version >/dev/null || fail "cargo $name is missing: rustup component add rustfmt clippy"
    done
}

# target_folder - where cargo puts what it builds.
target_folder() {
    cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/'
}
