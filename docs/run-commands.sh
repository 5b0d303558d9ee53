#!/bin/bash
# Runs the commands of README.md and docs/ that need nothing but this repository, and checks what they print.
#   docs/run-commands.sh [FOLDER for reports and logs [PART…]]
# The parts are demo, http, adapt, cluster, trust, models, elastic, elsewhere and bench; http, cluster, models, elastic and elsewhere need the FOLDER of one in which demo has
# run. elsewhere has what needs Docker, vLLM or PEFT, runs what there is, and says what there is not. bench is asked for by its name alone: every benchmark
# once, with the fewest rounds there are, takes most of an hour.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-$(mktemp -d)}
parts=${*:2}
mkdir -p "$out"
port=18080
gateway=
cluster=
compose=

say() { echo "== $*"; }

fail() {
  echo "run-commands: $*" >&2
  exit 1
}

# shellcheck disable=SC2317 # run by trap
cleanup() {
  [ -z "$gateway" ] || kill "$gateway" 2>/dev/null || true
  [ -z "$cluster" ] || ./millrace cluster down >/dev/null 2>&1 || true
  [ -z "$compose" ] || docker compose -f docker/compose.yaml down >/dev/null 2>&1 || true
}
trap cleanup EXIT

case $(./millrace cluster status || true) in
  *' runs '*) fail "a cluster is up, expected none: its commands would be sent there, and it would be stopped" ;;
esac

# Runs a command, keeps what it prints, and wants to see a pattern in it.
expect() {
  pattern=$1
  shift
  say "$@"
  "$@" >"$out/last" 2>"$out/last.err" || { cat "$out/last" "$out/last.err" >&2; fail "$* failed"; }
  grep -qhE -- "$pattern" "$out/last" "$out/last.err" || { cat "$out/last" "$out/last.err" >&2; fail "$* printed no $pattern"; }
}

# A cluster that is stopped at the end, whatever that is.
cluster_up() {
  cluster=up
  expect 'Flink http' ./millrace cluster up "$@"
}

await() {
  for _ in $(seq 240); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.5
  done
  fail "did not come about: $*"
}

# A command that may wait for what is on its way: again until it prints a pattern.
eventually() {
  pattern=$1
  shift
  say "$@"
  for _ in $(seq 60); do
    if "$@" >"$out/last" 2>"$out/last.err" && grep -qhE -- "$pattern" "$out/last" "$out/last.err"; then return; fi
    sleep 1
  done
  cat "$out/last" "$out/last.err" >&2
  fail "$* printed no $pattern"
}

# The last release of a domain in the store DIR.
release_of() {
  ./millrace releases list --store "$2" | awk -v domain="$1" '$2 == domain { id = $1 } END { print id }'
}

# The release of legal that the demo has left.
find_legal() {
  legal=$(release_of legal "$out/report/store")
  [ -n "$legal" ] || fail "the demo published no release of legal"
}

# README, docs/releases.md, docs/auto.md: the demo, a question, the releases
demo_part() {
  expect 'answers .* 0 duplicated, 0 missing, 0 failed' ./millrace demo --report "$out/report" --minutes 2
  grep -q '"published"' "$out/report/report.json" || fail "no report"
  find_legal
  expect . ./millrace ask --domain legal "Permission is hereby granted"
  expect '^ *-[0-9.]+ "' ./millrace ask --domain legal --log-probs --tokens 8 "Permission is hereby granted"
  expect "release" ./millrace ask --domain auto --explain "Permission is hereby granted"
  expect "$legal" ./millrace releases list
  expect 'better-than-incumbent' ./millrace releases show "${legal:0:12}"
  expect 'legal' ./millrace verdicts --domain legal

  # README, docs/adapters.md: checkpoints and adapters
  expect . ./millrace model check models/nano --texts docs/examples/mails.jsonl
  expect . ./millrace model convert-adapter "$out/report/store/$legal" --base models/nano --to modules --out "$out/as-modules"
  expect . ./millrace bench --help
}

