//! Causes of initialisation (IEC 60870-5-101:2003 section 7.2.6.21).

/// Why a station was initialised.
pub(super) fn initialisation(cause: u8) -> Option<&'static str> {
    match cause & 0x7f {
        0 => Some("local power switch on"),
        1 => Some("local manual reset"),
        2 => Some("remote reset"),
        _ => None,
    }
}
