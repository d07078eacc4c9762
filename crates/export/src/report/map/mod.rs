//! The network as a picture: levels from top to bottom, zones side by side, assets in them, lines between who talks.
//!
//! A box with four and more partners in one zone has one line to that zone, with the number of partners: else the lines
//! of a server that polls a hundred controllers hide everything. Where many boxes of two zones pair off, one line from
//! zone to zone stands for them; where lines are still too many, all are drawn from zone to zone.

mod nodes;
mod place;

use std::collections::BTreeMap;

use observation::number_of;

use self::nodes::{Fold, Link, Net, Weight};
use self::place::{Area, Layout};
use super::drawing::{Anchor, Colour, Drawing};
use super::page::shown;
use super::view::View;
use crate::graph::FILLS;

/// From so many partners in one zone on, a box has one line to the zone.
const BUNDLE_MIN: usize = 4;

/// From so many lines between the boxes of two zones on, one from zone to zone stands for them. Who programs is drawn
/// by itself.
const MESH_MIN: usize = 24;

/// Most lines between boxes; beyond it they are drawn from zone to zone.
const LINES_MAX: usize = 160;

const TALKS: Colour = Colour(0x80, 0x8c, 0x99);
const WRITES: Colour = Colour(0xb3, 0x5c, 0x00);
const PROGRAMS: Colour = Colour(0xb0, 0x00, 0x20);
const BAND: Colour = Colour(0xf4, 0xf6, 0xf8);
const ZONE: Colour = Colour(0x9a, 0xa5, 0xb1);

/// End of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Node(usize),
    Area(usize),
}

/// Draws the map.
pub(crate) fn draw(view: &View<'_>) -> Drawing {
    let net = nodes::net(view);
    let layout = place::layout(&net.nodes);
    let title = "Network map by level and zone";
    let mut drawing = Drawing::new(title, &shown_description(&net, &layout), layout.width, layout.height);
    bands(&mut drawing, &layout);
    let (lines, inner) = lines(&net, &layout);
    for ((from, to), link) in &lines {
        line(&mut drawing, &layout, *from, *to, *link);
    }
    for (at, node) in net.nodes.iter().enumerate() {
        boxed(&mut drawing, &layout, at, node, inner.get(&at).copied().unwrap_or(0));
    }
    legend(&mut drawing, &net, &layout);
    drawing
}

fn shown_description(net: &Net, layout: &Layout) -> String {
    let assets = net.nodes.iter().map(|node| node.assets).fold(0_usize, usize::saturating_add);
    let levels: Vec<String> = layout.bands.iter().map(|band| band.title.clone()).collect();
    let drawn = match net.fold {
        Fold::Assets => "each in a box".to_owned(),
        Fold::Subnets(v4, v6) => {
            format!(
                "folded into subnets (/{v4} of IPv4, /{v6} of IPv6), because there are more than {} boxes else",
                nodes::NODES_MAX
            )
        }
        Fold::Zones => format!("folded into zones, because there are more than {} subnets", nodes::NODES_MAX),
    };
    let mut text = format!(
        "{}, {drawn}, from top to bottom: {}. Lines join who talks with whom; the tables of communications say who asks whom.",
        number_of(assets, "asset"),
        levels.join(", ")
    );
    for left_out in &net.left_out {
        text.push(' ');
        text.push_str(left_out);
        text.push('.');
    }
    shown(&text)
}

