"""The plant itself: namespaces, cables, a switch with a mirror port, and the processes on every device.

This file runs as the first process of its own process, mount and network namespace: when it ends, however it ends, the
kernel ends every process of the plant and takes its interfaces away. Nothing of the machine's network is in sight.
"""
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

from devices import DEVICES, NATIVE, OUTSIDE, OUTSIDE_ASKS, OUTSIDE_SERVES, OUTSIDE_SUBNET, ROUTER, ROUTER_MAC, ROUTER_SERVES, SUBNETS
from mirror import BPFFS, mirror, stop

HERE = Path(__file__).resolve().parent
RUN = Path("/run/plant")
SENSOR, CAPTURED, SPAN = "sensor", "cap0", "span"
READY_SECONDS, LISTENING = 90, "0A"
# The sensor's port, silenced: no address, no ARP, no IPv6 (its sysctl is set before), nothing that would be sent.
SILENT = "arp off multicast off promisc on"


def do(command, **more):
    subprocess.run(shlex.split(command), check=True, **more)


class Plant:
    """A plant that runs until the process ends."""

    def __init__(self, work, out, seconds, tagged):
        self.work, self.out, self.seconds, self.tagged = work, out, seconds, tagged
        self.started, self.ready, self.ports = {}, {}, []
        (out / "log").mkdir(parents=True, exist_ok=True)

    def command(self, text, name):
        places = dict(python=self.work / "venv/bin/python", python7=self.work / "venv-s7/bin/python", bin=self.work / "venv/bin", here=HERE, name=name)
        return re.sub(r"\{(\w+)\}", lambda found: str(places[found[1]]), text)

    def start(self, name, what, text, address="", seconds=0):
        """Starts a command on a device, with the device's host name."""
        shell = f"hostname {name} && exec {self.command(text, name)}"
        own = dict(os.environ, HOME=str(RUN / "tmp"), TMPDIR=str(RUN / "tmp"), PLANT_ADDRESS=address, PLANT_SECONDS=str(seconds), PYTHONDONTWRITEBYTECODE="1")
        with open(self.out / "log" / f"{name}.{what}.log", "wb") as log:
            process = subprocess.Popen(["ip", "netns", "exec", name, "unshare", "--uts", "sh", "-c", shell], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=own)
        self.started[f"{name}.{what}"] = process
        return process

    def build(self):
        for folder in ("netns", "bpf", "sshd", "plant/tmp"):
            os.makedirs(f"/run/{folder}")
        do(f"mount -t bpf bpf {BPFFS}")
        RUN.chmod(0o755)
        (RUN / "tmp").chmod(0o1777)
        (RUN / "resolv.conf").write_text("nameserver 192.168.99.5\n")
        own = "".join(f"{device.address}\t{device.name}\n" for device in DEVICES)
        (RUN / "hosts").write_text(f"127.0.0.1\tlocalhost\n{SUBNETS[NATIVE]}.1\t{ROUTER}\n{own}")
        for name in ("resolv.conf", "hosts"):
            # Often a link into /run, which is the plant's own here.
            place = Path(f"/etc/{name}").resolve()
            if place.is_relative_to("/run"):
                place.parent.mkdir(parents=True, exist_ok=True)
                place.touch()
            do(f"mount --bind {RUN}/{name} {place}")
        do(f"ssh-keygen -q -t ed25519 -N '' -f {RUN}/host_key")
        do(f"openssl req -x509 -newkey rsa:2048 -nodes -keyout {RUN}/key.pem -out {RUN}/certificate.pem -days 30 -subj /O=Corp/CN=intranet.corp.example", stderr=subprocess.DEVNULL)
        Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1")
        do(f"ip netns add {SENSOR}")
        do(f"ip netns exec {SENSOR} sysctl -qw net.ipv6.conf.default.disable_ipv6=1 net.ipv6.conf.all.disable_ipv6=1")
        do(f"ip link add {SPAN} type veth peer name {CAPTURED} netns {SENSOR}")
        do(f"ip link set {SPAN} up {SILENT}")
        do(f"ip -n {SENSOR} link set {CAPTURED} up {SILENT}")
        for vlan in SUBNETS:
            do(f"ip link add vlan{vlan} type bridge mcast_snooping 0")
            do(f"ip link set vlan{vlan} up")
        self.namespace(ROUTER)
        do(f"ip netns exec {ROUTER} sysctl -qw net.ipv4.ip_forward=1")
        for vlan, subnet in SUBNETS.items():
            self.cable(ROUTER, f"eth{vlan}", vlan, ROUTER_MAC.format(vlan))
            do(f"ip -n {ROUTER} address add {subnet}.1/24 dev eth{vlan}")
        for device in DEVICES:
            self.namespace(device.name)
            self.cable(device.name, "eth0", device.vlan, device.mac)
            if not device.dhcp:
                do(f"ip -n {device.name} address add {device.address}/24 broadcast + dev eth0")
                do(f"ip -n {device.name} route add default via {SUBNETS[device.vlan]}.1")
        self.beyond()

    def namespace(self, name):
        do(f"ip netns add {name}")
        do(f"ip netns exec {name} sysctl -qw net.ipv6.conf.default.disable_ipv6=1 net.ipv6.conf.all.disable_ipv6=1")
        do(f"ip -n {name} link set lo up")

    def cable(self, name, interface, vlan, mac):
        port = f"{name}-{vlan}"
        do(f"ip link add {port} type veth peer name {interface} netns {name} address {mac}")
        do(f"ip link set {port} master vlan{vlan} up")
        # Offloading leaves checksums empty and frames longer than the link.
        do(f"ip netns exec {name} ethtool -K {interface} tx off tso off gso off gro off", stdout=subprocess.DEVNULL)
        do(f"ip -n {name} link set {interface} up")
        mirror(port, vlan, SPAN, self.tagged and vlan != NATIVE)
        self.ports.append(port)

    def beyond(self):
        """The internet of the plant: one namespace, on a link of the router that no mirror port sees."""
        self.namespace("outside")
        do(f"ip link add wan netns {ROUTER} type veth peer name eth0 netns outside")
        do(f"ip -n {ROUTER} address add {OUTSIDE_SUBNET}.1/24 dev wan")
        do(f"ip -n {ROUTER} link set wan up")
        for address in OUTSIDE:
            do(f"ip -n outside address add {address}/24 dev eth0")
        do("ip -n outside link set eth0 up")
        do(f"ip -n outside route add default via {OUTSIDE_SUBNET}.1")

    def serve(self):
        """Starts every server and waits until they listen."""
        for device in DEVICES:
            for index, text in enumerate(device.serves):
                self.start(device.name, f"server{index}", text, device.address)
        for name, commands in ((ROUTER, ROUTER_SERVES), ("outside", OUTSIDE_SERVES)):
            for index, text in enumerate(commands):
                self.start(name, f"server{index}", text)
        begin = time.monotonic()
        waiting = {device.name: device for device in DEVICES if device.listens}
        while waiting:
            if time.monotonic() > begin + READY_SECONDS:
                raise RuntimeError(f"not listening after {READY_SECONDS} s: {', '.join(waiting)}; see {self.out}/log")
            for name in [name for name, device in waiting.items() if self.listens(name, device.listens)]:
                del waiting[name]
                self.ready[name] = round(time.monotonic() - begin, 1)
            time.sleep(0.1)

    def listens(self, name, port):
        sockets = ""
        for table in ("tcp", "tcp6"):
            try:
                sockets += Path(f"/proc/{self.started[f'{name}.server0'].pid}/net/{table}").read_text()
            except OSError:
                pass
        return any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == LISTENING for line in sockets.splitlines() if ":" in line.split()[0])

    def ask(self):
        """Starts every client at its time and lets the plant run to its end."""
        begin = time.monotonic()
        clients = [(second, device.name, f"client{index}", text, device.address) for device in DEVICES for index, (second, text) in enumerate(device.asks)]
        clients += [(second, "outside", f"client{index}", text, "") for index, (second, text) in enumerate(OUTSIDE_ASKS)]
        for second, name, what, text, address in sorted(clients, key=lambda client: client[0]):
            time.sleep(max(0, begin + second - time.monotonic()))
            self.start(name, what, text, address, max(1, round(self.seconds - second - 2)))
        time.sleep(max(0, begin + self.seconds - time.monotonic()))

    def silence(self):
        """Ends the mirroring, so that whoever listens has seen the very same frames."""
        for port in self.ports:
            stop(port)
        time.sleep(1)

    def counters(self):
        """What the sensor's interface has received and sent."""
        shown = subprocess.run(["ip", "-n", SENSOR, "-s", "-j", "link", "show", CAPTURED], capture_output=True, check=True)
        counted = json.loads(shown.stdout)[0]["stats64"]
        return dict(received=counted["rx"]["packets"], sent=counted["tx"]["packets"])


