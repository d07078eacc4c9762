//! Traffic of the office side that crosses a plant's mirror port: DNS, syslog, HTTP. Enough to be what it says it is.

/// A DNS query for `name`, or its answer with one address (RFC 1035).
pub fn dns(id: u16, name: &str, answer: Option<[u8; 4]>) -> Vec<u8> {
    let mut out = id.to_be_bytes().to_vec();
    out.extend(if answer.is_some() { [0x81, 0x80] } else { [0x01, 0x00] });
    out.extend([0, 1, 0, u8::from(answer.is_some()), 0, 0, 0, 0]);
    for label in name.split('.') {
        out.push(label.len() as u8);
        out.extend(label.as_bytes());
    }
    out.extend([0, 0, 1, 0, 1]);
    if let Some(address) = answer {
        out.extend([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0x0e, 0x10, 0, 4]);
        out.extend(address);
    }
    out
}

/// A syslog message (RFC 5424).
pub fn syslog(number: u64, host: &str) -> Vec<u8> {
    format!(
        "<134>1 2026-01-05T06:00:00Z {host} plantd {number} - - line {number}: cycle complete, 12 pieces, no fault, \
         buffer at {} percent, next order 47110815-{number}",
        number % 100
    )
    .into_bytes()
}

/// An HTTP request (RFC 9112).
pub fn http_request(host: &str, number: u64) -> Vec<u8> {
    format!(
        "GET /report/{number} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64)\r\n\
         Accept: text/html,application/json;q=0.9\r\nAccept-Encoding: identity\r\nConnection: keep-alive\r\n\r\n"
    )
    .into_bytes()
}

/// The head of an HTTP answer with `length` octets of content.
pub fn http_answer(length: usize) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n")
        .into_bytes()
}
