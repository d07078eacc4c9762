//! `setup IFACE`: the network configuration that silences an interface, printed, written to files, or applied now.
//!
//! A mirror port needs no address, no IPv6, no ARP, no LLDP; GRO and LRO glue frames together that were apart on the wire,
//! and the card's VLAN filter and stripping hide tags from a few programs (not from this one).

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::arguments::Setup;
use crate::failure::Failure;
use crate::terminal;

/// A file of a network manager.
struct File {
    name: String,
    text: String,
}

pub(crate) fn run(arguments: &Setup) -> Result<ExitCode, Failure> {
    let interface = &arguments.interface;
    if interface.is_empty()
        || interface.len() > 15
        || !interface.chars().all(|character| character.is_ascii_alphanumeric() || "-_.".contains(character))
        || interface.starts_with(['-', '.'])
    {
        return Err(Failure::Usage(format!("\"{interface}\" is no name of an interface")));
    }
    if let Some(folder) = &arguments.write {
        for file in networkd(interface) {
            write(folder, &file)?;
        }
    }
    if arguments.apply {
        apply(interface)?;
    }
    if arguments.write.is_none() && !arguments.apply {
        terminal::print(&page(interface))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// systemd-networkd: the link's features, and the network without anything.
fn networkd(interface: &str) -> [File; 2] {
    let head = format!(
        "# Written by tapledger setup {interface}: a mirror port is listened on and never spoken on.\n"
    );
    // A file for a link takes the place of the system's own for it, which keeps its name: so does this one.
    let link = format!(
        "{head}[Match]\nOriginalName={interface}\n\n[Link]\nNamePolicy=keep kernel database onboard slot path\n\
         GenericReceiveOffload=no\nLargeReceiveOffload=no\n"
    );
    let network = format!(
        "{head}[Match]\nName={interface}\n\n[Link]\nActivationPolicy=up\nRequiredForOnline=no\nARP=no\nMulticast=no\n\
         Promiscuous=yes\n\n[Network]\nDHCP=no\nLinkLocalAddressing=no\nIPv6AcceptRA=no\nIPv6SendRA=no\nLLDP=no\n\
         EmitLLDP=no\nLLMNR=no\nMulticastDNS=no\n"
    );
    [
        File { name: format!("10-tapledger-{interface}.link"), text: link },
        File { name: format!("10-tapledger-{interface}.network"), text: network },
    ]
}

/// What silences an interface at once, until the machine starts again.
fn commands(interface: &str) -> Vec<Vec<String>> {
    let words = |line: String| line.split(' ').map(str::to_owned).collect();
    vec![
        words(format!("ip address flush dev {interface}")),
        words(format!("ip link set dev {interface} arp off multicast off allmulticast off promisc on up")),
        words(format!("ethtool -K {interface} gro off lro off")),
    ]
}

/// Files of the kernel that switch IPv6 off.
fn switches(interface: &str) -> [(String, &'static str); 3] {
    let path = |name: &str| format!("/proc/sys/net/ipv6/conf/{interface}/{name}");
    [(path("disable_ipv6"), "1"), (path("accept_ra"), "0"), (path("router_solicitations"), "0")]
}

fn page(interface: &str) -> String {
    let mut text = String::new();
    for file in networkd(interface) {
        let _ = writeln!(text, "## /etc/systemd/network/{}\n{}", file.name, file.text);
    }
    let _ = writeln!(
        text,
        "## /etc/network/interfaces.d/tapledger-{interface}, where ifupdown is used instead\n\
         auto {interface}\niface {interface} inet manual\n    pre-up sysctl -q -w net.ipv6.conf.{interface}.disable_ipv6=1\n    \
         up ip link set dev {interface} arp off multicast off promisc on up\n    \
         up ethtool -K {interface} gro off lro off || true\n    down ip link set dev {interface} down\n"
    );
    let _ = writeln!(
        text,
        "## /etc/NetworkManager/conf.d/tapledger-{interface}.conf, where NetworkManager runs: it leaves the interface alone,\n\
         ## and the commands below or one of the files above have to silence it\n\
         [keyfile]\nunmanaged-devices+=interface-name:{interface}\n"
    );
    let _ = writeln!(
        text,
        "## lldpd, where it runs: /etc/lldpd.d/tapledger-{interface}.conf\nconfigure system interface pattern *,!{interface}\n"
    );
    text.push_str("## at once, until the machine starts again; the same as --apply\n");
    for (path, value) in switches(interface) {
        let name = path.trim_start_matches("/proc/sys/").replace('/', ".");
        let _ = writeln!(text, "sysctl -q -w {name}={value}");
    }
    for command in commands(interface) {
        let _ = writeln!(text, "{}", command.join(" "));
    }
    text
}

fn write(folder: &Path, file: &File) -> Result<(), Failure> {
    let path = folder.join(&file.name);
    fs::write(&path, &file.text).map_err(|error| refused(&path.display().to_string(), &error))?;
    terminal::say(&format!("tapledger: wrote {}", path.display()));
    Ok(())
}

/// IPv6 first: an interface that comes up with it speaks at once.
fn apply(interface: &str) -> Result<(), Failure> {
    if crate::interface::traffic(interface).is_none() {
        return Err(Failure::Other(anyhow::anyhow!("there is no interface {interface}")));
    }
    for (path, value) in switches(interface) {
        // A kernel without IPv6 has nothing to switch off.
        if Path::new(&path).exists() {
            fs::write(&path, value).map_err(|error| refused(&path, &error))?;
        }
    }
    for command in commands(interface) {
        let line = command.join(" ");
        let Some((program, rest)) = command.split_first() else { continue };
        match Command::new(program).args(rest).output() {
            Ok(output) if output.status.success() => terminal::say(&format!("tapledger: {line}")),
            // Virtual interfaces have no offloads, and small systems no ethtool.
            Ok(_) | Err(_) if program == "ethtool" => {
                terminal::say(&format!("tapledger: not done: {line}"));
            }
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr);
                let said = said.trim();
                if said.contains("not permitted") {
                    return Err(Failure::Permission(format!("{line}: {said}; run it as root")));
                }
                return Err(Failure::Other(anyhow::anyhow!("{line}: {said}")));
            }
            Err(error) => return Err(refused(&line, &error)),
        }
    }
    Ok(())
}

fn refused(what: &str, error: &std::io::Error) -> Failure {
    if error.kind() == std::io::ErrorKind::PermissionDenied {
        Failure::Permission(format!("{what}: {error}; run it as root"))
    } else {
        Failure::Other(anyhow::anyhow!("{what}: {error}"))
    }
}
