"""A panel: S7comm by python-snap7 (MIT), Modbus by pymodbus (BSD), EtherNet/IP tags by cpppo's client (GPL)."""
import time

from common import PLC1, PLC2, PLC3, main, step, until_end


def panel():
    import snap7
    from pymodbus.client import ModbusTcpClient

    press, boiler = snap7.client.Client(), ModbusTcpClient(PLC3)
    step("connect s7", lambda: press.connect(PLC1, 0, 2))
    step("connect modbus", boiler.connect)
    for _ in until_end(1):
        step("data block", lambda: bytes(press.db_read(1, 0, 32)).hex()[:8])
        step("registers", lambda: boiler.read_holding_registers(0, count=20, device_id=1).registers[:2])
        step("coil", lambda: boiler.write_coil(3, bool(int(time.time()) & 1), device_id=1).isError())


def tags():
    from cpppo.server.enip import client

    tags = ["Line1_Speed", "Motor[0-4]", "Line1_Speed=(INT)7"]
    with client.connector(host=PLC2) as connection:
        for _ in until_end(1):
            step("tags", lambda: [value for *_, value in connection.synchronous(operations=client.parse_operations(tags))])


if __name__ == "__main__":
    main(panel=panel, tags=tags)
