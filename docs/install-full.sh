#!/bin/sh
# Installs what ./mvnw -B verify -Pfull needs beside a JDK, on Debian: Chromium for the console, Prometheus and promtool for metrics and alerts,
# Redis 8 for the semantic tier (the embedded one is older), pictures with captions (GPL-2) and recorded speech with transcripts (CC-BY-SA-3.0) for `bench align` and `model align --installed`.
set -eu
apt-get update
apt-get install -y --no-install-recommends chromium fonts-dejavu-core prometheus redis-server \
  tuxpaint-stamps-default asterisk-core-sounds-en asterisk-core-sounds-en-wav
