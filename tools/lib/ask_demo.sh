#!/usr/bin/env bash
# Starts tools/demo, waits for its `ready`, asks it for its Redfish root, and ends it as Ctrl-C does.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tools/lib/say.sh
. tools/lib/packages.sh

begun=$SECONDS
exec 3< <(exec tools/demo --https 127.0.0.1:0 --ipmi 127.0.0.1:0 --vnc 127.0.0.1:0)
demo=$!
line=
while IFS= read -r line <&3; do
    printf '%s\n' "$line"
    if [[ $line == ready* ]]; then break; fi
done
[[ $line == ready* ]] || fail "tools/demo ended without 'ready'"
say "ready after $((SECONDS - begun)) s"
address=${line#*'"https":["'} address=${address%%\"*}
# Only now: tools/demo has to do without it.
need curl=curl
curl --silent --show-error --fail --insecure --max-time 60 "https://$address/redfish/v1/"
printf '\n'
kill -INT "$demo"
wait "$demo"
