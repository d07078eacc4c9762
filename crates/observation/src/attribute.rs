//! Names of attributes that are not one protocol's own. A protocol's own are `<protocol>.<name>`.

macro_rules! attributes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $text;)*
        /// Every name above, in the order the register shows them.
        pub const ALL: &[&str] = &[$($text),*];
    };
}

attributes! {
    /// Maker of the device (never of its network card: see [`MAC_VENDOR`]).
    VENDOR = "vendor";
    /// Model or product name.
    MODEL = "model";
    /// Order number, part number, MLFB, catalogue number.
    ORDER_NUMBER = "order_number";
    /// Serial number as the device prints it.
    SERIAL_NUMBER = "serial_number";
    /// Firmware version of the device.
    FIRMWARE_VERSION = "firmware_version";
    /// Hardware revision.
    HARDWARE_REVISION = "hardware_revision";
    /// Version of software that is not the device's firmware.
    SOFTWARE_VERSION = "software_version";
    /// Kind of device in the words of its standard (CIP device type, PROFINET type of station …).
    DEVICE_TYPE = "device_type";
    /// Name given to the device in the plant.
    NAME = "name";
    /// Host name.
    HOSTNAME = "hostname";
    /// Station name (PROFINET name of station, S7 automation system name, DNP3 device name).
    STATION_NAME = "station_name";
    /// Location, as the device states it.
    LOCATION = "location";
    /// Free description.
    DESCRIPTION = "description";
    /// Plant identification.
    PLANT_ID = "plant_id";
    /// Project or program that the device runs.
    PROJECT = "project";
    /// Operating system.
    OS = "os";
    /// Version of the operating system.
    OS_VERSION = "os_version";
    /// Mode: run, stop, program.
    MODE = "mode";
    /// Position of the key or mode switch.
    KEY_SWITCH = "key_switch";
    /// Protection level or lock.
    PROTECTION = "protection";
    /// Maker of the network card, by the prefix of the MAC.
    MAC_VENDOR = "mac_vendor";
    /// A further IP address that the device states as its own.
    IP_ADDRESS = "ip_address";
    /// A MAC address that the device states as its own.
    MAC_ADDRESS = "mac_address";
}
