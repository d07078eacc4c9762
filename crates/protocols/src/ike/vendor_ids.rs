//! Vendor ids that are widely known: octets that an implementation chose, most of them the MD5 of a text.

/// What an id stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The implementation itself.
    Implementation(&'static str),
    /// Something that the implementation can do, which others can do, too.
    Extension(&'static str),
}

use Meaning::{Extension, Implementation};

/// First octets of an id and what they stand for; a longer id goes on with versions. Sources: the RFC or draft that the
/// name gives (MD5 of its title), RFC 3706 section 5.1, [MS-IKEE] section 1.7, Cisco's IKE Unity and strongSwan (MD5 of
/// `CISCO-UNITY` in its first 14 octets, of `strongSwan`).
const KNOWN: &[(&[u8], Meaning)] = &[
    (b"\x88\x2f\xe5\x6d\x6f\xd2\x0d\xbc\x22\x51\x61\x3b\x2e\xbe\x5b\xeb", Implementation("strongSwan")),
    (
        b"\x1e\x2b\x51\x69\x05\x99\x1c\x7d\x7c\x96\xfc\xbf\xb5\x87\xe4\x61",
        Implementation("Microsoft Windows"),
    ),
    (b"strongSwan", Implementation("strongSwan")),
    (b"CISCO(COPYRIGHT)", Implementation("Cisco")),
    (b"CISCO-DELETE-REASON", Extension("Cisco delete reason")),
    (b"FLEXVPN-SUPPORTED", Extension("Cisco FlexVPN")),
    (b"\x12\xf5\xf2\x8c\x45\x71\x68\xa9\x70\x2d\x9f\xe2\x74\xcc", Extension("Cisco Unity")),
    (
        b"\xaf\xca\xd7\x13\x68\xa1\xf1\xc9\x6b\x86\x96\xfc\x77\x57",
        Extension("dead peer detection (RFC 3706)"),
    ),
    (b"\x09\x00\x26\x89\xdf\xd6\xb7\x12", Extension("XAUTH")),
    (
        b"\x4a\x13\x1c\x81\x07\x03\x58\x45\x5c\x57\x28\xf2\x0e\x95\x45\x2f",
        Extension("NAT traversal (RFC 3947)"),
    ),
    (
        b"\x44\x85\x15\x2d\x18\xb6\xbb\xcd\x0b\xe8\xa8\x46\x95\x79\xdd\xcc",
        Extension("NAT traversal (draft 00)"),
    ),
    (
        b"\xcd\x60\x46\x43\x35\xdf\x21\xf8\x7c\xfd\xb2\xfc\x68\xb6\xa4\x48",
        Extension("NAT traversal (draft 02)"),
    ),
    (
        b"\x90\xcb\x80\x91\x3e\xbb\x69\x6e\x08\x63\x81\xb5\xec\x42\x7b\x1f",
        Extension("NAT traversal (draft 02)"),
    ),
    (
        b"\x7d\x94\x19\xa6\x53\x10\xca\x6f\x2c\x17\x9d\x92\x15\x52\x9d\x56",
        Extension("NAT traversal (draft 03)"),
    ),
    (b"\x40\x48\xb7\xd5\x6e\xbc\xe8\x85\x25\xe7\xde\x7f\x00\xd6\xc2\xd3", Extension("fragmentation")),
    (
        b"\xfb\x1d\xe3\xcd\xf3\x41\xb7\xea\x16\xb7\xe5\xbe\x08\x55\xf1\x20",
        Extension("Microsoft negotiation discovery"),
    ),
    (
        b"\x26\x24\x4d\x38\xed\xdb\x61\xb3\x17\x2a\x36\xe3\xd0\xcf\xb8\x19",
        Extension("Microsoft initial contact"),
    ),
    (b"\xe3\xa5\x96\x6a\x76\x37\x9f\xe7\x07\x22\x82\x31\xe5\xce\x86\x52", Extension("Microsoft IKE CGA")),
];

/// What an id stands for, if it is known.
pub(super) fn meaning(id: &[u8]) -> Option<Meaning> {
    KNOWN.iter().find(|(known, _)| id.starts_with(known)).map(|(_, meaning)| *meaning)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_known_id_means_one_thing_with_or_without_a_version() {
        let mut ids = BTreeSet::new();
        for (id, expected) in KNOWN {
            assert!(id.len() >= 8 && ids.insert(*id));
            assert_eq!(meaning(id), Some(*expected));
            assert_eq!(meaning(&[id, b"\x01\x00".as_slice()].concat()), Some(*expected));
            assert_eq!(meaning(&id[1..]), None);
        }
    }
}
