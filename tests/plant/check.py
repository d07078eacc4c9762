"""Proves the sensor on the plant: its live register is the truth, is what the recorded file gives, and nothing was sent."""
import json
import subprocess
import time

from compare import SHOWN_MAX, compare
from judge import judge
from network import CAPTURED


def export(tapledger, database):
    done = subprocess.run([tapledger, "export", "--db", database, "--format", "json"], capture_output=True, check=True)
    database.with_suffix(".json").write_bytes(done.stdout)
    return json.loads(done.stdout)


def check(tapledger, out, seconds, run, recorder):
    """Runs the plant with tapledger and dumpcap side by side; prints figures, gives 0 or 6."""
    begin = time.monotonic()
    live, recorded, capture = out / "live.db", out / "recorded.db", out / "plant.pcapng"
    out.mkdir(parents=True, exist_ok=True)
    config = out / "sensor.toml"
    config.write_text(f'register = "{live}"\nlog.format = "text"\n\n[[interface]]\nname = "{CAPTURED}"\n')
    sensor = ("tapledger", f"{tapledger} sensor --config {config}")
    report = run(seconds, out, listeners=[sensor, recorder(capture)])
    subprocess.run([tapledger, "import", capture, "--db", recorded], stdin=subprocess.DEVNULL, check=True, capture_output=True)
    registers = {"live": export(tapledger, live), "recorded": export(tapledger, recorded)}

    failed = []
    for name, register in registers.items():
        verdict = judge(register)
        print(f"{name:<9} {register['captures'][0]['frames']} frames, {len(register['assets'])} assets, {len(register['conversations'])} conversations: {verdict}")
        failed += [f"{name}: {line}" for line in verdict.wrong]
        for line in verdict.missed:
            print(f"          {line}")
    unlike = compare(registers["live"], registers["recorded"])
    failed += [f"live / recorded: {line}" for line in unlike[:SHOWN_MAX]]
    print(f"live and recorded register: {len(unlike)} differences")
    interface = report["interface"]
    sent = interface["after"]["sent"] - interface["before"]["sent"]
    drops = registers["live"]["captures"][0]["kernel_drops"]
    print(f"sensor's interface: {interface['after']['received']} frames received, {sent} sent; {drops} dropped by the kernel")
    if sent:
        failed.append(f"{sent} frames were sent on the sensor's interface")
    for what, code in report["listeners"].items():
        if code:
            failed.append(f"{what} ended with {code}; see {out}/log")
    print(f"plant: {json.dumps(report['seconds'])}; all in all {time.monotonic() - begin:.0f} s; files in {out}")
    for line in failed:
        print("WRONG", line)
    print("the register is the truth" if not failed else f"{len(failed)} wrong")
    return 6 if failed else 0
