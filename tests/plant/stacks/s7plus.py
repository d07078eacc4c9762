"""S7comm-plus, version 1, by s7commplus (MIT), both ends."""
from common import PLC4, main, stay, step, until_end


def controller():
    from s7commplus.server import S7CommPlusServer

    server = S7CommPlusServer()
    server.register_db(1, {"temperature": ("Real", 0), "pressure": ("Real", 4), "running": ("Bool", 8)})
    server.start(host="0.0.0.0", port=102)
    stay()


def engineering():
    from s7commplus.client import S7CommPlusClient

    cpu = S7CommPlusClient()
    step("connect", lambda: cpu.connect(PLC4))
    step("blocks", cpu.list_datablocks)
    step("explore", cpu.explore)
    step("state", cpu.get_cpu_state)
    for _ in until_end(1, at_most=6):
        step("read", lambda: cpu.db_read(1, 0, 8))
    cpu.disconnect()


if __name__ == "__main__":
    main(controller=controller, engineering=engineering)
