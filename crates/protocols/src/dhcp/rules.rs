//! How values are read from options.

use observation::{Rule, Rules};

use crate::ip_address::ipv4_list;
use crate::wire_text::{labels, text_or_hexadecimal};

macro_rules! rules {
    ($($(#[$doc:meta])* $constant:ident = $name:literal, $read:expr;)*) => {
        $($(#[$doc])* pub(super) static $constant: Rule = Rule { name: $name, read: $read };)*

        /// Every rule.
        pub(super) const ALL: &[&Rule] = &[$(&$constant),*];
    };
}

rules! {
    /// Text as it is.
    TEXT = "dhcp-text", Rules::text;
    /// An IPv4 address.
    ADDRESS = "dhcp-address", Rules::ipv4;
    /// IPv4 addresses.
    ADDRESSES = "dhcp-addresses", ipv4_list;
    /// Numbers of one octet, with commas.
    PARAMETERS = "dhcp-parameter-list", parameters;
    /// Type and identifier.
    CLIENT_ID = "dhcp-client-identifier", client_id;
    /// Type and universally unique identifier.
    UUID = "dhcp-client-uuid", client_uuid;
    /// Flags, two codes, domain name.
    FQDN = "dhcp-client-fqdn", fqdn;
    /// Enterprise number, length, text.
    VENDOR_IDENTIFYING_CLASS = "dhcp-vendor-identifying-class", vendor_identifying_class;
    /// Text where it is some, else hexadecimal.
    CIRCUIT = "dhcp-relay-identifier", text_or_hexadecimal;
    /// Operating system by the vendor class that its client sends.
    SYSTEM = "dhcp-vendor-class-system", system;
    /// Version of the operating system in the vendor class.
    SYSTEM_VERSION = "dhcp-vendor-class-system-version", system_version;
}

fn parameters(octets: &[u8]) -> Option<String> {
    let numbers: Vec<_> = octets.iter().map(u8::to_string).collect();
    Rules::text(numbers.join(",").as_bytes())
}

/// Type 0 is any name, a hardware type with six octets a MAC, 255 an IPv6-like identifier (RFC 4361 section 6.1).
fn client_id(octets: &[u8]) -> Option<String> {
    match octets.split_first()? {
        (0, name) => text_or_hexadecimal(name),
        (1 | 6, mac) if mac.len() == 6 => Rules::mac(mac),
        _ => text_or_hexadecimal(octets),
    }
}

/// RFC 4578 section 2.3: type 0, then 16 octets.
fn client_uuid(octets: &[u8]) -> Option<String> {
    let (0, uuid) = octets.split_first().map(|(kind, uuid)| (*kind, uuid))? else { return None };
    let is_set =
        uuid.len() == 16 && uuid.iter().any(|octet| *octet != 0) && uuid.iter().any(|octet| *octet != 0xff);
    is_set.then(|| Rules::hexadecimal(uuid)).flatten()
}

/// Bit E of the flags: the name is in labels, as DNS writes it (RFC 4702 section 2.1).
const ENCODED: u8 = 0x04;

fn fqdn(octets: &[u8]) -> Option<String> {
    let ([flags, _, _], name) = octets.split_first_chunk::<3>()?;
    if flags & ENCODED == 0 { Rules::text(name) } else { labels(name) }
}

fn vendor_identifying_class(octets: &[u8]) -> Option<String> {
    let (enterprise, rest) = octets.split_first_chunk::<4>()?;
    let (length, class) = rest.split_first()?;
    let class = text_or_hexadecimal(class.get(..usize::from(*length))?)?;
    Some(format!("{} {class}", u32::from_be_bytes(*enterprise)))
}

/// Beginnings of the vendor class by the program that sends it: Microsoft's client ("DHCP in Windows", since Windows
/// 2000 "MSFT 5.0"), Android ("android-dhcp-13"), dhcpcd ("dhcpcd-9.4.1:Linux-5.10.0:x86_64").
const SYSTEMS: &[(&str, &str)] = &[("MSFT ", "Windows"), ("android-dhcp", "Android")];

/// What stands before the version in classes that hold one.
const BEFORE_VERSION: &[&str] = &["android-dhcp-", ":Linux-"];

fn system(octets: &[u8]) -> Option<String> {
    let class = Rules::text(octets)?;
    let known =
        SYSTEMS.iter().find(|(start, _)| class.starts_with(start)).map(|(_, system)| (*system).to_owned());
    known.or_else(|| class.contains(":Linux-").then(|| "Linux".to_owned()))
}

fn system_version(octets: &[u8]) -> Option<String> {
    let class = Rules::text(octets)?;
    let version =
        BEFORE_VERSION.iter().find_map(|word| Some(class.split_once(word)?.1))?.split(':').next()?;
    version.bytes().any(|octet| octet.is_ascii_digit()).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_shown_as_what_they_are() {
        assert_eq!(client_id(b"\0press-4").as_deref(), Some("press-4"));
        assert_eq!(client_id(&[1, 0, 0x1b, 0x1b, 0x10, 0, 0x50]).as_deref(), Some("00:1b:1b:10:00:50"));
        assert_eq!(client_id(&[255, 0, 1]).as_deref(), Some("ff0001"));
        assert_eq!(client_uuid(&[0; 17]), None);
    }

    #[test]
    fn names_are_read_in_both_encodings() {
        assert_eq!(fqdn(b"\x04\0\0\x03pc1\x05plant\0").as_deref(), Some("pc1.plant"));
        assert_eq!(fqdn(b"\0\0\0pc1.plant").as_deref(), Some("pc1.plant"));
        assert_eq!((fqdn(&[4, 0, 0, 9, b'x']), fqdn(&[4])), (None, None));
        assert_eq!(vendor_identifying_class(b"\0\0\x10\x72\x04ET20").as_deref(), Some("4210 ET20"));
    }

    #[test]
    fn classes_name_the_system_only_where_the_program_is_known() {
        let read =
            |class: &[u8]| (system(class).unwrap_or_default(), system_version(class).unwrap_or_default());
        assert_eq!(read(b"MSFT 5.0"), ("Windows".to_owned(), String::new()));
        assert_eq!(read(b"android-dhcp-13"), ("Android".to_owned(), "13".to_owned()));
        assert_eq!(read(b"dhcpcd-9.4.1:Linux-5.10.0:x86_64"), ("Linux".to_owned(), "5.10.0".to_owned()));
        assert_eq!(read(b"udhcp 1.30.1"), (String::new(), String::new()));
        assert_eq!(parameters(&[1, 3, 6]).as_deref(), Some("1,3,6"));
    }
}
