//! Writes sheets as PDF/A-2a and PDF/UA-1.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::color::rgb;
use krilla::configure::ConfigurationBuilder;
use krilla::configure::validate::{Accessibility, Archival};
use krilla::destination::XyzDestination;
use krilla::geom::{Path, PathBuilder, Point, Rect, Transform};
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, ListNumbering, TableHeaderScope, Tag, TagGroup, TagKind,
    TagTree,
};
use krilla::{Document, SerializeSettings};
use observation::Time;

use super::super::drawing::{Anchor, Colour, Drawing, Shape};
use super::super::page::Pages;
use super::letters::Letters;
use super::sheets::{BOTTOM, Laid, MARGIN, Mark, Meaning, Outlined, Part, Sheet};
use crate::error::{Error, Result};
use crate::json::Tool;

const RUNNING: f32 = 6.0;
const LINE: Colour = Colour(0xc3, 0xca, 0xd2);

pub(super) fn paint(
    pages: &Pages,
    laid: &Laid,
    letters: &Letters,
    tool: &Tool<'_>,
    as_of: Option<Time>,
) -> Result<Vec<u8>> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| Error::Pdf(format!("{error:?}")))?;
    let settings = SerializeSettings { configuration, enable_tagging: true, ..SerializeSettings::default() };
    let mut document = Document::new_with(settings);
    document.set_metadata(metadata(pages, letters, tool, as_of));
    let mut contents: BTreeMap<Part, Vec<Identifier>> = BTreeMap::new();
    for (at, sheet) in laid.sheets.iter().enumerate() {
        self::sheet(&mut document, pages, laid, letters, (at, sheet), &mut contents)?;
    }
    let mut outline = Outline::new();
    for node in &laid.outline {
        outline.push_child(outlined(node));
    }
    document.set_outline(outline);
    let mut tree = TagTree::new().with_lang(Some("en".to_owned()));
    for part in laid.parts.first().map(|(_, inner)| inner.as_slice()).unwrap_or_default() {
        if let Some(group) = group(laid, *part, &mut contents) {
            tree.push(group);
        }
    }
    document.set_tag_tree(tree);
    document.finish().map_err(|error| Error::Pdf(format!("{error:?}")))
}

fn metadata(pages: &Pages, letters: &Letters, tool: &Tool<'_>, as_of: Option<Time>) -> Metadata {
    let metadata = Metadata::new()
        .title(letters.written(&pages.title))
        .description(pages.running.clone())
        .creator(format!("{} {}", tool.name, tool.version))
        .language("en".to_owned());
    // No clock: the document is of the moment that it speaks of.
    let number = |form: &str| as_of.and_then(|as_of| crate::time::printed(as_of, form).parse::<u16>().ok());
    let small = |form: &str| number(form).and_then(|number| u8::try_from(number).ok()).unwrap_or(1);
    let date = DateTime::new(number("%Y").unwrap_or(1970))
        .month(small("%m"))
        .day(small("%d"))
        .hour(small("%H"))
        .minute(small("%M"))
        .second(small("%S"))
        .utc_offset_hour(0)
        .utc_offset_minute(0);
    metadata.creation_date(date)
}

fn outlined(node: &Outlined) -> OutlineNode {
    let place = XyzDestination::new(node.sheet, Point::from_xy(0.0, (node.y - 4.0).max(0.0)));
    let mut own = OutlineNode::new(node.title.clone(), place);
    for inner in &node.inner {
        own.push_child(outlined(inner));
    }
    own
}

/// A part with those in it and what was drawn of it; `None` if there is nothing.
fn group(laid: &Laid, part: Part, contents: &mut BTreeMap<Part, Vec<Identifier>>) -> Option<TagGroup> {
    let (meaning, inner) = laid.parts.get(part)?;
    let mut group = TagGroup::new(kind(meaning));
    let mut is_empty = true;
    for child in inner {
        if let Some(child) = self::group(laid, *child, contents) {
            group.push(child);
            is_empty = false;
        }
    }
    for identifier in contents.remove(&part).unwrap_or_default() {
        group.push(identifier);
        is_empty = false;
    }
    (!is_empty).then_some(group)
}

