#!/usr/bin/env python3
"""Compares two registers field by field: compare.py ONE.json OTHER.json. Prints what differs; exit code 6 if anything does.

What two captures of the same frames may differ in is left out: ids, what a capture says of its source, its name in texts,
and a millisecond, because the kernel gives every listener a time of its own.
"""
import datetime
import json
import re
import sys

SHOWN_MAX = 40
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
TIMES_DIFFER_MAX = 0.001
# Of a capture: what names its source; counters of the file format, and of the interface and the sensor, are left out, too.
SOURCE_COUNTERS = ("source.", "interface:", "sensor:")
SOURCE = ("id", "kind", "name", "interface", "sensor", "octets", "kernel_drops")


def key(asset, assets):
    """What an asset is told by: its addresses, and where it sits in its parent."""
    stations = sorted((station.get("mac") or "", *sorted(station["ips"])) for station in asset["stations"])
    position = [(step["kind"], step["value"]) for step in asset["position"]]
    above = key(assets[asset["parent"]], assets) + " / " if asset.get("parent") else ""
    return above + json.dumps([stations, position] if stations else position)


def plain(register):
    """The register without ids, every list that has no order of its own in one."""
    assets = {asset["id"]: asset for asset in register["assets"]}
    names = {asset_id: key(asset, assets) for asset_id, asset in assets.items()}
    names |= {capture["id"]: "the capture" for capture in register["captures"]}

    sources = [name for capture in register["captures"] for name in (capture["name"], capture["interface"]) if name]

    def rename(value):
        if isinstance(value, dict):
            return {name: rename(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [rename(inner) for inner in value]
        return names.get(value, value) if isinstance(value, str) else value

    def unnamed(text):
        for name in sources:
            text = text.replace(name, "the capture")
        return text

    def ends(conversation):
        return json.dumps([conversation[name] for name in ("client", "server", "protocol", "transport", "port", "vlan", "guess")], sort_keys=True)

    whole = rename(register)
    for asset in whole["assets"]:
        asset.pop("aliases")
    for finding in whole["findings"]:
        finding["text"] = unnamed(finding["text"])
        if finding.get("about") == "the capture":
            # It is named after the capture.
            finding.pop("id")
    for capture in whole["captures"]:
        for name in SOURCE:
            capture.pop(name, None)
        capture["counters"] = {name: count for name, count in capture.get("counters", {}).items() if not name.startswith(SOURCE_COUNTERS)}
    return dict(
        captures=whole["captures"],
        assets={asset["id"]: asset for asset in whole["assets"]},
        conversations={ends(conversation): conversation for conversation in whole["conversations"]},
        findings=sorted(whole["findings"], key=lambda finding: json.dumps(finding, sort_keys=True)),
        changes=sorted(whole["changes"], key=lambda change: json.dumps(change, sort_keys=True)),
    )


def seconds(text):
    whole, _, fraction = text.rstrip("Z").partition(".")
    return datetime.datetime.fromisoformat(whole).timestamp() + float(f"0.{fraction or 0}")


def same_time(one, other):
    times = isinstance(one, str) and isinstance(other, str) and TIME.fullmatch(one) and TIME.fullmatch(other)
    return bool(times) and abs(seconds(one) - seconds(other)) <= TIMES_DIFFER_MAX


def differences(one, other, path=""):
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys(), key=str):
            if name not in one or name not in other:
                yield f"{path}.{name}: only in the {'second' if name not in one else 'first'}"
            else:
                yield from differences(one[name], other[name], f"{path}.{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other)):
            yield from differences(left, right, f"{path}[{index}]")
    elif one != other and not same_time(one, other):
        yield f"{path}: {json.dumps(one)[:200]} / {json.dumps(other)[:200]}"


def compare(one, other):
    """Every difference of two registers, as lines."""
    return list(differences(plain(one), plain(other)))


if __name__ == "__main__":
    found = compare(*(json.load(open(path)) for path in sys.argv[1:3]))
    print("\n".join(found[:SHOWN_MAX]))
    print(f"{len(found)} differences")
    sys.exit(6 if found else 0)
