"""The plant: every device, what it truly is, what it serves and whom it asks. Data; `network.py` builds it.

Values stand here only where the device says them on the wire, in the words of the stack's configuration.
"""
from dataclasses import dataclass, field

# VLAN: subnet. Cell A untagged at the mirror port, utilities, level 3 and the office tagged.
SUBNETS = {10: "10.10.10", 20: "10.10.20", 30: "10.10.30", 99: "192.168.99"}
NATIVE = 10
ROUTER, ROUTER_MAC = "fw1", "00:09:0f:{:02x}:00:01"
# Beyond the router; its link is not mirrored. Documentation addresses (RFC 5737) stand for the internet.
OUTSIDE_SUBNET = "203.0.113"
OUTSIDE = {"203.0.113.10": "api.openai.com", "203.0.113.20": "device.talk2m.com", "203.0.113.77": "a vendor's engineer"}

STACK, STACK7 = "{python} {here}/stacks/", "{python7} {here}/stacks/"
CONF, RUN = "{here}/conf/", "/run/plant/"


@dataclass
class Device:
    name: str
    vlan: int
    host: int
    mac: str
    role: str
    protocol: str = ""
    says: dict = field(default_factory=dict)  # column of the truth file: value
    also: dict = field(default_factory=dict)  # field of score.py that has no column: value
    units: dict = field(default_factory=dict)  # unit behind a gateway: {column: value}
    serves: tuple = ()  # commands
    listens: int = 0  # TCP port that must be open before clients start
    asks: tuple = ()  # (seconds after all listen, command)
    dhcp: bool = False

    @property
    def address(self):
        return f"{SUBNETS[self.vlan]}.{self.host}"


def lldp(description, more=""):
    return f"lldpd -d {more} -I 'eth*' -u {RUN}{{name}}.lldp -S '{description}'"