# docs/examples, docs/gateway.md: teach and ask over HTTP
http_part() {
  ./millrace gateway --port $port >"$out/gateway.log" 2>&1 &
  gateway=$!
  door=localhost:$port
  await curl -sf "$door/ready"
  expect '60 samples written, 0 refused' python3 docs/examples/producer.py --url "http://$door" --domain support docs/examples/mails.jsonl
  expect '"written":60' java docs/examples/Producer.java "http://$door" support docs/examples/mails.jsonl
  expect '"written":1' curl -s "$door/v1/samples?domain=support" -H 'Idempotency-Key: mail-1' -d '{"document": "mail 1", "text": "Dear customer, your order has left our house."}'
  expect '"written":60' curl -s "$door/v1/samples?domain=letters" --data-binary @docs/examples/mails.jsonl
  expect '"text":".+"' curl -s "$door/v1/completions" -d '{"model": "base", "prompt": "Dear customer", "max_tokens": 16, "temperature": 0}'
  answer=$(sed -E 's/.*"id":"(cmpl-[^"]+)".*/\1/' "$out/last")
  expect '"sample":"correction-' curl -s "$door/v1/feedback" -d "{\"answer\":\"$answer\",\"rating\":\"down\",\"text\":\"what it should have said\"}"
  expect '"id":"legal"' curl -s "$door/v1/models"
  expect '^data: \[DONE\]' curl -sN "$door/v1/completions" -d '{"model":"legal","prompt":"Permission is hereby given","max_tokens":64,"stream":true}'
  [ "$(grep -c '^data: {' "$out/last")" -gt 3 ] || fail "the stream came in $(grep -c '^data: {' "$out/last") parts, expected many"
  expect '"token_logprobs":\[-' curl -s "$door/v1/completions" -d '{"model":"legal","prompt":"Permission is hereby","max_tokens":8,"logprobs":0}'
  expect '"logprob":-' curl -s "$door/v1/chat/completions" -d '{"model":"legal","messages":[{"role":"user","content":"Permission?"}],"max_tokens":8,"logprobs":true}'
  expect '"object":"embedding"' curl -s "$door/v1/embeddings" -d '{"model":"base","input":["one","two"]}'
  expect '"offset":' curl -s "$door/v1/releases" -d "{\"action\":\"pin\",\"release\":\"$legal\",\"reason\":\"looks wrong since noon\"}"
  expect '"offset":' curl -s "$door/v1/unload_lora_adapter" -d '{"lora_name":"legal"}'
  expect 'norm-of-change|better-than-incumbent|enough-evidence|"model":"legal"' curl -s "$door/v1/load_lora_adapter" -d "{\"lora_name\":\"legal\",\"lora_path\":\"$out/report/store/$legal\"}"
  expect 'millrace_gateway_calls_total' curl -s "$door/metrics"
  expect '<title>Millrace console' curl -s "$door/console/"
  expect 'a console to watch' ./millrace console --help
  kill "$gateway"
  wait "$gateway" || true
  gateway=
}