/// Lines between boxes and zones; and of boxes with many partners in their own zone, how many.
fn lines(net: &Net, layout: &Layout) -> (BTreeMap<(End, End), Link>, BTreeMap<usize, usize>) {
    let area = |node: usize| layout.area_of.get(node).copied().unwrap_or_default();
    let mut partners: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (one, other) in net.links.keys() {
        partners.entry((*one, area(*other))).or_default().push(*other);
        partners.entry((*other, area(*one))).or_default().push(*one);
    }
    let mut bundles: Vec<((usize, usize), Vec<usize>)> =
        partners.into_iter().filter(|(_, partners)| partners.len() >= BUNDLE_MIN).collect();
    bundles.sort_by_key(|((node, area), partners)| (std::cmp::Reverse(partners.len()), *node, *area));
    let mut left = net.links.clone();
    let mut lines: BTreeMap<(End, End), Link> = BTreeMap::new();
    let mut inner: BTreeMap<usize, usize> = BTreeMap::new();
    for ((node, to), partners) in bundles {
        let key = |other: &usize| if node <= *other { (node, *other) } else { (*other, node) };
        let open: Vec<_> = partners.iter().map(key).filter(|key| left.contains_key(key)).collect();
        if open.len() < BUNDLE_MIN {
            continue;
        }
        let mut link = Link::default();
        for taken in open.iter().filter_map(|key| left.remove(key)) {
            link.add(Link { pairs: taken.pairs.max(1), ..taken });
        }
        if area(node) == to {
            let count = inner.entry(node).or_default();
            *count = count.saturating_add(link.pairs);
        } else {
            lines.entry((End::Node(node), End::Area(to))).or_default().add(link);
        }
    }
    let mut meshes: BTreeMap<(usize, usize), Vec<(usize, usize)>> = BTreeMap::new();
    for ((one, other), link) in &left {
        let (from, to) = (area(*one), area(*other));
        if from != to && link.weight != Weight::Programs {
            meshes.entry((from.min(to), from.max(to))).or_default().push((*one, *other));
        }
    }
    for ((from, to), mesh) in meshes.into_iter().filter(|(_, mesh)| mesh.len() >= MESH_MIN) {
        let link = lines.entry((End::Area(from), End::Area(to))).or_default();
        mesh.iter().filter_map(|key| left.remove(key)).for_each(|taken| link.add(taken));
    }
    if lines.len().saturating_add(left.len()) > LINES_MAX {
        let mut coarse: BTreeMap<(End, End), Link> = BTreeMap::new();
        let of = |end: End| match end {
            End::Node(node) => area(node),
            End::Area(area) => area,
        };
        let each = left.into_iter().map(|((one, other), link)| ((End::Node(one), End::Node(other)), link));
        for ((from, to), link) in lines.into_iter().chain(each) {
            let (one, other) = (of(from), of(to));
            if one == other {
                if let End::Node(node) = from {
                    let count = inner.entry(node).or_default();
                    *count = count.saturating_add(link.pairs);
                }
                continue;
            }
            let key = (End::Area(one.min(other)), End::Area(one.max(other)));
            coarse.entry(key).or_default().add(link);
        }
        return (coarse, inner);
    }
    lines.extend(left.into_iter().map(|((one, other), link)| ((End::Node(one), End::Node(other)), link)));
    (lines, inner)
}

fn bands(drawing: &mut Drawing, layout: &Layout) {
    for band in &layout.bands {
        drawing.rectangle((0.0, band.y), (layout.width, band.height), Some(BAND), None);
        drawing.bold((4.0, band.y + 12.0), 8.5, &band.title, Colour::BLACK);
        for (line, words) in band.what.iter().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "a line of a few")]
            let y = band.y + 21.0 + 7.0 * line as f32;
            drawing.words((4.0, y), 6.0, words, Colour::GREY, Anchor::Start);
        }
    }
    for Area { x, y, width, height, title } in &layout.areas {
        drawing.rectangle((*x, *y), (*width, *height), Some(Colour::WHITE), Some(ZONE));
        drawing.words((x + 4.0, y + 8.0), 6.5, title, Colour::GREY, Anchor::Start);
    }
}

/// The box of an end, as left, top, right and bottom.
fn frame(layout: &Layout, end: End) -> Option<(f32, f32, f32, f32)> {
    match end {
        End::Node(at) => {
            layout.spots.get(at).map(|(x, y)| (*x, *y, x + place::NODE_WIDTH, y + place::NODE_HEIGHT))
        }
        End::Area(at) => {
            let area = layout.areas.get(at)?;
            Some((area.x, area.y, area.x + area.width, area.y + area.height))
        }
    }
}

/// Where a line that comes from `from` meets the box: at the middle of a box of an asset, at the near edge of a zone.
fn meet(layout: &Layout, end: End, from: (f32, f32)) -> Option<(f32, f32)> {
    let (left, top, right, bottom) = frame(layout, end)?;
    let middle = ((left + right) / 2.0, (top + bottom) / 2.0);
    if matches!(end, End::Node(_)) {
        return Some(middle);
    }
    let x = from.0.clamp(left + 6.0, (right - 6.0).max(left + 6.0));
    Some(if from.1 < top {
        (x, top)
    } else if from.1 > bottom {
        (x, bottom)
    } else if from.0 < left {
        (left, middle.1)
    } else {
        (right, middle.1)
    })
}

