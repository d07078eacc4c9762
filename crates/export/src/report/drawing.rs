//! Drawings of boxes, lines and words, as SVG here and as PDF in `pdf`.
//!
//! Lengths are points (1/72 inch), from the upper left corner. What is drawn first lies below.

use maud::{Markup, PreEscaped, html};

use super::page::shown;

/// A colour, as `#rrggbb` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colour(pub(crate) u8, pub(crate) u8, pub(crate) u8);

impl Colour {
    pub(crate) const BLACK: Self = Self(0x1a, 0x1a, 0x1a);
    pub(crate) const GREY: Self = Self(0x55, 0x55, 0x55);
    pub(crate) const WHITE: Self = Self(0xff, 0xff, 0xff);

    fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// Where a text stands to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    End,
}

/// A thing that is drawn.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    Box {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
        fill: Option<Colour>,
        line: Option<Colour>,
        dashed: bool,
    },
    /// From point to point.
    Line {
        points: Vec<(f32, f32)>,
        colour: Colour,
        width: f32,
        dashed: bool,
    },
    Words {
        x: f32,
        y: f32,
        size: f32,
        text: String,
        colour: Colour,
        bold: bool,
        anchor: Anchor,
    },
}

/// Boxes, lines and words on a sheet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Drawing {
    /// For people who cannot see it, and as the title.
    pub(crate) title: String,
    /// What it shows, in words.
    pub(crate) description: String,
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) shapes: Vec<Shape>,
}

impl Drawing {
    pub(crate) fn new(title: &str, description: &str, width: f32, height: f32) -> Self {
        Self { title: shown(title), description: description.to_owned(), width, height, shapes: Vec::new() }
    }

    /// Words that begin or end at a point of their base line.
    pub(crate) fn words(&mut self, at: (f32, f32), size: f32, text: &str, colour: Colour, anchor: Anchor) {
        self.text(at, size, text, colour, anchor, false);
    }

    pub(crate) fn bold(&mut self, at: (f32, f32), size: f32, text: &str, colour: Colour) {
        self.text(at, size, text, colour, Anchor::Start, true);
    }

    fn text(
        &mut self,
        (x, y): (f32, f32),
        size: f32,
        text: &str,
        colour: Colour,
        anchor: Anchor,
        bold: bool,
    ) {
        let text = shown(text);
        self.shapes.push(Shape::Words { x, y, size, text, colour, bold, anchor });
    }

    pub(crate) fn rectangle(
        &mut self,
        (x, y): (f32, f32),
        (width, height): (f32, f32),
        fill: Option<Colour>,
        line: Option<Colour>,
    ) {
        self.shapes.push(Shape::Box { x, y, width, height, fill, line, dashed: false });
    }

    pub(crate) fn dashed_rectangle(
        &mut self,
        (x, y): (f32, f32),
        (width, height): (f32, f32),
        fill: Colour,
        line: Colour,
    ) {
        let (fill, line) = (Some(fill), Some(line));
        self.shapes.push(Shape::Box { x, y, width, height, fill, line, dashed: true });
    }

    pub(crate) fn line(&mut self, points: Vec<(f32, f32)>, colour: Colour, width: f32) {
        self.shapes.push(Shape::Line { points, colour, width, dashed: false });
    }

    pub(crate) fn dashed_line(&mut self, points: Vec<(f32, f32)>, colour: Colour, width: f32) {
        self.shapes.push(Shape::Line { points, colour, width, dashed: true });
    }
}

/// A length with at most two digits behind the point, and no zeros at the end.
fn length(value: f32) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text.is_empty() || text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// The `svg` element of a drawing; `id` tells its title and description from those of others on a page.
///
/// Only attributes and no styles, so that a page may forbid styles; no link, no script, nothing from elsewhere.
pub(crate) fn svg(drawing: &Drawing, id: &str) -> Markup {
    let view = format!("0 0 {} {}", length(drawing.width), length(drawing.height));
    html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(view) width=(length(drawing.width))
            height=(length(drawing.height)) role="img" aria-labelledby={ (id) "-t " (id) "-d" }
            font-family="'DejaVu Sans Condensed','Arial Narrow',Arial,sans-serif" {
            title id={ (id) "-t" } { (drawing.title) }
            desc id={ (id) "-d" } { (drawing.description) }
            @for shape in &drawing.shapes { (element(shape)) }
        }
    }
}

fn element(shape: &Shape) -> Markup {
    let none = || "none".to_owned();
    match shape {
        Shape::Box { x, y, width, height, fill, line, dashed } => html! {
            rect x=(length(*x)) y=(length(*y)) width=(length(*width)) height=(length(*height)) rx="2"
                fill=(fill.map_or_else(none, Colour::hex)) stroke=(line.map_or_else(none, Colour::hex))
                stroke-width="0.6" stroke-dasharray=[dashed.then_some("3 2")] {}
        },
        Shape::Line { points, colour, width, dashed } => {
            let points: Vec<_> =
                points.iter().map(|(x, y)| format!("{},{}", length(*x), length(*y))).collect();
            html! {
                polyline points=(points.join(" ")) fill="none" stroke=(colour.hex())
                    stroke-width=(length(*width)) stroke-dasharray=[dashed.then_some("3 2")] {}
            }
        }
        Shape::Words { x, y, size, text, colour, bold, anchor } => {
            let anchor = match anchor {
                Anchor::Start => None,
                Anchor::End => Some("end"),
            };
            html! {
                text x=(length(*x)) y=(length(*y)) font-size=(length(*size)) fill=(colour.hex())
                    font-weight=[bold.then_some("bold")] text-anchor=[anchor] { (text) }
            }
        }
    }
}

/// The text as a comment of XML holds it: no two hyphens side by side, which would end it or be no XML.
fn commented(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '-' && shown.ends_with('-') {
            shown.push(' ');
        }
        shown.push(character);
    }
    shown
}

/// The drawing as a file of its own.
pub(crate) fn svg_file(drawing: &Drawing, caption: &[String]) -> String {
    let caption: Vec<String> = caption.iter().map(|line| commented(line)).collect();
    html! {
        (PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"))
        @for line in &caption { (PreEscaped("<!-- ")) (line) (PreEscaped(" -->\n")) }
        (svg(drawing, "map")) (PreEscaped("\n"))
    }
    .into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_a_comment_or_makes_it_no_xml() {
        for (text, shown) in
            [("2026-01-02", "2026-01-02"), ("so---uth", "so- - -uth"), ("-->", "- ->"), ("----", "- - - -")]
        {
            assert_eq!(commented(text), shown);
        }
    }

    #[test]
    fn lengths_have_no_idle_digits() {
        assert_eq!(length(1.0), "1");
        assert_eq!(length(0.125), "0.12");
        assert_eq!(length(-0.001), "0");
        assert_eq!(length(100.5), "100.5");
    }

    #[test]
    fn words_are_escaped_and_comments_do_not_end() {
        let mut drawing = Drawing::new("<t>", "a & b", 10.0, 5.0);
        drawing.words((1.0, 2.0), 7.0, "</text><script>\u{202e}", Colour::BLACK, Anchor::End);
        let file = svg_file(&drawing, &["x --><script>".to_owned()]);
        assert!(!file.contains("<script"), "{file}");
        assert!(file.contains("&lt;/text&gt;&lt;script&gt;\\u{202e}</text>"), "{file}");
        assert_eq!(file.matches("-->").count(), 1, "{file}");
    }
}
