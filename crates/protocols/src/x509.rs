//! X.509 certificates as far as they say who a station is: RFC 5280 section 4.1, in DER (ITU-T X.690).
//!
//! Used by every protocol whose messages carry certificates. Only octets that are there are returned, each as a slice
//! of the message, so that the evidence of a name is the name itself. Nothing is verified: a certificate is a
//! statement of whoever sends it.

use std::net::IpAddr;

use observation::{Basis, Octets, Rule, Rules, Station};
use sha2::{Digest, Sha256};

use crate::{Malformed, Output, Problem, Reader};

/// Alternative names read from one certificate; those of large web sites hold hundreds.
const ALTERNATIVE_NAMES_MAX: usize = 16;

/// Tags (X.690 section 8.1.2; universal ones: X.680 section 8.6).
mod tag {
    pub(super) const BOOLEAN: u8 = 0x01;
    pub(super) const INTEGER: u8 = 0x02;
    pub(super) const OCTET_STRING: u8 = 0x04;
    pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
    pub(super) const UTC_TIME: u8 = 0x17;
    pub(super) const GENERALIZED_TIME: u8 = 0x18;
    pub(super) const UNIVERSAL_STRING: u8 = 0x1c;
    pub(super) const BMP_STRING: u8 = 0x1e;
    pub(super) const SEQUENCE: u8 = 0x30;
    pub(super) const SET: u8 = 0x31;
    /// Version and extensions of a certificate: context-specific, explicit.
    pub(super) const VERSION: u8 = 0xa0;
    pub(super) const EXTENSIONS: u8 = 0xa3;
}

/// Object identifiers, encoded (RFC 5280 appendix A; RFC 2985 section 5.2.1 for the e-mail address).
mod oid {
    pub(super) const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
    pub(super) const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];
    pub(super) const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];
    pub(super) const E_MAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01];
}

/// One value with its tag, in definite length.
#[derive(Clone, Copy, Debug)]
struct Value<'a> {
    tag: u8,
    /// Tag, length and content.
    whole: Octets<'a>,
    content: Octets<'a>,
    /// Where the content starts in the message.
    base: usize,
}

impl<'a> Value<'a> {
    fn read(reader: &mut Reader<'a>, what: &'static str) -> Result<Self, Malformed> {
        let start = reader.peek();
        let tag = reader.u8(what)?;
        let first = reader.u8(what)?;
        let length = match first {
            0..=0x7f => usize::from(first),
            0x81 => reader.u8(what)?.into(),
            0x82 => reader.u16_be(what)?.into(),
            0x83 => {
                let high = usize::from(reader.u8(what)?);
                high << 16 | usize::from(reader.u16_be(what)?)
            }
            other => return Err(reader.malformed(what, Problem::Value { value: other.into() })),
        };
        let base = reader.offset();
        let head = start.len().saturating_sub(reader.remaining());
        let content = reader.take(length, what)?;
        Ok(Self { tag, whole: start.head(head.saturating_add(length)), content, base })
    }

    fn expect(reader: &mut Reader<'a>, tag: u8, what: &'static str) -> Result<Self, Malformed> {
        let at = reader.clone();
        let value = Self::read(reader, what)?;
        if value.tag == tag {
            Ok(value)
        } else {
            Err(at.malformed(what, Problem::Value { value: value.tag.into() }))
        }
    }

    /// The value if the next one has this tag.
    fn optional(reader: &mut Reader<'a>, tag: u8, what: &'static str) -> Result<Option<Self>, Malformed> {
        if reader.peek().get(0) == Some(tag) { Self::read(reader, what).map(Some) } else { Ok(None) }
    }

    fn inside(&self) -> Reader<'a> {
        Reader::nested(self.content, self.base)
    }
}

