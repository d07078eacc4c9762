"""A disk that fills up under a live capture: capture goes on, nothing is corrupted, what was not kept is counted.

    unshare --mount --net python3 tests/disk_full.py TAPLEDGER loop|tmpfs

Runs as root in namespaces of its own: a file system of a few megabytes (a loop device with ext4, or a tmpfs), a pair of
interfaces, and `tapledger capture` with a ring of capture files on it. Fills the file system, sends frames of ever new
stations, makes room again. Ends with 5 and the reason where the file system cannot be mounted.
"""

import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

TAPLEDGER, KIND = sys.argv[1:3]
MEGABYTES = 24
# Frames a second. Each is of a new station, so the register grows by each.
RATE = 400


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def mount(folder, image):
    if KIND == "loop":
        with open(image, "wb") as file:
            file.truncate(MEGABYTES << 20)
        run("mkfs.ext4", "-q", "-m", "0", image)
        run("mount", "-o", "loop", image, folder)
    else:
        run("mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", folder)


def frame(number):
    """UDP from 10.x.y.z to 10.0.0.1, from a MAC address of its own."""
    source = struct.pack(">I", 0x0A010000 + number)
    payload = b"x" * 200
    udp = struct.pack(">HHHH", 40000, 40001, 8 + len(payload), 0)
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp) + len(payload), 0, 0, 64, 17, 0, source, bytes([10, 0, 0, 1]))
    total = sum(struct.unpack(">10H", header))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    header = header[:10] + struct.pack(">H", ~total & 0xFFFF) + header[12:]
    return b"\x02\x00\x00\x00\x00\x01" + b"\x02\x00" + source + b"\x08\x00" + header + udp + payload


class Sender:
    def __init__(self, interface):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.bind((interface, 0))
        self.sent = 0

    def send(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for _ in range(RATE // 20):
                self.socket.send(frame(self.sent))
                self.sent += 1
            time.sleep(1 / 20)


def tapledger(*arguments, code=0):
    done = subprocess.run([TAPLEDGER, *arguments], capture_output=True, text=True)
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout


def main(work):
    disk = os.path.join(work, "disk")
    os.mkdir(disk)
    try:
        mount(disk, os.path.join(work, "image"))
    except (subprocess.CalledProcessError, FileNotFoundError) as error:
        print(f"no {KIND}: {getattr(error, 'stderr', b'') or error}")
        raise SystemExit(5) from error
    for side in ("tlpkg0", "tlpkg1"):
        if side == "tlpkg0":
            run("ip", "link", "add", "tlpkg0", "type", "veth", "peer", "name", "tlpkg1")
        with open(f"/proc/sys/net/ipv6/conf/{side}/disable_ipv6", "w") as file:
            file.write("1")
        run("ip", "link", "set", side, "up")
    db, ring, log = os.path.join(disk, "register.db"), os.path.join(disk, "pcap"), os.path.join(work, "log")
    with open(log, "wb") as err, open(os.path.join(work, "out"), "wb") as out:
        capture = subprocess.Popen(
            [TAPLEDGER, "capture", "-i", "tlpkg0", "--db", db, "--ring", ring, "--ring-octets", "8M", "--ring-file-octets", "1M",
             "--ring-free", "2M"], stdout=out, stderr=err)
    sender = Sender("tlpkg1")
    for _ in range(100):
        if os.path.exists(db):
            break
        time.sleep(0.1)
    time.sleep(1)
    sender.send(4)

    # The disk fills up, to the last octet.
    filler = os.open(os.path.join(disk, "filler"), os.O_CREAT | os.O_WRONLY)
    size = 1 << 20
    while size:
        try:
            os.write(filler, b"\0" * size)
        except OSError:
            size //= 2
    full_at = sender.sent
    sender.send(8)
    full_until = sender.sent
    assert capture.poll() is None, "the capture ended when the disk was full: " + open(log).read()
    said = open(log).read()
    # What SQLite has taken of the file system already it may use again.
    stuck = "the register cannot be written" in said
    assert stuck or KIND == "tmpfs", said
    assert "the ring of capture files is not written" in said, said
    # A reader meanwhile finds a register that is whole.
    assert "is sound" in tapledger("db", "check", "--db", db)

    os.close(filler)
    os.unlink(os.path.join(disk, "filler"))
    sender.send(6)
    capture.send_signal(signal.SIGTERM)
    assert capture.wait(timeout=60) == 0, open(log).read()
    said = open(log).read()
    assert ("the register is written again" in said) == stuck and "the ring of capture files is written again" in said, said

    assert "is sound" in tapledger("db", "check", "--db", db)
    register = json.loads(tapledger("export", "--db", db))
    captured = register["captures"][0]
    doctor = tapledger("doctor", "--db", db)
    assert captured["status"] == "complete", captured
    assert captured["frames"] == sender.sent, (captured["frames"], sender.sent)
    stations = [asset for asset in register["assets"] if any(ip != "10.0.0.1" for s in asset["stations"] for ip in s["ips"])]
    dropped = "register: frames dropped" in doctor
    # What waited was written: all stations are there, those of the time of the full disk too.
    assert dropped or len(stations) == sender.sent, (len(stations), sender.sent, doctor)
    assert "ring: frames not kept in files" in doctor, doctor
    files = sorted(os.listdir(ring))
    size = sum(os.path.getsize(os.path.join(ring, name)) for name in files)
    assert files and size <= 8 << 20, (files, size)
    # The files are captures: the last frame is in the last.
    check = os.path.join(work, "ring.db")
    tapledger("import", "-q", ring, "--db", check)
    last = json.loads(tapledger("export", "--db", check))
    newest = f"10.{1 + (sender.sent - 1 >> 16)}.{(sender.sent - 1 >> 8) & 255}.{(sender.sent - 1) & 255}"
    assert any(newest in station["ips"] for asset in last["assets"] for station in asset["stations"]), newest
    print(f"{KIND} of {MEGABYTES} MiB: {sender.sent} frames sent, {full_until - full_at} of them while it was full; "
          f"all counted, {len(stations)} stations kept, ring of {len(files)} files and {size} octets")


if __name__ == "__main__":
    folder = tempfile.mkdtemp(prefix="tapledger-disk-")
    try:
        main(folder)
    finally:
        subprocess.run(["umount", os.path.join(folder, "disk")], stderr=subprocess.DEVNULL)
        shutil.rmtree(folder, ignore_errors=True)
