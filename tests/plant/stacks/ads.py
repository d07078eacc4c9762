"""ADS/AMS by pyads (MIT): its test server and its client."""
from common import CX1, EWS1, main, stay, step, until_end


def controller():
    from pyads import constants
    from pyads.testserver import AdsTestServer
    from pyads.testserver.advanced_handler import AdvancedHandler, PLCVariable

    handler = AdvancedHandler()
    handler.add_variable(PLCVariable("MAIN.counter", 0, ads_type=constants.ADST_INT16, symbol_type="INT"))
    AdsTestServer(handler=handler, ip_address="0.0.0.0", port=48898).start()
    stay()


def engineering():
    import pyads

    pyads.open_port()
    step("own address", lambda: pyads.set_local_address(f"{EWS1}.1.1"))
    pyads.close_port()
    controller = pyads.Connection(f"{CX1}.1.1", 851, CX1)
    step("open", controller.open)
    step("device", controller.read_device_info)
    step("state", controller.read_state)
    for _ in until_end(1, at_most=6):
        step("counter", lambda: controller.read_by_name("MAIN.counter", pyads.PLCTYPE_INT))
    step("stop", lambda: controller.write_control(pyads.ADSSTATE_STOP, 0, 0, pyads.PLCTYPE_INT))
    controller.close()


if __name__ == "__main__":
    main(controller=controller, engineering=engineering)
