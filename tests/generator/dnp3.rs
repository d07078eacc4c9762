//! DNP3 messages: IEEE 1815-2012, chapters 9 (data link), 8 (transport), 4 (application), 11 and annex A (objects).

/// Check of a block of the data link layer: polynomial 0x3d65, reflected, inverted.
fn crc(octets: &[u8]) -> [u8; 2] {
    let crc = octets.iter().fold(0_u16, |mut crc, octet| {
        crc ^= u16::from(*octet);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xa6bc } else { crc >> 1 };
        }
        crc
    });
    (!crc).to_le_bytes()
}

/// One link frame with user data (unconfirmed), checks included.
pub fn link(master: bool, destination: u16, source: u16, data: &[u8]) -> Vec<u8> {
    let control = if master { 0xc4 } else { 0x44 };
    let mut out = vec![0x05, 0x64, data.len() as u8 + 5, control];
    out.extend(destination.to_le_bytes());
    out.extend(source.to_le_bytes());
    let check = crc(&out);
    out.extend(check);
    for block in data.chunks(16) {
        out.extend(block);
        out.extend(crc(block));
    }
    out
}

/// A fragment of the application layer in as many link frames as it needs.
pub fn fragment(master: bool, destination: u16, source: u16, application: &[u8]) -> Vec<Vec<u8>> {
    let mut segments = application.chunks(249).enumerate().peekable();
    let mut frames = Vec::new();
    while let Some((index, segment)) = segments.next() {
        let first = if index == 0 { 0x40 } else { 0 };
        let last = if segments.peek().is_none() { 0x80 } else { 0 };
        let mut data = vec![first | last | (index as u8 & 0x3f)];
        data.extend(segment);
        frames.push(link(master, destination, source, &data));
    }
    frames
}

/// A request: function code and objects.
pub fn request(sequence: u8, function: u8, objects: &[u8]) -> Vec<u8> {
    let mut out = vec![0xc0 | sequence & 0x0f, function];
    out.extend(objects);
    out
}

/// A response (function 129) with its internal indications.
pub fn response(sequence: u8, indications: [u8; 2], objects: &[u8]) -> Vec<u8> {
    let mut out = vec![0xc0 | sequence & 0x0f, 0x81, indications[0], indications[1]];
    out.extend(objects);
    out
}

/// An unsolicited response (function 130), which asks for a confirmation.
pub fn unsolicited(sequence: u8, indications: [u8; 2], objects: &[u8]) -> Vec<u8> {
    let mut out = vec![0xf0 | sequence & 0x0f, 0x82, indications[0], indications[1]];
    out.extend(objects);
    out
}

/// Read of classes 1, 2, 3 and 0: an integrity poll.
pub const INTEGRITY_POLL: [u8; 12] = [60, 2, 6, 60, 3, 6, 60, 4, 6, 60, 1, 6];

/// Read of every device attribute of set 0 (group 0, variation 254).
pub const ATTRIBUTES: [u8; 5] = [0, 254, 0x00, 0, 0];

/// Device attributes of group 0 as visible strings, by variation.
pub fn attributes(values: &[(u8, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (variation, value) in values {
        out.extend([0, *variation, 0x00, 0, 0, 1, value.len() as u8]);
        out.extend(*value);
    }
    out
}

/// Analog inputs, 32 bit with flag (group 30, variation 1), from point 0 on.
pub fn analogs(values: &[u8]) -> Vec<u8> {
    let mut out = vec![30, 1, 0x00, 0, values.len() as u8 - 1];
    for value in values {
        out.extend([0x01, *value, 0, 0, 0]);
    }
    out
}