/// A name of the subject besides the distinguished one (RFC 5280 section 4.2.1.6).
#[derive(Clone, Copy, Debug)]
pub(crate) enum AlternativeName<'a> {
    /// Domain name.
    Dns(Octets<'a>),
    /// Uniform resource identifier.
    Uri(Octets<'a>),
    /// Four or sixteen octets.
    Address(Octets<'a>),
}

/// What a distinguished name holds of use here. Strings come with their tag, which names their alphabet.
#[derive(Clone, Copy, Debug)]
struct Name<'a> {
    whole: Octets<'a>,
    common_name: Option<Octets<'a>>,
    organization: Option<Octets<'a>>,
    e_mail: bool,
}

impl<'a> Name<'a> {
    fn read(reader: &mut Reader<'a>, what: &'static str) -> Result<Self, Malformed> {
        let value = Value::expect(reader, tag::SEQUENCE, what)?;
        let mut name = Self { whole: value.whole, common_name: None, organization: None, e_mail: false };
        let mut sets = value.inside();
        while !sets.is_empty() {
            let mut attributes = Value::expect(&mut sets, tag::SET, what)?.inside();
            while !attributes.is_empty() {
                let mut attribute = Value::expect(&mut attributes, tag::SEQUENCE, what)?.inside();
                let kind = Value::expect(&mut attribute, tag::OBJECT_IDENTIFIER, what)?;
                let text = Value::read(&mut attribute, what)?.whole;
                match kind.content.bytes {
                    oid::COMMON_NAME => name.common_name = Some(text),
                    oid::ORGANIZATION => name.organization = Some(text),
                    oid::E_MAIL_ADDRESS => name.e_mail = true,
                    _ => {}
                }
            }
        }
        Ok(name)
    }
}

/// The fields of a certificate that tell who holds it.
#[derive(Clone, Debug)]
pub(crate) struct Certificate<'a> {
    whole: Octets<'a>,
    serial_number: Octets<'a>,
    issuer: Name<'a>,
    not_after: Octets<'a>,
    subject: Name<'a>,
    names: Vec<AlternativeName<'a>>,
    /// True if it names a mailbox: it is a person's.
    pub(crate) personal: bool,
}

impl<'a> Certificate<'a> {
    /// Reads the certificate that `reader` stands at; what follows it (the rest of a chain) is left.
    ///
    /// # Errors
    ///
    /// Fails if the octets are no certificate or end before its extensions do.
    pub(crate) fn parse(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let outer = Value::expect(reader, tag::SEQUENCE, "certificate")?;
        let mut fields =
            Value::expect(&mut outer.inside(), tag::SEQUENCE, "certificate to be signed")?.inside();
        Value::optional(&mut fields, tag::VERSION, "certificate version")?;
        let serial_number = Value::expect(&mut fields, tag::INTEGER, "certificate serial number")?.content;
        Value::expect(&mut fields, tag::SEQUENCE, "certificate signature algorithm")?;
        let issuer = Name::read(&mut fields, "certificate issuer")?;
        let mut validity = Value::expect(&mut fields, tag::SEQUENCE, "certificate validity")?.inside();
        Value::read(&mut validity, "certificate not before")?;
        let not_after = Value::read(&mut validity, "certificate not after")?.whole;
        let subject = Name::read(&mut fields, "certificate subject")?;
        Value::expect(&mut fields, tag::SEQUENCE, "certificate public key")?;
        let mut certificate = Self {
            whole: outer.whole,
            serial_number,
            issuer,
            not_after,
            subject,
            names: Vec::new(),
            personal: subject.e_mail,
        };
        while !fields.is_empty() {
            let field = Value::read(&mut fields, "certificate field")?;
            if field.tag == tag::EXTENSIONS {
                certificate.extensions(&mut field.inside())?;
            }
        }
        Ok(certificate)
    }

    fn extensions(&mut self, reader: &mut Reader<'a>) -> Result<(), Malformed> {
        let mut extensions = Value::expect(reader, tag::SEQUENCE, "certificate extensions")?.inside();
        while !extensions.is_empty() {
            let mut extension =
                Value::expect(&mut extensions, tag::SEQUENCE, "certificate extension")?.inside();
            let kind = Value::expect(&mut extension, tag::OBJECT_IDENTIFIER, "certificate extension")?;
            Value::optional(&mut extension, tag::BOOLEAN, "certificate extension")?;
            let value = Value::expect(&mut extension, tag::OCTET_STRING, "certificate extension")?;
            if kind.content.bytes == oid::SUBJECT_ALTERNATIVE_NAME {
                self.alternative_names(&mut value.inside())?;
            }
        }
        Ok(())
    }

    fn alternative_names(&mut self, reader: &mut Reader<'a>) -> Result<(), Malformed> {
        let mut names = Value::expect(reader, tag::SEQUENCE, "certificate alternative name")?.inside();
        while !names.is_empty() {
            let name = Value::read(&mut names, "certificate alternative name")?;
            let name = match name.tag {
                // otherName holds the user principal name, rfc822Name a mailbox.
                0xa0 | 0x81 => {
                    self.personal = true;
                    continue;
                }
                0x82 => AlternativeName::Dns(name.content),
                0x86 => AlternativeName::Uri(name.content),
                0x87 => AlternativeName::Address(name.content),
                _ => continue,
            };
            if self.names.len() < ALTERNATIVE_NAMES_MAX {
                self.names.push(name);
            }
        }
        Ok(())
    }

