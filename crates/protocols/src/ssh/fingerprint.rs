//! Fingerprints: HASSH of the algorithms that an end offers (Salesforce, "HASSH - a profiling method for SSH clients and
//! servers", 2018), and that of a host key as OpenSSH prints it (RFC 4716 section 4, with SHA-256).

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use md5::{Digest, Md5};
use observation::{Octets, Rules};
use sha2::Sha256;

use crate::{Malformed, Reader};

/// Octets of the cookie of a key exchange.
const COOKIE: usize = 16;

/// What an end can do (RFC 4253 section 7.1): ten lists of names, of which the first eight are kept, each with its
/// length in front.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyExchange<'a> {
    lists: [Octets<'a>; 8],
}

impl<'a> KeyExchange<'a> {
    /// Reads what stands behind the type of the message.
    ///
    /// # Errors
    ///
    /// Fails if the lists are cut short.
    pub(super) fn parse(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        reader.skip(COOKIE, "cookie")?;
        let mut lists = [Octets::unplaced(&[]); 8];
        for list in &mut lists {
            let whole = reader.peek();
            let length = usize::try_from(reader.u32_be("length of a name list")?).unwrap_or(usize::MAX);
            reader.skip(length, "name list")?;
            *list = whole.head(length.saturating_add(4));
        }
        Ok(Self { lists })
    }

    /// Key exchange, and what the client would use to send: encryption, authentication, compression.
    pub(super) fn of_client(self) -> [Octets<'a>; 4] {
        let [exchange, _, encryption, _, authentication, _, compression, _] = self.lists;
        [exchange, encryption, authentication, compression]
    }

    /// Key exchange, and what the server would use to send.
    pub(super) fn of_server(self) -> [Octets<'a>; 4] {
        let [exchange, _, _, encryption, _, authentication, _, compression] = self.lists;
        [exchange, encryption, authentication, compression]
    }
}

/// A rule: MD5 of four lists of names, each with its length in front, joined by semicolons.
pub(super) fn hassh(octets: &[u8]) -> Option<String> {
    let mut reader = Reader::new(Octets::unplaced(octets));
    let mut hash = Md5::new();
    for number in 0..4 {
        let length = usize::try_from(reader.u32_be("length").ok()?).ok()?;
        if number > 0 {
            hash.update(b";");
        }
        hash.update(reader.take(length, "list").ok()?.bytes);
    }
    Rules::hexadecimal(&hash.finalize())
}

/// A rule: the fingerprint of a key, as `ssh-keygen -l` prints it.
pub(super) fn sha256(key: &[u8]) -> Option<String> {
    (!key.is_empty()).then(|| format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(key))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(names: &[&str]) -> Vec<u8> {
        names
            .iter()
            .flat_map(|name| [&u32::try_from(name.len()).unwrap().to_be_bytes(), name.as_bytes()].concat())
            .collect()
    }

    #[test]
    fn hassh_is_the_hash_of_the_joined_lists() {
        // The example of a Cyberduck client in the README of the method.
        let octets = listed(&[
            "curve25519-sha256@libssh.org,diffie-hellman-group-exchange-sha256",
            "aes128-ctr",
            "hmac-sha2-256",
            "none",
        ]);
        let text =
            "curve25519-sha256@libssh.org,diffie-hellman-group-exchange-sha256;aes128-ctr;hmac-sha2-256;none";
        assert_eq!(hassh(&octets), Rules::hexadecimal(&Md5::digest(text)));
        assert_eq!(hassh(&octets[..octets.len() - 1]), None);
    }

    #[test]
    fn each_end_is_told_by_its_own_direction() {
        let lists = listed(&["kex", "key", "enc-c", "enc-s", "mac-c", "mac-s", "zip-c", "zip-s", "", ""]);
        let octets = [&[7; 16][..], &lists].concat();
        let exchange = KeyExchange::parse(&mut Reader::new(Octets::unplaced(&octets))).unwrap();
        let names =
            |lists: [Octets<'_>; 4]| lists.map(|list| String::from_utf8(list.bytes[4..].to_vec()).unwrap());
        assert_eq!(names(exchange.of_client()), ["kex", "enc-c", "mac-c", "zip-c"]);
        assert_eq!(names(exchange.of_server()), ["kex", "enc-s", "mac-s", "zip-s"]);
    }
}
