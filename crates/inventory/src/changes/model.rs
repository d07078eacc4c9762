//! The noun: a change.

use observation::Time;

use crate::model::{AssetEnd, FindingEvidence};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// What changed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive] // further attributes will be watched
        pub enum ChangeKind { $($(#[$doc])* $name),* }

        impl ChangeKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The word of the contract.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

kinds! {
    /// An asset was heard, or heard of, for the first time.
    NewAsset = "new_asset";
    /// An asset is silent for longer than it ever was.
    GoneQuiet = "gone_quiet";
    /// An asset that had gone quiet speaks again.
    BackAgain = "back_again";
    /// Most assets of a site fell silent together.
    SiteQuiet = "site_quiet";
    /// Most assets that had fallen silent together speak again.
    SiteBack = "site_back";
    /// An asset has another IP address, or a further one.
    IpChanged = "ip_changed";
    /// An address has another MAC, or an asset states another one.
    MacChanged = "mac_changed";
    /// Another host name.
    HostNameChanged = "host_name_changed";
    /// Another name or station name.
    NameChanged = "name_changed";
    /// Another firmware.
    FirmwareChanged = "firmware_changed";
    /// Another software or operating system.
    SoftwareChanged = "software_changed";
    /// Another hardware: revision, order number, model, hardware configuration.
    HardwareChanged = "hardware_changed";
    /// Another serial number at the same address: the device was replaced, or it answers for others.
    SerialChanged = "serial_changed";
    /// Another program or configuration.
    ProgramChanged = "program_changed";
    /// Another project.
    ProjectChanged = "project_changed";
    /// Another mode: run, stop, program.
    ModeChanged = "mode_changed";
    /// The key switch was turned.
    KeySwitchChanged = "key_switch_changed";
    /// Another level of protection.
    ProtectionChanged = "protection_changed";
    /// A rack that was read before has a further module.
    ModuleAppeared = "module_appeared";
    /// A rack was read again, and one of its modules was not told.
    ModuleGone = "module_gone";
    /// A module that was gone is told again.
    ModuleBack = "module_back";
    /// Two ends that know each other speak a further protocol.
    NewConversation = "new_conversation";
    /// Two ends speak with each other for the first time.
    NewPeer = "new_peer";
    /// An asset answers on a further port or protocol.
    NewService = "new_service";
    /// A client writes values of a server for the first time.
    FirstWrite = "first_write";
    /// A client programs or configures a server for the first time.
    FirstProgram = "first_program";
    /// A client changes the mode or state of a server for the first time.
    FirstControl = "first_control";
    /// Two devices, or two identities, claim one place.
    ConflictBegan = "conflict_began";
}

/// Something that changed. Ordered by time first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// When: the first time the new state was seen; for a silence, when it had become longer than any before it.
    pub time: Time,
    /// What.
    pub kind: ChangeKind,
    /// The site.
    pub site: String,
    /// The asset it is about, by index; `None` for what is about a whole site.
    pub asset: Option<usize>,
    /// The other end, for what is about two.
    pub peer: Option<AssetEnd>,
    /// What of the asset: the attribute with the protocol that told it, the service, the operation, the position.
    pub subject: String,
    /// How it was.
    pub before: Option<String>,
    /// How it is.
    pub after: Option<String>,
    /// True within the learning period: it is part of the first baseline, and nothing to act on.
    pub learned: bool,
    /// Where to look; a place without ranges names the capture alone.
    pub evidence: Vec<FindingEvidence>,
}
