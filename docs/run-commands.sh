#!/bin/bash
# Runs the commands of README.md and docs/ that need nothing but this repository, and checks what they print.
#   docs/run-commands.sh [FOLDER for reports and logs]
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-$(mktemp -d)}
mkdir -p "$out"
port=18080
gateway=

say() { echo "== $*"; }

fail() {
  echo "run-commands: $*" >&2
  exit 1
}

# shellcheck disable=SC2317 # run by trap
cleanup() {
  [ -z "$gateway" ] || kill "$gateway" 2>/dev/null || true
  ./millrace cluster down >/dev/null 2>&1 || true
}
trap cleanup EXIT

# Runs a command, keeps what it prints, and wants to see a pattern in it.
expect() {
  pattern=$1
  shift
  say "$@"
  "$@" >"$out/last" 2>"$out/last.err" || { cat "$out/last" "$out/last.err" >&2; fail "$* failed"; }
  grep -qE -- "$pattern" "$out/last" || { cat "$out/last" >&2; fail "$* printed no $pattern"; }
}

await() {
  for _ in $(seq 240); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.5
  done
  fail "did not come about: $*"
}

# README: the demo, a question, the releases
expect 'answers .* 0 duplicated, 0 missing, 0 failed' ./millrace demo --report "$out/report" --minutes 2
grep -q '"published"' "$out/report/report.json" || fail "no report"
expect . ./millrace ask --domain legal "Permission is hereby granted"
expect . ./millrace releases list
expect . ./millrace model check models/nano
expect . ./millrace bench --help

# docs/examples: teach and ask over HTTP
./millrace gateway --port $port >"$out/gateway.log" 2>&1 &
gateway=$!
await curl -sf "localhost:$port/ready"
expect '60 samples written, 0 refused' python3 docs/examples/producer.py --url "http://localhost:$port" --domain support docs/examples/mails.jsonl
expect '"written":60' java docs/examples/Producer.java "http://localhost:$port" support docs/examples/mails.jsonl
expect '"written":1' curl -s "localhost:$port/v1/samples?domain=support" -H 'Idempotency-Key: mail-1' -d '{"document": "mail 1", "text": "Dear customer, your order has left our house."}'
expect '"text":".+"' curl -s "localhost:$port/v1/completions" -d '{"model": "base", "prompt": "Dear customer", "max_tokens": 16, "temperature": 0}'
expect '"id":"base"' curl -s "localhost:$port/v1/models"
expect 'millrace_gateway_calls_total' curl -s "localhost:$port/metrics"
kill "$gateway"
wait "$gateway" || true
gateway=

# docs/examples: your own domain
expect 'support' ./millrace adapt --domain support --input docs/examples/mails.jsonl --report "$out/support" --requests 40

# README: a cluster of processes; docs/sql.md
expect 'Flink http' ./millrace cluster up
expect 'runs on' ./millrace submit serve
expect 'runs on' ./millrace submit learn
expect '60 records written' ./millrace produce --topic millrace.samples --domain support docs/examples/mails.jsonl
expect . ./millrace ask --domain support "Dear customer"
expect '^mail-1' ./millrace sql docs/examples/sql/ask.sql --rows 3
[ "$(wc -l <"$out/last")" -ge 4 ] || fail "the query printed $(wc -l <"$out/last") lines, expected a header and three rows"
expect 'millrace.releases' ./millrace topics
expect 'stopped 5' ./millrace cluster down
say "all commands did what the docs say; logs in $out"
