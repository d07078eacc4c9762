"""What all stacks share: the addresses of the plant, how long a client asks, how a server stays."""
import os
import signal
import sys
import time

# The addresses that clients ask. `devices.py` gives every device the same; `plant check` would see a difference.
PLC1, PLC2, PLC3, PLC4, PLC5 = "10.10.10.11", "10.10.10.12", "10.10.10.13", "10.10.10.15", "10.10.10.18"
GATEWAY, CX1, IO1, IO2 = "10.10.10.14", "10.10.10.16", "10.10.10.17", "10.10.10.19"
OMRON1, MELS1, HART1 = "10.10.10.31", "10.10.10.32", "10.10.10.33"
EWS1 = "10.10.10.60"
RTU1, RTU2, IED1, BAC1, RTU3 = "10.10.20.21", "10.10.20.22", "10.10.20.23", "10.10.20.24", "10.10.20.25"
OPC1, MQTT1 = "10.10.30.11", "10.10.30.12"

# The address of the device that this process runs on, and when its client ends.
OWN = os.environ.get("PLANT_ADDRESS", "")
END = time.time() + float(os.environ.get("PLANT_SECONDS", "20"))


def step(what, action):
    """Does one thing, logs how it went and returns what it gave, or None: a refusal is traffic as well."""
    try:
        result = action()
    except Exception as error:  # whatever a stack raises
        print("refused", what, type(error).__name__, str(error)[:160], flush=True)
        return None
    print("ok", what, str(result)[:160], flush=True)
    return result


def until_end(pause, at_most=1e9):
    """Yields every `pause` seconds until the client ends."""
    end = min(END, time.time() + at_most)
    while time.time() < end:
        yield
        time.sleep(pause)


def stay():
    """Keeps a server whose work is done by threads."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    while True:
        time.sleep(1)


def main(**parts):
    """Runs the part of a stack that the command line names."""
    parts[sys.argv[1]]()
