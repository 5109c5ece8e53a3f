#!/bin/sh
# Debian's own node, whatever the PATH of the caller would find first; with little room for garbage, as a worker has to be small.
exec /usr/bin/node --max-semi-space-size=4 --disable-warning=ExperimentalWarning /usr/lib/fleetwall/dist/cli/main.js "$@"
