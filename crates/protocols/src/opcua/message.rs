//! The head of a service message: OPC 10000-6 section 5.2.2.15 (type) and OPC 10000-4 sections 7.33 and 7.34 (headers).

use super::binary;
use super::service::{self, Way};
use crate::{Malformed, Reader};

/// Type of the message whose body starts here, if it is a known service; what is encrypted is none.
pub(super) fn kind(reader: &mut Reader<'_>) -> Option<(u16, Way)> {
    let id = binary::node_id(reader, "message type").ok()??;
    let id = u16::try_from(id).ok()?;
    service::way(id).map(|way| (id, way))
}

/// Passes over the header of a request.
pub(super) fn skip_request_header(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    binary::node_id(reader, "authentication token")?;
    reader.skip(16, "request header")?;
    binary::string(reader, "audit entry id")?;
    reader.skip(4, "timeout hint")?;
    binary::extension_object(reader, "additional header").map(drop)
}

/// Passes over the header of a response.
pub(super) fn skip_response_header(reader: &mut Reader<'_>) -> Result<(), Malformed> {
    reader.skip(16, "response header")?;
    binary::skip_diagnostic_info(reader)?;
    binary::skip_strings(reader, "string table")?;
    binary::extension_object(reader, "additional header").map(drop)
}
