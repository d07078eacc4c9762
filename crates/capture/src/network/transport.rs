//! TCP (RFC 9293) and UDP (RFC 768) headers.

use etherparse::err::tcp::{HeaderError as TcpError, HeaderSliceError as TcpSliceError};
use etherparse::{TcpHeaderSlice, UdpHeaderSlice};
use protocols::Problem;

use super::tunnel;
use crate::counters::bump;
use crate::walk::{Next, Step, Walk};
use crate::{Layer, Tcp};

const TCP_HEADER: usize = 20;
const UDP_HEADER: usize = 8;

/// A TCP header.
#[inline]
pub(crate) fn tcp(walk: &mut Walk<'_, '_>, at: usize) -> Step {
    let header = match TcpHeaderSlice::from_slice(walk.tail(at)) {
        Ok(header) => header,
        Err(error) => return unusual_tcp(walk, at, &error),
    };
    walk.state.layer = Layer::Tcp(fields(&header));
    walk.state.at = at.saturating_add(header.slice().len());
    Ok(Next::Done)
}

#[inline]
fn fields(header: &TcpHeaderSlice<'_>) -> Tcp {
    Tcp {
        source: header.source_port(),
        destination: header.destination_port(),
        sequence: header.sequence_number(),
        acknowledgment: header.acknowledgment_number(),
        syn: header.syn(),
        ack: header.ack(),
        fin: header.fin(),
        rst: header.rst(),
        checksum: header.checksum(),
        header_cut: false,
    }
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
    let octets = walk.tail(at);
    let lacking = u32::try_from(needed.saturating_sub(octets.len())).unwrap_or(u32::MAX);
    let Some(missing) = walk.state.missing.checked_sub(lacking) else {
        return Err(walk.short("tcp", "header", at, needed));
    };
    let tcp = if let Some(fixed) = octets.first_chunk::<TCP_HEADER>() {
        let mut fixed = *fixed;
        fixed[12] = 5 << 4;
        TcpHeaderSlice::from_slice(&fixed).ok().map(|header| fields(&header))
    } else if let &[s0, s1, d0, d1, ..] = octets {
        let (source, destination) = (u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1]));
        let (sequence, acknowledgment, checksum) = (0, 0, 0);
        let (syn, ack, fin, rst) = (false, false, false, false);
        Some(Tcp {
            source,
            destination,
            sequence,
            acknowledgment,
            syn,
            ack,
            fin,
            rst,
            checksum,
            header_cut: true,
        })
    } else {
        None
    };
    let Some(tcp) = tcp else { return Err(walk.short("tcp", "header", at, needed)) };
    walk.state.layer = Layer::Tcp(tcp);
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
    walk.state.layer = Layer::Udp { source: header.source_port(), destination, checksum: header.checksum() };
    walk.state.at = at.saturating_add(UDP_HEADER);
    Ok(tunnel::over_udp(walk, destination, walk.state.at))
}
