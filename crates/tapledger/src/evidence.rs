//! `evidence show`: the octets that prove a value, read once more.

use std::fmt::Write;
use std::process::ExitCode;

use inventory::{Candidate, Proof, Snapshot};
use observation::{KeptFrame, Range, number_of};
use register::Register;

use crate::arguments::ShowEvidence;
use crate::failure::{CHECK_FAILED, Failure};
use crate::session::{find, snapshot};
use crate::terminal;

/// Octets on one line of a dump.
const OCTETS_PER_LINE: usize = 16;

pub(crate) fn show(arguments: &ShowEvidence) -> Result<ExitCode, Failure> {
    let (register, snapshot) = snapshot(&arguments.db.db, None)?;
    let index = find(&snapshot, &arguments.asset)?;
    let Some(asset) = snapshot.inventory.assets.get(index) else { return Ok(ExitCode::FAILURE) };
    let Some(candidates) = asset.attributes.get(&arguments.attribute) else {
        let known: Vec<_> = asset.attributes.keys().map(String::as_str).collect();
        let known =
            if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
        return Err(Failure::Usage(format!(
            "{} has no attribute \"{}\": {known}",
            asset.name, arguments.attribute
        )));
    };
    let mut text = format!("{} · {}\n", asset.name, arguments.attribute);
    let mut proved = true;
    for candidate in candidates {
        let (more, holds) = candidate_text(&register, &snapshot, candidate)?;
        text.push_str(&more);
        proved &= holds;
    }
    terminal::print(&terminal::safe_lines(&text))?;
    Ok(if proved { ExitCode::SUCCESS } else { ExitCode::from(CHECK_FAILED) })
}

/// What proves one candidate, and whether its octets still say so.
fn candidate_text(
    register: &Register,
    snapshot: &Snapshot,
    candidate: &Candidate,
) -> Result<(String, bool), Failure> {
    let mut text = String::new();
    let _ = writeln!(text, "\nvalue     {}", candidate.value);
    let _ = writeln!(
        text,
        "basis     {} by {}, {}",
        candidate.basis.as_str(),
        candidate.protocol,
        number_of(candidate.count, "time")
    );
    let times = [candidate.first, candidate.last].map(export::time::rfc3339);
    let _ = writeln!(text, "seen      {} to {}", times[0], times[1]);
    let Some(proof) = &candidate.proof else {
        text.push_str(
            "proof     none: it is inferred from a table or from behaviour, not read from octets\n",
        );
        return Ok((text, true));
    };
    let capture = snapshot.captures.iter().find(|capture| capture.uid == proof.capture);
    let _ = writeln!(
        text,
        "capture   {} ({})",
        export::safe_text(capture.map_or("?", |capture| capture.name.as_str())),
        proof.capture
    );
    let mut octets = Vec::new();
    let mut whole = true;
    for range in &proof.evidence.ranges {
        let frame = register.evidence(&proof.capture, range.frame)?;
        let _ = writeln!(text, "frame     {}, octets {} to {}", range.frame, range.offset, last(range));
        match frame.as_ref().and_then(|frame| cut(frame, range)) {
            Some(cut) => {
                text.push_str(&dump(cut));
                let _ = writeln!(text, "filter    {}", filter(range, cut));
                octets.extend_from_slice(cut);
            }
            None => {
                text.push_str("          the frame is not kept in the register: look it up in the capture\n");
                let _ = writeln!(text, "filter    frame.number == {}", range.frame);
                whole = false;
            }
        }
    }
    let (verdict, holds) = read_again(proof, &octets, whole, &candidate.value);
    let _ = writeln!(text, "rule      {}: {verdict}", proof.rule);
    Ok((text, holds))
}

/// Reads the octets by the rule once more.
fn read_again(proof: &Proof, octets: &[u8], whole: bool, value: &str) -> (String, bool) {
    if !whole {
        return ("not read again, octets are missing".to_owned(), true);
    }
    match protocols::rule(&proof.rule).map(|rule| (rule.read)(octets)) {
        None => ("not one of a protocol's own".to_owned(), true),
        Some(Some(again)) if again == value => (format!("read again, it says \"{again}\""), true),
        Some(again) => (format!("READ AGAIN, IT SAYS {again:?}"), false),
    }
}

fn cut<'f>(frame: &'f KeptFrame, range: &Range) -> Option<&'f [u8]> {
    let from = range.offset as usize;
    frame.octets.get(from..from.checked_add(range.length as usize)?)
}

fn last(range: &Range) -> u32 {
    range.offset.saturating_add(range.length).saturating_sub(1)
}

fn dump(octets: &[u8]) -> String {
    let mut text = String::new();
    for line in octets.chunks(OCTETS_PER_LINE) {
        let hexadecimal: Vec<String> = line.iter().map(|octet| format!("{octet:02x}")).collect();
        let shown: String = line
            .iter()
            .map(|octet| if octet.is_ascii_graphic() || *octet == b' ' { char::from(*octet) } else { '.' })
            .collect();
        let _ = writeln!(text, "          {:47}  {shown}", hexadecimal.join(" "));
    }
    text
}

/// A display filter that finds the octets in Wireshark.
fn filter(range: &Range, octets: &[u8]) -> String {
    let octets: Vec<String> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    format!(
        "frame.number == {} && frame[{}:{}] == {}",
        range.frame,
        range.offset,
        range.length,
        octets.join(":")
    )
}
