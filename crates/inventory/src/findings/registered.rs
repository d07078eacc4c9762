//! Systems that read controllers and hand their data on or learn from it, held against what people say of them.

use super::FindingKind;
use crate::fields;
use crate::model::{Asset, Finding, Role};
use crate::roles::list;
use crate::snapshot::Identified;

/// What the register must say of who reads controllers for artificial intelligence: who answers for it, what it runs,
/// what that learned from (ISO/IEC 42001 annex A), and what outside runs it or gets its data.
const OF_AI: &[&str] = &["owner", "ai_model", "ai_training_data", "cloud_service"];

/// Of who hands data on: who answers for it, and to what outside.
const OF_GATEWAY: &[&str] = &["owner", "cloud_service"];

/// Takes out the findings of systems of which people's fields say everything that such a system needs, and tells of the
/// others what is missing. `identified` runs parallel to `assets`.
pub fn look_at_people(findings: &mut Vec<Finding>, assets: &[Asset], identified: &[Identified]) {
    findings.retain_mut(|finding| {
        if finding.kind != FindingKind::EdgeSystemReads.as_str() {
            return true;
        }
        let Some(index) = finding.assets.first().copied() else { return true };
        let (Some(asset), Some(said)) = (assets.get(index), identified.get(index)) else { return true };
        let is_ai = asset.roles.iter().any(|claim| claim.role == Role::AiSystem);
        let needed = if is_ai { OF_AI } else { OF_GATEWAY };
        let missing: Vec<_> = needed
            .iter()
            .filter(|name| said.people.get(**name).is_none_or(|value| value.trim().is_empty()))
            .collect();
        if missing.is_empty() {
            return false;
        }
        let titles =
            missing.iter().filter_map(|name| fields::field_named(name)).map(|field| field.title.to_owned());
        finding.text = format!("{}; nobody says of it: {}", finding.text, list(titles));
        true
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_are_fields_that_people_can_fill_in() {
        for name in OF_AI.iter().chain(OF_GATEWAY) {
            assert!(fields::FIELDS.iter().any(|field| field.name == *name), "{name}");
        }
    }
}
