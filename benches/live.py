#!/usr/bin/env python3
"""The sensor measured live: two network namespaces, a cable, replayed frames. Needs root, ip, tcpreplay; touches no network of the machine.

    benches/live.py rates  --tapledger BIN --mix FILE [--rounds N] [--seconds S]   # highest rate without a drop, on one core,
                                                                                   # beside tcpdump and dumpcap, in turns
    benches/live.py soak   --tapledger BIN --mix FILE [--minutes M] [--rate PPS]   # memory, every 10 s
    benches/live.py kills  --tapledger BIN --mix FILE [--times N]                  # kill -9 at random moments, then db check
    benches/live.py quiet  --tapledger BIN [--minutes M]                           # no frame at all; the watchdog is fed
    benches/live.py memory --tapledger BIN [--limit MIB] [--frames N]              # hostile frames, under a limit of memory

FILE is a pcap of the plant mix (`cargo bench` leaves them in target/tmp; `cargo run --example generate -- mix FRAMES FILE`).
Ends with 5 where it cannot run, with 6 if something does not hold. BIN has to be a release build for figures to mean anything.
"""
import argparse
import csv
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

SKIPPED, FAILED = 5, 6
UNIT = Path(__file__).resolve().parents[1] / "systemd/tapledger-sensor.service"
# What the unit waits for (TimeoutStopSec).
STOP_SECONDS = 90
# The kernel's buffer of the sensor, in MiB.
BUFFER_MIB = 64
# The same while rates are measured, of all programs: what a buffer swallows is no rate. The sensor's queue is as short as may be.
RATE_BUFFER_MIB = 16
RATE_QUEUE = "queue.octets_max = 4194304"


def fail(text):
    print(f"FAILED: {text}", file=sys.stderr)
    sys.exit(FAILED)


