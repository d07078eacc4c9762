//! Services by the type of their message: OPC 10000-6 annex A (NodeIds of the binary encodings).

use observation::OperationKind;

macro_rules! services {
    ($($(#[$doc:meta])* $name:ident = $id:literal;)*) => {
        $($(#[$doc])* pub(super) const $name: u16 = $id;)*
    };
}

services! {
    FIND_SERVERS_RESPONSE = 425;
    GET_ENDPOINTS_RESPONSE = 431;
    REGISTER_SERVER_REQUEST = 437;
    CREATE_SESSION_REQUEST = 461;
    CREATE_SESSION_RESPONSE = 464;
    ACTIVATE_SESSION_REQUEST = 467;
    BROWSE_REQUEST = 527;
    BROWSE_RESPONSE = 530;
    TRANSLATE_PATHS_REQUEST = 554;
    TRANSLATE_PATHS_RESPONSE = 557;
    READ_REQUEST = 631;
    READ_RESPONSE = 634;
    FIND_SERVERS_ON_NETWORK_RESPONSE = 12209;
    REGISTER_SERVER_2_REQUEST = 12211;
    /// Structures: the identity by user name, BuildInfo, ServerStatusDataType.
    USER_NAME_IDENTITY_TOKEN = 324;
    ISSUED_IDENTITY_TOKEN = 940;
    BUILD_INFO = 340;
    SERVER_STATUS = 864;
}

/// Who sends a message of this type; `None` if it is no service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The client asks.
    Request,
    /// The server answers.
    Response,
}

/// Requests, with what they do. Each response is three after its request, but for those of later editions.
const REQUESTS: &[(u16, OperationKind, &str)] = &[
    (422, OperationKind::Identify, "find servers"),
    (428, OperationKind::Identify, "get endpoints"),
    (437, OperationKind::Diagnostic, "register server"),
    (446, OperationKind::Diagnostic, "open secure channel"),
    (452, OperationKind::Diagnostic, "close secure channel"),
    (461, OperationKind::Diagnostic, "create session"),
    (467, OperationKind::Diagnostic, "activate session"),
    (473, OperationKind::Diagnostic, "close session"),
    (479, OperationKind::Diagnostic, "cancel"),
    (488, OperationKind::Program, "add nodes"),
    (494, OperationKind::Program, "add references"),
    (500, OperationKind::Program, "delete nodes"),
    (506, OperationKind::Program, "delete references"),
    (527, OperationKind::Identify, "browse"),
    (533, OperationKind::Identify, "browse next"),
    (554, OperationKind::Identify, "translate browse paths to node ids"),
    (560, OperationKind::Diagnostic, "register nodes"),
    (566, OperationKind::Diagnostic, "unregister nodes"),
    (615, OperationKind::Read, "query first"),
    (621, OperationKind::Read, "query next"),
    (631, OperationKind::Read, "read"),
    (664, OperationKind::Read, "history read"),
    (673, OperationKind::Write, "write"),
    (700, OperationKind::Write, "history update"),
    (712, OperationKind::Control, "call"),
    (751, OperationKind::Read, "create monitored items"),
    (763, OperationKind::Read, "modify monitored items"),
    (769, OperationKind::Read, "set monitoring mode"),
    (775, OperationKind::Read, "set triggering"),
    (781, OperationKind::Read, "delete monitored items"),
    (787, OperationKind::Read, "create subscription"),
    (793, OperationKind::Read, "modify subscription"),
    (799, OperationKind::Read, "set publishing mode"),
    (826, OperationKind::Read, "publish"),
    (832, OperationKind::Read, "republish"),
    (841, OperationKind::Read, "transfer subscriptions"),
    (847, OperationKind::Read, "delete subscriptions"),
    (12208, OperationKind::Identify, "find servers on network"),
    (12211, OperationKind::Diagnostic, "register server 2"),
];

/// Responses that do not stand three after their request: the fault, and those of later editions.
const RESPONSES: [u16; 3] = [397, 12209, 12212];

/// Distance of most responses from their request: between them stand the encodings of the response in XML.
const RESPONSE_AFTER: u16 = 3;

fn find(id: u16) -> Option<&'static (u16, OperationKind, &'static str)> {
    let at = REQUESTS.binary_search_by_key(&id, |(request, ..)| *request).ok()?;
    REQUESTS.get(at)
}

/// Who sends this type of message.
pub(super) fn way(id: u16) -> Option<Way> {
    if find(id).is_some() {
        return Some(Way::Request);
    }
    let answers =
        RESPONSES.contains(&id) || id.checked_sub(RESPONSE_AFTER).is_some_and(|id| find(id).is_some());
    answers.then_some(Way::Response)
}

/// What a request asks.
pub(super) fn operation(id: u16) -> Option<(OperationKind, &'static str)> {
    find(id).map(|(_, kind, name)| (*kind, *name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_sorted_and_told_from_responses() {
        assert!(REQUESTS.is_sorted_by_key(|(id, ..)| *id));
        assert_eq!(way(READ_REQUEST), Some(Way::Request));
        for id in [READ_RESPONSE, CREATE_SESSION_RESPONSE, FIND_SERVERS_ON_NETWORK_RESPONSE, 397, 12212] {
            assert_eq!(way(id), Some(Way::Response), "{id}");
            assert_eq!(operation(id), None);
        }
        assert_eq!(way(BUILD_INFO), None);
        assert_eq!(operation(712), Some((OperationKind::Control, "call")));
    }
}
