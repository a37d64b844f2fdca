#!/usr/bin/env bash
# Everything CI checks, cheap things first; stops at the first failure.
#   npm test                    everything
#   npm test -- unit services   only these stages
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"

readonly reports=.cache/reports
# Folders whose tests must have run when everything ran, so that nothing is skipped unnoticed.
must_run=(src/core src/storage src/queue src/runs src/bullmq src/inngest src/trigger src/runtime src/testing src/server src/client src/react src/manager src/alerts src/http-schedules src/telemetry src/cli scripts test/conformance test/seeds test/server test/faults test/compat test/e2e examples)
wanted=("$@")
running=""
ran=0

finish() {
  local status=$?
  if [[ -n $running ]]; then
    echo "== $running: failed"
    FAILED_STAGE=$running node scripts/count-tests.mjs "$reports" || true
    exit "$((status == 0 ? 1 : status))"
  fi
}
trap finish EXIT

stage() {
  local name=$1
  shift
  if [[ ${#wanted[@]} -gt 0 && " ${wanted[*]} " != *" $name "* ]]; then return; fi
  running=$name
  local begin=$SECONDS
  echo "== $name"
  "$@"
  echo "== $name: $((SECONDS - begin)) s"
  running=""
  ran=$((ran + 1))
}

# tests <report> <arguments of vitest run>...
tests() {
  local report=$1
  shift
  vitest run --reporter=default --reporter=json --outputFile.json="$reports/$report.json" "$@"
}

with_services() {
  node scripts/services/with-services.mjs "$BASH" -c "$(declare -f tests); reports=$reports; tests \"\$@\"" bash "$@"
}

# The same tests on the other SQLite driver: node:sqlite, which this line of Node brings.
on_node_24() {
  local node
  node=$(node scripts/node-version.mjs 24)
  "$node" node_modules/vitest/vitest.mjs run --reporter=default --reporter=json \
    --outputFile.json="$reports/node-24.json" --project unit src/storage src/queue src/runs src/runtime test/conformance
}

rm -rf "$reports"
mkdir -p "$reports"

stage format npm run --silent format:check
stage build npm run --silent build
stage lint npm run --silent lint
stage typecheck npm run --silent typecheck
stage publint npm run --silent check:package
stage knip npm run --silent check:unused
stage unit tests unit --project unit --coverage
stage faults tests faults --project faults
stage services with_services services --project services
stage examples tests examples --project examples
stage e2e tests e2e --project e2e
stage node-24 on_node_24
stage install node scripts/install-smoke.mjs 20 24

if [[ ${#wanted[@]} -gt 0 ]]; then
  if [[ $ran -ne ${#wanted[@]} ]]; then
    echo "no such stage among: ${wanted[*]}" >&2
    exit 2
  fi
  must_run=()
fi
node scripts/count-tests.mjs "$reports" "${must_run[@]}"
