"""DNP3: an outstation and a master by opendnp3 (yadnp3, Apache-2.0), and an outstation that states its attributes.

No stack with a free licence serves group 0 (device attributes): link and transport layer of the second outstation are
dnp3-outstation's (MIT), its objects are put together here as IEEE 1815 writes them; opendnp3's master reads them.
"""
import os
import signal
import socket
import threading
import time

from common import RTU1, RTU3, main, step, until_end

MASTER, OUTSTATION, ATTRIBUTES_AT = 1, 10, 25
ATTRIBUTES = {
    242: "SEL-3530-R150-V0-Z001",
    243: "HW-A",
    245: "Substation 42",
    246: "SUB-42-RTAC",
    247: "RTAC-42",
    248: "1203330042",
    249: "DNP3 L2 IEEE 1815-2012",
    250: "SEL-3530 RTAC",
    252: "Schweitzer Engineering Laboratories",
}


def outstation():
    import opendnp3 as dnp3

    class Commands(dnp3.ICommandHandler):
        def Begin(self):
            pass

        def End(self):
            pass

        def Start(self):
            pass

        def Select(self, *_):
            return dnp3.CommandStatus.SUCCESS

        def Operate(self, *_):
            return dnp3.CommandStatus.SUCCESS

    class Application(dnp3.IOutstationApplication):
        pass

    manager = dnp3.DNP3Manager(1)
    listener, commands, application = quiet_listener(dnp3), Commands(), Application()
    channel = manager.AddTCPServer("server", log_levels(dnp3), dnp3.ServerAcceptMode.CloseExisting, dnp3.IPEndpoint("0.0.0.0", 20000), listener)
    config = dnp3.OutstationStackConfig(dnp3.DatabaseConfig(10))
    config.outstation.eventBufferConfig = dnp3.EventBufferConfig.AllTypes(50)
    config.outstation.params.allowUnsolicited = True
    config.link.LocalAddr, config.link.RemoteAddr = OUTSTATION, MASTER
    station = channel.AddOutstation("outstation", commands, application, config)
    station.Enable()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    count = 0
    while True:
        time.sleep(1)
        count += 1
        update, now = dnp3.UpdateBuilder(), dnp3.DNPTime(int(time.time() * 1000))
        update.Update(dnp3.Analog(20.0 + count % 7, dnp3.Flags(1), now), count % 10, dnp3.EventMode.Force)
        update.Update(dnp3.Binary(bool(count & 1), dnp3.Flags(1), now), count % 10, dnp3.EventMode.Force)
        station.Apply(update.Build())


def attributes():
    from dnp3_outstation.datalink import DatalinkFrame, build_frame, parse_frame
    from dnp3_outstation.transport import TransportSegment, build_segment

    # Group 0, variation, qualifier 0x00 from 0 to 0, then type 1 (visible string), length, text.
    objects = b"".join(bytes([0, variation, 0, 0, 0, 1, len(text)]) + text.encode() for variation, text in ATTRIBUTES.items())

    def answer(connection):
        waiting, number = b"", 0
        while received := connection.recv(4096):
            waiting += received
            while len(waiting) >= 10:
                octets = waiting[2] - 5
                whole = 10 + octets + 2 * ((octets + 15) // 16)
                if len(waiting) < whole:
                    break
                request, waiting = parse_frame(waiting[:whole]), waiting[whole:]
                asked = request.user_data
                if len(asked) < 3 or asked[2] == 0:
                    continue
                response = bytes([0xC0 | asked[1] & 15, 0x81, 0, 0]) + (objects if asked[2:5] == b"\x01\x00\xfe" else b"")
                parts = [response[at : at + 249] for at in range(0, len(response), 249)]
                for index, part in enumerate(parts):
                    segment = build_segment(TransportSegment(fir=index == 0, fin=index == len(parts) - 1, seq=number & 0x3F, payload=part))
                    number += 1
                    connection.sendall(
                        build_frame(DatalinkFrame(is_from_master=False, is_primary=True, fcb=False, fcv_or_dfc=False, function_code=4, dest=request.src, src=request.dest, user_data=segment))
                    )

    server = socket.create_server(("0.0.0.0", 20000))
    while True:
        connection, _ = server.accept()
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


def master():
    import opendnp3 as dnp3

    class Events(dnp3.ISOEHandler):
        def BeginFragment(self, *_):
            pass

        def EndFragment(self, *_):
            pass

        def Process(self, *_):
            pass

        def OnDeviceAttribute(self, info, number, variation, value):
            print("attribute", variation, value.stringValue, flush=True)

    class Application(dnp3.IMasterApplication):
        pass

    manager, listener, keep = dnp3.DNP3Manager(1), quiet_listener(dnp3), []
    for address, link in ((RTU1, OUTSTATION), (RTU3, ATTRIBUTES_AT)):
        channel = manager.AddTCPClient(address, log_levels(dnp3), dnp3.ChannelRetry.Default(), [dnp3.IPEndpoint(address, 20000)], "0.0.0.0", listener)
        config = dnp3.MasterStackConfig()
        config.link.LocalAddr, config.link.RemoteAddr = MASTER, link
        config.master.disableUnsolOnStartup = link != ATTRIBUTES_AT
        config.master.responseTimeout = dnp3.TimeDuration.Seconds(2)
        events, application = Events(), Application()
        station = channel.AddMaster(address, events, application, config)
        keep += [channel, station, events, application]
        if link == OUTSTATION:
            keep.append(station.AddClassScan(dnp3.ClassField.AllClasses(), dnp3.TimeDuration.Seconds(5), events))
        station.Enable()
        time.sleep(1.5)
        if link == ATTRIBUTES_AT:
            step("device attributes", lambda: station.Scan([dnp3.Header.AllObjects(0, 254)], events))
            continue
        latch = dnp3.ControlRelayOutputBlock(dnp3.OperationType.LATCH_ON)
        for name, action in (
            ("select and operate", lambda: station.SelectAndOperate(latch, 1, lambda _: None)),
            ("direct operate", lambda: station.DirectOperate(latch, 2, lambda _: None)),
            ("cold restart", lambda: station.Restart(dnp3.RestartType.COLD, lambda _: None)),
            ("directory", lambda: station.ReadDirectory("/", lambda _: None)),
            ("file", lambda: station.ReadFile("/config.txt", lambda _: None)),
        ):
            step(name, action)
            time.sleep(0.5)
    for _ in until_end(0.5):
        pass
    os._exit(0)


def quiet_listener(dnp3):
    class Listener(dnp3.IChannelListener):
        def OnStateChange(self, *_):
            pass

    return Listener()


def log_levels(dnp3):
    return getattr(dnp3.levels, "NORMAL", None) or dnp3.LogLevels()


if __name__ == "__main__":
    main(outstation=outstation, attributes=attributes, master=master)
