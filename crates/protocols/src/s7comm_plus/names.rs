//! What functions are called and what kind of operation they are.
//!
//! Function codes and object classes as public analyses name them, written down on 2026-11-22.

use observation::OperationKind;
use observation::OperationKind::{Control, Diagnostic, Program, Read, Write};

use super::wire::Function;

/// An operation: its kind and its name.
pub(super) type Named = (OperationKind, &'static str);

/// Object: the execution unit of the CPU.
pub(super) const CPU_EXECUTION_UNIT: u32 = 52;
/// Attribute: the operating state that is requested of it.
pub(super) const OPERATING_STATE_REQUEST: u32 = 2167;
/// Attribute: its operating state, a structure …
pub(super) const OPERATING_STATE: u32 = 2237;
/// … with this member, the state itself.
pub(super) const OPERATING_STATE_CODE: u32 = 3486;
/// Attribute: the identification and maintenance block I&M0.
pub(super) const IDENTIFICATION: u32 = 3753;
/// Attribute: name of an object.
pub(super) const OBJECT_NAME: u32 = 233;
/// Class: a session of a client.
pub(super) const SERVER_SESSION: u32 = 287;
/// Class: a subscription.
pub(super) const SUBSCRIPTION: u32 = 1001;
/// Class: a subscription of alarms.
pub(super) const ALARM_SUBSCRIPTION: u32 = 2662;
/// Attributes of a session: the way to the client, its application, its host, its comment, the version strings.
pub(super) const SESSION_CLIENT: u32 = 289;
pub(super) const SESSION_APPLICATION: u32 = 297;
pub(super) const SESSION_HOST: u32 = 298;
pub(super) const SESSION_COMMENT: u32 = 301;
/// Member of the session version: what the server runs on, as text.
pub(super) const SESSION_SYSTEM: u32 = 319;
/// First of the numbers that a client gives to objects of its own; the server replaces them.
pub(super) const CLIENT_OBJECTS: u32 = 0x7000_0000;
/// First of the numbers of objects that stay: blocks, data blocks, their types.
pub(super) const PROGRAM_OBJECTS: u32 = 0x8000_0000;

/// Attributes whose values prove who logs in: challenge answers, passwords, session keys.
pub(super) fn is_secret(attribute: u32) -> bool {
    matches!(attribute, 304 | 309 | 1825 | 1830 | 1846)
}

/// The operation of a request, where nothing in it tells more.
pub(super) fn function(function: Function) -> Named {
    match function {
        Function::EXPLORE => (Read, "explore"),
        Function::CREATE_OBJECT => (Program, "create object"),
        Function::DELETE_OBJECT => (Program, "delete object"),
        Function::SET_VARIABLE => (Write, "set variable"),
        Function::GET_VARIABLE => (Read, "get variable"),
        Function::ADD_LINK => (Program, "add link"),
        Function::REMOVE_LINK => (Program, "remove link"),
        Function::GET_LINK => (Read, "get link"),
        Function::SET_MULTI_VARIABLES => (Write, "set multi variables"),
        Function::GET_MULTI_VARIABLES => (Read, "get multi variables"),
        Function::BEGIN_SEQUENCE => (Program, "begin sequence"),
        Function::END_SEQUENCE => (Program, "end sequence"),
        Function::INVOKE => (Write, "invoke"),
        Function::SET_VAR_SUBSTREAMED => (Write, "set variable substreamed"),
        Function::GET_VAR_SUBSTREAMED => (Read, "get variable substreamed"),
        Function::GET_VARIABLES_ADDRESS => (Read, "get variables address"),
        Function::ABORT => (Diagnostic, "abort"),
        Function::INIT_SSL => (Diagnostic, "initialise tls"),
        _ => (Diagnostic, "other function"),
    }
}

/// The operation that a requested operating state asks for.
pub(super) fn requested_state(state: u8) -> Named {
    match state {
        1 => (Control, "plc stop"),
        2 => (Control, "plc memory reset"),
        3 | 4 => (Control, "plc start"),
        _ => (Control, "other operating state"),
    }
}
