#!/usr/bin/env python3
"""Writes the frames that an interface receives to a pcap file, with the kernel's nanoseconds and VLAN tags: record.py IFACE FILE.

The kernel gives all listeners of a frame one time, so that two who listen at once have the same. Ends with its input.
"""
import select
import socket
import struct
import sys

AUXDATA, TIMESTAMP, TAG_VALID = 8, 35, 0x10
SOL_PACKET = 263

interface, path = sys.argv[1:3]
source = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))
source.setsockopt(SOL_PACKET, AUXDATA, 1)
source.setsockopt(socket.SOL_SOCKET, TIMESTAMP, 1)
source.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
source.bind((interface, 3))
source.setsockopt(SOL_PACKET, 1, struct.pack("IHH8s", socket.if_nametoindex(interface), 1, 0, b""))  # promiscuous
with open(path, "wb") as out:
    out.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
    print("on", flush=True)
    ended = False
    while True:
        ready, _, _ = select.select([source] if ended else [source, sys.stdin], [], [], 0.5)
        if sys.stdin in ready:
            ended = True
        if source not in ready:
            if ended:
                break
            continue
        octets, extra, _, address = source.recvmsg(65536, 512)
        if address[2] == socket.PACKET_OUTGOING:
            continue
        seconds = nanos = 0
        for level, kind, data in extra:
            if (level, kind) == (socket.SOL_SOCKET, TIMESTAMP):
                seconds, nanos = struct.unpack("ll", data[:16])
            if (level, kind) == (SOL_PACKET, AUXDATA):
                status, _, _, _, _, tag, tpid = struct.unpack("IIIHHHH", data[:20])
                if status & TAG_VALID:
                    octets = octets[:12] + struct.pack(">HH", tpid or 0x8100, tag) + octets[12:]
        out.write(struct.pack("<IIII", seconds, nanos, len(octets), len(octets)) + octets)