# docs/examples, README: your own domain, on a checkpoint
adapt_part() {
  # a checkpoint of one's own: nothing beside its weights and its tokenizer
  mkdir -p "$out/own"
  cp models/nano/config.json models/nano/tokenizer.json models/nano/*.safetensors "$out/own"
  if ./millrace adapt --base "$out/own" --domain support --input docs/examples/mails.jsonl --report "$out/none" 2>"$out/last"; then
    fail "a base without protected texts was adapted"
  fi
  grep -q 'model protect' "$out/last" || fail "$(cat "$out/last")"
  expect 'protected.jsonl' ./millrace model protect "$out/own"
  expect 'support' ./millrace adapt --base "$out/own" --domain support --input docs/examples/mails.jsonl --report "$out/support" --requests 40
}

# README, docs/configuration.md: a cluster of processes
cluster_part() {
  cluster_up
  kafka=$(./millrace cluster status | sed -n 's/^Kafka //p')
  expect 'runs on' ./millrace submit serve --set job.parallelism=1
  expect 'runs on' ./millrace submit learn --set batch.count=32 --set learn.train.epochs=2
  expect '60 records written' ./millrace produce --topic millrace.samples --domain support docs/examples/mails.jsonl
  expect '60 records written' sh -c 'cat docs/examples/mails.jsonl | ./millrace produce --topic millrace.samples --domain letters -'
  expect . ./millrace ask --domain support "Dear customer"
  eventually 'mail-7' ./millrace trace --sample mail-7
  expect 'millrace.chunks' ./millrace topics
  expect 'no request is without an answer' ./millrace unanswered

  # docs/operations.md: looked at, stopped, and gone on from there
  expect 'millrace-serve RUNNING' ./millrace cluster status
  flink=$(sed -n 's/^Flink //p' "$out/last")
  job=$(curl -s "$flink/jobs/overview" | sed -E 's/.*"jid":"([0-9a-f]+)".*/\1/')
  expect 'exceptionHistory' curl -s "$flink/jobs/$job/exceptions"
  expect 'submit serve --savepoint' ./millrace stop serve
  savepoint=$(sed -n 's/.*--savepoint \([^ ]*\).*/\1/p' "$out/last")
  expect 'runs on' ./millrace submit serve --set job.parallelism=1 --savepoint "$savepoint"

  # and a process that was killed
  kill -9 "$(./millrace cluster status | awk '$1 == "taskmanager-2" { print $2 }')"
  await sh -c './millrace cluster status | grep -q "taskmanager-2 .*ended"'
  expect 'taskmanager-2 .*runs' ./millrace cluster up

  # docs/releases.md: a release of another store, taken, pinned, let go, looked at
  expect "goes on from $legal" ./millrace releases rollback "${legal:0:12}" --store "$out/report/store"
  eventually "$legal" ./millrace ask --domain legal "Permission is hereby granted"
  expect "is pinned to $legal" ./millrace releases pin "${legal:0:12}" --store "$out/report/store"
  eventually "$legal" ./millrace releases unpin --domain legal
  expect . ./millrace releases prune --store "$out/report/store" --dry-run

  # docs/sql.md: on that cluster, and by that release
  expect "^mail-1.*$legal" ./millrace sql docs/examples/sql/ask.sql --rows 3
  [ "$(wc -l <"$out/last")" -eq 4 ] || fail "the query printed $(wc -l <"$out/last") lines, expected a header and three rows"
  say ./millrace sql docs/examples/sql/answers-topic.sql
  ./millrace sql docs/examples/sql/answers-topic.sql >"$out/last" 2>"$out/last.err" || { cat "$out/last.err" >&2; fail "the job that stays failed"; }
  grep -q '^job .* runs' "$out/last.err" || fail "no job stays"

  # docs/examples: kcat, where there is one
  if command -v kcat >/dev/null; then
    expect 'topic "millrace.samples"' kcat -b "$kafka" -L
    expect '^.legal.ADAPTER' kcat -b "$kafka" -C -t millrace.releases -f '%k  offset %o  %S bytes\n' -e
    expect '.' sh -c "kcat -b $kafka -C -t millrace.rejected -f '%T %k %s\n' -o -10 -e | tr -cd '\n -~'"
    say 'kcat -P -t example.mails'
    echo '{"id": "mail-9", "body": "Dear customer"}' | kcat -b "$kafka" -P -t example.mails
    expect '"id":"mail-9","answer":"' timeout 60 kcat -b "$kafka" -C -t example.answered -o beginning -u -c 4
  else
    say "no kcat here: apt-get install kcat"
  fi

  expect 'stopped 5' ./millrace cluster down
}

