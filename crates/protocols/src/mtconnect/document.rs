//! A document as it comes, piece by piece: nothing is kept of it but a tag that is not whole yet and whose device it is.

use observation::{Octets, Station};

use super::{observe, xml};
use crate::{Assembly, Context, Output};

/// Octets of a document within which its root element must stand: a declaration and comments come before it.
const ROOT_WITHIN: usize = 4_096;

/// Octets of a tag at most.
const TAG_OCTETS_MAX: usize = 4_096;

/// Root elements (part 1 section 6).
const ROOTS: [&[u8]; 4] = [b"MTConnectDevices", b"MTConnectStreams", b"MTConnectAssets", b"MTConnectError"];

/// One document of an agent.
#[derive(Debug, Default)]
pub(crate) struct Document {
    /// Octets read before the root element was found.
    before_root: usize,
    has_root: bool,
    /// A tag that a piece ended within, from behind its `<`.
    tag: Option<Assembly>,
    /// The device that what follows is about.
    device: Option<Station>,
}

impl Document {
    /// True once the document proved to be one of an agent.
    pub(crate) fn is_of_agent(&self) -> bool {
        self.has_root
    }

    /// Reads the next piece; false if the document is none of an agent, and no more of it need be read.
    pub(crate) fn piece(&mut self, context: &Context, piece: Octets<'_>, output: &mut Output<'_>) -> bool {
        let mut rest = piece;
        if let Some(mut tag) = self.tag.take() {
            let end = rest.bytes.iter().position(|octet| *octet == b'>');
            let fits = tag.push(end.map_or(rest, |end| rest.head(end)), TAG_OCTETS_MAX);
            let Some(end) = end else { return self.keep(tag, fits, output) };
            if fits {
                self.element(context, tag.octets(), output);
            }
            rest = rest.tail(end.saturating_add(1));
        }
        while let Some(start) = rest.bytes.iter().position(|octet| *octet == b'<') {
            let tag = rest.tail(start.saturating_add(1));
            let Some(end) = tag.bytes.iter().position(|octet| *octet == b'>') else {
                let mut beginning = Assembly::new();
                let fits = beginning.push(tag, TAG_OCTETS_MAX);
                return self.keep(beginning, fits, output);
            };
            self.element(context, tag.head(end), output);
            rest = tag.tail(end.saturating_add(1));
            if !self.has_root && self.before_root > ROOT_WITHIN {
                return false;
            }
        }
        if !self.has_root {
            self.before_root = self.before_root.saturating_add(piece.len());
        }
        self.has_root || self.before_root <= ROOT_WITHIN
    }

    /// Keeps the beginning of a tag; one that is too long is passed over.
    fn keep(&mut self, tag: Assembly, fits: bool, output: &mut Output<'_>) -> bool {
        if fits {
            self.tag = Some(tag);
            output.hold = true;
        } else {
            output.dropped = output.dropped.saturating_add(1);
        }
        true
    }

    fn element(&mut self, context: &Context, tag: Octets<'_>, output: &mut Output<'_>) {
        let name = xml::local_name(tag.bytes);
        if !self.has_root {
            self.before_root = self.before_root.saturating_add(tag.len());
            // The first element is the root.
            if !name.is_empty() {
                self.has_root = ROOTS.contains(&name);
                self.before_root = if self.has_root { 0 } else { usize::MAX };
            }
            return;
        }
        let is_named = matches!(name, b"Header" | b"Device" | b"Agent" | b"DeviceStream" | b"Description");
        if !is_named || xml::may_hold_chunk(tag.bytes) {
            // Descriptions of components are not those of the device.
            let is_closing = tag.bytes.first().is_none_or(|octet| matches!(octet, b'/' | b'!' | b'?'));
            self.device = self.device.take().filter(|_| is_closing);
            return;
        }
        match name {
            b"Header" => observe::header(context, tag, output),
            b"Description" => {
                if let Some(device) = self.device.take() {
                    observe::description(&device, tag, output);
                }
            }
            b"Agent" => self.device = None,
            _ => self.device = observe::device(context, tag, output),
        }
    }
}
