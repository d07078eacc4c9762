//! Network and transport layers: IPv4 (RFC 791), IPv6 (RFC 8200), their fragments, TCP, UDP, and the tunnels that run
//! over them.
//!
//! No function here panics or reads beyond the octets; each header is checked before anything of it is believed.

mod datagram;
mod fragments;
mod ip;
mod transport;
mod tunnel;

pub(crate) use datagram::{Fragment, Whole, pieces_from};
pub(crate) use fragments::{Fragments, Key};
pub(crate) use ip::{extension, ip, ipv4, ipv6, plausible_ipv4, plausible_ipv6, protocol};
pub(crate) use tunnel::may_be_tunnel;
