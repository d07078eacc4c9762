//! Where the boxes of the map stand.

use std::collections::BTreeMap;

use super::super::page::shown;
use super::nodes::{Band, Node};

pub(super) const NODE_WIDTH: f32 = 92.0;
pub(super) const NODE_HEIGHT: f32 = 23.0;
const GAP_X: f32 = 9.0;
const GAP_Y: f32 = 9.0;
/// Of a zone, around its boxes; its title stands above them.
const PADDING: f32 = 6.0;
const TITLE: f32 = 11.0;
/// Between zones, and between bands: lines need room.
const APART: f32 = 12.0;
const BAND_APART: f32 = 16.0;
/// Left of the zones, for the name of the level.
const STRIP: f32 = 76.0;
const LEGEND: f32 = 30.0;

/// The room of a sheet of A4 on its long side, within its margins and below a heading.
const SHEET: (f32, f32) = (785.0, 455.0);

/// A height of the map.
pub(super) struct Placed {
    pub(super) title: String,
    pub(super) what: Vec<String>,
    pub(super) y: f32,
    pub(super) height: f32,
}

/// A zone within a band.
pub(super) struct Area {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) width: f32,
    pub(super) height: f32,
    pub(super) title: String,
}

pub(super) struct Layout {
    pub(super) width: f32,
    pub(super) height: f32,
    pub(super) legend_y: f32,
    pub(super) bands: Vec<Placed>,
    pub(super) areas: Vec<Area>,
    /// Upper left corner of each box.
    pub(super) spots: Vec<(f32, f32)>,
    /// The zone that each box is in.
    pub(super) area_of: Vec<usize>,
}

/// The layout that is largest on a sheet.
pub(super) fn layout(nodes: &[Node]) -> Layout {
    let widths = 5..=26_u16;
    let scale = |layout: &Layout| (SHEET.0 / layout.width).min(SHEET.1 / layout.height);
    let mut best = with_columns(nodes, 4);
    for columns in widths {
        let layout = with_columns(nodes, columns);
        if scale(&layout) > scale(&best) {
            best = layout;
        }
    }
    best
}

fn columns_width(columns: u16) -> f32 {
    f32::from(columns) * (NODE_WIDTH + GAP_X) - GAP_X + 2.0 * PADDING
}

fn rows_height(rows: u16) -> f32 {
    f32::from(rows) * (NODE_HEIGHT + GAP_Y) - GAP_Y + 2.0 * PADDING + TITLE
}

/// A layout whose bands are so many boxes wide.
fn with_columns(nodes: &[Node], columns: u16) -> Layout {
    let mut grouped: BTreeMap<Band, BTreeMap<&str, Vec<usize>>> = BTreeMap::new();
    for (at, node) in nodes.iter().enumerate() {
        grouped.entry(node.band).or_default().entry(&node.zone).or_default().push(at);
    }
    let right = STRIP + columns_width(columns);
    let mut layout = Layout {
        width: right + APART,
        height: 0.0,
        legend_y: 0.0,
        bands: Vec::new(),
        areas: Vec::new(),
        spots: vec![(0.0, 0.0); nodes.len()],
        area_of: vec![0; nodes.len()],
    };
    let mut y = 0.0;
    for (band, zones) in grouped {
        let top = y;
        let count = |members: usize| u16::try_from(members).unwrap_or(u16::MAX);
        let all = zones.values().map(|members| count(members.len())).fold(0, u16::saturating_add);
        let rows_wanted = all.div_ceil(columns.max(1)).max(1);
        let (mut x, mut row_y, mut row_height) = (STRIP, y + 6.0, 0.0_f32);
        for (zone, members) in zones {
            let members_count = count(members.len());
            let across = members_count.div_ceil(rows_wanted).clamp(1, columns);
            let down = members_count.div_ceil(across).max(1);
            let (width, height) = (columns_width(across), rows_height(down));
            if x > STRIP && x + width > right + 0.5 {
                x = STRIP;
                row_y += row_height + APART;
                row_height = 0.0;
            }
            let area = layout.areas.len();
            let title = fitted(&shown(&format!("zone {zone}")), 6.5, width - 8.0);
            layout.areas.push(Area { x, y: row_y, width, height, title });
            for (place, node) in members.into_iter().enumerate() {
                let place = count(place);
                let (column, row) =
                    (place.checked_rem(across).unwrap_or(0), place.checked_div(across).unwrap_or(0));
                let spot = (
                    x + PADDING + f32::from(column) * (NODE_WIDTH + GAP_X),
                    row_y + TITLE + PADDING / 2.0 + f32::from(row) * (NODE_HEIGHT + GAP_Y),
                );
                if let Some(own) = layout.spots.get_mut(node) {
                    *own = spot;
                }
                if let Some(own) = layout.area_of.get_mut(node) {
                    *own = area;
                }
            }
            x += width + APART;
            row_height = row_height.max(height);
        }
        let height = (row_y + row_height + 6.0 - top).max(42.0);
        let (title, what) = band.title();
        layout.bands.push(Placed { title, what: wrapped(what), y: top, height });
        y = top + height + BAND_APART;
    }
    layout.legend_y = y + 2.0;
    layout.height = y + LEGEND - 8.0;
    layout.width = layout.width.max(520.0);
    layout
}

