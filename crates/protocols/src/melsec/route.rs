//! Which station a frame is for (SH-080008 section 4.2, access route).

use observation::{Position, Station};

/// Station number of the CPU that the connection leads to.
const OWN_STATION: u8 = 0xff;
/// Greatest station number of a network.
const STATION_MAX: u8 = 120;
/// Greatest network number.
const NETWORK_MAX: u8 = 239;

/// Module I/O number of the own CPU.
const OWN_CPU: u16 = 0x03ff;
/// Module I/O numbers of control and standby systems, system A and B.
const SYSTEM_FIRST: u16 = 0x03d0;
/// Module I/O numbers of the CPUs 1 to 4 of a rack.
const CPU_LAST: u16 = 0x03e3;
/// Greatest module I/O number of a module in the rack.
const MODULE_MAX: u16 = 0x01ff;

/// Greatest number of a multidrop station.
const MULTIDROP_MAX: u8 = 31;

/// Network, station, module I/O and multidrop station number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) network: u8,
    pub(super) station: u8,
    pub(super) module: u16,
    pub(super) multidrop: u8,
}

/// Whom a route leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The CPU at the address.
    Own,
    /// A station below it.
    Below(Station),
    /// A station that is named by its function in the network, not by its number.
    Unnamed,
}

impl Route {
    /// True if all numbers are among those that the manual allows.
    pub(super) fn is_plausible(self) -> bool {
        let station = matches!(self.station, 0..=STATION_MAX | 0x7d | 0x7e | OWN_STATION);
        let network = matches!(self.network, 0..=NETWORK_MAX | 0xfe);
        let module =
            matches!(self.module, 0..=MODULE_MAX | SYSTEM_FIRST..=0x03d3 | 0x03e0..=CPU_LAST | OWN_CPU);
        station && network && module && self.multidrop <= MULTIDROP_MAX
    }

    /// True for the CPU at the address: four fixed numbers of five octets.
    pub(super) fn is_own(self) -> bool {
        self == Self { network: 0, station: OWN_STATION, module: OWN_CPU, multidrop: 0 }
    }

    /// Whom it leads to, from the station at the address.
    pub(super) fn target(self, server: &Station) -> Target {
        if self.is_own() {
            return Target::Own;
        }
        let path = match (self.network, self.station) {
            (0, OWN_STATION) => None,
            (0..=NETWORK_MAX, 1..=STATION_MAX) => {
                Some([Position::new("network", self.network), Position::new("node", self.station)])
            }
            _ => return Target::Unnamed,
        };
        let module =
            (self.module != OWN_CPU).then(|| Position::new("module", format!("{:03x}", self.module)));
        let multidrop = (self.multidrop != 0).then(|| Position::new("device", self.multidrop));
        Target::Below(server.below(path.into_iter().flatten().chain(module).chain(multidrop)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_leads_to_the_cpu_or_below_it() {
        let server = Station::root("10.0.0.2".parse().unwrap(), None);
        let own = Route { network: 0, station: 0xff, module: 0x3ff, multidrop: 0 };
        assert_eq!(own.target(&server), Target::Own);
        let name = |route: Route| match route.target(&server) {
            Target::Below(station) => station.path.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(name(Route { network: 2, station: 9, ..own }), "network=2/node=9");
        assert_eq!(name(Route { module: 0x3e1, ..own }), "module=3e1");
        assert_eq!(name(Route { module: 0, multidrop: 4, ..own }), "module=000/device=4");
        assert_eq!(name(Route { station: 0x7d, ..own }), "Unnamed");
        assert!(!Route { module: 0x0fff, ..own }.is_plausible() && own.is_plausible());
    }
}
