//! The table of protocols in the README is made from the list of protocols.

use std::fs;

use inventory::FindingKind;
use protocols::ALL;

use crate::support;

const BEGIN: &str =
    "<!-- protocols: begin (made by UPDATE_README=1 cargo test --test end_to_end readme) -->\n";
const END: &str = "<!-- protocols: end -->";

const KINDS_BEGIN: &str =
    "<!-- kinds: begin (made by UPDATE_README=1 cargo test --test end_to_end readme) -->\n";
const KINDS_END: &str = "<!-- kinds: end -->";

/// The kinds of findings, for docs/findings.md.
fn kinds() -> String {
    let rows = FindingKind::ALL.iter().map(|kind| format!("| `{}` | {} |\n", kind.as_str(), kind.meaning()));
    format!("\n| Kind | What it says |\n|---|---|\n{}\n", rows.collect::<String>())
}

fn table() -> String {
    let mut out = String::from(
        "\n| Protocol | Ports | Identity read | Operations and roles | Below the address | Not read | Tried on |\n|---|---|---|---|---|---|---|\n",
    );
    for protocol in ALL {
        let mut ports: Vec<String> = protocol.tcp.iter().map(|port| format!("TCP {port}")).collect();
        ports.extend(protocol.udp.iter().map(|port| format!("UDP {port}")));
        ports.extend(protocol.ethertypes.iter().map(|ethertype| format!("EtherType 0x{ethertype:04x}")));
        ports.extend(protocol.ip_protocols.iter().map(|number| format!("IP protocol {number}")));
        let depth = &protocol.depth;
        let cells = [
            format!("**{}** (`{}`)<br>{}", protocol.title, protocol.name, protocol.specification),
            ports.join(", "),
            depth.identity.to_owned(),
            depth.operations.to_owned(),
            depth.nesting.to_owned(),
            depth.not_read.to_owned(),
            depth.tried_on.to_owned(),
        ];
        out += &format!(
            "| {} |\n",
            cells
                .map(|cell| if cell.is_empty() { "–".to_owned() } else { cell.replace('|', "\\|") })
                .join(" | ")
        );
    }
    out + "\n"
}

#[test]
fn the_table_of_protocols_is_what_the_decoders_say() {
    made_by("README.md", BEGIN, &table(), END);
}

#[test]
fn the_table_of_findings_is_what_the_inventory_says() {
    made_by("docs/findings.md", KINDS_BEGIN, &kinds(), KINDS_END);
}

/// What stands between two marks of a page is what the program says, or is made so.
fn made_by(page: &str, begin: &str, made: &str, end: &str) {
    let path = support::root().join(page);
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(begin).expect("the begin mark");
    let (shown, after) = rest.split_once(end).expect("the end mark");
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(path, format!("{before}{begin}{made}{end}{after}")).unwrap();
    } else {
        assert_eq!(shown, made, "UPDATE_README=1 cargo test --test end_to_end readme");
    }
}

#[test]
fn every_file_that_the_pages_link_to_exists() {
    let root = support::root();
    let pages = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    for page in pages.chain([root.join("README.md"), root.join("ARCHITECTURE.md")]) {
        let text = fs::read_to_string(&page).unwrap();
        let links: Vec<&str> = text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
        for link in links.into_iter().filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let file = link.split('#').next().unwrap_or(link);
            assert!(page.parent().unwrap().join(file).exists(), "{}: {link}", page.display());
        }
    }
}