/// Words in lines that fit left of the zones.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        if let Some(last) = lines.last_mut() {
            if !last.is_empty() && width_of(last, 6.0) + width_of(word, 6.0) > STRIP - 12.0 {
                lines.push(word.to_owned());
            } else {
                if !last.is_empty() {
                    last.push(' ');
                }
                last.push_str(word);
            }
        }
    }
    lines
}

/// About how wide a text is: browsers differ in their letters, so none is measured.
pub(super) fn width_of(text: &str, size: f32) -> f32 {
    let wide = |character: char| match character {
        'i' | 'l' | 'j' | '.' | ',' | ':' | '\'' | '|' | '!' | ' ' => 0.3,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '_' => 0.85,
        'A'..='Z' => 0.64,
        _ if character.is_ascii() => 0.54,
        _ => 1.0,
    };
    text.chars().map(wide).sum::<f32>() * size
}

/// The text, cut in the middle where it is wider than there is room: names differ at their ends.
pub(super) fn fitted(text: &str, size: f32, room: f32) -> String {
    if width_of(text, size) <= room {
        return text.to_owned();
    }
    let characters: Vec<char> = text.chars().collect();
    let mut kept = characters.len();
    while kept > 2 {
        kept = kept.saturating_sub(1);
        let tail = kept / 3;
        let head = kept.saturating_sub(tail);
        let begin: String = characters.iter().take(head).collect();
        let end: String = characters.iter().skip(characters.len().saturating_sub(tail)).collect();
        let cut = format!("{begin}\u{2026}{end}");
        if width_of(&cut, size) <= room {
            return cut;
        }
    }
    "\u{2026}".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(band: Band, zone: &str) -> Node {
        Node {
            band,
            zone: zone.to_owned(),
            title: String::new(),
            subtitle: String::new(),
            role: inventory::Role::Plc,
            is_observed: true,
            is_folded: false,
            assets: 1,
        }
    }

    #[test]
    fn no_two_boxes_overlap_and_all_are_in_their_zone() {
        for count in [1, 7, 60, 300] {
            let nodes: Vec<Node> = (0..count)
                .map(|at| match at % 5 {
                    0 => node(Band::Outside, "outside"),
                    1 | 2 => node(Band::NoLevel, "a"),
                    _ => node(Band::Level(std::cmp::Reverse(inventory::policy::Level::L1)), "b"),
                })
                .collect();
            let layout = layout(&nodes);
            for (at, (x, y)) in layout.spots.iter().enumerate() {
                let area = &layout.areas[layout.area_of[at]];
                assert!(*x >= area.x && x + NODE_WIDTH <= area.x + area.width + 0.1, "{count} {at}");
                assert!(*y >= area.y && y + NODE_HEIGHT <= area.y + area.height + 0.1, "{count} {at}");
                assert!(area.x + area.width <= layout.width && area.y + area.height <= layout.height);
                for (other_x, other_y) in layout.spots.iter().skip(at + 1) {
                    assert!((x - other_x).abs() >= NODE_WIDTH || (y - other_y).abs() >= NODE_HEIGHT);
                }
            }
        }
    }

    #[test]
    fn a_long_name_keeps_both_ends() {
        let cut = fitted("conveyor-line-7-drive-controller-0042", 6.6, 60.0);
        assert!(cut.starts_with("conv") && cut.ends_with("42") && cut.contains('\u{2026}'), "{cut}");
        assert!(width_of(&cut, 6.6) <= 60.0);
        assert_eq!(fitted("plc", 6.6, 60.0), "plc");
    }
}