fn kind(meaning: &Meaning) -> TagKind {
    match meaning {
        Meaning::Section => Tag::Section.into(),
        Meaning::Heading(level, text) => {
            Tag::Hn(NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN), Some(text.clone())).into()
        }
        Meaning::Paragraph => Tag::P.into(),
        Meaning::List => Tag::L(ListNumbering::None).into(),
        Meaning::Item => Tag::LI.into(),
        Meaning::ItemBody => Tag::LBody.into(),
        Meaning::Table => Tag::Table.into(),
        Meaning::Caption => Tag::Caption.into(),
        Meaning::Row => Tag::TR.into(),
        Meaning::ColumnHead => Tag::TH(TableHeaderScope::Column).into(),
        Meaning::RowHead => Tag::TH(TableHeaderScope::Row).into(),
        Meaning::Data => Tag::TD.into(),
        Meaning::Link => Tag::Link.into(),
        Meaning::Figure(words) => Tag::Figure(Some(words.clone())).into(),
    }
}

fn sheet(
    document: &mut Document,
    pages: &Pages,
    laid: &Laid,
    letters: &Letters,
    (at, sheet): (usize, &Sheet),
    contents: &mut BTreeMap<Part, Vec<Identifier>>,
) -> Result<()> {
    let (width, height) = sheet.size();
    let settings = PageSettings::from_wh(width, height)
        .ok_or_else(|| Error::Pdf("a sheet without a size".to_owned()))?;
    let mut page = document.start_page_with(settings);
    let mut surface = page.surface();
    for mark in &sheet.marks {
        let artifact = ContentTag::Artifact(Artifact::with_kind(ArtifactType::Other));
        let part = match mark {
            Mark::Text { part, .. } => *part,
            Mark::PageOf { part, .. } | Mark::Picture { part, .. } => Some(*part),
            _ => None,
        };
        let identifier = surface.start_tagged(if part.is_some() { ContentTag::Other } else { artifact });
        if let Some(part) = part {
            contents.entry(part).or_default().push(identifier);
        }
        draw(&mut surface, mark, laid, letters);
        surface.end_tagged();
    }
    let foot = format!("{} / {}", at.saturating_add(1), laid.sheets.len());
    let running = letters.written(&pages.running);
    surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Other)));
    write(&mut surface, letters, (MARGIN, 26.0), RUNNING, false, Colour::GREY, &running);
    let x = width - MARGIN - letters.width(&foot, RUNNING, false);
    write(&mut surface, letters, (x, height - BOTTOM / 2.0), RUNNING, false, Colour::GREY, &foot);
    surface.end_tagged();
    surface.finish();
    for lead in &sheet.leads {
        let Some((to, y)) = laid.places.get(&lead.section) else { continue };
        let Some(rect) = Rect::from_xywh(lead.x, lead.y, lead.width.max(1.0), lead.height.max(1.0)) else {
            continue;
        };
        let place = XyzDestination::new(*to, Point::from_xy(0.0, (y - 4.0).max(0.0)));
        let link = LinkAnnotation::new(rect, Target::Destination(place.into()));
        let words = format!("to {}", lead.text);
        let identifier = page.add_tagged_annotation(Annotation::new_link(link, Some(words)));
        contents.entry(lead.part).or_default().push(identifier);
    }
    page.finish();
    Ok(())
}

fn fill(colour: Colour) -> Fill {
    Fill { paint: rgb::Color::new(colour.0, colour.1, colour.2).into(), ..Fill::default() }
}

fn stroke(colour: Colour, width: f32, dashed: bool) -> Stroke {
    Stroke {
        paint: rgb::Color::new(colour.0, colour.1, colour.2).into(),
        width,
        dash: dashed.then(|| StrokeDash { array: vec![3.0, 2.0], offset: 0.0 }),
        ..Stroke::default()
    }
}

