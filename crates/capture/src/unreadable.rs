//! Why a frame, or the rest of one, cannot be read.

use protocols::Malformed;
use thiserror::Error;

use crate::LinkType;

/// Why a frame, or the rest of one, cannot be read. Offsets are octets from the start of the frame, or of the packet
/// put together from IP fragments.
///
/// A protocol that is not known is not unreadable: the packet then names the EtherType or the protocol number.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// The link type is not one that is read.
    #[error("link type {} ({}) not read", .0.0, crate::link_name(*.0))]
    LinkType(LinkType),
    /// A header is not of the prescribed shape.
    #[error("{layer} {malformed}")]
    Malformed {
        /// The layer: `ipv4`.
        layer: &'static str,
        /// Which field, where, what is wrong.
        malformed: Malformed,
    },
    /// A header is not all there because the capture cut the frame: no fault of the sender.
    #[error("{layer} {malformed}, cut by the capture")]
    Cut {
        /// The layer: `tcp`.
        layer: &'static str,
        /// Which field, where, how much is missing.
        malformed: Malformed,
    },
}

impl Unreadable {
    /// The layer that could not be read: `link`, `ethernet`, `ipv4` …
    #[must_use]
    pub fn layer(&self) -> &'static str {
        match self {
            Self::LinkType(_) => "link",
            Self::Malformed { layer, .. } | Self::Cut { layer, .. } => layer,
        }
    }

    /// True if only the capture is to blame.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        matches!(self, Self::Cut { .. })
    }
}

#[cfg(test)]
mod tests {
    use protocols::Problem;

    use super::*;

    #[test]
    fn the_message_names_layer_field_place_and_problem() {
        let malformed = Malformed { what: "header length", offset: 14, problem: Problem::Value { value: 4 } };
        let text = Unreadable::Malformed { layer: "ipv4", malformed }.to_string();
        assert_eq!(text, "ipv4 header length at octet 14: value 0x4 is not allowed");
        let malformed = Malformed { what: "header", offset: 34, problem: Problem::Truncated { missing: 3 } };
        let text = Unreadable::Cut { layer: "tcp", malformed }.to_string();
        assert_eq!(text, "tcp header at octet 34: 3 octets missing, cut by the capture");
        let text = Unreadable::LinkType(LinkType(195)).to_string();
        assert_eq!(text, "link type 195 (IEEE 802.15.4) not read");
    }
}
