//! Reads frames out of capture files a second time, independently of the program: what the evidence law compares with.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::Path;

/// Where the law takes octets from: frames by their number.
pub trait Frames {
    /// The captured octets of a frame, counted from 1.
    fn frame(&self, number: u64) -> Option<&[u8]>;
    /// How many there are.
    fn count(&self) -> u64;
}

/// Every frame of a file, in memory.
pub struct FileFrames(Vec<Vec<u8>>);

impl Frames for FileFrames {
    fn frame(&self, number: u64) -> Option<&[u8]> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        self.0.get(index).map(Vec::as_slice)
    }

    fn count(&self) -> u64 {
        self.0.len() as u64
    }
}

/// Reads a pcap or pcapng file, plain, gzip or zstd; what is cut off at the end is left out.
pub fn read(path: &Path) -> FileFrames {
    let mut octets = fs::read(path).unwrap();
    if octets.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        let _ = flate2::read::MultiGzDecoder::new(octets.as_slice()).read_to_end(&mut plain);
        octets = plain;
    } else if octets.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        octets = zstd::decode_all(octets.as_slice()).unwrap();
    }
    let frames = if octets.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]) { pcapng(&octets) } else { pcap(&octets) };
    FileFrames(frames.unwrap_or_default())
}

fn number(octets: &[u8], at: usize, little: bool) -> Option<usize> {
    let bytes: [u8; 4] = octets.get(at..at + 4)?.try_into().ok()?;
    Some(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) } as usize)
}

/// draft-ietf-opsawg-pcap; "modified" files (Kuznetzov's, magic a1b2cd34) have eight more octets in each record header.
fn pcap(octets: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (little, header) = match *octets.get(..4)? {
        [0xd4, 0xc3, 0xb2, 0xa1] | [0x4d, 0x3c, 0xb2, 0xa1] => (true, 16),
        [0xa1, 0xb2, 0xc3, 0xd4] | [0xa1, 0xb2, 0x3c, 0x4d] => (false, 16),
        [0x34, 0xcd, 0xb2, 0xa1] => (true, 24),
        [0xa1, 0xb2, 0xcd, 0x34] => (false, 24),
        _ => return None,
    };
    let (mut frames, mut at) = (Vec::new(), 24);
    while let Some(length) = number(octets, at + 8, little) {
        let Some(frame) = octets.get(at + header..at + header + length) else { break };
        frames.push(frame.to_vec());
        at += header + length;
    }
    Some(frames)
}

/// draft-ietf-opsawg-pcapng: enhanced, simple and obsolete packet blocks, every section of major version 1.
fn pcapng(octets: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (mut frames, mut at, mut little) = (Vec::new(), 0, true);
    let mut snaplens: HashMap<usize, usize> = HashMap::new();
    let mut known = true;
    while at < octets.len() {
        if octets.get(at..at + 4) == Some(&[0x0a, 0x0d, 0x0d, 0x0a]) {
            little = octets.get(at + 8) == Some(&0x4d);
            snaplens.clear();
            let major = octets.get(at + 12..at + 14);
            known = major == Some(if little { &[1, 0] } else { &[0, 1] });
        }
        let (Some(kind), Some(length)) = (number(octets, at, little), number(octets, at + 4, little)) else {
            break;
        };
        if length < 12 || octets.len() - at < length {
            break;
        }
        let body = &octets[at + 8..at + length - 4];
        let frame = match kind {
            _ if !known => None,
            1 => {
                snaplens.insert(snaplens.len(), number(body, 4, little)?);
                None
            }
            2 | 6 => body.get(20..20 + number(body, 12, little)?),
            3 => {
                let snaplen = snaplens.get(&0).copied().filter(|snaplen| *snaplen > 0).unwrap_or(usize::MAX);
                body.get(4..4 + number(body, 0, little)?.min(snaplen).min(body.len() - 4))
            }
            _ => None,
        };
        frames.extend(frame.map(<[u8]>::to_vec));
        at += length;
    }
    Some(frames)
}
