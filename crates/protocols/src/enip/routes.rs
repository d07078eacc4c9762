//! The devices that one conversation reaches: the server itself, and what lies behind it by CIP routing.

use observation::{Day, Path, Position};

use super::epath::Hop;

/// Most devices behind one server that one conversation may name: chassis have at most 17 slots, and few lie in a row.
pub(super) const ROUTES_MAX: usize = 256;

/// A device that a conversation reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Node(u16);

impl Node {
    /// The server itself.
    pub(super) const SERVER: Self = Self(0);
}

#[derive(Debug)]
struct Route {
    /// The device that routes the last step.
    from: Node,
    port: u16,
    link: Box<[u8]>,
    path: Path,
    notes: Notes,
}

/// What was already said of a device: each once a day, since presence is kept per day.
#[derive(Clone, Copy, Debug, Default)]
struct Notes {
    spoke: Option<Day>,
    mentioned: Option<Day>,
    logix_controller: bool,
}

/// All devices that one conversation reached, at most [`ROUTES_MAX`] besides the server.
#[derive(Debug, Default)]
pub(super) struct Routes {
    /// Node `n` is at `n - 1`.
    routes: Vec<Route>,
    server: Notes,
}

impl Routes {
    /// The device one step beyond `from`; `None` if there are too many.
    pub(super) fn step(&mut self, from: Node, hop: &Hop<'_>) -> Option<Node> {
        let same =
            |route: &Route| route.from == from && route.port == hop.port && *route.link == *hop.link.bytes;
        if let Some(index) = self.routes.iter().position(same) {
            return u16::try_from(index.checked_add(1)?).ok().map(Node);
        }
        if self.routes.len() >= ROUTES_MAX {
            return None;
        }
        let mut path = self.path(from).clone();
        path.0.push(Position::new("port", hop.port));
        path.0.push(Position::new("link", Hop::link_address(hop.link.bytes)));
        self.routes.push(Route {
            from,
            port: hop.port,
            link: hop.link.bytes.into(),
            path,
            notes: Notes::default(),
        });
        u16::try_from(self.routes.len()).ok().map(Node)
    }

    /// The steps from the server's address to a device.
    pub(super) fn path(&self, node: Node) -> &Path {
        static ROOT: Path = Path::ROOT;
        self.route(node).map_or(&ROOT, |route| &route.path)
    }

    /// True for the first time on that day that a device behind the server spoke.
    pub(super) fn speaks(&mut self, node: Node, day: Day) -> bool {
        node != Node::SERVER && self.notes(node).spoke.replace(day) != Some(day)
    }

    /// True for the first time on that day that a device behind the server was named.
    pub(super) fn is_mentioned(&mut self, node: Node, day: Day) -> bool {
        node != Node::SERVER && self.notes(node).mentioned.replace(day) != Some(day)
    }

    /// True if the device said that it is a Logix controller.
    pub(super) fn is_logix_controller(&self, node: Node) -> bool {
        self.route(node).map_or(self.server, |route| route.notes).logix_controller
    }

    /// The device said that it is a Logix controller.
    pub(super) fn set_logix_controller(&mut self, node: Node) {
        self.notes(node).logix_controller = true;
    }

    fn route(&self, node: Node) -> Option<&Route> {
        self.routes.get(usize::from(node.0).checked_sub(1)?)
    }

    fn notes(&mut self, node: Node) -> &mut Notes {
        let route = usize::from(node.0).checked_sub(1).and_then(|index| self.routes.get_mut(index));
        route.map_or(&mut self.server, |route| &mut route.notes)
    }
}

#[cfg(test)]
mod tests {
    use observation::Octets;

    use super::*;

    fn hop(port: u16, link: &[u8]) -> Hop<'_> {
        Hop { port, link: Octets::unplaced(link) }
    }

    #[test]
    fn one_way_leads_to_one_device() {
        let mut routes = Routes::default();
        let slot = routes.step(Node::SERVER, &hop(1, &[3])).unwrap();
        let beyond = routes.step(slot, &hop(2, b"10.0.0.7")).unwrap();
        assert_eq!(routes.step(Node::SERVER, &hop(1, &[3])), Some(slot));
        assert_ne!(routes.step(Node::SERVER, &hop(1, &[4])), Some(slot));
        assert_eq!(routes.path(beyond).to_string(), "port=1/link=3/port=2/link=10.0.0.7");
        assert!(routes.path(Node::SERVER).is_root());
    }

    #[test]
    fn a_device_is_said_to_speak_once_a_day() {
        let mut routes = Routes::default();
        let slot = routes.step(Node::SERVER, &hop(1, &[3])).unwrap();
        assert!(routes.speaks(slot, Day(1)));
        assert!(!routes.speaks(slot, Day(1)));
        assert!(routes.speaks(slot, Day(2)));
        assert!(!routes.speaks(Node::SERVER, Day(1)));
    }

    #[test]
    fn a_conversation_names_a_bounded_number_of_devices() {
        let mut routes = Routes::default();
        for number in 0..300_u16 {
            let node = routes.step(Node::SERVER, &hop(1, &number.to_le_bytes()));
            assert_eq!(node.is_some(), usize::from(number) < ROUTES_MAX);
        }
    }
}
