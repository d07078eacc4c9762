//! The report as one HTML file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::drawing::svg;
use super::page::{Block, Cell, Kind, Number, Pages, Section, Table, Tone};

const STYLE: &str = include_str!("style.css");

/// The style sheet, with what stands at the head and foot of printed pages.
fn style(running: &str) -> String {
    // Between quotes in a style sheet only these mean themselves and nothing else.
    let plain = |character: &char| character.is_ascii_alphanumeric() || " .,:-_()+/".contains(*character);
    let running: String = running.chars().filter(plain).collect();
    format!(
        "{STYLE}@page {{ @top-left {{ content: \"{running}\"; }} @bottom-right {{ content: counter(page) \" / \" counter(pages); }} }}\n"
    )
}

/// The whole document.
pub(crate) fn document(pages: &Pages) -> String {
    let style = style(&pages.running);
    let hash = STANDARD.encode(Sha256::digest(style.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; form-action 'none'"
    );
    let mut drawings = 0_usize;
    let (front, behind): (Vec<_>, Vec<_>) =
        pages.sections.iter().partition(|section| section.kind == Kind::Front);
    let chapters = pages.sections.iter().filter(|section| section.kind != Kind::Entry);
    let body = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (pages.title) }
                style { (PreEscaped(&style)) }
            }
            body {
                main {
                    @for section in front { (self::section(section, &mut drawings)) }
                    nav aria-label="Contents" {
                        p { strong { "Contents" } }
                        ol { @for chapter in chapters {
                            li { a href={ "#" (chapter.id) } { (chapter.title()) } }
                        } }
                    }
                    @for section in behind { (self::section(section, &mut drawings)) }
                }
            }
        }
    };
    let mut text = body.into_string();
    text.push('\n');
    text
}

fn section(section: &Section, drawings: &mut usize) -> Markup {
    let class = match section.kind {
        Kind::Front => "front",
        Kind::Chapter => "chapter",
        Kind::Wide => "wide",
        Kind::Entry => "entry",
    };
    let heading = format!("{}-title", section.id);
    html! {
        section id=(section.id) class=(class) aria-labelledby=(heading) {
            @match section.kind {
                Kind::Front => h1 id=(heading) { (section.title()) },
                Kind::Entry => h3 id=(heading) { (section.title()) },
                _ => h2 id=(heading) { (section.title()) },
            }
            @for block in &section.blocks { (self::block(block, section.kind, drawings)) }
        }
    }
}

fn block(block: &Block, kind: Kind, drawings: &mut usize) -> Markup {
    match block {
        Block::Paragraph(text) => html! { p { (text) } },
        Block::Note(text) => html! { p class="note" { (text) } },
        Block::List(texts) => html! { ul { @for text in texts { li { (text) } } } },
        Block::Facts(pairs) => html! {
            dl { @for (name, value) in pairs { div { dt { (name) } dd { (text(value)) } } } }
        },
        Block::Numbers(numbers) => html! {
            ul class="numbers" { @for number in numbers { (self::number(number)) } }
        },
        Block::Heading(text) if kind == Kind::Entry => html! { h4 { (text) } },
        Block::Heading(text) if kind == Kind::Front => html! { h2 { (text) } },
        Block::Heading(text) => html! { h3 { (text) } },
        Block::Table(table) => self::table(table),
        Block::Drawing(drawing) => {
            *drawings = drawings.saturating_add(1);
            html! {
                figure {
                    (svg(drawing, &format!("drawing-{drawings}")))
                    figcaption { strong { (drawing.title) } ". " (drawing.description) }
                }
            }
        }
        Block::Signatures(lines) => html! {
            table class="signatures" {
                caption { "Sign-off" }
                thead { tr {
                    th scope="col" { "Role" } th scope="col" { "Name" } th scope="col" { "Date" }
                    th scope="col" { "Signature" }
                } }
                tbody { @for line in lines { tr { th scope="row" { (line) } td {} td {} td {} } } }
            }
        },
    }
}

fn number(number: &Number) -> Markup {
    html! {
        li {
            span class="value" { (number.value) } " "
            span class="label" { (number.label) } " "
            span class="change" { (number.change) } " "
            span class="formula" { (number.formula) }
        }
    }
}

fn class(tone: Tone) -> Option<&'static str> {
    match tone {
        Tone::Plain => None,
        Tone::Good => Some("good"),
        Tone::Notice => Some("notice"),
        Tone::Warning => Some("warning"),
        Tone::Missing => Some("missing"),
    }
}

fn text(cell: &Cell) -> Markup {
    let words = html! {
        @match class(cell.tone) {
            Some(class) => span class=(class) { (cell.text()) },
            None => (cell.text()),
        }
    };
    match &cell.link {
        Some(link) => html! { a href={ "#" (link) } { (words) } },
        None => words,
    }
}

fn table(table: &Table) -> Markup {
    let all = table.columns.iter().map(|column| u32::from(column.share)).fold(0, u32::saturating_add).max(1);
    // Widths are classes: the policy forbids style attributes.
    let width = |share: u16| {
        let percent = u32::from(share).saturating_mul(100).checked_div(all).unwrap_or(0).clamp(1, 100);
        format!("w{percent}")
    };
    html! {
        table {
            caption { (table.caption()) }
            colgroup { @for column in &table.columns { col class=(width(column.share)); } }
            thead { tr { @for column in &table.columns {
                th scope="col" class=[column.is_number.then_some("number")] { (column.head()) }
            } } }
            tbody { @for row in &table.rows { tr {
                @for (at, cell) in row.iter().enumerate() {
                    @let number = table.columns.get(at).is_some_and(|column| column.is_number);
                    @if at == 0 {
                        th scope="row" { (text(cell)) }
                    } @else {
                        td class=[number.then_some("number")] { (text(cell)) }
                    }
                }
            } } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::page::{column, paragraph};
    use super::*;

    #[test]
    fn texts_and_captions_cannot_become_markup() {
        let hostile = "</style></title><script>alert(1)</script>\"'&\u{202e}\0";
        let table = Table::new(hostile, vec![column(hostile, 1)], vec![vec![Cell::new(hostile)]]);
        let blocks = vec![paragraph(hostile), Block::Table(table)];
        let pages = Pages {
            title: super::super::page::shown(hostile),
            running: hostile.to_owned(),
            sections: vec![Section::new("a", hostile, Kind::Entry, blocks)],
        };
        let html = document(&pages);
        assert!(!html.contains("<script"), "{html}");
        assert!(!html.contains('\u{202e}') && !html.contains('\0'));
        assert_eq!(html.matches("</style>").count(), 1);
        assert!(html.contains("content: \"/style/titlescriptalert(1)/script\""), "{html}");
    }
}
