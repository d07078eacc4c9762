//! The letters of the PDF, and how wide they are.

use krilla::text::{Font, GlyphId, KrillaGlyph};
use ttf_parser::Face;

const REGULAR: &[u8] = include_bytes!("../../../fonts/DejaVuSansCondensed.ttf");
const BOLD: &[u8] = include_bytes!("../../../fonts/DejaVuSansCondensed-Bold.ttf");

/// A font that is measured and embedded.
struct Cut {
    font: Font,
    face: Face<'static>,
}

impl Cut {
    fn new(octets: &'static [u8]) -> Option<Self> {
        Some(Self { font: Font::new(octets.into(), 0)?, face: Face::parse(octets, 0).ok()? })
    }

    fn advance(&self, glyph: ttf_parser::GlyphId) -> f32 {
        f32::from(self.face.glyph_hor_advance(glyph).unwrap_or(0)) / f32::from(self.face.units_per_em())
    }
}

/// Upright and bold.
pub(super) struct Letters {
    regular: Cut,
    bold: Cut,
}

/// True for letters that would need more than standing side by side: those that join, stack or run to the left. They
/// are written out as what has no glyph is.
fn needs_shaping(character: char) -> bool {
    matches!(
        u32::from(character),
        0x0300..=0x036f | 0x0590..=0x109f | 0x1100..=0x11ff | 0x1700..=0x18af | 0x1a00..=0x1aff
            | 0x1dc0..=0x1dff | 0x20d0..=0x20ff | 0xa800..=0xabff | 0xe000..=0xf8ff | 0xfb1d..=0xfdff
            | 0xfe00..=0xfe0f | 0xfe20..=0xfe2f | 0xfe70..=0xfeff | 0xf0000..
    )
}

impl Letters {
    /// `None` if a font is damaged, which a test rules out.
    pub(super) fn new() -> Option<Self> {
        Some(Self { regular: Cut::new(REGULAR)?, bold: Cut::new(BOLD)? })
    }

    fn cut(&self, bold: bool) -> &Cut {
        if bold { &self.bold } else { &self.regular }
    }

    pub(super) fn font(&self, bold: bool) -> Font {
        self.cut(bold).font.clone()
    }

    /// The text in characters that both fonts have; others are written as `\u{96fb}`.
    pub(super) fn written(&self, text: &str) -> String {
        let has = |character: char| {
            !needs_shaping(character)
                && self.regular.face.glyph_index(character).is_some_and(|glyph| glyph.0 != 0)
                && self.bold.face.glyph_index(character).is_some_and(|glyph| glyph.0 != 0)
        };
        if text.chars().all(|character| character.is_ascii_graphic() || character == ' ') {
            return text.to_owned();
        }
        let mut written = String::with_capacity(text.len());
        for character in text.chars() {
            if has(character) {
                written.push(character);
            } else {
                written.push_str(&format!("\\u{{{:x}}}", u32::from(character)));
            }
        }
        written
    }

    pub(super) fn width_of(&self, character: char, size: f32, bold: bool) -> f32 {
        let cut = self.cut(bold);
        cut.face.glyph_index(character).map_or(0.0, |glyph| cut.advance(glyph) * size)
    }

    pub(super) fn width(&self, text: &str, size: f32, bold: bool) -> f32 {
        text.chars().map(|character| self.width_of(character, size, bold)).sum()
    }

    /// The glyphs of a text in which every character has one.
    pub(super) fn glyphs(&self, text: &str, bold: bool) -> Vec<KrillaGlyph> {
        let cut = self.cut(bold);
        let glyphs = text.char_indices().filter_map(|(at, character)| {
            let glyph = cut.face.glyph_index(character)?;
            Some(KrillaGlyph {
                glyph_id: GlyphId::new(glyph.0.into()),
                text_range: at..at.saturating_add(character.len_utf8()),
                x_advance: cut.advance(glyph),
                x_offset: 0.0,
                y_offset: 0.0,
                y_advance: 0.0,
                location: None,
            })
        });
        glyphs.collect()
    }

    /// The text in lines no wider than `room`: broken at spaces, else behind marks, else anywhere.
    pub(super) fn lines(&self, text: &str, size: f32, bold: bool, room: f32) -> Vec<String> {
        let text = self.written(text);
        let mut lines = Vec::new();
        let mut line = String::new();
        let mut width = 0.0;
        let space = self.width_of(' ', size, bold);
        for word in text.split(' ') {
            let own = self.width(word, size, bold);
            if !line.is_empty() && width + space + own <= room {
                line.push(' ');
                line.push_str(word);
                width += space + own;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            if own <= room {
                line.push_str(word);
                width = own;
                continue;
            }
            let mut parts = self.parts(word, size, bold, room);
            line = parts.pop().unwrap_or_default();
            lines.append(&mut parts);
            width = self.width(&line, size, bold);
        }
        if !line.is_empty() || lines.is_empty() {
            lines.push(line);
        }
        lines
    }

    /// A word that is wider than the room, in parts.
    fn parts(&self, word: &str, size: f32, bold: bool, room: f32) -> Vec<String> {
        let mut parts: Vec<String> = Vec::new();
        let mut part = String::new();
        let mut width = 0.0;
        for character in word.chars() {
            let own = self.width_of(character, size, bold);
            if width + own > room && !part.is_empty() {
                let cut = part.rfind(['-', '_', '.', '/', ':', ',', ';']).map(|at| at.saturating_add(1));
                // A mark near the beginning would leave most of the line empty.
                let cut = cut.filter(|at| *at < part.len() && *at > part.len() / 2);
                let rest = cut.map(|at| part.split_off(at)).unwrap_or_default();
                parts.push(std::mem::replace(&mut part, rest));
                width = self.width(&part, size, bold);
            }
            part.push(character);
            width += own;
        }
        parts.push(part);
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_nothing_is_lost() {
        let letters = Letters::new().unwrap();
        let text =
            "a controller 6ES7315-2EH14-0AB0/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa end";
        for room in [30.0, 61.5, 200.0] {
            let lines = letters.lines(text, 8.0, false, room);
            assert!(lines.iter().all(|line| letters.width(line, 8.0, false) <= room + 0.01), "{lines:?}");
            assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        }
        assert_eq!(letters.lines("", 8.0, false, 50.0), [""]);
    }

    #[test]
    fn what_has_no_glyph_is_written_out() {
        let letters = Letters::new().unwrap();
        assert_eq!(
            letters.written("Köln \u{96fb} \u{05d0} a\u{301} \u{e000}"),
            "Köln \\u{96fb} \\u{5d0} a\\u{301} \\u{e000}"
        );
        assert_eq!(letters.written("→ ≥ – … × ⇄ Ж λ"), "→ ≥ – … × ⇄ Ж λ");
        assert!(letters.glyphs("⇄×", true).iter().all(|glyph| glyph.glyph_id.to_u32() != 0));
    }
}
