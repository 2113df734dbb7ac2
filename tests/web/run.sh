#!/bin/sh
# The browser tests: installs the two npm packages of the lock file and runs every *.test.js here, one after the other.
set -e
cd "$(dirname "$0")"
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm ci --ignore-scripts --no-audit --no-fund
fi
exec node --test --test-concurrency=1 --test-reporter=tap *.test.js
