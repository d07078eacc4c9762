//! What is watched for changes, and how long is long.

use observation::attribute;

use crate::changes::ChangeKind;

/// Attributes whose values are watched, with the kind of change that another value is. Sorted by name.
///
/// Names of protocols stand here because what they call program, configuration and revision differs: block and hardware
/// checksums of S7 (SZL 0x0232 and PI service data), project revision of UMAS, configuration signatures of DNP3 device
/// attributes (IEEE 1815 group 0), configuration revision of IEC 61850 control blocks (`confRev`, IEC 61850-7-2).
const WATCHED: &[(&str, ChangeKind)] = &[
    ("bacnet.application_software_version", ChangeKind::ProgramChanged),
    ("dnp3.configuration_build_date", ChangeKind::ProgramChanged),
    ("dnp3.configuration_id", ChangeKind::ProgramChanged),
    ("dnp3.configuration_last_change_date", ChangeKind::ProgramChanged),
    ("dnp3.configuration_signature", ChangeKind::ProgramChanged),
    ("dnp3.configuration_version", ChangeKind::ProgramChanged),
    (attribute::FIRMWARE_VERSION, ChangeKind::FirmwareChanged),
    ("goose.configuration_revision", ChangeKind::ProgramChanged),
    (attribute::HARDWARE_REVISION, ChangeKind::HardwareChanged),
    (attribute::HOSTNAME, ChangeKind::HostNameChanged),
    (attribute::KEY_SWITCH, ChangeKind::KeySwitchChanged),
    (attribute::MAC_ADDRESS, ChangeKind::MacChanged),
    ("mms.configuration_revision", ChangeKind::ProgramChanged),
    (attribute::MODE, ChangeKind::ModeChanged),
    (attribute::MODEL, ChangeKind::HardwareChanged),
    (attribute::NAME, ChangeKind::NameChanged),
    (attribute::ORDER_NUMBER, ChangeKind::HardwareChanged),
    (attribute::OS, ChangeKind::SoftwareChanged),
    (attribute::OS_VERSION, ChangeKind::SoftwareChanged),
    (attribute::PROJECT, ChangeKind::ProjectChanged),
    (attribute::PROTECTION, ChangeKind::ProtectionChanged),
    ("s7comm.hardware_checksum", ChangeKind::HardwareChanged),
    ("s7comm.program_checksum", ChangeKind::ProgramChanged),
    (attribute::SERIAL_NUMBER, ChangeKind::SerialChanged),
    (attribute::SOFTWARE_VERSION, ChangeKind::SoftwareChanged),
    (attribute::STATION_NAME, ChangeKind::NameChanged),
    ("sv.configuration_revision", ChangeKind::ProgramChanged),
    ("umas.project_modified", ChangeKind::ProgramChanged),
    ("umas.project_revision", ChangeKind::ProgramChanged),
];

/// The kind of change that another value of an attribute is; `None` where nobody watches.
pub(crate) fn watched(name: &str) -> Option<ChangeKind> {
    let at = WATCHED.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    WATCHED.get(at).map(|(_, kind)| *kind)
}

/// Kinds of which a device has one value at any moment: two values on one day are a change there and back. Of others
/// (names, versions of several parts) a device may state several values at once.
pub(crate) fn has_one_value(kind: ChangeKind) -> bool {
    matches!(kind, ChangeKind::ModeChanged | ChangeKind::KeySwitchChanged | ChangeKind::ProtectionChanged)
}

/// Nanoseconds of an hour.
const HOUR: i64 = 3_600_000_000_000;

/// No silence is worth saying that is shorter than this, unless the policy says otherwise: devices restart, cables are
/// plugged.
pub(crate) const SILENCE_MIN: i64 = HOUR;

/// A silence is long if it is so many times as long as the longest before it, unless the policy says otherwise.
pub(crate) const SILENCE_FACTOR: i64 = 2;

/// A silence is long if so many messages would have come in it at the mean pace of the asset's days: that none comes by
/// chance has the probability e^-50, were they independent.
pub(crate) const MISSED_MIN: i64 = 50;

/// Days on which an asset spoke before its rhythm is known.
pub(crate) const RHYTHM_DAYS_MIN: usize = 2;

/// Frames that an asset sent before its rhythm is known.
pub(crate) const RHYTHM_FRAMES_MIN: u64 = 10;

/// Silences that begin, or end, within so long of the first of them are one event of the plant …
pub(crate) const TOGETHER: i64 = HOUR.saturating_mul(12);

/// … if they are so many …
pub(crate) const TOGETHER_MIN: usize = 3;

/// … and of those who spoke within so long before it, half.
pub(crate) const ALIVE: i64 = HOUR.saturating_mul(24);

/// A module that is not told while others of its rack are is gone only if these were told so long after it.
pub(crate) const READING_MAX: i64 = HOUR;

/// Racks with more modules than this are not compared module by module: no rack has so many slots.
pub(crate) const MODULES_MAX: usize = 1024;

/// More new peers of one client on one day than this are one change.
pub(crate) const PEERS_A_DAY_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_for_bisection() {
        assert!(WATCHED.is_sorted_by(|left, right| left.0 < right.0));
        assert_eq!(watched("mode"), Some(ChangeKind::ModeChanged));
        assert_eq!(watched("vendor"), None);
    }
}