    /// Alternative names, as many as are kept.
    pub(crate) fn names(&self) -> &[AlternativeName<'a>] {
        &self.names
    }

    /// Says of `station` what its certificate says, in the words of `facts`.
    pub(crate) fn say(&self, station: &Station, facts: &'static Facts, output: &mut Output<'_>) {
        let mut say = |(attribute, rule): (&'static str, &'static Rule), octets| {
            output.fact(station, attribute, Basis::Stated, rule, octets);
        };
        self.subject.common_name.into_iter().for_each(|octets| say(facts.subject, octets));
        self.subject.organization.into_iter().for_each(|octets| say(facts.organization, octets));
        self.issuer
            .common_name
            .or(self.issuer.organization)
            .into_iter()
            .for_each(|octets| say(facts.issuer, octets));
        say(facts.serial, self.serial_number);
        say(facts.not_after, self.not_after);
        say(facts.sha256, self.whole);
        for name in &self.names {
            match *name {
                AlternativeName::Dns(octets) => say(facts.dns, octets),
                AlternativeName::Uri(octets) => say(facts.uri, octets),
                AlternativeName::Address(octets) => say(facts.address, octets),
            }
        }
        let (attribute, rule) = facts.self_signed;
        let both = [self.issuer.whole, self.subject.whole];
        output.fact_of(station, attribute, Basis::Stated, rule, &both);
    }
}

/// The attributes and rules by which one protocol says what certificates hold.
#[derive(Debug)]
pub(crate) struct Facts {
    /// Common name of the subject.
    pub(crate) subject: (&'static str, &'static Rule),
    /// Organization of the subject.
    pub(crate) organization: (&'static str, &'static Rule),
    /// Common name of the issuer, or its organization.
    pub(crate) issuer: (&'static str, &'static Rule),
    /// Serial number, hexadecimal.
    pub(crate) serial: (&'static str, &'static Rule),
    /// End of validity.
    pub(crate) not_after: (&'static str, &'static Rule),
    /// Fingerprint of the whole certificate.
    pub(crate) sha256: (&'static str, &'static Rule),
    /// Domain names.
    pub(crate) dns: (&'static str, &'static Rule),
    /// Resource identifiers.
    pub(crate) uri: (&'static str, &'static Rule),
    /// IP addresses.
    pub(crate) address: (&'static str, &'static Rule),
    /// Whether subject and issuer are the same.
    pub(crate) self_signed: (&'static str, &'static Rule),
}

/// Makes a module `certificate` with the rules of one protocol (`RULES` lists them) and its [`Facts`].
macro_rules! certificate_facts {
    ($protocol:literal) => {
        /// What certificates in this protocol say.
        pub(super) mod certificate {
            use observation::{Rule, Rules};

            use crate::x509::{self, Facts};

            pub(in super::super) static SUBJECT: Rule =
                Rule { name: concat!($protocol, "-certificate-subject"), read: x509::directory_string };
            pub(in super::super) static ORGANIZATION: Rule =
                Rule { name: concat!($protocol, "-certificate-organization"), read: x509::directory_string };
            pub(in super::super) static ISSUER: Rule =
                Rule { name: concat!($protocol, "-certificate-issuer"), read: x509::directory_string };
            pub(in super::super) static SERIAL: Rule =
                Rule { name: concat!($protocol, "-certificate-serial"), read: x509::serial_number };
            pub(in super::super) static NOT_AFTER: Rule =
                Rule { name: concat!($protocol, "-certificate-not-after"), read: x509::time };
            pub(in super::super) static SHA256: Rule =
                Rule { name: concat!($protocol, "-certificate-sha256"), read: x509::sha256 };
            pub(in super::super) static DNS: Rule =
                Rule { name: concat!($protocol, "-certificate-dns"), read: Rules::text };
            pub(in super::super) static URI: Rule =
                Rule { name: concat!($protocol, "-certificate-uri"), read: Rules::text };
            pub(in super::super) static ADDRESS: Rule =
                Rule { name: concat!($protocol, "-certificate-address"), read: x509::address };
            pub(in super::super) static SELF_SIGNED: Rule =
                Rule { name: concat!($protocol, "-certificate-self-signed"), read: x509::self_signed };

            pub(in super::super) static FACTS: Facts = Facts {
                subject: (concat!($protocol, ".certificate_subject"), &SUBJECT),
                organization: (concat!($protocol, ".certificate_organization"), &ORGANIZATION),
                issuer: (concat!($protocol, ".certificate_issuer"), &ISSUER),
                serial: (concat!($protocol, ".certificate_serial"), &SERIAL),
                not_after: (concat!($protocol, ".certificate_not_after"), &NOT_AFTER),
                sha256: (concat!($protocol, ".certificate_sha256"), &SHA256),
                dns: (concat!($protocol, ".certificate_dns"), &DNS),
                uri: (concat!($protocol, ".certificate_uri"), &URI),
                address: (concat!($protocol, ".certificate_address"), &ADDRESS),
                self_signed: (concat!($protocol, ".certificate_self_signed"), &SELF_SIGNED),
            };
        }
    };
}
pub(crate) use certificate_facts;

