//! Law 4: reading the octets again by the named rule gives the value.

use serde_json::Value;

use super::frames::Frames;
use super::{list, text};

/// What a check found.
#[derive(Debug, Default)]
pub struct Checked {
    /// Values that were read again.
    pub values: usize,
    /// What is wrong, in words.
    pub wrong: Vec<String>,
}

/// Reads every stated or reported value of a register again from the frames of the capture it was made from.
pub fn check(register: &Value, frames: &impl Frames) -> Checked {
    let mut checked = Checked::default();
    for asset in list(register, "assets") {
        for (attribute, candidates) in asset["attributes"].as_object().into_iter().flatten() {
            for candidate in candidates.as_array().into_iter().flatten() {
                if !["stated", "reported"].contains(&text(candidate, "basis")) {
                    continue;
                }
                match value(candidate, frames) {
                    Ok(value) if value == text(candidate, "value") => checked.values += 1,
                    Ok(value) => checked.wrong.push(format!(
                        "{} {attribute}: the register says {}, its octets {value:?} by {}",
                        asset["name"], candidate["value"], candidate["evidence"]["rule"]
                    )),
                    Err(problem) => {
                        checked
                            .wrong
                            .push(format!("{} {attribute} {}: {problem}", asset["name"], candidate["value"]));
                    }
                }
            }
        }
    }
    checked
}

/// What the named rule reads from the octets of the evidence.
fn value(candidate: &Value, frames: &impl Frames) -> Result<String, String> {
    let evidence = &candidate["evidence"];
    let rule = text(evidence, "rule");
    let ranges = list(evidence, "ranges");
    if ranges.is_empty() {
        return Err("no evidence".to_owned());
    }
    let mut octets = Vec::new();
    for range in ranges {
        let field = |name: &str| range[name].as_u64().ok_or_else(|| format!("a range without {name}"));
        let (frame, offset, length) = (field("frame")?, field("offset")?, field("length")?);
        let captured = frames.frame(frame).ok_or_else(|| format!("no frame {frame}"))?;
        let (Ok(start), Ok(end)) = (usize::try_from(offset), usize::try_from(offset + length)) else {
            return Err(format!("frame {frame} octet {offset}"));
        };
        octets.extend_from_slice(
            captured
                .get(start..end)
                .ok_or_else(|| format!("frame {frame} has no octets {start} to {end}"))?,
        );
    }
    let rule = protocols::rule(rule).ok_or_else(|| format!("no rule {rule:?}"))?;
    (rule.read)(&octets).ok_or_else(|| format!("{} reads nothing from {octets:02x?}", rule.name))
}
