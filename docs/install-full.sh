#!/bin/sh
# Installs what ./mvnw -B verify -Pfull needs beside a JDK, on Debian: a Chromium for the console's test.
set -eu
apt-get update
apt-get install -y --no-install-recommends chromium fonts-dejavu-core
