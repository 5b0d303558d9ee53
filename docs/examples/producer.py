#!/usr/bin/env python3
"""Sends JSON lines to the gateway as samples, a hundred a call; needs Python 3.8 and nothing else.

    python3 docs/examples/producer.py --url http://localhost:8080 --domain support mails.jsonl

A call that fails is made again under the same Idempotency-Key: nothing is written twice.
"""

import argparse
import hashlib
import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

LINES = 100
TRIES = 5


def call(url, body, headers, where):
    """The gateway's reply; tries again what may go through later, and else says where it was.

    None where every line of the call is refused: it says why, and the next call may go through.
    """
    for attempt in range(1, TRIES + 1):
        try:
            request = urllib.request.Request(url, data=body, headers=headers, method="POST")
            with urllib.request.urlopen(request, timeout=60) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            said = error.read().decode()
            if error.code == 400 and '"no_valid_sample"' in said:
                print(f"{where}: {said}", file=sys.stderr)
                return None
            if error.code not in (429, 503, 504) or attempt == TRIES:
                raise SystemExit(f"{where}: {error.code}: {said}")
        except (OSError, http.client.HTTPException) as error:  # refused, broken off or late
            if attempt == TRIES:
                raise SystemExit(f"{where}: {url}: {error}")
        time.sleep(2 ** attempt / 10)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--url", default="http://localhost:8080")
    arguments.add_argument("--domain", required=True)
    arguments.add_argument("file", nargs="?", default="-", help="JSON lines; - is standard input")
    options = arguments.parse_args()
    source = sys.stdin if options.file == "-" else open(options.file, encoding="utf-8")
    headers = {"Content-Type": "application/x-ndjson"}
    if "MILLRACE_API_KEY" in os.environ:
        headers["Authorization"] = "Bearer " + os.environ["MILLRACE_API_KEY"]
    url = options.url + "/v1/samples?" + urllib.parse.urlencode({"domain": options.domain})
    lines = [(number, line) for number, line in enumerate(source, 1) if line.strip()]
    written = refused = 0
    for start in range(0, len(lines), LINES):
        sent = lines[start : start + LINES]
        body = "".join(line for _, line in sent).encode()
        where = f"lines {sent[0][0]} to {sent[-1][0]}, sent as 1 to {len(sent)}"
        key = hashlib.sha256(options.domain.encode() + b"\n" + body).hexdigest()
        reply = call(url, body, {**headers, "Idempotency-Key": key}, where)
        if reply is None:
            refused += len(sent)
            continue
        written += reply["written"]
        refused += len(reply["refused"])
        for line in reply["refused"]:
            number = sent[line["line"] - 1][0]
            print(f"line {number}: {line['reason']}: {line['detail']}", file=sys.stderr)
    print(f"{written} samples written, {refused} refused")
    return 0 if refused == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
