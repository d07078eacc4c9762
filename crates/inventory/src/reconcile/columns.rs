//! Which columns of a list hold what, and values in one spelling.

use std::collections::{BTreeMap, BTreeSet};

use crate::identity::{is_placeholder, squash};

/// What a column of a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// The id that this program gave the asset.
    AssetId,
    /// Serial number.
    Serial,
    /// MAC addresses.
    Mac,
    /// Number in the company's books.
    AssetNumber,
    /// IP addresses.
    Ip,
    /// Host, station or other name.
    Name,
    /// Maker.
    Vendor,
    /// Product.
    Model,
    /// Firmware.
    Firmware,
    /// What it is for.
    Role,
    /// Where it is in its life.
    Status,
}

impl Column {
    /// Every column.
    pub const ALL: [Self; 11] = [
        Self::AssetId,
        Self::Serial,
        Self::Mac,
        Self::AssetNumber,
        Self::Ip,
        Self::Name,
        Self::Vendor,
        Self::Model,
        Self::Firmware,
        Self::Role,
        Self::Status,
    ];

    /// The word of the contract, and the key in a mapping file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AssetId => "asset_id",
            Self::Serial => "serial_number",
            Self::Mac => "mac",
            Self::AssetNumber => "asset_number",
            Self::Ip => "ip",
            Self::Name => "name",
            Self::Vendor => "vendor",
            Self::Model => "model",
            Self::Firmware => "firmware_version",
            Self::Role => "role",
            Self::Status => "status",
        }
    }

    /// Heads under which lists keep it, in letters and digits, lower case. Sources: NetBox 4.6 (device list and bulk
    /// import), Microsoft Defender for IoT (device inventory), ServiceNow (Service Graph Connector for Microsoft Excel),
    /// our own export, and what people write.
    fn heads(self) -> &'static [&'static str] {
        match self {
            Self::AssetId => &["assetid", "tapledgerid", "correlationid", "id"],
            Self::Serial => &["serialnumber", "serial", "serialno", "seriennummer", "sn"],
            Self::Mac => &["mac", "macs", "macaddress", "macaddresses", "primarymacaddress", "macadresse"],
            Self::AssetNumber => &[
                "assetnumber",
                "assettag",
                "assetno",
                "inventorynumber",
                "inventarnummer",
                "peopleassetnumber",
            ],
            Self::Ip => &[
                "ip",
                "ips",
                "ipv4",
                "ipaddress",
                "ipaddresses",
                "ipv4address",
                "primaryip",
                "primaryip4",
                "ipadresse",
            ],
            Self::Name => {
                &["name", "hostname", "stationname", "devicename", "assetname", "displayname", "host"]
            }
            Self::Vendor => &["vendor", "manufacturer", "maker", "hersteller"],
            Self::Model => &[
                "model",
                "modelnumber",
                "ordernumber",
                "devicetype",
                "partnumber",
                "partid",
                "orderno",
                "typ",
            ],
            Self::Firmware => &["firmwareversion", "firmware", "fw", "fwversion"],
            Self::Role => &["role", "devicerole", "assettype", "function"],
            Self::Status => &["status", "lifecycle", "lifecyclestatus", "peoplestatus", "installstatus"],
        }
    }

    /// The column that a head stands for: `IP Address 2` is one of several of `IP Address`.
    #[must_use]
    pub fn of_head(head: &str) -> Option<Self> {
        let squashed = squash(head);
        let numbered = squashed.trim_end_matches(|character: char| character.is_ascii_digit());
        Self::ALL.into_iter().find(|column| {
            let heads = column.heads();
            heads.contains(&squashed.as_str())
                || (matches!(column, Self::Mac | Self::Ip) && heads.contains(&numbered))
        })
    }
}

