"""The mirror port: frames that enter the switch are copied to the sensor's link, tagged with the port's VLAN.

Every access port is mirrored as it is received, so both directions of every conversation are seen, each frame once. The
untagged VLAN is mirrored by tc's mirred action. Many kernels have no module that sets tags (8021q, act_vlan); every one
that has cls_bpf can: the program below sets the tag, copies the frame and takes the tag off again. A priority tag that
the device sent itself gives its priority to the tag of the switch, as in a real one.
"""
import ctypes
import os
import socket
import struct
import subprocess

BPFFS = "/run/bpf"
# bpf(2) on x86_64 and on the machines that share the newer table of system calls.
SYSCALL = {"x86_64": 321}.get(os.uname().machine, 280)
PROG_LOAD, OBJ_PIN, SCHED_CLS = 5, 6, 3
CLONE_REDIRECT, VLAN_PUSH, VLAN_POP = 13, 18, 19
# Offsets in struct __sk_buff (linux/bpf.h).
VLAN_PRESENT, VLAN_TCI = 20, 24
ETHERTYPE = socket.htons(0x8100)
CONTEXT, TAGGED, TCI = 6, 7, 8  # registers that survive calls


def instruction(code, to=0, source=0, offset=0, value=0):
    return struct.pack("=BBhi", code, source << 4 | to, offset, value)


def move(to, source):
    return instruction(0xBF, to, source)


def constant(to, value):
    return instruction(0xB7, to, value=value)


def load(to, source, offset):
    return instruction(0x61, to, source, offset)


def call(function):
    return move(1, CONTEXT) + instruction(0x85, value=function)


def unless_tagged(skipped):
    """Jumps over the instructions when the frame came without a tag."""
    return instruction(0x15, TAGGED, offset=len(skipped) // 8) + skipped


def program(vlan, interface):
    """Sets the tag, copies to the interface, takes the tag off again, passes the frame on."""
    own_priority = move(3, TCI) + instruction(0x57, 3, value=0xE000) + instruction(0x47, 3, value=vlan)
    return b"".join(
        [
            move(CONTEXT, 1),
            load(TAGGED, CONTEXT, VLAN_PRESENT),
            constant(TCI, 0),
            unless_tagged(load(TCI, CONTEXT, VLAN_TCI) + call(VLAN_POP)),
            own_priority,
            constant(2, ETHERTYPE),
            call(VLAN_PUSH),
            constant(2, interface),
            constant(3, 0),
            call(CLONE_REDIRECT),
            call(VLAN_POP),
            unless_tagged(constant(2, ETHERTYPE) + move(3, TCI) + call(VLAN_PUSH)),
            constant(0, 0),
            instruction(0x95),
        ]
    )


def bpf(command, attributes):
    result = ctypes.CDLL(None, use_errno=True).syscall(SYSCALL, command, attributes, len(attributes))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def pinned(vlan, interface):
    """Loads the program for one VLAN; gives the path where tc finds it."""
    path = f"{BPFFS}/vlan{vlan}"
    if os.path.exists(path):
        return path
    code, licence, log = (ctypes.create_string_buffer(octets) for octets in (program(vlan, socket.if_nametoindex(interface)), b"GPL", bytes(1 << 16)))
    place = ctypes.create_string_buffer(path.encode())
    loaded = struct.pack("=IIQQIIQII", SCHED_CLS, (len(code) - 1) // 8, ctypes.addressof(code), ctypes.addressof(licence), 1, len(log), ctypes.addressof(log), 0, 0)
    try:
        descriptor = bpf(PROG_LOAD, loaded)
    except OSError as error:
        raise RuntimeError(f"the kernel takes no mirror program: {error}: {log.value.decode()[-500:]}") from error
    bpf(OBJ_PIN, struct.pack("=QII", ctypes.addressof(place), descriptor, 0))
    return path


def mirror(port, vlan, to, tagged):
    """Mirrors what enters `port` to the interface `to`."""
    how = f"bpf da object-pinned {pinned(vlan, to)}" if tagged else f"u32 match u32 0 0 action mirred egress mirror dev {to}"
    for command in (f"tc qdisc add dev {port} clsact", f"tc filter add dev {port} ingress {how}"):
        subprocess.run(command.split(), check=True)


def stop(port):
    subprocess.run(["tc", "qdisc", "del", "dev", port, "clsact"], check=True)
