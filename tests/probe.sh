#!/usr/bin/env bash
# probe.sh PROGRAM CASES: serves a small population and lets Schemathesis try every operation
# with all its checks. Run by `./dev probe`, beside a throwaway cluster.
set -euo pipefail
program=$1 cases=$2
export KAIFONG_LISTEN=127.0.0.1:${PROBE_PORT:-18180} KAIFONG_OPERATOR_TOKENS=on KAIFONG_LOG=warn

"$program" migrate >/dev/null
[[ -e $KAIFONG_DATA_DIR/keys/root.key ]] || "$program" keys init >/dev/null
"$program" generate --tenancies 200 --seed 3 --months 2 >/dev/null
"$program" serve &
server=$!
trap 'kill $server; wait $server || true' EXIT
for _ in $(seq 100); do
    (exec 3<>"/dev/tcp/${KAIFONG_LISTEN/://}") 2>/dev/null && break
    sleep 0.1
done

token=$("$program" token --seconds 3600)
schemathesis --config-file tests/schemathesis.toml run openapi/openapi.json \
    --url "http://$KAIFONG_LISTEN" --header "Authorization: Bearer $token" \
    --max-examples "$cases" --seed 1 --continue-on-failure --request-timeout 20 --no-shrink \
    --warnings off
