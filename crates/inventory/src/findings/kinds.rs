//! The kinds of findings there are.

macro_rules! kinds {
    ($($name:ident = $text:literal, $meaning:literal;)*) => {
        /// What a finding is about; its word is part of the contract and of the name of each finding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive] // further rules tell further kinds
        pub enum FindingKind { $(#[doc = $meaning] $name),* }

        impl FindingKind {
            /// Every kind, by its word.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The word of the contract.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// What it says, in one line.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning),* }
            }

            /// The kind of this word.
            #[must_use]
            pub fn read_back(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
            }
        }
    };
}

kinds! {
    AddressSweep = "address_sweep", "one device tried many addresses that never answered";
    BoundaryCrossing = "boundary_crossing", "plant and business network talk; sides proposed by role, as no policy of zones is in force";
    ControlOperation = "control_operation", "a device was controlled: started, stopped, switched to another mode, its clock set";
    CutCapture = "cut_capture", "a capture could not be read to its end";
    DefaultIdentity = "default_identity", "a device has the identity that comes with a simulator or library";
    DeviceReplaced = "device_replaced", "another device took over an address";
    DuplicateIp = "duplicate_ip", "several MACs claim one IP address at the same time";
    DuplicateName = "duplicate_name", "several devices claim one station name";
    EdgeSystemReads = "edge_system_reads", "a data gateway or a system of artificial intelligence reads controllers, and people have not said all that is needed of it";
    ExternalPeer = "external_peer", "an asset talks with a public address";
    FramesLost = "frames_lost", "the capturing host lost frames";
    IdentityConflict = "identity_conflict", "one station stated several serial numbers";
    InsecureProtocol = "insecure_protocol", "a protocol in use protects nothing";
    IpMoved = "ip_moved", "an IP address moved from one MAC to another";
    MalformedMessages = "malformed_messages", "messages that break their protocol";
    OneSidedConversation = "one_sided_conversation", "only one direction of conversations was seen";
    ProgramOperation = "program_operation", "a device was programmed: blocks, projects, firmware read or written";
    RemoteAccess = "remote_access", "a session of remote access, with the engineering inside it";
    SecretInClear = "secret_in_clear", "passwords or other secrets crossed the network in clear; they are masked here";
    SharedSerial = "shared_serial", "devices that cannot be one state the same serial number";
    SilentStation = "silent_station", "a gateway says that a device behind it does not answer";
    UnknownDevice = "unknown_device", "a device spoke, and nothing tells what it is";
    WriteOperation = "write_operation", "values were written to a device";
    ZoneCrossing = "zone_crossing", "devices talk from zone to zone, and no conduit of the policy allows it";
}

#[cfg(test)]
mod tests {
    use super::FindingKind;

    #[test]
    fn kinds_are_sorted_by_their_words_and_read_back() {
        assert!(FindingKind::ALL.is_sorted_by_key(|kind| kind.as_str()));
        assert!(FindingKind::ALL.iter().all(|kind| FindingKind::read_back(kind.as_str()) == Some(*kind)));
        assert_eq!(FindingKind::read_back("unknown_devices"), None);
    }
}
