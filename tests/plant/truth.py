"""Writes what the plant truly is: plant.truth.csv for the project's tests, truth.jsonl and endpoints.jsonl for score.py."""
import collections
import csv
import hashlib
import ipaddress
import json
import re
import shutil
import struct
import subprocess
from pathlib import Path

from devices import DEVICES, ROUTER, ROUTER_MAC, SUBNETS

COLUMNS = "device unit protocol vlan ip mac role vendor model order_number serial_number firmware_version station_name".split()
# Field of score.py for a column, where it is not the column's own name.
FIELDS = {"serial_number": "serial", "firmware_version": "firmware"}
FIELDS_OF = {
    ("profinet_dcp", "model"): "type_of_station",
    ("hart_ip", "serial_number"): "hart_device_id",
    ("s7comm", "station_name"): "plc_name",
    ("bacnet", "model"): "bacnet_model_name",
    ("bacnet", "firmware_version"): "bacnet_firmware",
    ("bacnet", "vendor"): "bacnet_vendor_name",
}
CUTS = Path(__file__).with_name("cuts.tsv")


def write(folder, names):
    """Lays the files out as score.py wants them; what is in captures/ is what the project's captures/ holds."""
    captures, rows = folder / "captures", list(table())
    with open(captures / "plant.truth.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: (row["device"], row["vlan"])))
    with open(folder / "truth.jsonl", "w") as truths, open(folder / "endpoints.jsonl", "w") as ends:
        for capture in names:
            for device in DEVICES:
                truths.write(json.dumps(judged(device, capture), sort_keys=True) + "\n")
            ends.write(json.dumps(endpoints(captures / capture), sort_keys=True) + "\n")


def table():
    for device in DEVICES:
        row = dict(device=device.name, protocol=device.protocol, vlan=device.vlan, ip=device.address, mac=device.mac)
        yield row | dict(role=device.role) | device.says
        for unit, says in device.units.items():
            yield row | dict(device=f"{device.name}/{unit}", unit=unit) | says
    for vlan, subnet in SUBNETS.items():
        yield dict(device=ROUTER, protocol="lldp", vlan=vlan, ip=f"{subnet}.1", mac=ROUTER_MAC.format(vlan), role="router")


def judged(device, capture):
    """A line of truth.jsonl."""
    identity = collections.defaultdict(list)
    for says in (device.says, *device.units.values()):
        for column, value in says.items():
            if column != "role":
                name = FIELDS_OF.get((device.protocol, column), FIELDS.get(column, column))
                identity[name].append({"src": [f"plant:{device.protocol}"], "v": value})
    for name, value in device.also.items():
        identity[name].append({"src": [f"plant:{device.protocol}"], "v": value})
    # A device that speaks only below IP is told by its MAC.
    address = "" if device.protocol == "profinet_dcp" else device.address
    protocols = {device.protocol: 1} if device.serves and device.protocol else {}
    return dict(
        file=capture, device=device.name, ip=address, macs=[device.mac], grade="A" if identity else "C", identity=identity,
        server_of=protocols, client_of={}, addresses={}, synthetic=False,
    )


def frames(path):
    """The frames of a capture as dumpcap writes it (pcapng, one section)."""
    octets = path.read_bytes()
    order = "<" if octets[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
    at = 0
    while at + 12 <= len(octets):
        kind, length = struct.unpack_from(order + "II", octets, at)
        if kind == 6:
            captured = struct.unpack_from(order + "I", octets, at + 20)[0]
            yield octets[at + 28 : at + 28 + captured]
        at += length


def endpoints(path):
    """A line of endpoints.jsonl: who sent how many frames."""
    macs, addresses, vlans, count = collections.Counter(), collections.Counter(), set(), 0
    for frame in frames(path):
        count += 1
        macs[frame[6:12].hex(":")] += 1
        at = 12
        while frame[at : at + 2] == b"\x81\x00":
            vlans.add(str(int.from_bytes(frame[at + 2 : at + 4], "big") & 0xFFF))
            at += 4
        if frame[at : at + 2] == b"\x08\x00":
            addresses[str(ipaddress.ip_address(frame[at + 14 : at + 18]))] += 1
    return dict(file=path.name, frames=count, macs=macs, ips=addresses, vlans=sorted(vlans))


def cut(folder):
    """Parts of the plant's capture, one thing each."""
    (folder / "cuts").mkdir(exist_ok=True)
    for line in CUTS.read_text().splitlines():
        name, display_filter = line.split("\t")
        command = ["tshark", "-r", folder / "plant.pcapng", "-w", folder / "cuts" / name, "-Y", display_filter]
        subprocess.run(command, check=True, capture_output=True)


def recorded(folder):
    """Every capture of a recording by its name, with its hash."""
    files = sorted(path for path in folder.rglob("*.pcapng"))
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def hashes(folder):
    (folder / "SHA256SUMS").write_text("".join(f"{digest}  {name}\n" for name, digest in recorded(folder).items()))


def keep(folder, kept):
    """Takes a recording over into the folder that keeps one, and its hashes into the table there."""
    readme = kept / "README.md"
    text = readme.read_text()
    for name, digest in recorded(folder).items():
        text, count = re.subn(rf"(?m)^(\| `{re.escape(name)}` \| `)[0-9a-f]{{64}}`", rf"\g<1>{digest}`", text)
        if count != 1:
            raise RuntimeError(f"{readme}: {name} has no row with a hash")
        shutil.copyfile(folder / name, kept / name)
    for name in ("plant.truth.csv", "plant.stacks.tsv"):
        shutil.copyfile(folder / name, kept / name)
    readme.write_text(text)
