//! The table of protocols in the README is made from the list of protocols.

use std::fs;

use protocols::ALL;

use crate::support;

const BEGIN: &str =
    "<!-- protocols: begin (made by UPDATE_README=1 cargo test --test end_to_end readme) -->\n";
const END: &str = "<!-- protocols: end -->";

fn table() -> String {
    let mut out = String::from(
        "\n| Protocol | Ports | Identity read | Operations and roles | Below the address | Not read | Tried on |\n|---|---|---|---|---|---|---|\n",
    );
    for protocol in ALL {
        let mut ports: Vec<String> = protocol.tcp.iter().map(|port| format!("TCP {port}")).collect();
        ports.extend(protocol.udp.iter().map(|port| format!("UDP {port}")));
        ports.extend(protocol.ethertypes.iter().map(|ethertype| format!("EtherType 0x{ethertype:04x}")));
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
    let path = support::root().join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).expect("the begin mark");
    let (shown, after) = rest.split_once(END).expect("the end mark");
    let table = table();
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
    } else {
        assert_eq!(shown, table, "UPDATE_README=1 cargo test --test end_to_end readme");
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
