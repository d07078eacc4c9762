//! Security tokens: what SMB, DCE/RPC, LDAP and TDS carry to authenticate, bare or in SPNEGO (RFC 4178).

use observation::Octets;

use crate::{Context, Output, kerberos, ntlm};

/// Reads a token that the sender of a message gives: NTLM or Kerberos. What it says is theirs, and what is secret in it
/// is masked.
pub(crate) fn read(context: &Context, token: Octets<'_>, output: &mut Output<'_>) {
    let read = if let Some(message) = ntlm::find(token) {
        output.inside("ntlm", |output| ntlm::read(&context.source(), message, output))
    } else if let Some(request) = kerberos::find(token) {
        output.inside("kerberos", |output| kerberos::read_ticket(&context.destination(), request, output))
    } else {
        return;
    };
    output.malformed.extend(read.err());
}
