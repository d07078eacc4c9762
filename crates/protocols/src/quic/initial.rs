//! Initial packets: RFC 9000 sections 17.2.2 and 19.6 (layout), RFC 9001 sections 5.2 to 5.4 (protection), RFC 9369
//! section 3 (version 2).

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::aes::cipher::BlockCipherEncrypt;
use aes_gcm::aes::{Aes128, Block};
use aes_gcm::{Aes128Gcm, Nonce};
use hkdf::Hkdf;
use sha2::Sha256;

/// Octets of a ClientHello at most; those with keys of lattices take two kilobytes.
const HELLO_OCTETS_MAX: usize = 16 << 10;

/// Pieces of a ClientHello at most: some clients send it in many, out of order.
const PIECES_MAX: usize = 64;

/// What the versions differ in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Version {
    number: u32,
    /// Bits of the first octet that say that a packet is an Initial one.
    initial: u8,
    salt: [u8; 20],
    /// Labels of key, initialisation vector and header protection.
    labels: [&'static str; 3],
}

/// The versions that are read.
static VERSIONS: [Version; 2] = [
    Version {
        number: 1,
        initial: 0x00,
        salt: [
            0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad,
            0xcc, 0xbb, 0x7f, 0x0a,
        ],
        labels: ["quic key", "quic iv", "quic hp"],
    },
    Version {
        number: 0x6b33_43cf,
        initial: 0x10,
        salt: [
            0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb,
            0xf9, 0xbd, 0x2e, 0xd9,
        ],
        labels: ["quicv2 key", "quicv2 iv", "quicv2 hp"],
    },
];

/// The version of a packet with a long header.
pub(super) fn version(octets: &[u8]) -> Option<&'static Version> {
    let number = u32::from_be_bytes(*octets.get(1..)?.first_chunk()?);
    VERSIONS.iter().find(|version| version.number == number)
}

/// True for a long header whose version is one that exists (RFC 9000 section 15; IANA "QUIC Versions"), read here or
/// not: negotiation, those kept free for practice, drafts, and the widespread ones of single makers.
pub(super) fn is_version(octets: &[u8]) -> bool {
    match octets {
        [_, 0, 0, 0, 0 | 1, ..] | [_, 0x6b, 0x33, 0x43, 0xcf, ..] => true,
        [_, 0xff, 0, 0, _, ..] | [_, 0xff, 1, 0, 0..=1, ..] => true,
        [_, b'Q' | b'T', b'0', b'0'..=b'9', b'0'..=b'9', ..] | [_, 0xfa, 0xce, 0xb0, ..] => true,
        [_, free @ ..] => free.iter().take(4).filter(|octet| *octet & 0x0f == 0x0a).count() == 4,
        [] => false,
    }
}

/// A packet with a long header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet<'a> {
    /// True for an Initial packet.
    pub(super) is_initial: bool,
    /// All of it.
    pub(super) octets: &'a [u8],
    version: &'static Version,
    /// Destination connection identifier.
    destination: &'a [u8],
    /// Where the packet number stands.
    number_at: usize,
}

/// A number of one, two, four or eight octets, and how many they are (RFC 9000 section 16).
fn variable(octets: &[u8]) -> Option<(usize, usize)> {
    let first = *octets.first()?;
    let length = 1_usize << (first >> 6);
    let value = octets
        .get(1..length)?
        .iter()
        .fold(u64::from(first & 0x3f), |value, octet| value << 8 | u64::from(*octet));
    Some((usize::try_from(value).ok()?, length))
}

impl<'a> Packet<'a> {
    /// The first packet of some octets; `None` if it has no long header of a known version, or is not all there.
    pub(super) fn first(octets: &'a [u8]) -> Option<Self> {
        /// Octets of a connection identifier at most (section 17.2).
        const ID_MAX: usize = 20;
        let first = *octets.first().filter(|first| *first & 0xc0 == 0xc0)?;
        let version = version(octets)?;
        let mut at = 5_usize;
        let id = |at: &mut usize| {
            let length = usize::from(*octets.get(*at)?);
            let start = at.checked_add(1)?;
            *at = start.checked_add(length)?;
            octets.get(start..*at).filter(|id| id.len() <= ID_MAX)
        };
        let destination = id(&mut at)?;
        id(&mut at)?;
        let is_initial = first & 0x30 == version.initial;
        if is_initial {
            let (token, length) = variable(octets.get(at..)?)?;
            at = at.checked_add(length)?.checked_add(token)?;
        }
        let (rest, length) = variable(octets.get(at..)?)?;
        let number_at = at.checked_add(length)?;
        let octets = octets.get(..number_at.checked_add(rest)?)?;
        Some(Self { is_initial, octets, version, destination, number_at })
    }

