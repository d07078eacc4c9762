//! A pcapng file of frames, each with comments: what it proves.
//!
//! Format: draft-ietf-opsawg-pcapng, sections 4.1 (section header), 4.2 (interface description), 4.3 (enhanced packet)
//! and 3.5 (options). Little-endian; times in nanoseconds.

use std::collections::BTreeMap;
use std::io::Write;

use observation::KeptFrame;

use crate::error::Result;
use crate::safe_text;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;

const OPTION_END: u16 = 0;
const OPTION_COMMENT: u16 = 1;
const OPTION_IF_NAME: u16 = 2;
const OPTION_IF_DESCRIPTION: u16 = 3;
const OPTION_USER_APPLICATION: u16 = 4;
const OPTION_IF_TSRESOL: u16 = 9;

/// Longest text of an option: its length field has 16 bits, and a character has up to 4 octets.
const OPTION_CHARS_MAX: usize = 16_000;

/// A frame with what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentedFrame {
    /// Which of the interfaces it belongs to.
    pub interface: Interface,
    /// The frame, with its masked octets.
    pub frame: KeptFrame,
    /// One comment each.
    pub comments: Vec<String>,
}

/// One capture and link type: an interface of the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interface {
    /// Name of the capture.
    pub name: String,
    /// Its id, and what else is to be known of it.
    pub description: String,
}

/// Writes frames in the order given, with an interface for each pair of capture and link type.
///
/// # Errors
///
/// Fails if `writer` does.
pub fn write(
    application: &str,
    comment: &str,
    frames: &[CommentedFrame],
    mut writer: impl Write,
) -> Result<()> {
    let mut body = BYTE_ORDER.to_le_bytes().to_vec();
    // Version 1.0; the length of the section is not stated (-1).
    body.extend([1, 0, 0, 0]);
    body.extend([0xff; 8]);
    option(&mut body, OPTION_COMMENT, comment);
    option(&mut body, OPTION_USER_APPLICATION, application);
    end_of_options(&mut body);
    block(&mut writer, SECTION_HEADER, &body)?;

    let mut interfaces: BTreeMap<(&Interface, u16), u32> = BTreeMap::new();
    for one in frames {
        let key = (&one.interface, one.frame.link_type);
        let next = u32::try_from(interfaces.len()).unwrap_or(u32::MAX);
        let number = match interfaces.get(&key) {
            Some(number) => *number,
            None => {
                interfaces.insert(key, next);
                block(&mut writer, INTERFACE, &interface(&one.interface, one.frame.link_type))?;
                next
            }
        };
        block(&mut writer, ENHANCED_PACKET, &packet(number, one))?;
    }
    writer.flush()?;
    Ok(())
}

fn interface(interface: &Interface, link_type: u16) -> Vec<u8> {
    let mut body = link_type.to_le_bytes().to_vec();
    body.extend([0, 0]);
    // No limit to the length of a frame.
    body.extend(0_u32.to_le_bytes());
    option(&mut body, OPTION_IF_NAME, &interface.name);
    option(&mut body, OPTION_IF_DESCRIPTION, &interface.description);
    raw_option(&mut body, OPTION_IF_TSRESOL, &[9]);
    end_of_options(&mut body);
    body
}

fn packet(interface: u32, one: &CommentedFrame) -> Vec<u8> {
    let frame = &one.frame;
    let length = u32::try_from(frame.octets.len()).unwrap_or(u32::MAX);
    // The format has no time before 1970.
    let time = u64::try_from(frame.time.0).unwrap_or(0);
    let (high, low) = ((time >> 32) as u32, (time & 0xffff_ffff) as u32);
    let mut body = Vec::new();
    for field in [interface, high, low, length, frame.original_length.max(length)] {
        body.extend(field.to_le_bytes());
    }
    body.extend(&frame.octets);
    pad(&mut body);
    for comment in &one.comments {
        option(&mut body, OPTION_COMMENT, comment);
    }
    if !one.comments.is_empty() {
        end_of_options(&mut body);
    }
    body
}

fn block(writer: &mut impl Write, kind: u32, body: &[u8]) -> Result<()> {
    // Type and length before, length after.
    let length = u32::try_from(body.len().saturating_add(12)).unwrap_or(u32::MAX).to_le_bytes();
    writer.write_all(&kind.to_le_bytes())?;
    writer.write_all(&length)?;
    writer.write_all(body)?;
    writer.write_all(&length)?;
    Ok(())
}

/// A text; nothing where it is empty. Line ends are kept, whatever else would act is written out.
fn option(body: &mut Vec<u8>, code: u16, text: &str) {
    if text.is_empty() {
        return;
    }
    let lines: Vec<_> = text.split('\n').map(safe_text).collect();
    let text: String = lines.join("\n").chars().take(OPTION_CHARS_MAX).collect();
    raw_option(body, code, text.as_bytes());
}

fn raw_option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    body.extend(code.to_le_bytes());
    body.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes());
    body.extend(value);
    pad(body);
}

fn end_of_options(body: &mut Vec<u8>) {
    body.extend(OPTION_END.to_le_bytes());
    body.extend([0, 0]);
}

/// Everything begins at a multiple of 4 octets.
fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use observation::Time;

    use super::*;

    #[test]
    fn a_file_is_of_the_octets_that_the_draft_prescribes() {
        let frame = KeptFrame {
            frame: 7,
            time: Time(0x0102_0304_0506_0708),
            link_type: 1,
            original_length: 9,
            octets: vec![0xaa; 5],
            masked: Vec::new(),
        };
        let one = CommentedFrame {
            interface: Interface { name: "a".into(), description: String::new() },
            frame,
            comments: vec!["é\nb\x1b".into()],
        };
        let mut octets = Vec::new();
        write("t", "", &[one.clone(), one], &mut octets).unwrap();
        #[rustfmt::skip]
        let expected_start = [
            0x0a, 0x0d, 0x0d, 0x0a, 40, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0,
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 4, 0, 1, 0, b't', 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0,
            1, 0, 0, 0, 40, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, b'a', 0, 0, 0, 9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0,
            40, 0, 0, 0,
            6, 0, 0, 0, 56, 0, 0, 0, 0, 0, 0, 0, 4, 3, 2, 1, 8, 7, 6, 5, 5, 0, 0, 0, 9, 0, 0, 0,
            0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0, 0, 0, 1, 0, 8, 0, 0xc3, 0xa9, b'\n', b'b', b'\\', b'x', b'1', b'b',
            0, 0, 0, 0, 56, 0, 0, 0,
        ];
        assert_eq!(octets[..expected_start.len()], expected_start);
        assert_eq!(octets.len(), expected_start.len() + 56, "the interface is described once");
    }
}