def must(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout


class Lab:
    """Two namespaces and a cable: tap0, where the sensor listens, and src0, where frames come from."""

    def __init__(self, tapledger):
        self.tapledger = tapledger
        self.tap, self.src = (f"tl-live-{os.getpid()}-{end}" for end in ("tap", "src"))

    def __enter__(self):
        try:
            for name in (self.tap, self.src):
                must("ip", "netns", "add", name)
        except RuntimeError as error:
            self.__exit__()
            print(f"SKIPPED: no network namespaces here: {error}")
            sys.exit(SKIPPED)
        must("ip", "-n", self.src, "link", "add", "src0", "type", "veth", "peer", "name", "tap0", "netns", self.tap)
        must(*self.inside(self.src), "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/src0/disable_ipv6")
        must("ip", "-n", self.src, "link", "set", "src0", "arp", "off", "multicast", "off", "up")
        must("ip", "-n", self.tap, "link", "set", "tap0", "up")
        must(*self.inside(self.tap), self.tapledger, "setup", "tap0", "--apply")
        return self

    def __exit__(self, *_):
        for name in (self.tap, self.src):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)

    def inside(self, name):
        return ["ip", "netns", "exec", name]

    def counter(self, name):
        """Of the sensor's interface: frames."""
        return int(must(*self.inside(self.tap), "cat", f"/sys/class/net/tap0/statistics/{name}"))

    def sender(self, mix, rate, loops=0, limit=None, core=None, first=False):
        """tcpreplay at a rate in frames a second, from now on. 0 loops are for ever."""
        command = [*self.inside(self.src), *pinned(core, first), "tcpreplay", "-q", "-i", "src0", "--loop", str(loops)]
        command += ["--pps", str(rate)] if rate else ["--topspeed"]
        if limit:
            command += ["--limit", str(limit)]
        if mix.stat().st_size < 200 << 20:
            command.append("--preload-pcap")
        return subprocess.Popen([*command, str(mix)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def pinned(core, first=False):
    """On one core, and before everybody else's programs if asked for."""
    command = ["chrt", "-f", "1"] if first else []
    return command + (["taskset", "-c", str(core)] if core is not None else [])


def unit_environment():
    """What the unit has in the sensor's environment."""
    found = re.findall(r"(?m)^Environment=(\w+)=(\S+)$", UNIT.read_text())
    return dict(found)


class Sensor:
    """A sensor with a stand-in for the service manager, which notes when what was said."""

    def __init__(self, lab, folder, extra="", before=(), wrapper=(), watchdog=30, buffer=BUFFER_MIB):
        self.folder, self.words = folder, []
        self.db = folder / "register.db"
        config = folder / "config.toml"
        config.write_text(
            f'register = "{self.db}"\nlog.format = "json"\n{extra}\n'
            f'[[interface]]\nname = "tap0"\nbuffer_mib = {buffer}\n')
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = folder / "notify"
        path.unlink(missing_ok=True)
        self.manager.bind(str(path))
        threading.Thread(target=self._listen, daemon=True).start()
        environment = dict(os.environ, **unit_environment(), NOTIFY_SOCKET=str(path), WATCHDOG_USEC=str(int(watchdog * 1e6)))
        self.process = subprocess.Popen(
            [*before, *lab.inside(lab.tap), *wrapper, lab.tapledger, "sensor", "--config", str(config)],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(folder / "log", "a"))
        self.pid = self.process.pid

    def _listen(self):
        while True:
            try:
                said = self.manager.recv(4096).decode(errors="replace")
            except OSError:
                return
            self.words += [(time.monotonic(), line) for line in said.splitlines()]

    def said(self, word):
        return [moment for moment, line in list(self.words) if line.startswith(word)]

    def ready(self):
        until = time.monotonic() + 90
        while not self.said("READY=1"):
            if self.process.poll() is not None or time.monotonic() > until:
                fail(f"the sensor is not ready: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.02)
        return self

    def processes(self):
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *map(int, children)]

    def memory(self):
        """Resident octets, and their peak, of the decoding and the capturing process."""
        found = []
        for process in self.processes():
            text = Path(f"/proc/{process}/status").read_text()
            found += [int(re.search(rf"{field}:\s+(\d+)", text)[1]) << 10 for field in ("VmRSS", "VmHWM")]
        return found

    def cpu(self):
        """Seconds of processor time of both."""
        ticks = 0
        for process in self.processes():
            fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def stop(self):
        """Ends it as the service manager does; gives the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            fail(f"the sensor does not stop within {STOP_SECONDS} s: {(self.folder / 'log').read_text()[-2000:]}")
        took = time.monotonic() - began
        self.manager.close()
        if code:
            fail(f"the sensor ended with {code}: {(self.folder / 'log').read_text()[-2000:]}")
        return took

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.manager.close()


def captures(lab, db):
    """The captures of a register, by id."""
    text = must(lab.tapledger, "export", "--db", db)
    return {capture["id"]: capture for capture in json.loads(text)["captures"]}


def rows_of_captures(db):
    """The same without what an export needs: it resolves all assets first, and a hostile register has a million."""
    with sqlite3.connect(f"file:{db}?mode=ro", uri=True) as register:
        found = []
        for number, frames, drops in register.execute("SELECT id, frames, kernel_drops FROM capture"):
            counters = dict(register.execute("SELECT name, count FROM capture_counter WHERE capture = ?", (number,)))
            found.append(dict(frames=frames, kernel_drops=drops, counters=counters))
    return found


def check(lab, db):
    must(lab.tapledger, "db", "check", "--db", db)


def interface_losses(capture):
    """Frames that were lost or not decoded, whoever lost them."""
    counters = capture["counters"]
    refused = counters.get("sensor: frames dropped while the register could not be written", 0)
    left = counters.get("sensor: frames not decoded when the sensor ended", 0)
    return capture["kernel_drops"] + counters.get("source.interface_drops", 0) + refused + left


# Rates ---------------------------------------------------------------------------------------------------------------

def tapledger_at(lab, work, core, send):
    folder = Path(tempfile.mkdtemp(dir=work))
    sensor = Sensor(lab, folder, RATE_QUEUE, wrapper=pinned(core, FIRST), buffer=RATE_BUFFER_MIB).ready()
    cpu = sensor.cpu()
    sent, rate = send()
    time.sleep(2)
    cpu = sensor.cpu() - cpu
    sensor.stop()
    (capture,) = captures(lab, sensor.db).values()
    shutil.rmtree(folder)
    return sent, rate, capture["frames"], interface_losses(capture), cpu


def other_at(lab, core, send, command, on, pattern):
    process = subprocess.Popen(
        [*lab.inside(lab.tap), *pinned(core, FIRST), *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    lines = []
    for line in process.stderr:
        lines.append(line)
        if on in line:
            break
    reader = threading.Thread(target=lambda: lines.extend(process.stderr))
    reader.start()
    time.sleep(0.3)
    sent, rate = send()
    time.sleep(2)
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    process.send_signal(signal.SIGINT)
    process.wait(30)
    reader.join()
    said = "".join(lines)
    heard, lost = pattern(said)
    return sent, rate, heard, lost, cpu


def of_tcpdump(said):
    return int(re.search(r"(\d+) packets? captured", said)[1]), int(re.search(r"(\d+) packets? dropped by kernel", said)[1])


def of_dumpcap(said):
    found = re.search(r"received/dropped on interface '.*': (\d+)/(\d+)", said)
    return int(found[1]), int(found[2])


FIRST = False


def rates(lab, arguments, work):
    global FIRST
    FIRST = arguments.first
    sending_core, core = arguments.cores
    programs = {"tapledger sensor": lambda send: tapledger_at(lab, work, core, send)}
    buffer = str(RATE_BUFFER_MIB)
    if shutil.which("tcpdump"):
        command = ["tcpdump", "-n", "-i", "tap0", "-B", str(RATE_BUFFER_MIB << 10), "-w", "/dev/null"]
        programs["tcpdump -w /dev/null"] = lambda send: other_at(lab, core, send, command, "listening on", of_tcpdump)
    if shutil.which("dumpcap"):
        dumpcap = ["dumpcap", "-i", "tap0", "-B", buffer, "-w", "/dev/null"]
        programs["dumpcap -w /dev/null"] = lambda send: other_at(lab, core, send, dumpcap, "File:", of_dumpcap)
    best = {name: [0] * arguments.rounds for name in programs}
    out = csv.writer(sys.stdout)
    out.writerow(["round", "asked_pps", "program", "sent", "pps", "heard", "lost", "cpu_ns_per_frame"])
    for turn in range(arguments.rounds):
        over = set()
        for asked in arguments.at:
            for name, program in programs.items():
                if name in over:
                    continue

                def send(asked=asked):
                    before = lab.counter("rx_packets")
                    sender = lab.sender(arguments.mix, asked, limit=asked * arguments.seconds, core=sending_core, first=FIRST)
                    said, _ = sender.communicate()
                    if sender.returncode:
                        fail(f"tcpreplay: {said}")
                    sent = lab.counter("rx_packets") - before
                    # Without the time that it took to read the file.
                    seconds = float(re.search(r"sent in ([0-9.]+) seconds", said)[1])
                    return sent, sent / max(seconds, 0.001)

                sent, rate, heard, lost, cpu = program(send)
                out.writerow([turn + 1, asked, name, sent, round(rate), heard, lost, round(cpu * 1e9 / max(sent, 1))])
                sys.stdout.flush()
                if lost or heard < sent:
                    over.add(name)
                else:
                    best[name][turn] = max(best[name][turn], round(rate))
    print("\nhighest rate without a drop, frames a second: each round; median")
    for name, found in best.items():
        print(f"{name:24} {'  '.join(f'{rate:>8,}' for rate in found)}; {sorted(found)[len(found) // 2]:>8,}")


# Soak ----------------------------------------------------------------------------------------------------------------

def soak(lab, arguments, work):
    seconds = arguments.minutes * 60
    sensor = Sensor(lab, work).ready()
    before = lab.counter("rx_packets")
    sender = lab.sender(arguments.mix, arguments.rate, loops=0)
    out = csv.writer(sys.stdout)
    out.writerow(["second", "received", "decoding_rss_kib", "capturing_rss_kib", "cpu_s", "register_kib", "watchdog"])
    began, samples = time.monotonic(), []
    while time.monotonic() - began < seconds:
        time.sleep(min(10, seconds))
        if sender.poll() is not None:
            fail(f"tcpreplay has ended: {sender.communicate()[0]}")
        decoding, _, capturing, _ = sensor.memory()
        register = sum(path.stat().st_size for path in work.glob("register.db*"))
        elapsed = time.monotonic() - began
        samples.append((elapsed, decoding))
        received = lab.counter("rx_packets") - before
        alive = len(sensor.said("WATCHDOG=1"))
        out.writerow([round(elapsed), received, decoding >> 10, capturing >> 10, round(sensor.cpu(), 1), register >> 10, alive])
        sys.stdout.flush()
    # tcpreplay ends between two frames, so that the counter stands still afterwards.
    sender.send_signal(signal.SIGINT)
    sender.wait(30)
    sensor.stop()
    sent = lab.counter("rx_packets") - before
    (capture,) = captures(lab, sensor.db).values()
    check(lab, sensor.db)
    half = [rss for moment, rss in samples if moment > seconds / 2]
    first = [rss for moment, rss in samples if seconds / 4 < moment <= seconds / 2]
    growth = sum(half) / len(half) / (sum(first) / len(first)) - 1
    print(f"\n{sent} frames sent, {capture['frames']} counted, {interface_losses(capture)} lost; "
          f"resident memory of the second half against the second quarter: {growth:+.1%}; "
          f"peak {max(rss for _, rss in samples) >> 20} MiB")
    if capture["frames"] + interface_losses(capture) != sent:
        fail("frames sent are not frames counted and lost")
    if growth > 0.1:
        fail("memory grows")


# Kills ---------------------------------------------------------------------------------------------------------------

def kills(lab, arguments, work):
    sender = lab.sender(arguments.mix, arguments.rate, loops=0)
    before, counted = {}, 0
    generator = random.Random(arguments.seed)
    for number in range(1, arguments.times + 1):
        first = lab.counter("rx_packets")
        sensor = Sensor(lab, work)
        moment = generator.uniform(0, 4)
        # Moments before it is ready count too.
        time.sleep(moment)
        if sensor.process.poll() is not None:
            fail(f"the sensor has ended by itself: {(work / 'log').read_text()[-2000:]}")
        child = sensor.processes()[1:]
        sensor.kill()
        last = lab.counter("rx_packets")
        until = time.monotonic() + 20
        while any(Path(f"/proc/{process}").exists() for process in child):
            if time.monotonic() > until:
                fail("the capturing process outlives the other one")
            time.sleep(0.02)
        if not sensor.db.exists():
            continue
        check(lab, sensor.db)
        after = captures(lab, sensor.db)
        new = [capture for uid, capture in after.items() if uid not in before]
        frames = sum(capture["frames"] for capture in new)
        if len(new) > 1 or frames > last - first:
            fail(f"kill {number}: {len(new)} captures, {frames} frames counted of {last - first} that came")
        for uid, capture in before.items():
            if after[uid]["frames"] != capture["frames"]:
                fail(f"kill {number}: the frames of an earlier session changed")
        counted += frames
        before = after
        print(f"kill {number:3} after {moment:.2f} s: {frames} of {last - first} frames in the register; sound", flush=True)
    # The next one goes on as if nothing had been.
    sensor = Sensor(lab, work).ready()
    time.sleep(3)
    sensor.stop()
    sender.terminate()
    sender.wait()
    check(lab, sensor.db)
    after = captures(lab, sensor.db)
    states = sorted({capture["status"] for capture in after.values()})
    print(f"{arguments.times} kills, {len(after)} sessions, {counted} frames; states {states}; the register is sound")


# Quiet ---------------------------------------------------------------------------------------------------------------

def quiet(lab, arguments, work):
    watchdog = 6
    sensor = Sensor(lab, work, watchdog=watchdog).ready()
    size = lambda: [(path.name, path.stat().st_mtime) for path in sorted(work.glob("register.db*"))]
    time.sleep(90)
    before, began, written = size(), time.monotonic(), []
    while time.monotonic() - began < arguments.minutes * 60:
        time.sleep(5)
        if size() != before:
            before = size()
            written.append(round(time.monotonic() - began))
    pings = [moment for moment in sensor.said("WATCHDOG=1") if moment >= began]
    longest = max(after - before for before, after in zip(pings, pings[1:]))
    print(f"{arguments.minutes} minutes without a frame: {len(pings)} signs of life, the longest time between two {longest:.1f} s "
          f"(allowed {watchdog}); register written {len(written)} times{written and f' (seconds {written[:9]})' or ''}; cpu {sensor.cpu():.1f} s")
    out = socket_frames(lab)
    sensor.stop()
    (capture,) = captures(lab, sensor.db).values()
    if longest > watchdog or capture["frames"] != out:
        fail(f"{capture['frames']} of {out} frames after the quiet")


def socket_frames(lab, count=100):
    program = ("import socket; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(('src0', 0))\n"
               f"for n in range({count}): s.send(bytes.fromhex('02000000000202000000000188b5') + n.to_bytes(46, 'big'))")
    must(*lab.inside(lab.src), "python3", "-c", program)
    return count


# Memory --------------------------------------------------------------------------------------------------------------

def hostile(path, frames, seed=1):
    """A pcap of frames that no two of have an address or a port in common: ARP, UDP, TCP with what protocols begin with."""
    generator = random.Random(seed)
    begins = [bytes.fromhex(text) for text in (
        "000100000006010300000001", "0300001611e00000000100c1020100c2020102c0010a", "0564", "680407000000", "474554202f20485454502f312e310d0a0d0a",
        "6300", "16030100", "53534820", "300c0201")]
    mac = lambda: bytes([generator.randrange(256) & 0xFE, *generator.randbytes(5)])
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for number in range(frames):
            kind = generator.randrange(8)
            one, other = (bytes([10, *generator.randbytes(3)]) for _ in range(2))
            if kind == 0:
                own = mac()
                frame = b"\xff" * 6 + own + struct.pack(">HHHBBH", 0x0806, 1, 0x0800, 6, 4, 2) + own + one + own + one
            else:
                payload = generator.choice(begins) + generator.randbytes(generator.randrange(60))
                ports = struct.pack(">HH", generator.randrange(1024, 65536), generator.choice(
                    (102, 502, 20000, 2404, 44818, 47808, 80, 443, 22, 161, 53, 5353, 4840, generator.randrange(65536))))
                if kind < 4:
                    protocol, transport = 17, ports + struct.pack(">HH", 8 + len(payload), 0) + payload
                else:
                    flags = generator.choice((0x02, 0x18, 0x18, 0x10))
                    protocol, transport = 6, ports + struct.pack(">IIBBHHH", generator.randrange(1 << 32), 0, 0x50, flags, 1024, 0, 0) + payload
                head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(transport), number & 0xFFFF, 0, 64, protocol, 0) + one + other
                frame = mac() + mac() + b"\x08\x00" + head + transport
            frame = frame.ljust(60, b"\0")
            out.write(struct.pack("<IIII", number // 10000, number % 10000 * 100, len(frame), len(frame)) + frame)


class Limit:
    """A control group with a limit of memory, of either version; none where there is none."""

    def __init__(self, octets):
        self.octets, self.path = octets, None
        name = f"tl-live-{os.getpid()}"
        for parent, limit in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
            path = Path(parent) / name
            try:
                path.mkdir()
            except OSError:
                continue
            try:
                (path / limit).write_text(str(octets))
                self.path = path
                return
            except OSError:
                path.rmdir()

    def wrapper(self):
        """Comes before `ip netns exec`, which mounts another /sys."""
        return ["sh", "-c", f'echo $$ > {self.path}/cgroup.procs && exec "$@"', "sh"] if self.path else []

    def peak(self):
        for name in ("memory.max_usage_in_bytes", "memory.peak"):
            if (self.path / name).exists():
                return int((self.path / name).read_text())
        return 0

    def end(self):
        if self.path:
            for _ in range(50):
                try:
                    return self.path.rmdir()
                except OSError:
                    time.sleep(0.1)


def memory(lab, arguments, work):
    limit = Limit(arguments.limit << 20)
    if not limit.path:
        print("SKIPPED: no control groups to limit memory with")
        sys.exit(SKIPPED)
    mix = work / "hostile.pcap"
    hostile(mix, arguments.frames)
    # The unit's two figures stand to each other like these: memory_mib 1024, MemoryMax 1536M.
    configured = arguments.limit * 2 // 3
    try:
        sensor = Sensor(lab, work, extra=f"memory_mib = {configured}\nqueue.octets_max = {16 << 20}", before=limit.wrapper()).ready()
        before = lab.counter("rx_packets")
        sender = lab.sender(mix, arguments.rate, loops=1)
        peaks = []
        while sender.poll() is None:
            time.sleep(2)
            if sensor.process.poll() is not None:
                fail(f"the sensor has ended with {sensor.process.returncode}: {(work / 'log').read_text()[-2000:]}")
            peaks.append(sensor.memory()[0])
            print(f"{lab.counter('rx_packets') - before} frames, decoding process {peaks[-1] >> 20} MiB", flush=True)
        # The next look at what was heard takes its memory too.
        time.sleep(arguments.after)
        decoding = sensor.memory()[1]
        took = sensor.stop()
        peak = limit.peak()
    finally:
        limit.end()
    sent = lab.counter("rx_packets") - before
    (capture,) = rows_of_captures(sensor.db)
    check(lab, sensor.db)
    print(f"{sent} hostile frames: {capture['frames']} counted, {interface_losses(capture)} lost; decoding process at most {decoding >> 20} MiB "
          f"(memory_mib {configured}); with pages of files {peak >> 20} of {arguments.limit} MiB; stopped in {took:.1f} s "
          f"(allowed {STOP_SECONDS}); register {sensor.db.stat().st_size >> 20} MiB")
    for line in (work / "log").read_text().splitlines():
        said = json.loads(line)
        if said.get("level") in ("WARN", "ERROR") or said.get("event") in ("last_look_left", "session_ended"):
            print(f"  said: {line[:300]}")
    for name, count in sorted(capture["counters"].items()):
        print(f"  {count:>9} {name}")
    if capture["frames"] + interface_losses(capture) != sent:
        fail("frames sent are not frames counted and lost")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["rates", "soak", "kills", "quiet", "memory"])
    parser.add_argument("--tapledger", type=Path, required=True)
    parser.add_argument("--mix", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=8, help="of each rate")
    parser.add_argument("--at", type=lambda text: [int(rate) for rate in text.split(",")], help="rates in frames a second",
                        default=[20000, 40000, 60000, 80000, 100000, 140000, 200000, 280000, 400000])
    parser.add_argument("--cores", type=lambda text: [int(core) for core in text.split(",")], default=[0, 1],
                        help="of the sender, and of the program measured")
    parser.add_argument("--first", action="store_true", help="sender and programs come before all others, on a busy machine (SCHED_FIFO)")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=int, default=5000)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=int, default=384, help="MiB")
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--after", type=int, default=70, help="seconds to wait after the last hostile frame")
    arguments = parser.parse_args()
    if os.geteuid():
        print("SKIPPED: network namespaces need root")
        sys.exit(SKIPPED)
    for program in ("ip", "tcpreplay", "taskset"):
        if not shutil.which(program):
            print(f"SKIPPED: {program} is not here")
            sys.exit(SKIPPED)
    if arguments.what in ("rates", "soak", "kills") and not (arguments.mix and arguments.mix.exists()):
        parser.error("--mix FILE is missing")
    arguments.tapledger = arguments.tapledger.resolve()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    children = []
    popen = subprocess.Popen.__init__

    def noted(process, *rest, **named):
        popen(process, *rest, **named)
        children.append(process)

    subprocess.Popen.__init__ = noted
    with tempfile.TemporaryDirectory(prefix="tapledger-live-") as work, Lab(arguments.tapledger) as lab:
        try:
            globals()[arguments.what](lab, arguments, Path(work))
        finally:
            for process in children:
                if process.poll() is None:
                    process.kill()
                    process.wait()


main()
