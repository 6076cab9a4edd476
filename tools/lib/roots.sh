# shellcheck shell=bash
# Fresh Debian roots, in which a newcomer's two commands are tried: tools/demo and tools/test, with
# nothing there but Rust. Needs the other files of this folder, root's rights, and the network.

# The machine's own list of whom to trust, as it is inside a root: a network may have its own.
root_trust=/etc/trusted-by-the-machine.pem

# root_make SUITE - debootstraps build/roots/SUITE, gives it this machine's Rust and a clone of what
# is committed here; sets $root.
root_make() {
    local suite=$1 mirror
    ((EUID == 0)) || fail "a fresh root is made with debootstrap and chroot: run this as root"
    need debootstrap=debootstrap git=git curl=curl unshare=util-linux
    root=$PWD/build/roots/$suite
    mirror=${OUTBAND_DEBIAN_MIRROR:-http://deb.debian.org/debian}
    rm -rf "$root"
    mkdir -p "$root"
    debootstrap --variant=minbase "$suite" "$root" "$mirror"
    mkdir -p "$root/opt/rust"
    cp -a "$(rustc --print sysroot)/." "$root/opt/rust"
    cp -L /etc/ssl/certs/ca-certificates.crt "$root$root_trust"
    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
    # An installer writes this, debootstrap doesn't.
    printf '127.0.0.1\tlocalhost\n::1\tlocalhost\n' >"$root/etc/hosts"
    git clone --quiet --no-hardlinks . "$root/outband"
}

# root_run COMMAND - runs a shell command in $root's clone, in mounts of its own, so that nothing
# stays mounted whatever happens. The network is the machine's.
root_run() {
    # shellcheck disable=SC2016 # The inner shell expands these.
    unshare --mount --pid --fork --kill-child bash -ec '
        root=$1
        # A root that is a mount point: the tests make mounts of their own in it.
        mount --bind "$root" "$root"
        mount --rbind /dev "$root/dev"
        mount -t proc proc "$root/proc"
        mount -t sysfs sysfs "$root/sys"
        mount -t tmpfs tmpfs "$root/tmp"
        if [[ -n $4 ]]; then
            mkdir -p "$root/dmtf"
            mount --bind "$4" "$root/dmtf"
        fi
        exec chroot "$root" /usr/bin/env -i HOME=/root TERM="${TERM:-dumb}" \
            PATH=/opt/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
            ${4:+OUTBAND_DMTF_DIR=/dmtf} CARGO_HTTP_CAINFO="$3" PIP_CERT="$3" \
            NODE_EXTRA_CA_CERTS="$3" SSL_CERT_FILE="$3" bash -ec "cd /outband && $2"
    ' - "$root" "$1" "$root_trust" "${OUTBAND_DMTF_DIR:-}"
}

# root_group SUITE - the two commands in a fresh root of that suite.
root_group() {
    local bad=0 root
    root_make "$1"
    check "tools/demo in a fresh Debian $1" root_run "timeout 1500 tools/lib/ask_demo.sh" || bad=1
    check "tools/test in a fresh Debian $1" root_run tools/test || bad=1
    # What failed is kept to be looked at.
    if ((!bad)); then rm -rf "$root"; fi
    return $bad
}
