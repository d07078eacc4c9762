#!/usr/bin/env python3
"""Sends the frames of a pcapng file of one Ethernet interface with the times between them: replay.py FILE IFACE [SPEED].

Times between frames are divided by SPEED, and none is longer than a second. Prints how many were sent.
"""
import socket
import struct
import sys
import time

PAUSE_MAX = 1.0


def frames(path):
    """Time in seconds and octets of every frame."""
    data = open(path, "rb").read()
    order, at, resolution = "<", 0, 1e-6
    while at + 12 <= len(data):
        if data[at:at + 4] == b"\x0a\x0d\x0d\x0a":
            order = "<" if data[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
        kind, length = struct.unpack_from(order + "II", data, at)
        body = data[at + 8:at + length - 4]
        if kind == 1:
            option = 8
            while option + 4 <= len(body):
                code, size = struct.unpack_from(order + "HH", body, option)
                if code == 9:
                    exponent = body[option + 4]
                    resolution = 2.0 ** -(exponent & 127) if exponent & 128 else 10.0 ** -exponent
                if code == 0:
                    break
                option += 4 + (size + 3) // 4 * 4
        if kind == 6:
            _, high, low, captured, original = struct.unpack_from(order + "IIIII", body)
            assert captured == original, "a frame is cut"
            yield ((high << 32) + low) * resolution, body[20:20 + captured]
        at += length


def main():
    path, interface = sys.argv[1:3]
    speed = float(sys.argv[3]) if len(sys.argv) > 3 else 1.0
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    out.bind((interface, 0))
    sent, before, due = 0, None, time.monotonic()
    for moment, octets in frames(path):
        if before is not None:
            due += min(max(moment - before, 0) / speed, PAUSE_MAX)
        before = moment
        time.sleep(max(due - time.monotonic(), 0))
        out.send(octets)
        sent += 1
    print(sent)


main()