/// Which head stands for which column, as a mapping file says: TOML with a column on the left, and a head or a list of
/// heads on the right (`serial_number = "Seriennummer"`). Heads are told apart by letters and digits, in any case.
///
/// # Errors
///
/// Fails with the line where the text is no TOML, and with the key where there is no such column or the value is no
/// text.
pub fn mapping(text: &str) -> Result<BTreeMap<String, Column>, String> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
    let mut heads = BTreeMap::new();
    for (key, value) in table {
        let column = Column::ALL.into_iter().find(|column| column.as_str() == key).ok_or_else(|| {
            let known: Vec<_> = Column::ALL.iter().map(|column| column.as_str()).collect();
            format!("there is no column {key}; use {}", known.join(", "))
        })?;
        let values = match value {
            toml::Value::Array(values) => values,
            one => vec![one],
        };
        for value in values {
            let head = value.as_str().ok_or_else(|| format!("{key}: a head of a column is a text"))?;
            heads.insert(squash(head), column);
        }
    }
    Ok(heads)
}

/// The columns of a head of a list, by the mapping, else by what is known; `None` for what is not read.
#[must_use]
pub fn columns(heads: &[String], mapping: &BTreeMap<String, Column>) -> Vec<Option<Column>> {
    let mapped: BTreeSet<Column> = mapping.values().copied().collect();
    let column = |head: &String| {
        // What is mapped by hand is not guessed beside it.
        let known = || Column::of_head(head).filter(|column| !mapped.contains(column));
        mapping.get(&squash(head)).copied().or_else(known)
    };
    heads.iter().map(column).collect()
}

/// The values of a cell: lists hold several addresses in one.
#[must_use]
pub fn cell_values(column: Column, cell: &str) -> Vec<String> {
    if is_nothing(cell.trim()) {
        return Vec::new();
    }
    let between: &[char] = match column {
        Column::Mac => &[';', ',', '|', '\n'],
        Column::Ip => &[';', ',', '|', '\n', ' '],
        _ => &['\n'],
    };
    let values = cell.split(between).map(str::trim).filter(|value| !is_nothing(value)).map(str::to_owned);
    match column {
        // Every list numbers its rows by an "id" of its own.
        Column::AssetId => values.filter(|value| is_id(value)).collect(),
        // Everybody has words of their own for what a device is for: only ours can be compared.
        Column::Role => values.filter(|value| is_role(value)).collect(),
        _ => values.collect(),
    }
}

/// What lists write where there is nothing, our own workbook among them.
fn is_nothing(value: &str) -> bool {
    const WORDS: &[&str] = &["", "-", "\u{2013}", "\u{2014}", "none", "n/a", "not observed", "not assessed"];
    WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// An id of ours is a UUID (RFC 9562 section 4).
fn is_id(value: &str) -> bool {
    let lengths = value.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12])
        && value.chars().all(|character| character.is_ascii_hexdigit() || character == '-')
}

fn is_role(word: &str) -> bool {
    crate::model::Role::ALL.iter().any(|role| squash(role.as_str()) == squash(word))
}

/// A key in one spelling; `None` if it tells nothing.
pub(super) fn spelled(column: Column, value: &str) -> Option<String> {
    let value = value.trim();
    match column {
        Column::Mac => {
            let digits: String =
                value.chars().filter(char::is_ascii_hexdigit).flat_map(char::to_lowercase).collect();
            let is_mac = digits.len() == 12
                && value.chars().all(|one| one.is_ascii_hexdigit() || matches!(one, ':' | '-' | '.' | ' '));
            (is_mac && digits != "000000000000" && digits != "ffffffffffff").then_some(digits)
        }
        Column::Ip => {
            let address = value.split('/').next()?.trim();
            let ip: std::net::IpAddr = address.parse().ok()?;
            (!ip.is_unspecified()).then(|| ip.to_string())
        }
        Column::Serial => {
            let serial = squash(value);
            // Makers print hexadecimal numbers with and without what says so, and with zeros before them or without.
            let serial = serial.strip_prefix("0x").map_or_else(|| serial.clone(), str::to_owned);
            (!is_placeholder(&serial)).then_some(serial)
        }
        Column::Name => {
            let name = value.to_lowercase();
            (!name.is_empty())
                .then(|| squash(name.split(" @ ").next().unwrap_or(&name)))
                .filter(|name| !name.is_empty())
        }
        _ => Some(squash(value)).filter(|value| !value.is_empty()),
    }
}
