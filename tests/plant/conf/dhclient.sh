#!/bin/sh
# What dhclient does with its lease.
[ "$reason" = BOUND ] || exit 0
ip addr add "$new_ip_address/24" dev "$interface" && ip route add default via "$new_routers"
