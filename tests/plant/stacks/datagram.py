"""Three protocols on UDP whose clients are in registries and whose servers are not: FINS, SLMP, HART-IP.

Each server answers the identity and refuses the rest; the clients (fins, GPL; plc-comm-slmp, MIT; hartip-py, GPL) read it.
"""
import functools
import operator
import socket

from common import HART1, MELS1, OMRON1, main, step


def serve(port, answer):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("0.0.0.0", port))
    while True:
        asked, client = server.recvfrom(2048)
        server.sendto(answer(asked), client)


def fins(asked):
    """Omron W342: controller data read (05 01), memory area read (01 01)."""
    header = bytes([0xC0, 0, 2]) + asked[6:9] + asked[3:6] + asked[9:12]
    if asked[10:12] == b"\x05\x01":
        return header + b"\0\0" + b"CJ2M-CPU33".ljust(20) + b"02.01".ljust(20) + bytes(52)
    if asked[10:12] == b"\x01\x01":
        return header + b"\0\0" + bytes(2 * int.from_bytes(asked[16:18], "big"))
    return header + b"\x04\x01"


def slmp(asked):
    """Mitsubishi SH-080956: read type name (0101) in 3E and 4E frames; end code C059 for the rest."""
    four_e = asked[:2] == b"\x54\x00"
    command = asked[15:17] if four_e else asked[11:13]
    body = b"\0\0" + b"R08CPU".ljust(16) + b"\x01\x48" if command == b"\x01\x01" else b"\x59\xc0"
    header = b"\xd4\x00" + asked[2:11] if four_e else b"\xd0\x00" + asked[2:7]
    return header + len(body).to_bytes(2, "little") + body


def hart(asked):
    """HCF_SPEC-085: session, keep-alive; pass-through of command 0 (maker 0x26, type 0x2606, device 123456 hexadecimal)."""
    version, kind, number, said = asked[0], asked[2], asked[4:6], asked[8:]
    if kind in (0, 1, 2):
        payload = said[:5]
    else:
        address = said[1 : 6 if said[0] & 0x80 else 2]
        command = said[1 + len(address)]
        data = b"\0\0" + bytes([254, 0x26, 6, 5, 7, 2, 3, 8, 0, 0x12, 0x34, 0x56, 5, 8, 0, 1, 0, 0, 0x26, 0, 0x26, 1]) if command == 0 else b"\x40\0"
        payload = bytes([said[0] & 0x80 | 6]) + address + bytes([command, len(data)]) + data
        payload += bytes([functools.reduce(operator.xor, payload)])
    return bytes([version, 1, kind, 0]) + number + (8 + len(payload)).to_bytes(2, "big") + payload


def engineering():
    from fins.udp import UDPFinsConnection
    from hartip import HARTIPClient
    from slmp.client import SlmpClient
    from slmp.core import SlmpTarget

    omron = UDPFinsConnection()
    omron.dest_node_add, omron.srce_node_add = 31, 60
    step("connect fins", lambda: omron.connect(OMRON1))
    step("controller data", omron.cpu_unit_data_read)
    step("memory", lambda: omron.memory_area_read(b"\x82", b"\0\x64\0", 4))
    target = SlmpTarget(network=0, station=0xFF, module_io=0x3FF, multidrop=0)
    step("type name", lambda: SlmpClient(MELS1, 5007, transport="udp", default_target=target, plc_profile="melsec:iq-r").read_type_name())
    transmitter = HARTIPClient(HART1, 5094, timeout=2)
    step("connect hart", transmitter.connect)
    step("identity", transmitter.read_unique_id)
    step("close hart", transmitter.close)


if __name__ == "__main__":
    main(fins=lambda: serve(9600, fins), slmp=lambda: serve(5007, slmp), hart=lambda: serve(5094, hart), engineering=engineering)