fn path(points: &[(f32, f32)]) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for (at, (x, y)) in points.iter().enumerate() {
        if at == 0 {
            builder.move_to(*x, *y);
        } else {
            builder.line_to(*x, *y);
        }
    }
    builder.finish()
}

fn rectangle(
    surface: &mut Surface<'_>,
    rect: Option<Rect>,
    inside: Option<Colour>,
    line: Option<(Colour, f32, bool)>,
) {
    let mut builder = PathBuilder::new();
    let Some(rect) = rect else { return };
    builder.push_rect(rect);
    let Some(path) = builder.finish() else { return };
    surface.set_fill(inside.map(fill));
    surface.set_stroke(line.map(|(colour, width, dashed)| stroke(colour, width, dashed)));
    surface.draw_path(&path);
    surface.set_stroke(None);
}

fn line(surface: &mut Surface<'_>, points: &[(f32, f32)], colour: Colour, width: f32, dashed: bool) {
    if let Some(path) = path(points) {
        surface.set_fill(None);
        surface.set_stroke(Some(stroke(colour, width, dashed)));
        surface.draw_path(&path);
        surface.set_stroke(None);
    }
}

/// Writes text in which every character has a glyph.
fn write(
    surface: &mut Surface<'_>,
    letters: &Letters,
    (x, y): (f32, f32),
    size: f32,
    bold: bool,
    colour: Colour,
    text: &str,
) {
    if text.is_empty() {
        return;
    }
    surface.set_stroke(None);
    surface.set_fill(Some(fill(colour)));
    let glyphs = letters.glyphs(text, bold);
    surface.draw_glyphs(Point::from_xy(x, y), &glyphs, letters.font(bold), text, size, false);
}

fn draw(surface: &mut Surface<'_>, mark: &Mark, laid: &Laid, letters: &Letters) {
    match mark {
        Mark::Text { x, y, size, bold, colour, text, .. } => {
            write(surface, letters, (*x, *y), *size, *bold, *colour, text);
        }
        Mark::PageOf { x, y, size, section, .. } => {
            let page = laid.places.get(section).map(|(sheet, _)| sheet.saturating_add(1).to_string());
            let page = page.unwrap_or_default();
            let x = x - letters.width(&page, *size, false);
            write(surface, letters, (x, *y), *size, false, Colour::BLACK, &page);
        }
        Mark::Rule { x, y, width } => line(surface, &[(*x, *y), (x + width, *y)], LINE, 0.5, false),
        Mark::Ground { x, y, width, height, colour } => {
            rectangle(surface, Rect::from_xywh(*x, *y, *width, *height), Some(*colour), None);
        }
        Mark::Frame { x, y, width, height } => {
            let line = Some((Colour::GREY, 0.5, false));
            rectangle(surface, Rect::from_xywh(*x, *y, *width, *height), None, line);
        }
        Mark::Picture { x, y, scale, drawing, .. } => {
            surface.push_transform(&Transform::from_row(*scale, 0.0, 0.0, *scale, *x, *y));
            picture(surface, drawing, letters);
            surface.pop();
        }
    }
}

fn picture(surface: &mut Surface<'_>, drawing: &Drawing, letters: &Letters) {
    for shape in &drawing.shapes {
        match shape {
            Shape::Box { x, y, width, height, fill, line, dashed } => {
                let line = line.map(|colour| (colour, 0.6, *dashed));
                rectangle(surface, Rect::from_xywh(*x, *y, *width, *height), *fill, line);
            }
            Shape::Line { points, colour, width, dashed } => {
                line(surface, points, *colour, *width, *dashed);
            }
            Shape::Words { x, y, size, text, colour, bold, anchor } => {
                let text = letters.written(text);
                let x = match anchor {
                    Anchor::Start => *x,
                    Anchor::End => x - letters.width(&text, *size, *bold),
                };
                write(surface, letters, (x, *y), *size, *bold, *colour, &text);
            }
        }
    }
}
