#!/usr/bin/env bash
# Installs what tests need of the system: two browsers, the tools for a network of their own, Python's for aiortc,
# C++ for libFuzzer.
set -euo pipefail

missing=()
command -v chromium    >/dev/null || missing+=(chromium)
command -v firefox-esr >/dev/null || missing+=(firefox-esr)
command -v ip          >/dev/null || missing+=(iproute2)
command -v unshare     >/dev/null || missing+=(util-linux)
command -v nft         >/dev/null || [ -x /usr/sbin/nft ] || missing+=(nftables)
command -v openssl     >/dev/null || missing+=(openssl)
command -v c++         >/dev/null || missing+=(g++)
python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
echo "Installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
