//! S7comm messages over ISO transport: RFC 1006 (TPKT), RFC 905 / ISO 8073 (COTP), and the S7 layouts as described in
//! public documents (the user data and system status list layouts: Siemens "System Software for S7-300/400, System and
//! Standard Functions", chapter "System Status Lists").

/// A TPKT with that content.
fn tpkt(content: &[u8]) -> Vec<u8> {
    let mut out = vec![0x03, 0x00];
    out.extend((content.len() as u16 + 4).to_be_bytes());
    out.extend(content);
    out
}

/// COTP connection request (0xe0) or confirm (0xd0) with both selectors.
pub fn connect(confirm: bool, reference: u16, calling: [u8; 2], called: [u8; 2]) -> Vec<u8> {
    let (code, destination, source) = if confirm { (0xd0, reference, 0x0044) } else { (0xe0, 0, reference) };
    let mut content = vec![0x11, code];
    content.extend(u16::to_be_bytes(destination));
    content.extend(u16::to_be_bytes(source));
    content.extend([0x00, 0xc0, 0x01, 0x0a, 0xc1, 0x02]);
    content.extend(calling);
    content.extend([0xc2, 0x02]);
    content.extend(called);
    tpkt(&content)
}

/// An S7 message in one COTP data unit. Kind 1 job, 3 answer with data, 7 user data; only an answer has an error field.
pub fn message(kind: u8, reference: u16, parameter: &[u8], data: &[u8]) -> Vec<u8> {
    let mut content = vec![0x02, 0xf0, 0x80, 0x32, kind, 0, 0];
    content.extend(reference.to_be_bytes());
    content.extend((parameter.len() as u16).to_be_bytes());
    content.extend((data.len() as u16).to_be_bytes());
    if kind == 3 {
        content.extend([0, 0]);
    }
    content.extend(parameter);
    content.extend(data);
    tpkt(&content)
}

/// Setup communication; request and answer carry the same parameter.
pub fn setup(kind: u8, reference: u16) -> Vec<u8> {
    message(kind, reference, &[0xf0, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0xf0], &[])
}

/// Read variable: octets of a data block.
pub fn read_request(reference: u16, block: u16, octets: u16) -> Vec<u8> {
    let mut parameter = vec![0x04, 0x01, 0x12, 0x0a, 0x10, 0x02];
    parameter.extend(octets.to_be_bytes());
    parameter.extend(block.to_be_bytes());
    parameter.extend([0x84, 0x00, 0x00, 0x00]);
    message(1, reference, &parameter, &[])
}

/// The answer to a read.
pub fn read_answer(reference: u16, values: &[u8]) -> Vec<u8> {
    let mut data = vec![0xff, 0x04];
    data.extend((values.len() as u16 * 8).to_be_bytes());
    data.extend(values);
    message(3, reference, &[0x04, 0x01], &data)
}

/// Write variable: octets of a data block.
pub fn write_request(reference: u16, block: u16, values: &[u8]) -> Vec<u8> {
    let mut parameter = vec![0x05, 0x01, 0x12, 0x0a, 0x10, 0x02];
    parameter.extend((values.len() as u16).to_be_bytes());
    parameter.extend(block.to_be_bytes());
    parameter.extend([0x84, 0x00, 0x00, 0x00]);
    let mut data = vec![0x00, 0x04];
    data.extend((values.len() as u16 * 8).to_be_bytes());
    data.extend(values);
    message(1, reference, &parameter, &data)
}

/// The answer to a write.
pub fn write_answer(reference: u16) -> Vec<u8> {
    message(3, reference, &[0x05, 0x01], &[0xff])
}

/// Request of a system status list.
pub fn szl_request(reference: u16, list: u16, index: u16) -> Vec<u8> {
    let mut data = vec![0xff, 0x09, 0x00, 0x04];
    data.extend(list.to_be_bytes());
    data.extend(index.to_be_bytes());
    message(7, reference, &[0x00, 0x01, 0x12, 0x04, 0x11, 0x44, 0x01, 0x00], &data)
}

/// Request of the next part of a list, by the sequence number of the answer before.
pub fn szl_next(reference: u16, sequence: u8) -> Vec<u8> {
    let parameter = [0x00, 0x01, 0x12, 0x08, 0x12, 0x44, 0x01, sequence, 0x00, 0x00, 0x00, 0x00];
    message(7, reference, &parameter, &[0x0a, 0x00, 0x00, 0x00])
}

/// The whole content of a list: list, index, length and number of records, records.
pub fn szl_content(list: u16, index: u16, records: &[Vec<u8>]) -> Vec<u8> {
    let mut out = list.to_be_bytes().to_vec();
    out.extend(index.to_be_bytes());
    out.extend((records[0].len() as u16).to_be_bytes());
    out.extend((records.len() as u16).to_be_bytes());
    out.extend(records.concat());
    out
}

/// One part of the answer.
pub fn szl_part(reference: u16, sequence: u8, unit: u8, last: bool, content: &[u8]) -> Vec<u8> {
    let more = u8::from(!last);
    let parameter = [0x00, 0x01, 0x12, 0x08, 0x12, 0x84, 0x01, sequence, unit, more, 0x00, 0x00];
    let mut data = vec![0xff, 0x09];
    data.extend((content.len() as u16).to_be_bytes());
    data.extend(content);
    message(7, reference, &parameter, &data)
}

fn padded(text: &[u8], length: usize, with: u8) -> Vec<u8> {
    let mut out = text.to_vec();
    out.resize(length, with);
    out
}

/// Record of list 0x0011: index, order number, and version as a letter and three numbers.
pub fn module_record(index: u16, order_number: &[u8], version: [u8; 4]) -> Vec<u8> {
    let mut out = index.to_be_bytes().to_vec();
    out.extend(padded(order_number, 20, b' '));
    out.extend([0x00, 0xc0]);
    out.extend(version);
    out
}

/// Record of list 0x001c: index and text.
pub fn component_record(index: u16, text: &[u8]) -> Vec<u8> {
    let mut out = index.to_be_bytes().to_vec();
    out.extend(padded(text, 32, 0));
    out
}

/// Request download of a block: what an engineering station sends first.
pub fn request_download(reference: u16, block: &[u8; 9]) -> Vec<u8> {
    let mut parameter = vec![0x1a, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x09];
    parameter.extend(block);
    parameter.push(13);
    parameter.extend(b"1000142000038");
    message(1, reference, &parameter, &[])
}

/// PLC stop.
pub fn stop(reference: u16) -> Vec<u8> {
    let mut parameter = vec![0x29, 0, 0, 0, 0, 0, 9];
    parameter.extend(b"P_PROGRAM");
    message(1, reference, &parameter, &[])
}

/// PLC start: the program invocation service that a warm restart calls.
pub fn start(reference: u16) -> Vec<u8> {
    let mut parameter = vec![0x28, 0, 0, 0, 0, 0, 0, 0xfd, 0, 0, 9];
    parameter.extend(b"P_PROGRAM");
    message(1, reference, &parameter, &[])
}
