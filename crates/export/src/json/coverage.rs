//! What a port cannot see, in the document.

use std::collections::BTreeMap;
use std::net::IpAddr;

use inventory::{CaptureCoverage, Coverage, Estimate};
use serde::Serialize;

use super::document::{Text, moment};
use crate::safe_text;

#[derive(Serialize)]
pub(super) struct CoverageOut<'a> {
    site: Text<'a>,
    sensor: Text<'a>,
    first: Option<String>,
    last: Option<String>,
    captured_seconds: i64,
    days: usize,
    captures: Vec<CaptureOut<'a>>,
    silent_targets: &'a [IpAddr],
    vlans_carried: &'a [u16],
    vlans_missing: &'a [u16],
    heard: usize,
    referenced: usize,
    behind_router: usize,
    estimate: Option<EstimateOut>,
    no_estimate: Option<&'static str>,
}

#[derive(Serialize)]
struct CaptureOut<'a> {
    capture: &'a str,
    one_way: u64,
    tcp: u64,
    kernel_drops: u64,
    losses: &'a BTreeMap<String, u64>,
}

#[derive(Serialize)]
struct EstimateOut {
    method: &'static str,
    occasions: usize,
    heard: usize,
    once: usize,
    twice: usize,
    at_least: u64,
    low: u64,
    high: u64,
    caveat: &'static str,
}

pub(super) fn coverage_out(coverage: &Coverage) -> CoverageOut<'_> {
    CoverageOut {
        site: safe_text(&coverage.site),
        sensor: safe_text(&coverage.sensor),
        first: moment(coverage.span.map(|(first, _)| first)),
        last: moment(coverage.span.map(|(_, last)| last)),
        captured_seconds: coverage.captured.div_euclid(1_000_000_000),
        days: coverage.days,
        captures: coverage.captures.iter().map(capture_out).collect(),
        silent_targets: &coverage.silent_targets,
        vlans_carried: &coverage.vlans_carried,
        vlans_missing: &coverage.vlans_missing,
        heard: coverage.heard,
        referenced: coverage.referenced,
        behind_router: coverage.behind_router,
        estimate: coverage.estimate.as_ref().ok().map(estimate_out),
        no_estimate: coverage.estimate.as_ref().err().map(|reason| reason.as_str()),
    }
}

fn capture_out(capture: &CaptureCoverage) -> CaptureOut<'_> {
    CaptureOut {
        capture: &capture.capture,
        one_way: capture.one_way,
        tcp: capture.tcp,
        kernel_drops: capture.kernel_drops,
        losses: &capture.losses,
    }
}

fn estimate_out(estimate: &Estimate) -> EstimateOut {
    // Whole devices: floating point could print differently elsewhere.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of devices")]
    let whole = |number: f64| number.round() as u64;
    EstimateOut {
        method: "chao2",
        occasions: estimate.occasions,
        heard: estimate.heard,
        once: estimate.once,
        twice: estimate.twice,
        at_least: whole(estimate.at_least),
        low: whole(estimate.interval.0),
        high: whole(estimate.interval.1),
        caveat: Estimate::CAVEAT,
    }
}
