"""Judges a register by what the plant truly is: every device found, none merged, split or made up, roles, values."""
from dataclasses import dataclass, field

from devices import DEVICES, OUTSIDE, ROUTER, ROUTER_MAC, SUBNETS


@dataclass
class Verdict:
    devices: int = 0
    found: int = 0
    roles: int = 0
    roles_right: int = 0
    values: int = 0
    values_right: int = 0
    units: int = 0
    units_found: int = 0
    # Each is a line; with any of these the register is not the truth.
    wrong: list = field(default_factory=list)
    # Values that the register does not hold, or not first.
    missed: list = field(default_factory=list)

    def __str__(self):
        return (
            f"devices {self.found} of {self.devices}, units {self.units_found} of {self.units}, "
            f"roles {self.roles_right} of {self.roles}, values {self.values_right} of {self.values}, wrong {len(self.wrong)}"
        )


def same(said, true):
    """Case, blanks and leading words aside: `Schneider Electric` for `Schneider Electric SE`, `0x00c0ffee` for `00c0ffee`."""
    said, true = ("".join(letter for letter in text.lower() if letter.isalnum()) for text in (said, true))
    return true in said


def winners(asset, column):
    return [values[0]["value"] for name, values in asset["attributes"].items() if values and name in (column, *OTHER_NAMES.get(column, ()))]


# Attributes under which a column of the truth may stand as well.
OTHER_NAMES = {"station_name": ("name",), "firmware_version": ("software_version",), "order_number": ("model",)}


def judge(register):
    verdict = Verdict()
    assets = {asset["id"]: asset for asset in register["assets"]}
    above = {asset["id"]: asset["parent"] for asset in register["assets"]}

    def top(asset_id):
        while above.get(asset_id):
            asset_id = above[asset_id]
        return asset_id

    holders = {}
    for asset in register["assets"]:
        for station in asset["stations"]:
            for address in [station.get("mac"), *station["ips"]]:
                if address:
                    holders.setdefault(address.lower(), set()).add(top(asset["id"]))

    owners = {}
    for name, role, says, units, addresses in true_devices():
        verdict.devices += 1
        held = set().union(*(holders.get(address, set()) for address in addresses))
        if not held:
            verdict.wrong.append(f"{name}: not in the register")
            continue
        verdict.found += 1
        if len(held) > 1:
            verdict.wrong.append(f"{name}: split into {len(held)} assets")
        for asset_id in held:
            if asset_id in owners:
                verdict.wrong.append(f"{name}: merged with {owners[asset_id]}")
            owners[asset_id] = name
        asset = assets[next(iter(held))]
        if asset["state"] != "observed":
            verdict.wrong.append(f"{name}: {asset['state']}")
        judge_role(verdict, name, role, asset)
        family = [other for other in assets.values() if top(other["id"]) in held]
        judge_values(verdict, name, says, family)
        for unit, says in units.items():
            judge_unit(verdict, f"{name}/{unit}", str(unit), dict(says), [other for other in family if other["parent"]])
    for asset in assets.values():
        if asset["parent"] is None and asset["id"] not in owners:
            verdict.wrong.append(f"{asset['name']}: in the register, not in the plant")
    for address in OUTSIDE:
        if address in holders:
            verdict.wrong.append(f"{address}: an asset, but it is outside of the plant")
        elif not any(address in (talk["client"].get("external"), talk["server"].get("external")) for talk in register["conversations"]):
            verdict.wrong.append(f"{address}: no conversation with it")
    return verdict


def true_devices():
    for device in DEVICES:
        yield device.name, device.role, device.says, device.units, [device.mac, device.address]
    legs = [address for vlan, subnet in SUBNETS.items() for address in (f"{subnet}.1", ROUTER_MAC.format(vlan))]
    yield ROUTER, "router", {}, {}, legs


def judge_role(verdict, name, role, asset):
    verdict.roles += 1
    if asset["role"] == role:
        verdict.roles_right += 1
    else:
        reasons = "; ".join(reason for claim in asset["roles"] for reason in claim["reasons"][:1])
        verdict.wrong.append(f"{name}: is {role}, the register says {asset['role']} ({reasons or 'no reason'})")


def judge_values(verdict, name, says, family):
    for column, true in says.items():
        verdict.values += 1
        said = [value for asset in family for value in winners(asset, column)]
        if any(same(value, true) for value in said):
            verdict.values_right += 1
        else:
            verdict.missed.append(f"{name}: {column} is {true}, the register says {', '.join(said) or 'nothing'}")


def judge_unit(verdict, name, unit, says, children):
    verdict.units += 1
    child = next((other for other in children if any(step == {"kind": "unit", "value": unit} for step in other["position"])), None)
    if child is None:
        verdict.wrong.append(f"{name}: not in the register")
        return
    verdict.units_found += 1
    role = says.pop("role", None)
    if role:
        judge_role(verdict, name, role, child)
    judge_values(verdict, name, says, [child])
