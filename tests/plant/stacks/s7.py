"""S7comm by snap7: the C library with a name plate of its own, and the pure Python rewrite, which takes downloads."""
import ctypes
import tempfile
import time
from pathlib import Path

from common import PLC1, PLC5, main, stay, step

# Texts of the library's name plate and what stands there in the plant; the library has no call to set them.
PLATE = ((b"S C-C2UR28922012", b"S C-F1LAB0000011"), (b"SNAP7-SERVER", b"LINE1-PRESS1"))


def controller():
    """A CPU by the C library (LGPL) in python-snap7 2; a temporary copy of it has another serial number and name."""
    import snap7
    import snap7.server
    from snap7.type import SrvArea

    library = next((Path(snap7.__file__).parent / "lib").glob("libsnap7.so*")).read_bytes()
    for old, new in PLATE:
        assert len(old) == len(new) and old in library, old
        library = library.replace(old, new)
    with tempfile.NamedTemporaryFile(suffix=".so") as copy:
        copy.write(library)
        copy.flush()
        loaded = ctypes.CDLL(copy.name)
    snap7.server.load_library = lambda *_, **__: loaded
    server = snap7.server.Server(log=False)
    for area, number, octets in ((SrvArea.DB, 1, 1024), (SrvArea.DB, 10, 512), (SrvArea.MK, 0, 128), (SrvArea.PE, 0, 128), (SrvArea.PA, 0, 128)):
        server.register_area(area, number, (ctypes.c_uint8 * octets)())
    server.start(102)
    stay()


def loadable():
    """A CPU by python-snap7 3 (MIT), which answers uploads and downloads."""
    from snap7.server import Server
    from snap7.type import SrvArea

    server = Server(log=False)
    server.register_area(SrvArea.DB, 1, bytearray(1024))
    server.register_area(SrvArea.MK, 0, bytearray(128))
    server.start(102)
    stay()


def diagnose():
    """An engineer reads everything of one CPU and stops and starts it (python-snap7 2)."""
    import snap7
    from snap7.type import Block

    cpu = snap7.client.Client()
    step("connect", lambda: cpu.connect(PLC1, 0, 2))
    for name in ("get_cpu_info", "get_order_code", "get_cp_info", "get_protection", "get_cpu_state", "list_blocks", "get_plc_datetime", "read_szl_list"):
        step(name, getattr(cpu, name))
    step("block", lambda: cpu.get_block_info(Block.DB, 1))
    step("upload, which is refused", lambda: cpu.full_upload(Block.DB, 1))
    step("stop", cpu.plc_stop)
    time.sleep(0.5)
    step("start", cpu.plc_hot_start)
    step("password", lambda: cpu.set_session_password("geheim12"))
    cpu.disconnect()


def download():
    """The engineering download: upload a block, stop, load it, start (python-snap7 3)."""
    import snap7
    from snap7.type import Block

    cpu = snap7.Client()
    step("connect", lambda: cpu.connect(PLC5, 0, 1))
    for name in ("get_cpu_info", "get_order_code", "list_blocks"):
        step(name, getattr(cpu, name))
    step("upload", lambda: cpu.full_upload(Block.DB, 1))
    step("stop", cpu.plc_stop)
    step("download", lambda: cpu.download(bytearray(b"\x70\x70\x01\x01\x05\x0a\x00\x01") + bytearray(120), 1))
    step("start", cpu.plc_cold_start)
    cpu.disconnect()


def vendor():
    """The machine's maker looks at the serial number from afar (python-snap7 2)."""
    import snap7

    cpu = snap7.client.Client()
    step("connect", lambda: cpu.connect(PLC1, 0, 2))
    step("serial number", lambda: cpu.get_cpu_info().SerialNumber)
    cpu.disconnect()


if __name__ == "__main__":
    main(controller=controller, loadable=loadable, diagnose=diagnose, download=download, vendor=vendor)