def listeners(plant, commands):
    """Starts whoever listens at the mirror port, and waits until each has its socket there."""
    started = [plant.start(SENSOR, what, text) for what, text in commands]
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and not any(process.poll() is not None for process in started):
        # One line for each packet socket in the namespace, below the heading.
        sockets = Path(f"/proc/{started[0].pid}/net/packet").read_text().splitlines() if started else []
        if len(sockets) > len(started):
            break
        time.sleep(0.05)
    time.sleep(0.3)
    return started


def main():
    settings = json.loads(sys.argv[1])
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(3))
    plant = Plant(Path(settings["work"]), Path(settings["out"]), settings["seconds"], settings["tagged"])
    begin = time.monotonic()
    plant.build()
    before = plant.counters()
    started = listeners(plant, settings["listeners"])
    built = time.monotonic()
    plant.serve()
    served = time.monotonic()
    if settings["hold"]:
        print("ready", flush=True)
    plant.ask()
    plant.silence()
    for process in started:
        process.send_signal(signal.SIGINT)
    ended = {what: process.wait(timeout=30) for (what, _), process in zip(settings["listeners"], started)}
    report = dict(
        seconds=dict(build=round(built - begin, 1), start=round(served - built, 1), run=round(time.monotonic() - served, 1)),
        ready=plant.ready,
        interface=dict(before=before, after=plant.counters()),
        listeners=ended,
        # What still runs, and what ended how. A client that is refused is no failure.
        processes={name: process.poll() for name, process in plant.started.items()},
    )
    (plant.out / "run.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
