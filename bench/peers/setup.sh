#!/usr/bin/env bash
# Install what `python tictactoe.py bench --peers` compares with into bench/peers/node_modules, in pinned versions.
# Where Node.js or npm is missing, root gets them from Debian's packages.
set -euo pipefail
cd "$(dirname "$0")"

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    if [ "$(id -u)" != 0 ]; then
        echo "Node.js 18 or newer and npm are missing; run this as root, or install them" >&2
        exit 1
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends nodejs npm
fi
if ! node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)'; then
    echo "Node.js $(node --version) is too old; the peers need version 18" >&2
    exit 1
fi
npm ci --ignore-scripts --no-audit --no-fund