# docs/releases.md: signed, shown by the key, taken back as a sample is forgotten, trained again to the same bytes
trust_part() {
  openssl genpkey -algorithm ed25519 -outform DER -out "$out/signing.der"
  MILLRACE_SIGNING_KEY=$(base64 -w0 "$out/signing.der")
  export MILLRACE_SIGNING_KEY
  public=$(openssl pkey -inform DER -in "$out/signing.der" -pubout -outform DER | base64 -w0)
  cluster_up
  expect 'runs on' ./millrace submit serve --set store.trustedKeys="$public" --set job.parallelism=1
  # sixty mails are too few to show a gain: a gate for these few, and one release, though silence follows
  expect 'runs on' ./millrace submit learn --set store.trustedKeys="$public" --set batch.count=32 --set batch.idleMillis=0 --set heldOut.everyNth=4 --set learn.gate.minHeldOutTokens=50 --set learn.gate.minGain=-0.05
  sed '0~3s/{"id"/{"source": "desk-7", "id"/' docs/examples/mails.jsonl >"$out/mails.jsonl"
  expect '60 records written' ./millrace produce --topic millrace.samples --domain support "$out/mails.jsonl"
  eventually ' support ' ./millrace releases list
  support=$(./millrace releases list | awk '$2 == "support" { id = $1 } END { print id }')
  expect 'signature +by a trusted key' ./millrace releases show "${support:0:12}" --trust "$public"
  openssl genpkey -algorithm ed25519 -outform DER -out "$out/other.der"
  other=$(openssl pkey -inform DER -in "$out/other.der" -pubout -outform DER | base64 -w0)
  expect 'signature +refused' ./millrace releases show "${support:0:12}" --trust "$other"
  eventually "$support" ./millrace ask --domain support "Dear customer"
  expect 'is the same, byte for byte' ./millrace releases reproduce "${support:0:12}"

  # docs/compression.md: what it learned is folded into a new base, which answers in its place, and is taken back
  rm -rf "$out/rebased" "$out/support.jsonl"
  expect 'samples of' ./millrace releases samples "${support:0:12}" --out "$out/support.jsonl"
  expect 'written to' ./millrace model consolidate --adapter support=".millrace/cluster/store/$support" --input support="$out/support.jsonl" --steps 20 --bound 0.5 --out "$out/rebased"
  expect 'released as' ./millrace releases base "$out/rebased" --bound 0.5 --domain-bound 0.5
  base=$(sed -n 's/^released as //p' "$out/last")
  eventually "$base" ./millrace ask --domain support "Dear customer"
  expect 'by a trusted key' ./millrace releases show "${base:0:12}" --trust "$public"
  expect 'goes back' ./millrace releases base --back
  eventually "$support" ./millrace ask --domain support "Dear customer"

  # and a job teaches a smaller base what taught all releases
  expect 'runs on' ./millrace submit compress --set store.trustedKeys="$public" --set compress.factor=2 --set compress.steps=2 --set compress.bound=100
  eventually '^base +[0-9]+ +passed' ./millrace verdicts
  expect 'goes back' ./millrace releases base --back

  sample=$(./millrace releases show "${support:0:12}" --json | awk -F'"' '/"sample"/ && !found++ { print $4 }')
  expect 'support' ./millrace releases forget --sample "$sample" --dry-run
  expect 'same bytes|byte for byte' ./millrace releases forget --sample "$sample"
  expect 'support' ./millrace releases forget --source desk-7 --dry-run
  expect 'same bytes|byte for byte' ./millrace releases forget --source desk-7
  expect 'stopped 5' ./millrace cluster down
  unset MILLRACE_SIGNING_KEY
}

# docs/compression.md, docs/modalities.md, docs/decoding.md: what is made of bases
models_part() {
  rm -rf "$out/nano-fp32" "$out/pico" "$out/compress" "$out/next" "$out/align" # of a run before
  touch "$out/begun"
  expect 'bits per byte' ./millrace model pretrain --judge-only
  [ -z "$(find models/nano -newer "$out/begun")" ] || fail "judging nano has changed models/nano"
  expect . ./millrace model export models/nano --gguf "$out/nano.gguf"
  [ "$(head -c 4 "$out/nano.gguf")" = GGUF ] || fail "$out/nano.gguf is no GGUF file"
  expect . ./millrace model export models/nano --safetensors "$out/nano-fp32"
  expect 'loss 3.[0-9]+, 3.[0-9]+' ./millrace model check "$out/nano-fp32" --texts models/nano/protected.jsonl
  expect . ./millrace model compress --factor 13.5 --steps 2 --tokens 20000 --out "$out/pico" --work "$out/compress"
  # after two steps it guesses, and where no token is likely int8's likeliest is often another
  say ./millrace model check "$out/pico"
  ./millrace model check "$out/pico" >"$out/last" 2>"$out/last.err" || grep -q 'int8 differs' "$out/last.err" || { cat "$out/last.err" >&2; fail "the student does not open"; }
  grep -q 'int8 against fp32' "$out/last" || fail "the student was not compared"
  expect 'written to' ./millrace model consolidate --adapter support="$out/report/store/$legal" --input support=docs/examples/mails.jsonl --steps 2 --bound 1 --out "$out/next"
  expect . ./millrace model check "$out/next"
  expect . ./millrace model align --steps 2 --prefix-steps 2 --out "$out/align"
}