CELL_A = [
    Device("plc1", 10, 11, "28:63:36:10:00:11", "plc", "s7comm", listens=102, serves=(STACK7 + "s7.py controller",),
           says=dict(model="CPU 315-2 PN/DP", order_number="6ES7 315-2EH14-0AB0", serial_number="S C-F1LAB0000011", firmware_version="V3.2.6", station_name="LINE1-PRESS1")),
    Device("plc2", 10, 12, "00:00:bc:10:00:12", "plc", "enip", listens=44818,
           serves=(f"sh -c 'mkdir {RUN}cpppo && cd {RUN}cpppo && cp {CONF}cpppo.cfg . && exec {{bin}}/enip_server --no-print -a 0.0.0.0:44818 Line1_Speed=INT Motor=INT[10] Temp=REAL[4]'",),
           asks=((2, STACK + "enip.py scanner"),),
           says=dict(vendor="Rockwell Automation/Allen-Bradley", model="1756-L83E/B", serial_number="00c0ffee", firmware_version="32.11")),
    Device("plc3", 10, 13, "00:80:f4:10:00:13", "plc", "modbus", listens=502, serves=(STACK + "modbus.py controller",),
           says=dict(vendor="Schneider Electric", model="BMX P34 2020", firmware_version="v2.70")),
    Device("gw1", 10, 14, "00:90:e8:10:00:14", "protocol_gateway", "modbus", listens=502, serves=(STACK + "modbus.py gateway",),
           units={1: dict(role="meter", vendor="Schneider Electric", model="METSEPM5560", firmware_version="002.005.000"),
                  2: dict(role="drive", vendor="ABB", model="ACS580", firmware_version="v2.14"),
                  5: dict(vendor="Eurotherm", model="3216", firmware_version="3.10")}),
    Device("plc4", 10, 15, "ac:64:17:10:00:15", "plc", "s7comm_plus", listens=102, serves=(STACK + "s7plus.py controller",)),
    Device("cx1", 10, 16, "00:01:05:10:00:16", "plc", "ads", listens=48898, serves=(STACK + "ads.py controller",),
           says=dict(model="TestServer", firmware_version="1.2.3")),
    Device("io1", 10, 17, "28:63:36:10:00:17", "io_module", "profinet_dcp", serves=(STACK + "profinet.py device",),
           says=dict(model="ET200SP", station_name="et200sp-line1"), also=dict(pn_vendor_id="0x002a", pn_device_id="0x0313")),
    Device("plc5", 10, 18, "28:63:36:10:00:18", "plc", "s7comm", listens=102, serves=(STACK + "s7.py loadable",),
           says=dict(model="CPU 315-2 PN/DP", order_number="6ES7 315-2EH14-0AB0", serial_number="S C-C2UR28922012")),
    Device("io2", 10, 19, "00:1d:9c:10:00:19", "io_module", "enip", listens=44818, serves=(STACK + "enip.py adapter",),
           says=dict(vendor="Rockwell Automation/Allen-Bradley", model="1734-AENTR/C", serial_number="60a1b2c3", firmware_version="6.12")),
    Device("omron1", 10, 31, "00:00:0a:10:00:31", "plc", "fins", serves=(STACK + "datagram.py fins",),
           says=dict(vendor="Omron", model="CJ2M-CPU33", firmware_version="02.01")),
    Device("mels1", 10, 32, "58:52:8a:10:00:32", "plc", "melsec", serves=(STACK + "datagram.py slmp",),
           says=dict(vendor="Mitsubishi Electric", model="R08CPU")),
    Device("hart1", 10, 33, "00:1b:1e:10:00:33", "sensor", "hart_ip", serves=(STACK + "datagram.py hart",), says=dict(serial_number="123456")),
    Device("sw1", 10, 2, "00:80:63:10:00:02", "switch", "lldp", also=dict(lldp_sysdesc="Hirschmann RS20-0800"),
           serves=(lldp("Hirschmann RS20-0800M2M2SDAE, SW: L2P-09.1.00", f"-O {CONF}lldpd.conf"), f"snmpd -f -Lo -C -c {CONF}snmpd.conf -p {RUN}snmpd.pid -I -smux udp:161")),
    Device("hmi1", 10, 50, "00:1b:1b:10:00:50", "hmi", serves=(f"avahi-daemon -f {CONF}avahi.conf --no-drop-root --no-rlimits",),
           asks=((1, STACK + "hmi.py panel"), (1, STACK + "hmi.py tags"))),
    Device("ews1", 10, 60, "18:66:da:10:00:60", "engineering_workstation", listens=3389,
           serves=(f"/usr/sbin/sshd -D -e -f /dev/null -o ListenAddress=0.0.0.0 -o HostKey={RUN}host_key -o PidFile=none", CONF + "vnc.sh", CONF + "xrdp.sh"),
           asks=((2, STACK + "modbus.py engineering"), (3, STACK7 + "s7.py diagnose"), (5, STACK + "s7.py download"), (6, STACK + "s7plus.py engineering"),
                 (7, STACK + "enip.py engineering"), (9, STACK + "profinet.py engineering"), (10, STACK + "ads.py engineering"),
                 (11, STACK + "datagram.py engineering"), (12, "snmpwalk -v2c -c public -t1 -r0 10.10.10.2 1.3.6.1.2.1.1"),
                 (13, "mbpoll -1 -t 3 -r 1 -c 4 -a 1 10.10.10.13"))),
    # The machine maker's router for remote maintenance calls its portal.
    Device("rem1", 10, 70, "00:03:27:10:00:70", "remote_access", asks=((4, "curl -sk -m 5 https://device.talk2m.com/"), (14, "curl -sk -m 5 https://device.talk2m.com/"))),
]
UTILITIES = [
    Device("rtu1", 20, 21, "00:30:a7:20:00:21", "rtu", "dnp3", listens=20000, serves=(STACK + "dnp3.py outstation",)),
    Device("rtu2", 20, 22, "00:02:a3:20:00:22", "rtu", "iec104", listens=2404, serves=(STACK + "iec104.py outstation",)),
    Device("ied1", 20, 23, "00:30:a7:20:00:23", "ied", "mms", listens=102, serves=(STACK + "iec61850.py ied",),
           says=dict(vendor="Schweitzer Engineering Laboratories", model="SEL-421-7", serial_number="1191230017", firmware_version="R328-V0")),
    Device("bac1", 20, 24, "00:10:8d:20:00:24", "building_controller", "bacnet", serves=(STACK + "bacnet.py controller",),
           says=dict(vendor="Johnson Controls, Inc.", model="MS-NAE5510-2", serial_number="JCI-00347781", firmware_version="10.0.0.4100"), also=dict(bacnet_device="instance=260042")),
    Device("rtu3", 20, 25, "00:30:a7:20:00:25", "rtu", "dnp3", listens=20000, serves=(STACK + "dnp3.py attributes",),
           says=dict(vendor="Schweitzer Engineering Laboratories", model="SEL-3530 RTAC", serial_number="1203330042", firmware_version="SEL-3530-R150-V0-Z001")),
    Device("scada1", 20, 50, "94:18:82:20:00:50", "scada_server",
           asks=((2, STACK + "dnp3.py master"), (2, STACK + "iec104.py scada"), (2, STACK + "modbus.py scada"), (3, STACK + "iec61850.py scada"), (4, STACK + "bacnet.py scada"))),
]
LEVEL_3 = [
    Device("hist1", 30, 10, "00:50:56:30:00:10", "historian", listens=5432, serves=(CONF + "postgres.sh", f"influxd run -config {CONF}influx.conf"),
           asks=((3, STACK + "opcua.py historian"), (4, STACK + "modbus.py historian"))),
    Device("opc1", 30, 11, "00:50:56:30:00:11", "opc_server", "opcua", listens=4840, serves=(STACK + "opcua.py server",),
           says=dict(model="KEPServerEX", firmware_version="6.14.263.0")),
    Device("mqtt1", 30, 12, "00:50:56:30:00:12", "server", "mqtt", listens=1883, serves=(f"mosquitto -c {CONF}mosquitto.conf",)),
    Device("edge1", 30, 13, "00:90:e8:30:00:13", "data_gateway", "sparkplug", asks=((2, STACK + "sparkplug.py edge"),),
           says=dict(model="UC-8112A", serial_number="TAKHA1001234", firmware_version="1.4")),
    Device("ai1", 30, 14, "48:b0:2d:30:00:14", "ai_system",
           asks=((3, STACK + "opcua.py learner"), (3, STACK + "sparkplug.py learner"), (6, "curl -sk -m 5 https://api.openai.com/v1/models"), (16, "curl -sk -m 5 https://api.openai.com/v1/models"))),
]
OFFICE = [
    Device("srv1", 99, 5, "94:18:82:99:00:05", "server", "dhcp", listens=445, serves=(
        "dnsmasq -k -C /dev/null -i eth0 --bind-interfaces --dhcp-range=192.168.99.100,192.168.99.100,1h --dhcp-option=3,192.168.99.1 --domain=corp.example --no-resolv --no-hosts"
        f" --address=/hist1.corp.example/10.10.30.10 --address=/api.openai.com/203.0.113.10 --address=/device.talk2m.com/203.0.113.20 --dhcp-leasefile={RUN}leases --pid-file= --user=root --log-facility=-",
        f"sh -c 'mkdir -p {RUN}smb/nc && exec smbd -F --no-process-group -s {CONF}smb.conf --debug-stdout'", f"nginx -c {CONF}nginx.conf -g 'pid {RUN}nginx.pid;'")),
    Device("pc1", 99, 100, "00:24:8c:99:00:64", "workstation", "dhcp", dhcp=True, asks=(
        (1, f"dhclient -d -1 -v -cf {CONF}dhclient.conf -lf {RUN}dhclient.leases -pf {RUN}dhclient.pid -sf {CONF}dhclient.sh eth0"),
        (6, f"smbclient -n PC-ALICE -L //192.168.99.5 -U 'CORP\\alice%secret' -s {CONF}smb.conf"),
        (7, "curl -s -m 3 http://192.168.99.5/ -A 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)'"),
        (7, "curl -sk -m 3 --resolve intranet.corp.example:443:192.168.99.5 https://intranet.corp.example/"),
        (8, "nslookup -timeout=2 hist1.corp.example 192.168.99.5"),
        (11, "psql 'host=10.10.30.10 user=postgres dbname=postgres connect_timeout=3' -c 'select version()'"),
        (12, "curl -s -m 3 http://10.10.30.10:8086/ping -v"))),
    # A vendor's notebook in the office reaches from afar for the engineering workstation and a controller: as in the lab, its
    # role is that.
    Device("vendor1", 99, 77, "00:0b:ab:99:00:4d", "remote_access", asks=(
        (9, "timeout 5 ssh -o StrictHostKeyChecking=no -o BatchMode=yes -o UserKnownHostsFile=/dev/null svc@10.10.10.60 true"),
        (10, "timeout 4 bash -c 'exec 3<>/dev/tcp/10.10.10.60/5900; head -c12 <&3; printf \"RFB 003.008\\n\" >&3; sleep 2'"),
        (6, "timeout 15 {python} {bin}/rdp_check.py CORP/svc:secret@10.10.10.60"), (12, STACK7 + "s7.py vendor"))),
]
DEVICES = CELL_A + UTILITIES + LEVEL_3 + OFFICE

# The router tells its name by LLDP and CDP on every leg. Beyond it: servers that devices call, and who calls in.
ROUTER_SERVES = (lldp("FortiGate-60F v7.2.5", "-l -ccc"),)
OUTSIDE_SERVES = (f"nginx -c {CONF}nginx.conf -g 'pid {RUN}outside.pid;'",)
OUTSIDE_ASKS = ((13, "timeout 5 ssh -b 203.0.113.77 -o StrictHostKeyChecking=no -o BatchMode=yes -o UserKnownHostsFile=/dev/null svc@10.10.10.60 true"),)
