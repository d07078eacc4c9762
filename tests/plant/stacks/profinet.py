"""PROFINET DCP: the client is pnio-dcp (MIT); no registry has a device, so one answers here by scapy's sockets."""
import socket
import struct

from common import OWN, main, step

STATION, FAMILY, VENDOR_AND_DEVICE, IO_DEVICE = b"et200sp-line1", b"ET200SP", bytes.fromhex("002a0313"), b"\x01\x00"
ETHERTYPE, HELLO, REQUEST, RESPONSE, GET_SET = b"\x88\x92", b"\xfe\xfe", 0, b"\xfe\xff", b"\xfe\xfd"


def block(option, suboption, value, info=0):
    whole = bytes([option, suboption]) + struct.pack(">HH", len(value) + 2, info) + value
    return whole + b"\0" * (len(whole) & 1)


def device():
    from scapy.all import Ether, get_if_hwaddr, sendp, sniff

    own = bytes.fromhex(get_if_hwaddr("eth0").replace(":", ""))
    name = block(2, 2, STATION)
    address = socket.inet_aton(OWN) + socket.inet_aton("255.255.255.0") + socket.inet_aton(OWN.rsplit(".", 1)[0] + ".1")
    everything = block(2, 1, FAMILY) + name + block(2, 3, VENDOR_AND_DEVICE) + block(2, 4, IO_DEVICE) + block(1, 2, address, 1)

    def answer(packet):
        asked = bytes(packet)
        if asked[14:16] not in (HELLO, GET_SET) or asked[17] != REQUEST:
            return
        identify = asked[14:16] == HELLO
        said = everything if identify else name
        frame = asked[6:12] + own + ETHERTYPE + (RESPONSE if identify else GET_SET) + bytes([asked[16], 1]) + asked[18:22] + b"\0\0" + struct.pack(">H", len(said)) + said
        sendp(Ether(frame.ljust(60, b"\0")), iface="eth0", verbose=0)

    sniff(iface="eth0", filter="ether proto 0x8892 and not ether src " + own.hex(":"), prn=answer, store=0)


def engineering():
    from pnio_dcp import DCP

    client, device = DCP(OWN), "28:63:36:10:00:17"
    step("identify all", lambda: [str(found) for found in client.identify_all(timeout=2)])
    step("name", lambda: client.get_name_of_station(device))
    step("blink", lambda: client.blink(device))
    step("set the name", lambda: client.set_name_of_station(device, STATION.decode()))


if __name__ == "__main__":
    main(device=device, engineering=engineering)
