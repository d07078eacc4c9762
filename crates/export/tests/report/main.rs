//! The report of a generated plant: well-formed HTML that can do nothing, a PDF, a map, and numbers that are true.
//!
//! `REPORT_FOLDER=dir` writes the documents there, to be looked at.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test; it writes files where it is asked to"
)]

mod boundary;
mod plant;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use export::baseline::Frozen;
use export::json::Tool;
use export::report::{
    DETAILED_MAX, Details, Earlier, Options, Series, trend, write_html, write_map, write_pdf,
};
use export::{Filter, json};
use html5ever::tendril::TendrilSink;
use inventory::{AssetEnd, Snapshot};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use observation::Time;
use sha2::{Digest, Sha256};

use crate::plant::{POLICY, plant};

const TOOL: Tool<'static> = Tool { name: "tapledger", version: "0.1.0" };
const NOON: i64 = 1_767_355_200_000_000_000;
const DAY: i64 = 86_400_000_000_000;
const HOSTILE: &str = "</td><script>alert(1)</script>\" onload=\"x\u{202e}gnp\u{1b}[2J\0'--> & <b>";

fn html_of(snapshot: &Snapshot, options: &Options<'_>) -> String {
    let mut octets = Vec::new();
    write_html(snapshot, &TOOL, &Filter::default(), options, &mut octets).unwrap();
    String::from_utf8(octets).unwrap()
}

fn pdf_of(snapshot: &Snapshot, options: &Options<'_>) -> Vec<u8> {
    let mut octets = Vec::new();
    write_pdf(snapshot, &TOOL, &Filter::default(), options, &mut octets).unwrap();
    octets
}

fn map_of(snapshot: &Snapshot) -> String {
    let mut octets = Vec::new();
    write_map(snapshot, &TOOL, &Filter::default(), &mut octets).unwrap();
    String::from_utf8(octets).unwrap()
}

fn keep(name: &str, octets: &[u8]) {
    if let Some(folder) = std::env::var_os("REPORT_FOLDER") {
        std::fs::write(std::path::Path::new(&folder).join(name), octets).unwrap();
    }
}

/// Every element with its name and attributes, in order.
fn elements(handle: &Handle, into: &mut Vec<(String, BTreeMap<String, String>, Handle)>) {
    if let NodeData::Element { name, attrs, .. } = &handle.data {
        let attributes =
            attrs.borrow().iter().map(|one| (one.name.local.to_string(), one.value.to_string())).collect();
        into.push((name.local.to_string(), attributes, handle.clone()));
    }
    for child in handle.children.borrow().iter() {
        elements(child, into);
    }
}

fn text(handle: &Handle) -> String {
    let own = match &handle.data {
        NodeData::Text { contents } => contents.borrow().to_string(),
        _ => String::new(),
    };
    let children = handle.children.borrow().iter().map(text).collect::<String>();
    own + &children
}

type Elements = Vec<(String, BTreeMap<String, String>, Handle)>;

fn parsed(html: &str) -> Elements {
    let dom = html5ever::parse_document(
        RcDom::default(),
        html5ever::ParseOpts {
            tokenizer: html5ever::tokenizer::TokenizerOpts { exact_errors: true, ..Default::default() },
            ..Default::default()
        },
    )
    .one(html);
    assert!(dom.errors.borrow().is_empty(), "{:?}", dom.errors.borrow());
    let mut found = Vec::new();
    elements(&dom.document, &mut found);
    // A document that is dropped takes the children from nodes that are still held.
    std::mem::forget(dom);
    found
}

fn named<'e>(elements: &'e Elements, name: &str) -> Vec<&'e (String, BTreeMap<String, String>, Handle)> {
    elements.iter().filter(|(own, ..)| own == name).collect()
}

/// The rows of the table with this beginning of a caption.
fn table(elements: &Elements, caption: &str) -> Vec<Vec<String>> {
    let tables = named(elements, "table");
    let (.., found) = tables
        .iter()
        .find(|(.., handle)| text(handle).starts_with(caption))
        .unwrap_or_else(|| panic!("no table {caption}"));
    let mut inner = Vec::new();
    crate::elements(found, &mut inner);
    let rows = inner.into_iter().filter(|(name, ..)| name == "tr");
    rows.map(|(.., row)| row.children.borrow().iter().map(text).collect()).collect()
}

