#!/usr/bin/env bash
# Runs a command in a network of its own: loopback, and one more interface with an address and a default route.
#
# Firefox never pairs with a 127.0.0.1 candidate, so media needs another address; and what a test sends stays in here.
set -euo pipefail

user=()
[ "$(id -u)" -eq 0 ] || user=(--map-root-user)
exec unshare --net "${user[@]}" -- bash -euc '
  ip link set lo up
  ip link add preau0 type veth peer name preau1
  ip addr add 10.99.0.1/24 dev preau0
  ip link set preau0 up
  ip link set preau1 up
  ip route add default via 10.99.0.2
  PREAU_NETNS=1 exec "$@"
' netns "$@"