fn line(drawing: &mut Drawing, layout: &Layout, from: End, to: End, link: Link) {
    let centre = |end: End| {
        frame(layout, end).map(|(left, top, right, bottom)| ((left + right) / 2.0, (top + bottom) / 2.0))
    };
    let (Some(start), Some(goal)) = (centre(from), centre(to)) else { return };
    let (Some(start), Some(goal)) = (meet(layout, from, goal), meet(layout, to, start)) else { return };
    let colour = match link.weight {
        Weight::Talks => TALKS,
        Weight::Writes => WRITES,
        Weight::Programs => PROGRAMS,
    };
    let width = if link.pairs >= BUNDLE_MIN { 1.2 } else { 0.7 };
    if link.is_refused {
        drawing.dashed_line(vec![start, goal], colour, width + 0.3);
    } else {
        drawing.line(vec![start, goal], colour, width);
    }
    if link.pairs > 1 {
        let above = start.1 < goal.1;
        let at = (goal.0 + 2.0, if above { goal.1 - 2.0 } else { goal.1 + 6.5 });
        let at = if matches!(to, End::Area(_)) {
            at
        } else {
            ((start.0 + goal.0) / 2.0, (start.1 + goal.1) / 2.0)
        };
        drawing.words(at, 6.0, &format!("\u{d7}{}", link.pairs), colour, Anchor::Start);
    }
}

fn colour_of(role: inventory::Role) -> Colour {
    let hex =
        FILLS.iter().find(|(_, roles)| roles.contains(&role.as_str())).map_or("#eeeeee", |(hex, _)| hex);
    let part = |from: usize| {
        let digits = hex.get(from..from.saturating_add(2)).unwrap_or("ee");
        u8::from_str_radix(digits, 16).unwrap_or(0xee)
    };
    Colour(part(1), part(3), part(5))
}

fn boxed(drawing: &mut Drawing, layout: &Layout, at: usize, node: &nodes::Node, inner: usize) {
    let Some((x, y)) = layout.spots.get(at).copied() else { return };
    let size = (place::NODE_WIDTH, place::NODE_HEIGHT);
    let fill =
        if node.band == nodes::Band::Outside { Colour(0xf4, 0xcc, 0xcc) } else { colour_of(node.role) };
    if node.is_folded {
        drawing.rectangle((x + 2.0, y + 2.0), size, Some(fill), Some(Colour::GREY));
    }
    if node.is_observed {
        drawing.rectangle((x, y), size, Some(fill), Some(Colour::GREY));
    } else {
        drawing.dashed_rectangle((x, y), size, fill, Colour::GREY);
    }
    let title = place::fitted(&shown(&node.title), 6.6, place::NODE_WIDTH - 6.0);
    let subtitle =
        if inner > 0 { format!("{} \u{21c4}{inner}", node.subtitle) } else { node.subtitle.clone() };
    let subtitle = place::fitted(&shown(&subtitle), 5.4, place::NODE_WIDTH - 6.0);
    drawing.words((x + 3.0, y + 9.5), 6.6, &title, Colour::BLACK, Anchor::Start);
    drawing.words((x + 3.0, y + 18.0), 5.4, &subtitle, Colour::BLACK, Anchor::Start);
}

fn legend(drawing: &mut Drawing, net: &Net, layout: &Layout) {
    let y = layout.legend_y;
    let mut x = 4.0;
    let mut sample = |drawing: &mut Drawing, colour: Colour, words: &str, dashed: bool| {
        let points = vec![(x, y), (x + 18.0, y)];
        if dashed {
            drawing.dashed_line(points, colour, 1.2);
        } else {
            drawing.line(points, colour, 1.2);
        }
        drawing.words((x + 21.0, y + 2.0), 6.0, words, Colour::BLACK, Anchor::Start);
        x += 27.0 + place::width_of(words, 6.0);
    };
    sample(drawing, TALKS, "talks, reads", false);
    sample(drawing, WRITES, "writes values", false);
    sample(drawing, PROGRAMS, "programs, controls", false);
    if net.links.values().any(|link| link.is_refused) {
        sample(drawing, Colour::BLACK, "the policy does not allow it", true);
    }
    let kinds = [
        ("controllers", inventory::Role::Plc),
        ("field devices", inventory::Role::Drive),
        ("supervision", inventory::Role::Hmi),
        ("network", inventory::Role::Switch),
        ("others", inventory::Role::Unknown),
    ];
    for (words, role) in kinds {
        drawing.rectangle((x, y - 3.5), (10.0, 7.0), Some(colour_of(role)), Some(Colour::GREY));
        drawing.words((x + 13.0, y + 2.0), 6.0, words, Colour::BLACK, Anchor::Start);
        x += 19.0 + place::width_of(words, 6.0);
    }
    let signs = "dashed box: named by others, not heard    +n: modules and devices behind    \u{d7}n: so many pairs    \u{21c4}n: partners in the same zone";
    drawing.words((4.0, y + 11.0), 6.0, signs, Colour::GREY, Anchor::Start);
}
