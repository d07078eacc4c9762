//! Product families by the first characters of order number or model, and what such a product is.
//!
//! From the catalogue numbering that the makers publish (Siemens industry mall groups 6AV, 6ES7, 6GK, 6SL; Rockwell
//! bulletin numbers; Schneider Electric commercial references; product series of the others). First match wins; the
//! comparison is by letters and digits, without case.

use crate::Role;

/// First characters, in letters and digits and lower case, with the role.
const FAMILIES: &[(&str, Role)] = &[
    // Siemens
    ("6es7153", Role::IoModule),
    ("6es7155", Role::IoModule),
    ("6es7151", Role::Plc), // IM 151-8 CPU and its kin; the plain couplers speak no protocol that names them so
    ("6es72", Role::Plc),   // S7-200 and S7-1200
    ("6es731", Role::Plc),
    ("6es741", Role::Plc),
    ("6es751", Role::Plc),
    ("6es732", Role::IoModule),
    ("6es733", Role::IoModule),
    ("6es742", Role::IoModule),
    ("6es743", Role::IoModule),
    ("6es752", Role::IoModule),
    ("6es753", Role::IoModule),
    ("6ag1315", Role::Plc),
    ("6av", Role::Hmi),
    ("6gk5", Role::Switch),
    ("6sl3", Role::Drive),
    ("7km", Role::Meter),
    ("et200", Role::IoModule),
    // Emerson Rosemount: transmitters of pressure and temperature
    ("rosemount", Role::Sensor),
    ("3051", Role::Sensor),
    ("3144", Role::Sensor),
    // Rockwell Automation
    ("1756l", Role::Plc),
    ("1768l", Role::Plc),
    ("1769l", Role::Plc),
    ("5069l", Role::Plc),
    ("5094", Role::IoModule),
    ("1747l", Role::Plc),
    ("1761l", Role::Plc),
    ("1762l", Role::Plc),
    ("1763l", Role::Plc),
    ("1764l", Role::Plc),
    ("1766l", Role::Plc),
    ("1785l", Role::Plc),
    ("plc5", Role::Plc),
    ("2080lc", Role::Plc),
    ("1734", Role::IoModule),
    ("1794", Role::IoModule),
    ("1738", Role::IoModule),
    ("1732", Role::IoModule),
    ("1783nat", Role::Router),
    ("1783", Role::Switch),
    ("2711", Role::Hmi),
    ("panelview", Role::Hmi),
    ("powerflex", Role::Drive),
    ("kinetix", Role::Drive),
    ("powermonitor", Role::Meter),
    // Schneider Electric
    ("bmxp34", Role::Plc),
    ("bmep5", Role::Plc),
    ("bmeh5", Role::Plc),
    ("tsxp57", Role::Plc),
    ("140cpu", Role::Plc),
    ("171cc", Role::Plc),
    ("tm2", Role::Plc),
    ("metse", Role::Meter),
    ("pm5", Role::Meter),
    ("pm8", Role::Meter),
    ("atv", Role::Drive),
    // Others
    ("acs", Role::Drive),
    ("ek11", Role::IoModule), // Beckhoff: couplers and terminals by their first digit
    ("el1", Role::IoModule),
    ("el2", Role::IoModule),
    ("el3", Role::IoModule),
    ("el4", Role::IoModule),
    ("ic200", Role::IoModule), // VersaMax of GE
    ("cj2", Role::Plc),
    ("cp1", Role::Plc),
    ("nj50", Role::Plc),
    ("nx1p", Role::Plc),
    ("sel3530", Role::Rtu),
    ("sel3505", Role::Rtu),
    ("sel2", Role::Ied),
    ("sel3", Role::Ied),
    ("sel4", Role::Ied),
    ("sel5", Role::Ied),
    ("sel7", Role::Ied),
    ("nport", Role::SerialServer),
    ("mgate", Role::ProtocolGateway),
];

/// The role of the family that a squashed order number or model belongs to.
pub(crate) fn role_of(squashed: &str) -> Option<Role> {
    FAMILIES.iter().find(|(prefix, _)| squashed.starts_with(prefix)).map(|(_, role)| *role)
}
