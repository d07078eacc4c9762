"""IEC 60870-5-104 by lib60870 (c104, GPL), both ends."""
import os
import time

from common import RTU2, main, step, until_end

COMMON_ADDRESS, COMMAND = 47, 200


def outstation():
    import c104

    server = c104.Server(ip="0.0.0.0", port=2404)
    station = server.add_station(common_address=COMMON_ADDRESS)
    points = [station.add_point(io_address=11 + index, type=c104.Type.M_ME_NC_1, report_ms=2000) for index in range(4)]
    station.add_point(io_address=100, type=c104.Type.M_SP_NA_1)
    station.add_point(io_address=COMMAND, type=c104.Type.C_SC_NA_1)
    server.start()
    while True:
        time.sleep(1)
        for index, point in enumerate(points):
            point.value = index + time.time() % 10


def scada():
    import c104

    client = c104.Client()
    station = client.add_connection(ip=RTU2, port=2404, init=c104.Init.ALL).add_station(common_address=COMMON_ADDRESS)
    command = station.add_point(io_address=COMMAND, type=c104.Type.C_SC_NA_1)
    client.start()
    for second, _ in enumerate(until_end(1)):
        if second == 4:
            command.value = True
            step("command", lambda: command.transmit(cause=c104.Cot.ACTIVATION))
    os._exit(0)


if __name__ == "__main__":
    main(outstation=outstation, scada=scada)
