#!/bin/sh
# Installs what ./mvnw -B verify -Pfull needs beside a JDK, on Debian: Chromium for the console and promtool for the alerts.
set -eu
apt-get update
apt-get install -y --no-install-recommends chromium fonts-dejavu-core prometheus
