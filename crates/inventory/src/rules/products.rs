//! Product families by the first characters of order number or model, and what such a product is.
//!
//! From the catalogue numbering that the makers publish (Siemens industry mall groups 6AV, 6ES7, 6GK, 6SL; Rockwell
//! bulletin numbers; Schneider Electric commercial references; product series of the others). First match wins; the
//! comparison is by letters and digits, without case.

use crate::Role;

/// First characters, in letters and digits and lower case, with the role.
const FAMILIES: &[(&str, Role)] = &[
    // Siemens
    ("6es713", Role::IoModule), // modules of ET 200S and ET 200SP
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
    ("1756i", Role::IoModule), // inputs and outputs by the first letter of their kind
    ("1756o", Role::IoModule),
    ("1769i", Role::IoModule),
    ("1769o", Role::IoModule),
    ("5069i", Role::IoModule),
    ("5069o", Role::IoModule),
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

/// Words in descriptions and models, in letters and digits and lower case, that name a family wherever they stand.
const WORDS: &[(&str, Role)] = &[
    // Siemens network components (SCALANCE X, W, S and M; RUGGEDCOM)
    ("scalancex", Role::Switch),
    ("scalancew", Role::AccessPoint),
    ("scalances6", Role::Firewall),
    ("scalancesc", Role::Firewall),
    ("scalancem", Role::Router),
    ("ruggedcomrs", Role::Switch),
    // Hirschmann: Railswitch RS, MACH, and OpenRail
    ("railswitch", Role::Switch),
    ("openrail", Role::Switch),
    // Computers: lines of Dell, HP and Lenovo
    ("vostro", Role::Workstation),
    ("optiplex", Role::Workstation),
    ("latitude", Role::Workstation),
    ("elitedesk", Role::Workstation),
    ("prodesk", Role::Workstation),
    ("thinkcentre", Role::Workstation),
    ("poweredge", Role::Server),
    ("proliant", Role::Server),
    ("thinksystem", Role::Server),
];

/// Words in the names of programs, in letters and digits and lower case, and what a computer is that runs one of them.
/// From the makers' product names: supervision (Siemens, GE, AVEVA, COPA-DATA, Inductive Automation, Rockwell),
/// historians, manufacturing execution, and what hands values on.
const PROGRAMS: &[(&str, Role)] = &[
    ("wincc", Role::ScadaServer),
    ("ifix", Role::ScadaServer),
    ("cimplicity", Role::ScadaServer),
    ("citect", Role::ScadaServer),
    ("zenon", Role::ScadaServer),
    ("ignition", Role::ScadaServer),
    ("intouch", Role::Hmi),
    ("factorytalkview", Role::Hmi),
    ("proficyhistorian", Role::Historian),
    ("wonderwarehistorian", Role::Historian),
    ("avevahistorian", Role::Historian),
    ("canaryhistorian", Role::Historian),
    ("piinterface", Role::Historian),
    ("opcenter", Role::Mes),
    ("camstar", Role::Mes),
    ("simaticit", Role::Mes),
    ("plantapplications", Role::Mes),
    ("factorytalkproductioncentre", Role::Mes),
    ("telegraf", Role::DataGateway),
    ("nodered", Role::DataGateway),
    ("kepserverex", Role::OpcServer),
    ("tiaportal", Role::EngineeringWorkstation),
    ("rslogix", Role::EngineeringWorkstation),
    ("studio5000", Role::EngineeringWorkstation),
];

/// The role of a computer that runs the program of this squashed name.
pub(crate) fn role_of_program(squashed: &str) -> Option<Role> {
    PROGRAMS.iter().find(|(word, _)| squashed.contains(word)).map(|(_, role)| *role)
}

/// The role that a squashed description or model names.
pub(crate) fn role_in(squashed: &str) -> Option<Role> {
    WORDS.iter().find(|(word, _)| squashed.contains(word)).map(|(_, role)| *role)
}

/// True for processors that are made for redundant pairs: the H series of the S7-400 has an H behind the number of its
/// kind (6ES7 412-3HJ14, 414-4HM14, 417-4HT14, 410-5HX08; Siemens manual A5E00267695 "S7-400H"); Modicon M580 and Quantum
/// have numbers of their own for hot standby (BMEH58…, 140 CPU 67…; Schneider Electric EIO0000001578 and 35010533), and so
/// has the PACSystems RX3i (IC695CRU320; GE GFK-2308).
pub(crate) fn is_redundant(squashed: &str) -> bool {
    let of_series_h = squashed.starts_with("6es741") && squashed.as_bytes().get(8) == Some(&b'h');
    of_series_h || ["bmeh58", "140cpu67", "ic695cru"].iter().any(|family| squashed.starts_with(family))
}

/// True for modules that a chassis holds only to be one of a redundant pair (Rockwell publication 1756-UM535: 1756-RM,
/// 1756-RM2; 1757-SRM before them).
pub(crate) fn is_redundancy_module(squashed: &str) -> bool {
    ["1756rm", "1757srm"].iter().any(|family| squashed.starts_with(family))
}

/// The role of the family that a squashed order number or model belongs to.
pub(crate) fn role_of(squashed: &str) -> Option<Role> {
    FAMILIES.iter().find(|(prefix, _)| squashed.starts_with(prefix)).map(|(_, role)| *role)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::squash;

    #[test]
    fn processors_for_redundant_pairs_are_known_by_their_number() {
        for number in [
            "6ES7 412-3HJ14-0AB0",
            "6ES7 414-4HM14-0AB0",
            "6ES7 417-4HT14-0AB0",
            "6ES7 410-5HX08-0AB0",
            "BMEH582040",
            "140 CPU 671 60",
            "IC695CRU320",
        ] {
            assert!(is_redundant(&squash(number)), "{number}");
        }
        for number in [
            "6ES7 412-2XJ05-0AB0",
            "6ES7 416-3XR05-0AB0",
            "6ES7 315-2EH14-0AB0",
            "6ES7 41",
            "BMEP582040",
            "140 CPU 651 60",
            "IC695CPE330",
        ] {
            assert!(!is_redundant(&squash(number)), "{number}");
        }
        assert!(is_redundancy_module("1756rm2a") && !is_redundancy_module("1756l73"));
    }
}
