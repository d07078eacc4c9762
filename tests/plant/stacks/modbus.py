"""Modbus/TCP by pymodbus (BSD): a controller, a gateway with three serial units, and who asks them."""
import asyncio

from common import GATEWAY, PLC3, main, step, until_end

NAMES = ("VendorName", "ProductCode", "MajorMinorRevision", "VendorUrl", "ProductName", "ModelName", "UserApplicationName")
CONTROLLER = {1: ("Schneider Electric", "BMX P34 2020", "v2.70", "http://www.schneider-electric.com", "Modicon M340", "BMXP342020", "BOILER_HOUSE")}
UNITS = {
    1: ("Schneider Electric", "METSEPM5560", "002.005.000", "www.se.com", "PowerLogic PM5560", "PM5560", "MCC1"),
    2: ("ABB", "ACS580", "v2.14", "www.abb.com", "ACS580-01", "ACS580", "PUMP-2"),
    5: ("Eurotherm", "3216", "3.10"),
}


def serve(plates):
    from pymodbus.pdu.device import ModbusDeviceIdentification
    from pymodbus.server import StartAsyncTcpServer
    from pymodbus.simulator import DataType, SimData, SimDevice

    def identity(plate):
        return ModbusDeviceIdentification(info_name=dict(zip(NAMES, plate)))

    def memory():
        bits = [SimData(0, count=200, values=False, datatype=DataType.BITS)]
        return (bits, bits, [SimData(0, count=200, values=17, datatype=DataType.REGISTERS)], [SimData(0, count=200, values=42, datatype=DataType.REGISTERS)])

    identities = {unit: identity(plate) for unit, plate in plates.items()}

    def own_identity(sending, pdu):
        """The stack has one identity per process; a gateway needs one per unit."""
        identity = identities.get(pdu.dev_id)
        if sending and identity is not None:
            if type(pdu).__name__ == "ReadDeviceInformationResponse":
                texts = {key: identity[key] for key in pdu.information if identity[key]}
                pdu.information = {key: text.encode() if isinstance(text, str) else text for key, text in texts.items()}
            elif type(pdu).__name__ == "ReportDeviceIdResponse":
                pdu.identifier = f"{identity.VendorName} {identity.ProductCode} {identity.MajorMinorRevision}".encode()
        return pdu

    devices = [SimDevice(id=unit, identity=identity, simdata=memory()) for unit, identity in identities.items()]
    first = next(iter(identities.values()))
    asyncio.run(StartAsyncTcpServer(devices, address=("0.0.0.0", 502), identity=first, trace_pdu=own_identity))


def client(address):
    from pymodbus.client import ModbusTcpClient

    modbus = ModbusTcpClient(address)
    step(f"connect {address}", modbus.connect)
    return modbus


def scada():
    """Polls the units behind the gateway, one of which is not there."""
    gateway = client(GATEWAY)
    for _ in until_end(1):
        for unit in (1, 2, 5, 9):
            step(f"unit {unit}", lambda: gateway.read_input_registers(0, count=10, device_id=unit).registers[:2])


def historian():
    """Reads a controller from another level, through the router."""
    controller = client(PLC3)
    for _ in until_end(2):
        step("registers", lambda: controller.read_holding_registers(100, count=10, device_id=1).registers[:2])


def engineering():
    """Asks every unit who it is, in every way that there is."""
    for address, units in ((PLC3, (1,)), (GATEWAY, (1, 2, 5))):
        modbus = client(address)
        for unit in units:
            for code in (1, 2, 3):
                step(f"unit {unit} identification {code}", lambda: modbus.read_device_information(read_code=code, object_id=0, device_id=unit).information)
            step("one object", lambda: modbus.read_device_information(read_code=4, object_id=1, device_id=unit).information)
            step("server id", lambda: modbus.report_device_id(device_id=unit).identifier)
        step("diagnostics", lambda: modbus.diag_query_data(b"\x12\x34", device_id=1))
        step("exception status", lambda: modbus.read_exception_status(device_id=1))
        modbus.close()


if __name__ == "__main__":
    main(controller=lambda: serve(CONTROLLER), gateway=lambda: serve(UNITS), scada=scada, historian=historian, engineering=engineering)
