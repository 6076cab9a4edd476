# shellcheck shell=bash
# How the scripts speak: one line for what is being done, one for why it could not be.

# say TEXT... - one line about what happens now.
say() { printf '\033[1m==\033[0m %s\n' "$*"; }

# fail TEXT... - one line about why it ends here, and the end.
fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# clock SECONDS - a duration as people read it: 75 is 1 min 15 s.
clock() {
    if (($1 < 60)); then printf '%d s' "$1"; else printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); fi
}
