//! TCP (RFC 9293) and UDP (RFC 768) headers.

use etherparse::err::tcp::{HeaderError as TcpError, HeaderSliceError as TcpSliceError};
use etherparse::{TcpHeaderSlice, UdpHeaderSlice};
use protocols::Problem;

use super::tunnel;
use crate::counters::bump;
use crate::walk::{Next, Step, Top, Walk};

const TCP_HEADER: usize = 20;
const PORTS: usize = 4;
const UDP_HEADER: usize = 8;

/// A TCP header.
#[inline]
pub(crate) fn tcp(walk: &mut Walk<'_, '_>, at: usize) -> Step {
    let header = match TcpHeaderSlice::from_slice(walk.tail(at)) {
        Ok(header) => header,
        Err(error) => return unusual_tcp(walk, at, &error),
    };
    walk.state.top = Top::Tcp(at);
    walk.state.at = at.saturating_add(header.slice().len());
    Ok(Next::Done)
}

/// A TCP header that is malformed or cut by the capture. Of a cut one, what is there is used: all fields if only options
/// are missing, else the ports.
#[cold]
fn unusual_tcp(walk: &mut Walk<'_, '_>, at: usize, error: &TcpSliceError) -> Step {
    let needed = match error {
        TcpSliceError::Content(TcpError::DataOffsetTooSmall { data_offset }) => {
            let value = (*data_offset).into();
            return Err(walk.malformed(
                "tcp",
                "data offset",
                at.saturating_add(12),
                Problem::Value { value },
            ));
        }
        TcpSliceError::Len(error) => error.required_len,
    };
    let available = walk.tail(at).len();
    let lacking = u32::try_from(needed.saturating_sub(available)).unwrap_or(u32::MAX);
    let (Some(missing), PORTS..) = (walk.state.missing.checked_sub(lacking), available) else {
        return Err(walk.short("tcp", "header", at, needed));
    };
    walk.state.top = if available < TCP_HEADER { Top::TcpPorts(at) } else { Top::Tcp(at) };
    walk.state.at = walk.octets.len();
    walk.state.missing = missing;
    Ok(Next::Done)
}

/// A UDP header. Where its length and that of IP disagree, the smaller holds; 0 says "all of the packet" (RFC 2675
/// section 4, and segmentation offload).
#[inline]
pub(crate) fn udp(walk: &mut Walk<'_, '_>, at: usize) -> Step {
    let header = match UdpHeaderSlice::from_slice(walk.tail(at)) {
        Ok(header) => header,
        Err(error) => return Err(walk.short("udp", "header", at, error.required_len)),
    };
    let missing = usize::try_from(walk.state.missing).unwrap_or(usize::MAX);
    let available = walk.octets.len().saturating_sub(at).saturating_add(missing);
    let length = usize::from(header.length());
    match length {
        0 => bump(&mut walk.counters.udp_length),
        1..UDP_HEADER => {
            let value = header.length().into();
            return Err(walk.malformed("udp", "length", at.saturating_add(4), Problem::Value { value }));
        }
        _ if length > available => bump(&mut walk.counters.udp_length),
        _ if length < available => walk.limit(at, length),
        _ => {}
    }
    let destination = header.destination_port();
    walk.state.top = Top::Udp(at);
    walk.state.at = at.saturating_add(UDP_HEADER);
    Ok(tunnel::over_udp(walk, destination, walk.state.at))
}
