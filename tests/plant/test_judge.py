"""That the judge and the comparison see what is wrong: python3 -m unittest discover tests/plant. Needs no root."""
import copy
import unittest

from compare import compare
from devices import DEVICES, OUTSIDE, ROUTER, ROUTER_MAC, SUBNETS
from judge import judge


def asset(name, stations, role, says=(), parent=None, position=()):
    attributes = {column: [{"value": value}] for column, value in dict(says).items() if column != "role"}
    return dict(
        id=f"id of {name}", name=name, aliases=[], state="observed", parent=parent and f"id of {parent}", role=role, roles=[], attributes=attributes, position=list(position),
        stations=[dict(mac=mac, ips=list(addresses)) for mac, addresses in stations],
    )


def true_register():
    """The register of a sensor that is right in everything."""
    assets = [asset(ROUTER, [(ROUTER_MAC.format(vlan), [f"{subnet}.1"]) for vlan, subnet in SUBNETS.items()], "router")]
    for device in DEVICES:
        assets.append(asset(device.name, [(device.mac, [device.address])], device.role, device.says))
        for unit, says in device.units.items():
            position = [dict(kind="unit", value=str(unit))]
            assets.append(asset(f"{device.name}/{unit}", [], says.get("role", "unknown"), says, device.name, position))
    talks = [
        dict(client=dict(asset="id of plc1"), server=dict(external=address), protocol="tls", transport="tcp", port=443, vlan=None, guess=None, frames=[1, 1], first="2026-01-01T00:00:00.0001Z")
        for address in OUTSIDE
    ]
    captures = [dict(id="1", name="one", interface="", frames=1, counters={})]
    return dict(assets=assets, conversations=talks, findings=[], changes=[], captures=captures)


class Judge(unittest.TestCase):
    def setUp(self):
        self.register = true_register()

    def named(self, name):
        return next(asset for asset in self.register["assets"] if asset["name"] == name)

    def wrong(self):
        return judge(self.register).wrong

    def test_the_truth_is_right(self):
        verdict = judge(self.register)
        self.assertEqual((verdict.wrong, verdict.missed), ([], []))
        self.assertEqual(verdict.found, len(DEVICES) + 1)

    def test_a_device_that_is_not_there(self):
        self.register["assets"].remove(self.named("omron1"))
        self.assertEqual(self.wrong(), ["omron1: not in the register"])

    def test_two_devices_in_one(self):
        plc, rtu = self.named("plc1"), self.named("rtu1")
        plc["stations"] += rtu["stations"]
        self.register["assets"].remove(rtu)
        self.assertIn("rtu1: merged with plc1", self.wrong())

    def test_one_device_in_two(self):
        plc = self.named("plc1")
        self.register["assets"].append(dict(copy.deepcopy(plc), id="other"))
        self.assertIn("plc1: split into 2 assets", self.wrong())

    def test_a_device_that_the_plant_has_not(self):
        self.register["assets"].append(asset("ghost", [(None, ["10.10.10.99"])], "plc"))
        self.assertEqual(self.wrong(), ["ghost: in the register, not in the plant"])

    def test_the_outside_is_no_asset(self):
        self.register["assets"].append(asset("far", [(None, list(OUTSIDE)[:1])], "server"))
        self.assertEqual(len(self.wrong()), 2)

    def test_a_unit_a_role_and_a_value(self):
        self.register["assets"].remove(self.named("gw1/5"))
        self.named("hmi1")["role"] = "server"
        self.named("plc1")["attributes"]["serial_number"][0]["value"] = "another"
        verdict = judge(self.register)
        self.assertEqual([line.split(":")[0] for line in verdict.wrong], ["gw1/5", "hmi1"])
        self.assertEqual([line.split(":")[0] for line in verdict.missed], ["plc1"])


class Compare(unittest.TestCase):
    def test_ids_and_less_than_a_millisecond_do_not_count(self):
        one, other = true_register(), true_register()
        for asset in other["assets"]:
            asset["id"] = f"another {asset['id']}"
            asset["parent"] = asset["parent"] and f"another {asset['parent']}"
        for talk in other["conversations"]:
            talk["client"]["asset"] = "another id of plc1"
            talk["first"] = "2026-01-01T00:00:00.0007Z"
        self.assertEqual(compare(one, other), [])

    def test_everything_else_counts(self):
        one, other = true_register(), true_register()
        other["conversations"][0]["frames"] = [2, 1]
        other["conversations"][1]["first"] = "2026-01-01T00:00:00.5Z"
        other["assets"].pop()
        self.assertEqual(len(compare(one, other)), 3)


if __name__ == "__main__":
    unittest.main()
