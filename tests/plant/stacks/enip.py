"""EtherNet/IP: remote I/O with class 1 data by cm-ethernetip (Apache-2.0), an engineer's questions by pycomm3 (MIT).

The controller itself is cpppo's `enip_server`, which needs no code of ours.
"""
import asyncio
import inspect

from common import IO2, OWN, PLC2, main, step, until_end


def adapter():
    from ethernetip.cip.identity_info import IdentityInfo
    from ethernetip.device.virtual_device import VirtualDevice

    async def serve():
        plate = IdentityInfo(vendor_id=1, device_type=12, product_code=258, major_revision=6, minor_revision=12, serial_number=0x60A1B2C3, product_name="1734-AENTR/C")
        device = VirtualDevice(plate, OWN)
        device.add_assembly(100, 32, "in")
        device.add_assembly(102, 32, "out")
        device.add_assembly(105, 10, "cfg")
        await device.start()
        await asyncio.Future()

    asyncio.run(serve())


def scanner():
    """The controller opens a connection to its I/O; both send cyclically on UDP 2222."""
    from ethernetip.protocol.eip_scanner import EipScanner
    from ethernetip.protocol.forward_open_config import ForwardOpenConfig

    async def scan():
        scanner = EipScanner()
        await scanner.connect(IO2)
        print("identity", await scanner.send_explicit(0x01, bytes([0x20, 1, 0x24, 1])), flush=True)
        intervals = {name: 100_000 for name in inspect.signature(ForwardOpenConfig).parameters if "rpi" in name}
        config = ForwardOpenConfig(config_assembly=105, consumed_assembly=102, produced_assembly=100, consumed_size=32, produced_size=34, **intervals)
        connection = await scanner.forward_open(config)
        if hasattr(connection, "start"):
            connection.start()
        for _ in until_end(0, at_most=8):
            await asyncio.sleep(0.5)
        await connection.close()
        await scanner.close()

    asyncio.run(scan())


def engineering():
    from pycomm3 import CIPDriver, LogixDriver

    step("list identity", lambda: CIPDriver.list_identity(PLC2))
    step("discover", lambda: CIPDriver.discover("10.10.10.255"))
    with CIPDriver(PLC2) as bridge:
        step("module in slot 0", lambda: bridge.get_module_info(0))
    with LogixDriver(f"{PLC2}/0", init_tags=False, init_program_tags=False) as controller:
        step("controller", controller.get_plc_info)
        step("name", controller.get_plc_name)


if __name__ == "__main__":
    main(adapter=adapter, scanner=scanner, engineering=engineering)
