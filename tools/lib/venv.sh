# shellcheck shell=bash
# A Python of our own for the clients that the tests use: build/venv. Needs say.sh and packages.sh.

venv=$PWD/build/venv

# need_venv - makes build/venv hold exactly what tests/clients/requirements.txt asks for.
need_venv() {
    local wanted
    need python3=python3
    # Debian packs this part of the standard library, which venv needs, apart.
    need "$(python3 -c 'import os; print(os.path.dirname(os.__file__))')/ensurepip=python3-venv"
    wanted=$(python3 --version; cat tests/clients/requirements.txt tests/clients/collections.txt)
    if [[ $(cat "$venv/made-from" 2>/dev/null) != "$wanted" ]]; then
        say "making build/venv: pytest, Ansible and the Redfish validators, from PyPI"
        rm -rf "$venv"
        python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check -r tests/clients/requirements.txt
        "$venv/bin/python" tools/lib/ansible_collections.py tests/clients/collections.txt "$venv/collections"
        printf '%s\n' "$wanted" >"$venv/made-from"
    fi
}
