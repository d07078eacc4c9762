//! Modbus messages: Modbus Application Protocol V1.1b3, Messaging on TCP/IP V1.0b, over Serial Line V1.02.

/// A protocol data unit behind the MBAP header.
pub fn adu(transaction: u16, unit: u8, pdu: &[u8]) -> Vec<u8> {
    let mut out = transaction.to_be_bytes().to_vec();
    out.extend([0, 0]);
    out.extend((pdu.len() as u16 + 1).to_be_bytes());
    out.push(unit);
    out.extend(pdu);
    out
}

/// A protocol data unit as on the serial line, with its check at the end.
pub fn rtu(unit: u8, pdu: &[u8]) -> Vec<u8> {
    let mut out = vec![unit];
    out.extend(pdu);
    let crc = out.iter().fold(0xffff_u16, |mut crc, octet| {
        crc ^= u16::from(*octet);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xa001 } else { crc >> 1 };
        }
        crc
    });
    out.extend(crc.to_le_bytes());
    out
}

/// Read holding registers, function 3.
pub fn read_registers(address: u16, count: u16) -> Vec<u8> {
    let mut out = vec![0x03];
    out.extend(address.to_be_bytes());
    out.extend(count.to_be_bytes());
    out
}

/// The answer to a read of registers, function 3.
pub fn registers(values: &[u8]) -> Vec<u8> {
    let mut out = vec![0x03, values.len() as u8];
    out.extend(values);
    out
}

/// Write single register, function 6; request and answer are the same.
pub fn write_register(address: u16, value: u16) -> Vec<u8> {
    let mut out = vec![0x06];
    out.extend(address.to_be_bytes());
    out.extend(value.to_be_bytes());
    out
}

/// Read device identification, function 43/14.
pub fn identification_request(code: u8, object: u8) -> Vec<u8> {
    vec![0x2b, 0x0e, code, object]
}

/// The answer of function 43/14. `next` is the object that a further request shall ask for, if more follow.
pub fn identification(code: u8, conformity: u8, next: Option<u8>, objects: &[(u8, &[u8])]) -> Vec<u8> {
    let more = if next.is_some() { 0xff } else { 0x00 };
    let mut out = vec![0x2b, 0x0e, code, conformity, more, next.unwrap_or(0), objects.len() as u8];
    for (id, value) in objects {
        out.extend([*id, value.len() as u8]);
        out.extend(*value);
    }
    out
}

/// The answer of report server id, function 17: what the device is, and whether it runs.
pub fn server_id(id: &[u8], runs: bool) -> Vec<u8> {
    let mut out = vec![0x11, id.len() as u8 + 1];
    out.extend(id);
    out.push(if runs { 0xff } else { 0x00 });
    out
}

/// An exception answer.
pub fn exception(function: u8, code: u8) -> Vec<u8> {
    vec![function | 0x80, code]
}