/// A string with its tag: UTF-8, UCS-2 and UCS-4 by their tags, all others as octets of text.
pub(crate) fn directory_string(octets: &[u8]) -> Option<String> {
    let value = Value::read(&mut Reader::new(Octets::unplaced(octets)), "string").ok()?;
    let content = value.content.bytes;
    match value.tag {
        tag::BMP_STRING => {
            let swapped: Vec<u8> =
                content.chunks_exact(2).flat_map(|unit| unit.iter().rev().copied()).collect();
            Rules::text_utf16_le(&swapped)
        }
        tag::UNIVERSAL_STRING => {
            let characters = content.chunks_exact(4).filter_map(|unit| {
                <[u8; 4]>::try_from(unit).ok().map(u32::from_be_bytes).and_then(char::from_u32)
            });
            Rules::text(characters.collect::<String>().as_bytes())
        }
        _ => Rules::text(content),
    }
}

/// The content of an INTEGER, hexadecimal, without the octet that only says that it is positive.
pub(crate) fn serial_number(octets: &[u8]) -> Option<String> {
    let digits = match octets {
        [0, rest @ ..] if !rest.is_empty() => rest,
        all => all,
    };
    // RFC 5280 section 4.1.2.2 allows 20 octets.
    (digits.iter().any(|octet| *octet != 0))
        .then(|| Rules::hexadecimal(digits.get(..64).unwrap_or(digits)))?
}

/// UTCTime or GeneralizedTime (RFC 5280 section 4.1.2.5) in the form of RFC 3339.
pub(crate) fn time(octets: &[u8]) -> Option<String> {
    let value = Value::read(&mut Reader::new(Octets::unplaced(octets)), "time").ok()?;
    let text = std::str::from_utf8(value.content.bytes).ok()?;
    let digits =
        text.strip_suffix('Z').filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?;
    let (year, rest) = match (value.tag, digits.len()) {
        (tag::UTC_TIME, 12) => {
            let (year, rest) = digits.split_at_checked(2)?;
            (format!("{}{year}", if year < "50" { "20" } else { "19" }), rest)
        }
        (tag::GENERALIZED_TIME, 14) => {
            let (year, rest) = digits.split_at_checked(4)?;
            (year.to_owned(), rest)
        }
        _ => return None,
    };
    let part = |from: usize| rest.get(from..from.saturating_add(2));
    Some(format!("{year}-{}-{}T{}:{}:{}Z", part(0)?, part(2)?, part(4)?, part(6)?, part(8)?))
}

/// SHA-256 of the octets, hexadecimal: the fingerprint by which certificates are compared.
pub(crate) fn sha256(octets: &[u8]) -> Option<String> {
    (!octets.is_empty()).then(|| Rules::hexadecimal(&Sha256::digest(octets)))?
}

/// Four or sixteen octets; `None` for the unspecified and the loopback address, which say nothing.
pub(crate) fn address(octets: &[u8]) -> Option<String> {
    let address: IpAddr = match octets.len() {
        4 => <[u8; 4]>::try_from(octets).ok()?.into(),
        16 => <[u8; 16]>::try_from(octets).ok()?.into(),
        _ => return None,
    };
    (!address.is_unspecified() && !address.is_loopback()).then(|| address.to_string())
}