    /// Takes the protection off (RFC 9001 section 5.4), with keys made of this connection identifier; the frames.
    fn open(&self, destination: &[u8]) -> Option<Vec<u8>> {
        /// Octets of the sample, which stands where the payload would if the packet number had four octets.
        const SAMPLE: usize = 16;
        const NUMBER_MAX: usize = 4;
        let keys = Keys::of_client(self.version, destination)?;
        let sample_at = self.number_at.checked_add(NUMBER_MAX)?;
        let sample: [u8; SAMPLE] = *self.octets.get(sample_at..)?.first_chunk()?;
        let mut mask = Block::from(sample);
        Aes128::new_from_slice(&keys.header).ok()?.encrypt_block(&mut mask);
        let [first_mask, number_mask @ ..] = mask.0;
        let first = self.octets.first()? ^ (first_mask & 0x0f);
        let length = usize::from(first & 0x03).checked_add(1)?;
        let payload_at = self.number_at.checked_add(length)?;
        let mut header = self.octets.get(..payload_at)?.to_vec();
        *header.first_mut()? = first;
        let mut nonce = keys.nonce;
        let number = header.get_mut(self.number_at..)?;
        for (octet, mask) in number.iter_mut().zip(number_mask) {
            *octet ^= mask;
        }
        for (place, octet) in nonce.iter_mut().rev().zip(number.iter().rev()) {
            *place ^= octet;
        }
        let payload = Payload { msg: self.octets.get(payload_at..)?, aad: &header };
        Aes128Gcm::new_from_slice(&keys.payload).ok()?.decrypt(&Nonce::from(nonce), payload).ok()
    }
}

/// Keys of the Initial packets of a client.
struct Keys {
    payload: [u8; 16],
    nonce: [u8; 12],
    header: [u8; 16],
}

impl Keys {
    fn of_client(version: &Version, destination: &[u8]) -> Option<Self> {
        let initial = Hkdf::<Sha256>::new(Some(&version.salt), destination);
        let client = Hkdf::<Sha256>::from_prk(&expand::<32>(&initial, "client in")?).ok()?;
        let [key, iv, hp] = version.labels;
        Some(Self {
            payload: expand(&client, key)?,
            nonce: expand(&client, iv)?,
            header: expand(&client, hp)?,
        })
    }
}

/// HKDF-Expand-Label without a context (RFC 8446 section 7.1).
fn expand<const N: usize>(secret: &Hkdf<Sha256>, label: &str) -> Option<[u8; N]> {
    let (length, label) = (u16::try_from(N).ok()?, format!("tls13 {label}"));
    let mut info = length.to_be_bytes().to_vec();
    info.push(u8::try_from(label.len()).ok()?);
    info.extend_from_slice(label.as_bytes());
    info.push(0);
    let mut key = [0; N];
    secret.expand(&info, &mut key).ok()?;
    Some(key)
}

/// What some packets hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The ClientHello with the head of its message.
    Hello(Vec<u8>),
    /// A part of it.
    Part,
    /// A packet that the keys do not fit: of a server, or of another connection.
    Foreign,
}

/// Reads the ClientHello out of Initial packets that stand one behind another; keys are made of the first.
pub(super) fn hello(mut packets: &[u8]) -> Found {
    let Some(first) = Packet::first(packets) else { return Found::Foreign };
    let mut pieces = Vec::new();
    while let Some(packet) = Packet::first(packets) {
        packets = packets.get(packet.octets.len()..).unwrap_or_default();
        let Some(frames) = packet.open(first.destination) else { return Found::Foreign };
        crypto(&frames, &mut pieces);
    }
    pieces.sort();
    let mut hello: Vec<u8> = Vec::new();
    for (offset, piece) in pieces {
        // What overlaps says the same; behind a hole nothing fits yet.
        let Some(known) = hello.len().checked_sub(offset) else { break };
        hello.extend_from_slice(piece.get(known..).unwrap_or_default());
    }
    let length = match hello.get(..4) {
        Some(&[1, high, middle, low]) => {
            usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low)
        }
        _ => return Found::Part,
    };
    match hello.get(..length.saturating_add(4)) {
        Some(whole) => Found::Hello(whole.to_vec()),
        None => Found::Part,
    }
}

/// Gathers the CRYPTO frames of a packet with their offsets. Others that stand in Initial packets of clients before the
/// hello is whole are padding, pings and acknowledgements; at what else there is, reading ends.
fn crypto(frames: &[u8], pieces: &mut Vec<(usize, Vec<u8>)>) {
    let mut rest = frames;
    let mut number = |rest: &mut &[u8]| {
        let (value, length) = variable(rest)?;
        *rest = rest.get(length..)?;
        Some(value)
    };
    while let Some((kind, behind)) = rest.split_first() {
        rest = behind;
        let read = match kind {
            0x00 | 0x01 => Some(()),
            0x02 => acknowledgement(&mut rest, &mut number),
            0x06 => (|| {
                let (offset, length) = (number(&mut rest)?, number(&mut rest)?);
                let (piece, behind) = rest.split_at_checked(length)?;
                rest = behind;
                if pieces.len() < PIECES_MAX && offset.saturating_add(length) <= HELLO_OCTETS_MAX {
                    pieces.push((offset, piece.to_vec()));
                }
                Some(())
            })(),
            _ => None,
        };
        if read.is_none() {
            return;
        }
    }
}

/// Passes over largest number, delay, ranges, first range, and each range (section 19.3).
fn acknowledgement(rest: &mut &[u8], number: &mut impl FnMut(&mut &[u8]) -> Option<usize>) -> Option<()> {
    number(rest)?;
    number(rest)?;
    let ranges = number(rest)?;
    number(rest)?;
    for _ in 0..ranges.min(PIECES_MAX).saturating_mul(2) {
        number(rest)?;
    }
    Some(())
}
