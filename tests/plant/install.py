"""What the plant needs: Debian's packages on the machine, Python's in environments of their own below target/."""
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Debian starts what it installs unless this says no: nothing of the plant may run outside of it.
POLICY = Path("/usr/sbin/policy-rc.d")


class Missing(Exception):
    """Why the plant cannot run here."""


def run(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, **more)
    if done.returncode:
        raise Missing(f"{' '.join(map(str, command[:4]))} …: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout


def allowed():
    """Fails unless this process may make namespaces."""
    if os.geteuid() != 0:
        raise Missing("network namespaces need root; try: sudo tests/plant/plant …")
    run(["unshare", "--pid", "--fork", "--mount", "--net", "--uts", "mount", "-t", "tmpfs", "tmpfs", "/run"])


def able():
    """Fails unless the kernel has the parts that switch and mirror are made of."""
    parts = ("ip link add port type veth peer name other", "ip link add switch type bridge", "tc qdisc add dev port clsact", "mount -t bpf bpf /mnt")
    run(["unshare", "--mount", "--net", "sh", "-c", " && ".join(parts)])


def debian():
    wanted = (HERE / "apt.txt").read_text().split()
    known = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *wanted], capture_output=True, text=True).stdout
    have = {line.split()[0] for line in known.splitlines() if line.endswith(" installed")}
    missing = [name for name in wanted if name not in have]
    if not missing:
        return
    print(f"installing {' '.join(missing)}", file=sys.stderr)
    quiet = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    ours = not POLICY.exists()
    if ours:
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        run(["apt-get", "-qq", "update"], env=quiet)
        run(["apt-get", "-qq", "install", "-y", "--no-install-recommends", *missing], env=quiet)
    finally:
        if ours:
            POLICY.unlink()


def python(folder, requirements):
    """An environment with exactly what the list names; made again when the list changes."""
    wanted, stamp = (HERE / requirements).read_text(), folder / "requirements.txt"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"installing {requirements} into {folder}", file=sys.stderr)
    run([sys.executable, "-m", "venv", "--clear", str(folder)])
    run([str(folder / "bin/pip"), "install", "--quiet", "--disable-pip-version-check", "-r", str(HERE / requirements)])
    stamp.write_text(wanted)


def everything(work):
    work.mkdir(parents=True, exist_ok=True)
    try:
        debian()
        python(work / "venv", "requirements.txt")
        python(work / "venv-s7", "requirements-s7.txt")
        able()
    except FileNotFoundError as error:
        raise Missing(f"{error.filename} is not installed, and this is no Debian that could install it") from error


def versions(work):
    """Every stack and its version, as installed."""
    stacks = {}
    for folder in ("venv", "venv-s7"):
        listed = run([str(work / folder / "bin/pip"), "list", "--disable-pip-version-check", "--format", "freeze"])
        wanted = {line.split("==")[0].lower().replace("_", "-") for line in (work / folder / "requirements.txt").read_text().splitlines() if "==" in line}
        for line in listed.splitlines():
            name, _, version = line.partition("==")
            if name.lower().replace("_", "-") in wanted:
                stacks[f"{name} {version}"] = "PyPI"
    wanted = (HERE / "apt.txt").read_text().split()
    for line in run(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *wanted]).splitlines():
        stacks[line] = "Debian"
    return stacks
