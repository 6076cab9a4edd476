# shellcheck shell=bash
# Makes a Node.js available that is new enough for the web build. Needs say.sh and packages.sh.

# What the web build's tools ask for, and the npm package that brings it where Debian's is older.
node_least=20.19.0
node_pinned=22.23.3

# node_is_enough - whether the node on PATH is new enough.
node_is_enough() {
    have node && [[ $(printf '%s\n' "$node_least" "$(node --version | tr -d v)" | sort -V | head -n 1) == "$node_least" ]]
}

# need_node - puts a node of at least $node_least on PATH, with npm beside it.
need_node() {
    PATH=$PWD/build/node/node_modules/.bin:$PATH
    if ! node_is_enough; then
        need node=nodejs npm=npm
        if ! node_is_enough; then
            say "node $(node --version) is older than $node_least: taking node $node_pinned from npm into build/node"
            mkdir -p build/node
            npm install --prefix build/node --no-audit --no-fund --no-save "node@$node_pinned" </dev/null
            hash -r
        fi
    fi
    need npm=npm
    node_is_enough || fail "node $node_least or newer is missing"
    export PATH
}
