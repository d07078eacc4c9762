//! The published JSON Schema.

/// The JSON Schema (draft 2020-12) of what [`json::write`](crate::json::write) writes.
#[must_use]
pub fn register() -> &'static str {
    include_str!("register.schema.json")
}

#[cfg(test)]
mod tests {
    use inventory::{AssetState, ChangeKind, FindingState, Role, Severity};
    use observation::{Basis, CaptureKind, CaptureStatus, OperationKind, Position, Transport};
    use serde_json::Value;

    use super::*;

    fn words<T>(all: &[T], word: fn(&T) -> &'static str) -> Vec<Value> {
        all.iter().map(|one| word(one).into()).collect()
    }

    #[test]
    fn the_schema_lists_every_word_of_the_contract() {
        let schema: Value = serde_json::from_str(register()).unwrap();
        let expect = |pointer: &str, words: Vec<Value>| {
            assert_eq!(schema.pointer(pointer), Some(&Value::Array(words)), "{pointer}");
        };
        expect("/$defs/role/enum", words(Role::ALL, |role| role.as_str()));
        let basis = [Basis::Stated, Basis::Reported, Basis::Inferred, Basis::Declared];
        expect("/$defs/basis/enum", words(&basis, |basis| basis.as_str()));
        let transports = [Transport::Tcp, Transport::Udp, Transport::Ethernet, Transport::Ip];
        expect("/$defs/transport/enum", words(&transports, |transport| transport.as_str()));
        let states = [AssetState::Observed, AssetState::Referenced, AssetState::Declared];
        expect("/$defs/asset/properties/state/enum", words(&states, |state| state.as_str()));
        expect(
            "/$defs/asset/properties/position/items/properties/kind/enum",
            words(&Position::KINDS, |kind| kind),
        );
        let severities = [Severity::Information, Severity::Notice, Severity::Warning];
        expect("/$defs/finding/properties/severity/enum", words(&severities, |severity| severity.as_str()));
        let states = words(&FindingState::ALL, |state| state.as_str());
        expect("/$defs/finding/properties/state/enum", states);
        let kinds = words(ChangeKind::ALL, |kind| kind.as_str());
        expect("/$defs/change/properties/kind/enum", kinds);
        let kinds = [CaptureKind::File, CaptureKind::Live];
        expect("/$defs/capture/properties/kind/enum", words(&kinds, |kind| kind.as_str()));
        let status = [CaptureStatus::Complete, CaptureStatus::Truncated, CaptureStatus::Damaged];
        expect("/$defs/capture/properties/status/enum", words(&status, |status| status.as_str()));
        let levels = inventory::policy::Level::ALL.map(|level| Value::from(level.as_str()));
        let levels = levels.into_iter().chain([Value::Null]).collect();
        expect("/$defs/asset/properties/purdue_level/enum", levels);
        expect("/$defs/operation/enum", words(&OperationKind::ALL, |kind| kind.as_str()));
        expect(
            "/$defs/conversation/properties/operations/required",
            words(&OperationKind::ALL, |kind| kind.as_str()),
        );
        assert_eq!(schema.pointer("/properties/schema/const"), Some(&crate::json::SCHEMA.into()));
    }
}
