//! A figure over time as a line.

use observation::Time;

use super::drawing::{Anchor, Colour, Drawing, svg};
use super::page::shown;
use super::view::day;

const WIDTH: f32 = 480.0;
const HEIGHT: f32 = 150.0;
/// Left, top, right and bottom of the field of the line.
const FIELD: (f32, f32, f32, f32) = (46.0, 12.0, 468.0, 122.0);
const LINE: Colour = Colour(0x1f, 0x4e, 0x79);
const GRID: Colour = Colour(0xd5, 0xda, 0xe0);

/// Most points that are marked one by one.
const MARKS_MAX: usize = 62;

/// Draws a series as SVG: time to the right, values upwards from 0, an `svg` element without styles and links.
///
/// `title` says what is counted. Points may come in any order; those that are no number are left out, and said to be.
#[must_use]
pub fn trend(title: &str, points: &[(Time, f64)]) -> String {
    svg(&draw(title, points), "trend").into_string()
}

pub(crate) fn draw(title: &str, points: &[(Time, f64)]) -> Drawing {
    let mut known: Vec<(Time, f64)> = points.iter().copied().filter(|(_, value)| value.is_finite()).collect();
    known.sort_by(|one, other| one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)));
    let (Some(first), Some(last)) = (known.first().copied(), known.last().copied()) else {
        let mut drawing = Drawing::new(title, "There are no values yet.", WIDTH, 30.0);
        drawing.words((4.0, 18.0), 8.0, "no values yet", Colour::GREY, Anchor::Start);
        return drawing;
    };
    let missing = points.len().saturating_sub(known.len());
    let missing = if missing > 0 { format!(", {missing} values are no numbers") } else { String::new() };
    let description = format!(
        "From {} on {} to {} on {}, {} values{missing}.",
        plain(first.1),
        day(first.0),
        plain(last.1),
        day(last.0),
        known.len()
    );
    let mut drawing = Drawing::new(title, &description, WIDTH, HEIGHT);
    let lowest = known.iter().map(|(_, value)| *value).fold(0.0, f64::min);
    let highest = known.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    let step = step(highest - lowest);
    let (low, high) = ((lowest / step).floor() * step, ((highest / step).ceil() * step).max(step));
    let (left, top, right, bottom) = FIELD;
    let y = |value: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "a length on paper")]
        let part = ((value - low) / (high - low)) as f32;
        bottom - part * (bottom - top)
    };
    let span = last.0.0.saturating_sub(first.0.0);
    let x = |time: Time| {
        if span == 0 {
            return (left + right) / 2.0;
        }
        #[expect(clippy::cast_precision_loss, reason = "a length on paper")]
        let part = time.0.saturating_sub(first.0.0) as f32 / span as f32;
        left + part * (right - left)
    };
    let mut value = low;
    // At most as many as `step` gives.
    for _ in 0..12 {
        if value > high + step / 2.0 {
            break;
        }
        drawing.line(vec![(left, y(value)), (right, y(value))], GRID, 0.5);
        drawing.words((left - 4.0, y(value) + 2.5), 7.0, &plain(value), Colour::GREY, Anchor::End);
        value += step;
    }
    let line: Vec<(f32, f32)> = known.iter().map(|(time, value)| (x(*time), y(*value))).collect();
    if line.len() <= MARKS_MAX {
        for (x, y) in &line {
            drawing.rectangle((x - 1.6, y - 1.6), (3.2, 3.2), Some(LINE), None);
        }
    }
    if line.len() > 1 {
        drawing.line(line, LINE, 1.4);
    }
    drawing.words((left, bottom + 14.0), 7.0, &day(first.0), Colour::GREY, Anchor::Start);
    if span > 0 {
        drawing.words((right, bottom + 14.0), 7.0, &day(last.0), Colour::GREY, Anchor::End);
    }
    let last_value = shown(&plain(last.1));
    drawing.words((right, (y(last.1) - 5.0).max(8.0)), 8.0, &last_value, Colour::BLACK, Anchor::End);
    drawing
}

/// 1, 2 or 5 times a power of ten, so that a range has about five steps.
fn step(range: f64) -> f64 {
    let wanted = (range / 5.0).max(1e-9);
    let mut power = 1.0;
    for _ in 0..400 {
        if power <= wanted {
            break;
        }
        power /= 10.0;
    }
    for _ in 0..400 {
        if power * 10.0 > wanted {
            break;
        }
        power *= 10.0;
    }
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= wanted);
    let step = step.unwrap_or(power * 10.0);
    // Most figures are counts: no half assets on the scale of a small range.
    if range <= 5.0 && range.fract() == 0.0 { step.max(1.0) } else { step }
}

/// A value with at most two digits behind the point.
fn plain(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::drawing::Shape;
    use super::*;

    const DAY: i64 = 86_400_000_000_000;

    fn line(points: &[(Time, f64)]) -> Vec<(f32, f32)> {
        let drawing = draw("t", points);
        let lines = drawing.shapes.into_iter().filter_map(|shape| match shape {
            Shape::Line { points, colour, .. } if colour == LINE => Some(points),
            _ => None,
        });
        lines.flatten().collect()
    }

    #[test]
    fn later_is_to_the_right_and_more_is_higher() {
        let points = [(Time(2 * DAY), 10.0), (Time(0), 0.0), (Time(DAY), 5.0)];
        let line = line(&points);
        assert_eq!(line.len(), 3);
        assert_eq!(line[0], (FIELD.0, FIELD.3));
        assert_eq!(line[1], ((FIELD.0 + FIELD.2) / 2.0, (FIELD.1 + FIELD.3) / 2.0));
        assert_eq!(line[2], (FIELD.2, FIELD.1));
    }

    #[test]
    fn strange_series_are_drawn_within_the_field() {
        let cases: [&[(Time, f64)]; 6] = [
            &[],
            &[(Time(5), 3.0)],
            &[(Time(i64::MIN), 1e30), (Time(i64::MAX), -1e30)],
            &[(Time(0), 0.0), (Time(1), 0.0)],
            &[(Time(0), f64::NAN), (Time(1), f64::INFINITY), (Time(2), 1.0)],
            &[(Time(0), 1e-7), (Time(1), 2e-7)],
        ];
        for points in cases {
            let drawing = draw("<t>", points);
            for shape in &drawing.shapes {
                if let Shape::Line { points, .. } = shape {
                    for (x, y) in points {
                        assert!((0.0..=WIDTH).contains(x) && (0.0..=HEIGHT).contains(y), "{points:?}");
                    }
                }
            }
        }
        assert!(draw("t", cases[4]).description.contains("2 values are no numbers"));
        assert!(trend("<t>", &[]).contains("&lt;t&gt;"));
    }

    #[test]
    fn steps_are_round() {
        assert_eq!(step(10.0), 2.0);
        assert_eq!(step(237.0), 50.0);
        assert_eq!(step(3.0), 1.0);
        assert!((step(0.4) - 0.1).abs() < 1e-12);
    }
}