#[test]
fn the_html_is_well_formed_and_can_do_nothing() {
    let options = Options {
        organisation: HOSTILE,
        scope: HOSTILE,
        series: &[Series { title: HOSTILE.into(), formula: HOSTILE.into(), points: vec![(Time(0), 1.0)] }],
        ..Options::default()
    };
    let html = html_of(&plant(120, POLICY), &options);
    keep("hostile.html", html.as_bytes());
    let elements = parsed(&html);
    let known: BTreeSet<&str> = [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "nav",
        "ol",
        "ul",
        "li",
        "a",
        "main",
        "section",
        "h1",
        "h2",
        "h3",
        "h4",
        "p",
        "dl",
        "div",
        "dt",
        "dd",
        "table",
        "caption",
        "colgroup",
        "col",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "span",
        "strong",
        "figure",
        "figcaption",
        "svg",
        "desc",
        "rect",
        "polyline",
        "text",
    ]
    .into();
    let ids: BTreeSet<&String> =
        elements.iter().filter_map(|(_, attributes, _)| attributes.get("id")).collect();
    let id_count = elements.iter().filter(|(_, attributes, _)| attributes.contains_key("id")).count();
    assert_eq!(ids.len(), id_count, "an id is there twice");
    for (name, attributes, _) in &elements {
        assert!(known.contains(name.as_str()), "element {name}");
        for (attribute, value) in attributes {
            assert!(
                !attribute.starts_with("on") && attribute != "style" && attribute != "src",
                "{attribute}"
            );
            if attribute == "href" {
                assert!(
                    value.strip_prefix('#').is_some_and(|id| ids.iter().any(|known| *known == id)),
                    "{value}"
                );
            }
        }
    }
    for reference in ["http:", "url(", "@import", "javascript:", "data:text"] {
        let outside = html.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        assert!(!outside.contains(reference), "{reference}");
    }
    let style = text(&named(&elements, "style")[0].2);
    let hash: Vec<u8> = Sha256::digest(style.as_bytes()).to_vec();
    let policies = named(&elements, "meta");
    let policy = policies.iter().find_map(|(_, attributes, _)| {
        (attributes.get("http-equiv")? == "Content-Security-Policy").then(|| attributes["content"].clone())
    });
    let policy = policy.unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(policy.contains(&format!("'sha256-{}'", base64(&hash))), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(html.contains("\\u{202e}gnp\\x1b[2J\\x00"), "what acts is written out");
    assert!(html.chars().all(|character| character == '\n' || !observation::acts(character)));

    for (.., table) in named(&elements, "table") {
        let mut inner = Vec::new();
        crate::elements(table, &mut inner);
        assert_eq!(named(&inner, "caption").len(), 1);
        let heads = named(&inner, "th");
        assert!(heads.iter().all(|(_, attributes, _)| attributes.contains_key("scope")));
        let columns = heads.iter().filter(|(_, attributes, _)| attributes["scope"] == "col").count();
        for (.., row) in named(&inner, "tr") {
            assert_eq!(row.children.borrow().len(), columns);
        }
    }
    let mut level = 0;
    for (name, ..) in &elements {
        if let Some(own) = name.strip_prefix('h').and_then(|digit| digit.parse::<u8>().ok()) {
            assert!(own <= level + 1, "a heading {own} after one of {level}");
            level = own;
        }
    }
    assert_eq!(named(&elements, "h1").len(), 1);
    for (.., svg) in named(&elements, "svg") {
        let mut inner = Vec::new();
        crate::elements(svg, &mut inner);
        assert!(
            inner.iter().any(|(name, ..)| name == "title") && inner.iter().any(|(name, ..)| name == "desc")
        );
    }
}

fn base64(octets: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in octets.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, octet| (bits << 8) | u32::from(*octet))
            << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[test]
fn the_figures_are_those_of_the_register() {
    let snapshot = plant(300, "");
    let mut before = snapshot.clone();
    before.inventory.assets.truncate(200);
    before.identified.truncate(200);
    before.inventory.conversations.clear();
    before.inventory.findings.clear();
    let frozen = Frozen::of(&before).unwrap();
    let options = Options { earlier: Some(Earlier::Baseline("last year", &frozen)), ..Options::default() };
    let html = html_of(&snapshot, &options);
    let elements = parsed(&html);
    let tiles: Vec<String> = named(&elements, "ul")
        .iter()
        .filter(|(_, attributes, _)| attributes.get("class").is_some_and(|class| class == "numbers"))
        .flat_map(|(.., list)| list.children.borrow().iter().map(text).collect::<Vec<_>>())
        .collect();
    // 3, 103, 203 of the office ask historians; 4, 104, 204 are AI systems with a cloud; 5 … sit at 3.5 and reach 1 ….
    let identified = (0..300).filter(|number| number % 3 != 0).count();
    let expected = [
        "300 assets in total +100 since baseline last year",
        &format!("{identified} vendor and model known +"),
        "60 with an owner +20 since",
        "100 not in the earlier register since baseline",
        "100 firmware unknown or unsupported +",
        "9 talking across the IT–OT boundary +9 since",
    ];
    for (tile, expected) in tiles.iter().zip(expected) {
        assert!(tile.starts_with(expected), "{tile} is not {expected}");
    }
    assert_eq!(tiles.len(), 6);
    assert_eq!(table(&elements, "Assets: 300").len(), 301);
    let roles = table(&elements, "Assets by role and zone");
    assert!(
        roles.iter().any(|row| row.first().is_some_and(|role| role == "plc") && row.last().unwrap() == "150")
    );
    let document = {
        let mut octets = Vec::new();
        json::write_filtered(&snapshot, &TOOL, &Filter::default(), &mut octets).unwrap();
        Sha256::digest(&octets).iter().map(|octet| format!("{octet:02x}")).collect::<String>()
    };
    assert!(html.contains(&document));
    assert!(html.contains("last year of 2026-01-07 12:00"), "the moment of the baseline is said");
}

#[test]
fn what_is_retired_is_listed_and_in_no_figure() {
    let mut snapshot = plant(20, "");
    for identified in &mut snapshot.identified {
        identified.people = [("owner", "Ada"), ("reviewed_on", "2026-01-01"), ("supplier", "X")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
    }
    let frozen = Frozen::of(&snapshot).unwrap();
    // The only two that nobody owns are retired.
    for retired in [3, 5] {
        snapshot.identified[retired].people = [("status".to_owned(), "retired".to_owned())].into();
    }
    let options = Options { earlier: Some(Earlier::Baseline("last year", &frozen)), ..Options::default() };
    let elements = parsed(&html_of(&snapshot, &options));
    let tiles: String = named(&elements, "ul").iter().map(|(.., list)| text(list)).collect();
    assert!(
        tiles.contains("18 assets in total\u{2212}2 since")
            || tiles.contains("18 assets in total \u{2212}2 since"),
        "{tiles}"
    );
    assert!(tiles.contains("18 with an owner"), "{tiles}");
    let paragraphs: String = named(&elements, "p").iter().map(|(.., one)| text(one)).collect();
    assert!(
        paragraphs.contains("This report holds 18 assets")
            && paragraphs.contains("; 2 more are retired, and in no count of assets here")
    );
    let controls = table(&elements, "Control mapping");
    let owners = controls.iter().find(|row| row[1].starts_with("inventory of assets")).unwrap();
    assert_eq!(owners[2], "supported", "{owners:?}");
    assert!(table(&elements, "Assets: 20, 2 of them retired").len() == 21);
    let roles = table(&elements, "Assets by role and zone");
    assert_eq!(roles.last().unwrap().last().unwrap(), "18");
    let frozen = Frozen::of(&snapshot).unwrap();
    let options = Options { earlier: Some(Earlier::Baseline("now", &frozen)), ..Options::default() };
    let elements = parsed(&html_of(&snapshot, &options));
    let tiles: String = named(&elements, "ul").iter().map(|(.., list)| text(list)).collect();
    assert!(
        tiles.contains("18 assets in totalunchanged") || tiles.contains("18 assets in total unchanged"),
        "{tiles}"
    );
}

#[test]
fn an_earlier_moment_knows_what_had_been_seen_and_not_what_people_wrote() {
    let snapshot = plant(100, "");
    let options = Options { earlier: Some(Earlier::Moment(Time(NOON + DAY))), ..Options::default() };
    let elements = parsed(&html_of(&snapshot, &options));
    let tiles = named(&elements, "ul");
    let tiles: String = tiles.iter().map(|(.., list)| text(list)).collect();
    assert!(tiles.contains("100 assets in total +50 since 2026-01-03 12:00"), "{tiles}");
    assert!(tiles.contains("20 with an owner since 2026-01-03 12:00: not known then"), "{tiles}");
}

#[test]
fn persons_are_left_out_unless_they_are_asked_for() {
    let snapshot = plant(120, "");
    let html = html_of(&snapshot, &Options::default());
    assert!(
        !html.contains("Mustermann")
            && html.contains("3 attribute values that may name a person are left out")
    );
    let html = html_of(&snapshot, &Options { with_users: true, ..Options::default() });
    assert!(html.contains("Erika Mustermann"));
}

#[test]
fn what_details_leave_out_is_counted() {
    let snapshot = plant(120, "");
    let all = html_of(&snapshot, &Options::default());
    assert_eq!(
        named(&parsed(&all), "section").iter().filter(|(_, own, _)| own["class"] == "entry").count(),
        120
    );
    let some = html_of(&snapshot, &Options { details: Details::Findings, ..Options::default() });
    assert_eq!(
        named(&parsed(&some), "section").iter().filter(|(_, own, _)| own["class"] == "entry").count(),
        12
    );
    assert!(some.contains("those of the other 108 were left out"));
    let none = html_of(&snapshot, &Options { details: Details::None, ..Options::default() });
    assert!(none.contains("The own parts of all 120 were left out"));
    assert!(none.len() < some.len() && some.len() < all.len());
}

#[test]
fn the_report_of_a_large_plant_stays_one_that_is_read() {
    let snapshot = plant(1_300, "");
    let html = html_of(&snapshot, &Options::default());
    let elements = parsed(&html);
    let entries = named(&elements, "section").iter().filter(|(_, own, _)| own["class"] == "entry").count();
    let open =
        snapshot.inventory.findings.iter().flat_map(|finding| &finding.assets).collect::<BTreeSet<_>>();
    assert!((1..=DETAILED_MAX).contains(&entries) && entries <= open.len(), "{entries}");
    assert!(html.contains(&format!("{entries} of 1300 have their own part below")));
    let all = html_of(&snapshot, &Options { details: Details::All, ..Options::default() });
    assert_eq!(all.matches("class=\"entry\"").count(), 1_300);
    // The register itself is whole, other tables say how many rows they leave out.
    assert_eq!(table(&elements, "Assets: 1300").len(), 1_301);
    let conversations = snapshot.inventory.conversations.len();
    assert!(conversations > 1_000);
    let cut =
        format!("Conversations: {conversations}; the first 1000 here, {} left out", conversations - 1_000);
    assert_eq!(table(&elements, &cut).len(), 1_001);
}

#[test]
fn questions_are_answered_from_data_or_marked_as_peoples() {
    let elements = parsed(&html_of(&plant(120, POLICY), &Options::default()));
    let questions = table(&elements, "Questions of certification");
    assert_eq!(questions.len(), 10, "{questions:?}");
    assert!(
        questions[1][1].contains("no scope statement was given; 8 zones of the policy, 1 of them"),
        "{questions:?}"
    );
    assert!(questions[2][1].contains("AI systems 2, "), "{questions:?}");
    let zones = table(&elements, "Zones covered and not covered");
    assert!(
        zones.iter().any(|zone| zone[0] == "never-heard" && zone[5].starts_with("not covered")),
        "{zones:?}"
    );
    let systems = table(&elements, "AI and edge systems: 2");
    assert!(systems[1][4..8].iter().all(|cell| cell == "Not assessed"), "{systems:?}");
    let suppliers = table(&elements, "Suppliers: 3");
    assert_eq!(suppliers.len(), 4);
    let threats = table(&elements, "Threats by asset");
    let programmed = threats.iter().find(|row| row[0].starts_with("plc 77")).unwrap();
    assert!(programmed[3].starts_with("engineering workstation 1"), "{programmed:?}");
    assert!(programmed[7] == "no owner" && programmed[8] == "2", "{programmed:?}");
}

/// The same plant with every list turned around.
fn turned(mut snapshot: Snapshot) -> Snapshot {
    let last = snapshot.identified.len() - 1;
    let inventory = &mut snapshot.inventory;
    inventory.assets.reverse();
    snapshot.identified.reverse();
    snapshot.places.reverse();
    for conversation in &mut inventory.conversations {
        for end in [&mut conversation.client, &mut conversation.server] {
            if let AssetEnd::Asset(index) = end {
                *index = last - *index;
            }
        }
    }
    inventory.conversations.reverse();
    for finding in &mut inventory.findings {
        finding.assets.iter_mut().for_each(|index| *index = last - *index);
    }
    inventory.findings.reverse();
    snapshot
}

#[test]
fn the_same_register_gives_the_same_octets() {
    let (one, other) = (plant(120, POLICY), turned(plant(120, POLICY)));
    assert_eq!(html_of(&one, &Options::default()), html_of(&other, &Options::default()));
    assert_eq!(map_of(&one), map_of(&other));
    let options = Options { details: Details::None, ..Options::default() };
    assert!(pdf_of(&one, &options) == pdf_of(&other, &options));
}

#[test]
fn the_pdf_is_tagged_archival_and_whole() {
    let snapshot = plant(60, POLICY);
    let options = Options { organisation: HOSTILE, scope: "電", ..Options::default() };
    let pdf = pdf_of(&snapshot, &options);
    keep("hostile.pdf", &pdf);
    assert!(pdf.starts_with(b"%PDF-1.7"));
    let has = |needle: &str| pdf.windows(needle.len()).any(|window| window == needle.as_bytes());
    assert!(has("/StructTreeRoot") && has("/MarkInfo") && has("pdfaid:part") && has("pdfuaid:part"));
    assert!(!has("/JavaScript") && !has("/Launch") && !has("/URI"));
}

#[test]
fn the_map_shows_three_hundred_one_by_one_and_folds_five_thousand() {
    let shown = |map: &str| map.matches("<rect").count();
    let small = map_of(&plant(300, POLICY));
    keep("map-300.svg", small.as_bytes());
    assert!(shown(&small) > 300, "{}", shown(&small));
    assert!(small.contains("300 assets, each in a box"));
    assert!(
        small.contains("Level 3.5")
            && small.contains("zone control")
            && small.contains("the policy does not allow it")
    );
    let start = Instant::now();
    let large = map_of(&plant(5000, POLICY));
    keep("map-5000.svg", large.as_bytes());
    assert!(shown(&large) < 700, "{}", shown(&large));
    assert!(large.contains("folded into subnets (/24 of IPv4, /64 of IPv6)"), "{}", &large[..3000]);
    assert!(start.elapsed().as_secs() < 60);
}

#[test]
fn a_trend_is_drawn_for_what_is_given() {
    let points: Vec<(Time, f64)> = (0..30).map(|day| (Time(NOON + day * DAY), 40.0 + day as f64)).collect();
    let svg = trend("assets with an owner", &points);
    keep("trend.svg", svg.as_bytes());
    assert!(svg.starts_with("<svg ") && svg.contains("<title id=\"trend-t\">assets with an owner</title>"));
    assert!(svg.contains("From 40 on 2026-01-02 to 69 on 2026-01-31, 30 values."));
    let series = [Series { title: "assets with an owner".into(), formula: "counted so".into(), points }];
    let html = html_of(&plant(30, ""), &Options { series: &series, ..Options::default() });
    assert!(html.contains("From 40 on 2026-01-02") && html.contains("counted so"));
}

#[test]
fn reports_of_large_and_empty_registers() {
    for count in [0, 1, 300] {
        let snapshot =
            if count == 0 { Snapshot::default() } else { plant(count, if count > 1 { POLICY } else { "" }) };
        let html = html_of(&snapshot, &Options::default());
        parsed(&html);
        keep(&format!("plant-{count}.html"), html.as_bytes());
        keep(&format!("plant-{count}.pdf"), &pdf_of(&snapshot, &Options::default()));
    }
}
