//! Which attributes tell one device from another, and which values tell nothing.

use observation::attribute;

/// Attributes of which two different stated values cannot both be true of one device at one time.
pub(crate) const DISTINGUISHING: &[&str] = &[
    attribute::SERIAL_NUMBER,
    attribute::ORDER_NUMBER,
    "cip.vendor_id",
    "cip.device_type",
    "cip.product_code",
    "profinet_dcp.vendor_id",
    "profinet_dcp.device_id",
    "bacnet.instance",
];

/// Attributes that protocols word differently: two values contradict only if the same protocol states both.
pub(crate) const WORDED: &[&str] = &[attribute::VENDOR, attribute::MODEL];

/// The serial number joins stations only within the same maker …
pub(crate) const MAKER: &[&str] = &["cip.vendor_id", "profinet_dcp.vendor_id", attribute::VENDOR];

/// … and the same product.
pub(crate) const PRODUCT: &[&str] =
    &["cip.product_code", "profinet_dcp.device_id", attribute::ORDER_NUMBER, attribute::MODEL];

/// Attributes that say who or what a device is: a station of which others report one of these is worth a row.
pub(crate) const IDENTIFYING: &[&str] = &[
    attribute::VENDOR,
    attribute::MODEL,
    attribute::ORDER_NUMBER,
    attribute::SERIAL_NUMBER,
    attribute::FIRMWARE_VERSION,
    attribute::HARDWARE_REVISION,
    attribute::DEVICE_TYPE,
    attribute::NAME,
    attribute::HOSTNAME,
    attribute::STATION_NAME,
    "cip.vendor_id",
    "cip.device_type",
    "cip.product_code",
    "bacnet.instance",
];

/// Shortest serial number that may join stations, in letters and digits.
pub(crate) const SERIAL_CHARS_MIN: usize = 4;

/// More devices than this with one serial number: it is no serial number, or a copied image.
pub(crate) const SHARED_MAX: usize = 32;

/// Serial numbers that makers and integrators leave in, in letters and digits only, lower case.
pub(crate) const PLACEHOLDERS: &[&str] = &[
    "unknown",
    "none",
    "null",
    "serial",
    "serialnumber",
    "notset",
    "notavailable",
    "default",
    "test",
    "1234",
    "12345",
    "123456",
    "1234567",
    "12345678",
    "123456789",
    "1234567890",
    "0123456789",
    "01234567",
    "012345678",
    "deadbeef",
];

/// Attributes in which the identity of a simulator shows.
pub(crate) const TELLTALE: &[&str] = &[
    attribute::SERIAL_NUMBER,
    attribute::STATION_NAME,
    attribute::NAME,
    attribute::VENDOR,
    attribute::MODEL,
    "modbus.server_id",
];

/// Values that come with a simulator or protocol stack and belong to no device, in letters and digits and lower case,
/// and the program they come with.
///
/// Sources: Snap7 1.4 (its server answers for a CPU 315-2 PN/DP, as its documentation says); conpot, templates/default
/// at 4887fed5 (template.xml) and 42f9f6c5 (enip.xml), whose EtherNet/IP plate is that of cpppo (serial number 7079450);
/// OpENer, all its ports (`SetDeviceSerialNumber(123456789)`); pymodbus and Modbus simulators, which name themselves.
pub(crate) const DEFAULTS: &[(&str, &str)] = &[
    ("scc2ur28922012", "the server of Snap7"),
    ("snap7server", "the server of Snap7"),
    ("88111222", "the honeypot conpot"),
    ("technodrome", "the honeypot conpot"),
    ("006c061a", "the EtherNet/IP simulator of cpppo or conpot"),
    ("0x006c061a", "the EtherNet/IP simulator of cpppo or conpot"),
    ("075bcd15", "the EtherNet/IP stack OpENer"),
    ("0x075bcd15", "the EtherNet/IP stack OpENer"),
    ("pymodbus", "the Modbus library pymodbus"),
    ("wingpathlimited", "a Modbus simulator of Wingpath"),
    ("zeekmodbustest", "a Modbus test program"),
];

/// Attributes by which a port names the device that it belongs to. Names are often defaults, so they join nothing alone:
/// only ports that state the same address as well.
pub(crate) const DEVICE_NAMES: &[&str] = &["cdp.device_id", "lldp.chassis_id"];

/// Attributes in which a device carries the number that people gave it in their books.
pub(crate) const ASSET_NUMBERS: [&str; 2] = ["lldp.asset_id", "snmp.asset_id"];