# docs/scale.md, docs/chaos.md: a cluster that grows, one that is broken
elastic_part() {
  cluster_up --adaptive --task-managers 1 --slots 2
  expect . ./millrace autoscale --most 2 --minutes 0.1
  expect 'stopped' ./millrace cluster down
  expect . ./millrace chaos --seed 1 --minutes 0.5
}

# docs/examples, docs/adapters.md, docs/security.md: with what others make
elsewhere_part() {
  expect 'BUILD SUCCESS' ./mvnw -B -DskipTests package -Psbom
  grep -q '"bomFormat"' target/bom.json || fail "no target/bom.json"

  if docker compose version >/dev/null 2>&1; then
    expect . docker compose -f docker/compose.yaml config
  fi
  if docker compose version >/dev/null 2>&1 && docker info >/dev/null 2>&1; then
    compose=up
    expect . docker compose -f docker/compose.yaml up --build -d
    inside=(--rest http://localhost:8081 --set kafka.bootstrap=kafka:19092 --set base.dir=/opt/flink/models/nano --set store.uri=file:///var/millrace/store)
    eventually 'millrace.chunks' ./millrace topics --bootstrap localhost:9092
    expect 'runs on' ./millrace submit serve "${inside[@]}" --set redis.uri=redis://redis:6379
    expect 'runs on' ./millrace submit learn "${inside[@]}"
    expect '60 records written' ./millrace produce --bootstrap localhost:9092 --topic millrace.samples --domain support docs/examples/mails.jsonl
    expect . ./millrace ask --bootstrap localhost:9092 --domain support "Dear customer"
    expect . docker compose -f docker/compose.yaml down
    compose=
  else
    say "no docker compose, or no daemon here: the compose walk-through is not run"
  fi

  if python3 -c 'import peft, transformers' 2>/dev/null; then
    rm -rf "$out/peft" && cp -r "$out/report/store/$legal" "$out/peft"
    expect . python3 docs/peft-expected.py models/nano "$out/peft"
    expect 'maxAbsLogitDiff' ./millrace model check models/nano --adapter "$out/peft" --json
  else
    say "no transformers and PEFT here: docs/peft-expected.py is not run"
  fi

  if command -v vllm >/dev/null; then
    vllm serve models/nano --enable-lora --lora-modules "legal=$out/report/store/$legal" >"$out/vllm.log" 2>&1 &
    gateway=$!
    await curl -sf localhost:8000/health
    expect '"text":' curl -s localhost:8000/v1/completions -d '{"model": "legal", "prompt": "Permission is hereby", "max_tokens": 24}' -H 'Content-Type: application/json'
    kill "$gateway"
    gateway=
  else
    say "no vllm here: an adapter in vLLM is not run"
  fi
}

# docs/bench.md: every benchmark that there is, tried
bench_part() {
  for name in adapters align cache colocate compress continual decode exchange freshness gate latency load moe poison quality recompute routing scale score soak swap train; do
    begun=$SECONDS
    fewest='--rounds 1'
    [ "$name" != compress ] || fewest="$fewest --steps 2 --factors 13.5"
    # shellcheck disable=SC2086 # options are words
    expect '[0-9]' ./millrace bench $name $fewest
    cp "$out/last" "$out/bench-$name.txt"
    say "$name took $((SECONDS - begun)) s"
  done
}

for part in ${parts:-demo http adapt cluster trust models elastic elsewhere}; do
  case $part in
    demo) ;;
    http | cluster | models | elastic | elsewhere) find_legal ;;
  esac
  "${part}_part"
done
say "all commands did what the docs say; logs in $out"
