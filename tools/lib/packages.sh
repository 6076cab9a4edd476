# shellcheck shell=bash
# Makes sure that programs are there: from Debian's own packages where this is Debian, else by a
# clear list of what is missing. Needs say.sh.

# Whether apt-get's lists were fetched already by this script.
lists_are_new=0

# as_root COMMAND... - runs a command as root, by sudo where we aren't.
as_root() {
    if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# is_debian - whether packages can be had by apt-get here (Debian and what is made from it).
is_debian() {
    command -v apt-get >/dev/null && grep -qE '^(ID|ID_LIKE)=.*debian' /etc/os-release 2>/dev/null
}

# have THING - whether a program, or with a slash a file, is there.
have() {
    if [[ $1 == */* ]]; then [[ -e $1 ]]; else command -v "$1" >/dev/null; fi
}

# need THING=PACKAGE... - makes sure that each thing (a program, or a file by its whole path) is
# there; installs the packages that bring what is missing.
need() {
    local pair missing=() packages=()
    for pair in "$@"; do
        have "${pair%%=*}" && continue
        missing+=("${pair%%=*}")
        packages+=("${pair#*=}")
    done
    ((${#missing[@]})) || return 0
    if ! is_debian; then
        fail "this is no Debian, so nothing is installed; please install what brings: ${missing[*]}" \
            "(Debian's packages of it are: ${packages[*]})"
    fi
    if ((EUID != 0)) && ! have sudo; then
        fail "missing: ${missing[*]}. There is no sudo; as root, run: apt-get install ${packages[*]}"
    fi
    say "installing from $(. /etc/os-release && echo "$PRETTY_NAME"): ${packages[*]}"
    if ((!lists_are_new)); then as_root apt-get update -q </dev/null; fi
    lists_are_new=1
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        -o Dpkg::Use-Pty=0 "${packages[@]}" </dev/null
    for pair in "$@"; do
        have "${pair%%=*}" || fail "${pair%%=*} is still missing after installing ${pair#*=}"
    done
}
