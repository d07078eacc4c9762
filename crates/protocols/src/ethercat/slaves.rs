//! The slaves of one master, as far as something of them is remembered between frames.

use super::image::Image;

/// Slaves remembered. A segment may have 65,535, real ones have up to a few hundred.
const SLAVES_MAX: usize = 512;

/// One slave.
#[derive(Debug)]
pub(super) struct Slave {
    /// Station address.
    pub(super) address: u16,
    /// Place in the segment, where the master gave the address in sight.
    pub(super) position: Option<u16>,
    /// State said last.
    pub(super) state: u8,
    /// Word of the slave information that was asked for last.
    pub(super) word: Option<u16>,
    /// Its categories; `None` before the first word and once the names are said.
    pub(super) image: Option<Box<Image>>,
    /// True once names were said.
    pub(super) is_named: bool,
}

/// All slaves, by station address.
#[derive(Debug, Default)]
pub(super) struct Slaves(Vec<Slave>);

impl Slaves {
    /// The slave of a station address; a new one if there is room.
    pub(super) fn at(&mut self, address: u16) -> Option<&mut Slave> {
        let place = self.0.binary_search_by_key(&address, |slave| slave.address);
        let place = match place {
            Ok(place) => place,
            Err(_) if self.0.len() >= SLAVES_MAX => return None,
            Err(place) => {
                let slave =
                    Slave { address, position: None, state: 0, word: None, image: None, is_named: false };
                self.0.insert(place, slave);
                place
            }
        };
        self.0.get_mut(place)
    }

    /// The station address of the slave at a place.
    pub(super) fn address_of(&self, position: u16) -> Option<u16> {
        self.0.iter().find(|slave| slave.position == Some(position)).map(|slave| slave.address)
    }

    /// Notes which slave is at a place. True if that is news.
    pub(super) fn place(&mut self, address: u16, position: u16) -> bool {
        for slave in
            self.0.iter_mut().filter(|slave| slave.position == Some(position) && slave.address != address)
        {
            slave.position = None;
        }
        let slave = self.at(address);
        slave.is_some_and(|slave| slave.position.replace(position) != Some(position))
    }
}
