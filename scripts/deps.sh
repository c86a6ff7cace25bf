#!/usr/bin/env bash
# Installs what the tests need beside Go, Node, npm and make: browsers (Chromium,
# Firefox and, where there is a package, WebKitGTK), nginx, strace, the tools of
# network namespaces, and coturn's test client. It installs no service.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=()
need() { command -v "$1" >/dev/null 2>&1 || packages+=("$2"); }
PATH="$PATH:/usr/sbin:/sbin"
need openssl openssl
need chromium chromium
need firefox-esr firefox-esr
need strace strace
need unshare util-linux
need ip iproute2
need gcc gcc
need git git
dpkg -s libc6-dev >/dev/null 2>&1 || packages+=(libc6-dev)

# The engine of Safari, and a screen for it, where the system has a package of
# it; web/e2e/webkit.test.mjs says so where it hasn't.
if [ ! -x /usr/bin/WebKitWebDriver ] || [ ! -x /usr/bin/Xvfb ]; then
  [ "$(id -u)" -ne 0 ] || apt-get update -qq || true
  # Not by a pipe: what grep -q leaves unread ends apt-cache, and pipefail takes that for a no.
  policy=$(apt-cache policy webkit2gtk-driver 2>/dev/null || true)
  if [[ $policy =~ Candidate:\ [0-9] ]]; then packages+=(webkit2gtk-driver xvfb); fi
fi

# nginx would bring a service with it, so its program is only unpacked, into a
# folder of this checkout that git ignores and the Makefile has on its PATH.
unpack_nginx() {
  command -v nginx >/dev/null 2>&1 && return
  [ -x tmp/tools/usr/sbin/nginx ] && return
  mkdir -p tmp/tools
  [ -n "$(apt-cache policy nginx 2>/dev/null)" ] || [ "$(id -u)" -ne 0 ] || apt-get update -qq
  (cd tmp/tools && apt-get download -qq nginx 2>/dev/null && dpkg -x nginx_*.deb . && rm -f nginx_*.deb) || {
    echo 'The tests need nginx, and its package could not be downloaded. Run "sudo apt-get update" once, then try again.' >&2
    exit 1
  }
}

if [ "${#packages[@]}" -eq 0 ]; then
  unpack_nginx
  scripts/uclient.sh
  exit 0
fi

line="apt-get install -y --no-install-recommends ${packages[*]}"
if ! command -v apt-get >/dev/null 2>&1; then
  echo "The tests need: ${packages[*]}. This machine has no apt-get; install them its own way." >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  printf 'The tests need packages that only root can install. Run this once:\n\n  sudo %s\n\n' "$line" >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
$line -qq </dev/null
unpack_nginx
scripts/uclient.sh
