#!/bin/sh
# Installs the npm packages of the lock file when they are missing or older than it. Does nothing the second time.
set -e
cd "$(dirname "$0")/.."
stamp=node_modules/.slotd-lock
if ! cmp -s package-lock.json "$stamp" || ! node_modules/.bin/bun --version >/dev/null 2>&1; then
  echo "Installing the npm packages of package-lock.json ..." >&2
  npm ci --no-audit --no-fund --loglevel=error >&2
  # Where npm was told not to run install scripts, Bun's own is still needed: it puts the binary in place.
  node_modules/.bin/bun --version >/dev/null 2>&1 || node node_modules/bun/install.js
  cp package-lock.json "$stamp"
fi