/// `yes` if the two names that the octets hold, issuer and subject, are the same.
pub(crate) fn self_signed(octets: &[u8]) -> Option<String> {
    let mut reader = Reader::new(Octets::unplaced(octets));
    let issuer = Value::read(&mut reader, "issuer").ok()?;
    let subject = Value::read(&mut reader, "subject").ok()?;
    (issuer.whole.bytes == subject.whole.bytes && reader.is_empty()).then(|| "yes".to_owned())
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use super::*;

    /// The certificate in a message that opens a secure channel, made for that message.
    fn certificate() -> &'static [u8] {
        let message = include_bytes!("opcua/messages/open-encrypted.bin");
        let start = message.windows(2).position(|pair| pair == [0x30, 0x82]).unwrap();
        let length = usize::from(u16::from_be_bytes([message[start + 2], message[start + 3]])) + 4;
        &message[start..start + length]
    }

    #[test]
    fn the_fields_are_the_octets_that_hold_them() {
        let octets = Octets::unplaced(certificate());
        let certificate = Certificate::parse(&mut Reader::new(octets)).unwrap();
        assert_eq!(certificate.subject.common_name.unwrap().bytes, b"\x0c\x14Line 4 OPC UA Server");
        assert_eq!(
            directory_string(certificate.subject.common_name.unwrap().bytes).as_deref(),
            Some("Line 4 OPC UA Server")
        );
        assert_eq!(
            directory_string(certificate.subject.organization.unwrap().bytes).as_deref(),
            Some("Werk Beispiel GmbH")
        );
        assert_eq!(certificate.whole.len(), octets.len());
        assert!(!certificate.personal);
        let names: Vec<String> = certificate
            .names()
            .iter()
            .map(|name| match name {
                AlternativeName::Dns(octets) | AlternativeName::Uri(octets) => {
                    Rules::text(octets.bytes).unwrap()
                }
                AlternativeName::Address(octets) => address(octets.bytes).unwrap(),
            })
            .collect();
        assert_eq!(names, ["urn:LINE4-PC:Beispiel:UaServer", "LINE4-PC", "10.20.30.40"]);
    }

    #[test]
    fn a_certificate_cut_anywhere_is_an_error_or_whole() {
        for length in 0..certificate().len() {
            let cut = Octets::unplaced(&certificate()[..length]);
            assert!(Certificate::parse(&mut Reader::new(cut)).is_err(), "{length}");
        }
    }

    #[test]
    fn changed_octets_never_panic() {
        for at in 0..certificate().len() {
            for value in [0x00, 0x30, 0x7f, 0x80, 0x84, 0xff] {
                let mut changed = certificate().to_vec();
                changed[at] = value;
                let _ = Certificate::parse(&mut Reader::new(Octets::unplaced(&changed)));
            }
        }
    }

    #[test]
    fn strings_are_read_by_their_tag() {
        assert_eq!(directory_string(b"\x0c\x05K\xc3\xb6ln").as_deref(), Some("Köln"));
        assert_eq!(directory_string(b"\x14\x04K\xf6ln").as_deref(), Some("Köln"));
        assert_eq!(directory_string(b"\x1e\x08\0K\0\xf6\0l\0n").as_deref(), Some("Köln"));
        assert_eq!(directory_string(b"\x1c\x04\0\0\0K").as_deref(), Some("K"));
        assert_eq!(directory_string(b"\x0c\x05K"), None);
    }

    #[test]
    fn times_are_read_in_both_forms() {
        assert_eq!(time(b"\x17\x0d491231235959Z").as_deref(), Some("2049-12-31T23:59:59Z"));
        assert_eq!(time(b"\x17\x0d500101000000Z").as_deref(), Some("1950-01-01T00:00:00Z"));
        assert_eq!(time(b"\x18\x0f99991231235959Z").as_deref(), Some("9999-12-31T23:59:59Z"));
        assert_eq!(time(b"\x17\x0d4912312359\xff9Z"), None);
        assert_eq!(time(b"\x17\x0d49\xc3\xb61231235Z"), None);
    }

    #[test]
    fn numbers_and_addresses_that_say_nothing_are_none() {
        assert_eq!(serial_number(&[0, 0xc0, 0x01]).as_deref(), Some("c001"));
        assert_eq!(serial_number(&[0]), None);
        assert_eq!(address(&[127, 0, 0, 1]), None);
        assert_eq!(address(&[10, 0, 0, 7]).as_deref(), Some("10.0.0.7"));
        assert_eq!(address(&[1, 2, 3]), None);
    }
}
