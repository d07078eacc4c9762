//! Made-up documents: every verdict by its rule, and hostile shapes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use advisories::{
    Advisory, DOCUMENT_OCTETS_MAX, Device, DocumentError, Firmware, Kev, Options, Verdict, judge,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn device(order_number: &str, model: &str, firmware: Option<&str>) -> Device {
    Device {
        id: "a".into(),
        vendor: "Maker AG".into(),
        model: model.into(),
        order_number: order_number.into(),
        firmware: firmware.map(|version| Firmware { version: version.into(), days_ago: 3 }),
        ..Device::default()
    }
}

/// A document with one product per version range and the statuses given.
fn document(products: &[(&str, &str, &str, Value)], status: Value) -> Value {
    let branches: Vec<Value> = products
        .iter()
        .map(|(id, name, range, helper)| {
            json!({"category": "product_name", "name": name, "branches": [{
                "category": "product_version_range", "name": range,
                "product": {"name": name, "product_id": id, "product_identification_helper": helper}}]})
        })
        .collect();
    json!({
        "document": {"csaf_version": "2.0", "title": "t", "tracking": {"id": "MAKER-1"}},
        "product_tree": {"branches": [{"category": "vendor", "name": "Maker", "branches": branches}]},
        "vulnerabilities": [{"cve": "CVE-2026-1", "product_status": status, "remediations": [
            {"category": "mitigation", "details": "unplug it"},
            {"category": "vendor_fix", "details": "update  to\nV3", "product_ids": ["P1"]}]}],
    })
}

fn read(document: &Value) -> Advisory {
    Advisory::read(&serde_json::to_vec(document).unwrap()).unwrap()
}

/// Verdict and reason; nothing if the advisory is not about the device.
fn verdict(document: &Value, device: &Device) -> Option<(Verdict, String)> {
    let outcomes = judge(&read(document), std::slice::from_ref(device), &Options::default());
    assert!(outcomes.len() <= 1, "{outcomes:?}");
    outcomes.into_iter().next().map(|outcome| (outcome.verdict, outcome.reason))
}

fn simple(range: &str) -> Value {
    document(
        &[("P1", "Mixer 900", range, json!({"skus": ["AB12-3456-7890"]}))],
        json!({"known_affected": ["P1"]}),
    )
}

#[test]
fn a_firmware_inside_outside_unknown_or_old() {
    let doc = simple("vers:generic/<V3.0");
    let of =
        |firmware| verdict(&doc, &device("AB12 3456-7890".replace(' ', "-").as_str(), "", firmware)).unwrap();
    assert_eq!(of(Some("V2.9")).0, Verdict::Affected);
    assert_eq!(of(Some("V3.0")).0, Verdict::NotAffected);
    assert_eq!(of(None).0, Verdict::CannotTell);
    assert_eq!(of(Some("monday's build")).0, Verdict::CannotTell);
    let mut old = device("AB12-3456-7890", "", Some("V3.0"));
    old.firmware.as_mut().unwrap().days_ago = 400;
    let (verdict_of_old, reason) = verdict(&doc, &old).unwrap();
    assert_eq!(verdict_of_old, Verdict::CannotTell);
    assert!(reason.contains("last proven 400 days ago"), "{reason}");
    // Where every version is affected, none needs to be known.
    assert_eq!(
        verdict(&simple("vers:all/*"), &device("AB12-3456-7890", "", None)).unwrap().0,
        Verdict::Affected
    );
    assert_eq!(
        verdict(&simple("see the manual"), &device("AB12-3456-7890", "", Some("1"))).unwrap().0,
        Verdict::CannotTell
    );
}

#[test]
fn another_order_number_is_another_product_whatever_its_name() {
    let doc = simple("*");
    assert!(verdict(&doc, &device("AB12-3456-0000", "Mixer 900", None)).is_none());
    assert_eq!(verdict(&doc, &device("", "Mixer 900", None)).unwrap().0, Verdict::Affected, "the same name");
    let mut other = device("AB12-3456-7890", "Mixer 900", None);
    other.vendor = "Baker".into();
    assert!(verdict(&doc, &other).is_none(), "of another maker");
    let (may_be, reason) = verdict(&doc, &device("", "900", None)).unwrap();
    assert_eq!(may_be, Verdict::CannotTell);
    assert!(reason.contains("not certain"), "{reason}");
}

#[test]
fn model_numbers_have_wildcards_and_serial_numbers_narrow() {
    let with = |helper| document(&[("P1", "x", "*", helper)], json!({"known_affected": ["P1"]}));
    let own = device("AB12-3456-7890", "", None);
    assert_eq!(verdict(&with(json!({"model_numbers": ["AB12-*"]})), &own).unwrap().0, Verdict::Affected);
    assert!(verdict(&with(json!({"model_numbers": ["AB13-*"]})), &own).is_none());
    let serial = json!({"model_numbers": ["AB12-*"], "serial_numbers": ["SN-?1"]});
    assert_eq!(
        verdict(&with(serial.clone()), &own).unwrap().0,
        Verdict::CannotTell,
        "its serial is not known"
    );
    let of = |number: &str| Device { serial_number: number.into(), ..own.clone() };
    assert_eq!(verdict(&with(serial.clone()), &of("SN-21")).unwrap().0, Verdict::Affected);
    assert!(verdict(&with(serial), &of("SN-22")).is_none());
    let cpe = with(json!({"cpe": "cpe:2.3:h:maker:mixer_900:*:*:*:*:*:*:*:*"}));
    let named = Device { cpe: Some("cpe:2.3:h:maker:mixer_900:1:*:*:*:*:*:*:*".into()), ..Device::default() };
    assert_eq!(verdict(&cpe, &named).unwrap().0, Verdict::Affected);
}

#[test]
fn statuses_are_weighed_and_contradictions_are_said() {
    let products = |ranges: [&'static str; 2]| {
        let helper = || json!({"skus": ["AB12-3456-7890"]});
        [("P1", "Mixer", ranges[0], helper()), ("P2", "Mixer", ranges[1], helper())]
    };
    let own = device("AB12-3456-7890", "", Some("V2.5"));
    let fixed = document(&products(["<V2.0", ">=V2.0"]), json!({"known_affected": ["P1"], "fixed": ["P2"]}));
    assert_eq!(verdict(&fixed, &own).unwrap().0, Verdict::NotAffected);
    let later =
        document(&products(["<V2.0", ">=V3.0"]), json!({"known_affected": ["P1"], "first_fixed": ["P2"]}));
    assert_eq!(verdict(&later, &own).unwrap().0, Verdict::NotAffected, "outside of what is affected");
    let both = document(
        &products(["<V3.0", "<V3.0"]),
        json!({"known_affected": ["P1"], "known_not_affected": ["P2"]}),
    );
    let (contradiction, reason) = verdict(&both, &own).unwrap();
    assert_eq!(contradiction, Verdict::CannotTell);
    assert!(reason.contains("affected, and not"), "{reason}");
    let open = document(&products(["*", "*"]), json!({"under_investigation": ["P1"]}));
    assert_eq!(verdict(&open, &own).unwrap().0, Verdict::CannotTell);
    let only_fixed = document(&products(["<V2.0", ">=V3.0"]), json!({"fixed": ["P2"]}));
    assert_eq!(verdict(&only_fixed, &own).unwrap().0, Verdict::CannotTell, "nothing is said of V2.5");
}

#[test]
fn single_versions_say_nothing_of_others() {
    let mut doc = simple("v1");
    doc["product_tree"]["branches"][0]["branches"][0]["branches"][0]["category"] = "product_version".into();
    let of = |firmware| verdict(&doc, &device("AB12-3456-7890", "", Some(firmware))).unwrap().0;
    assert_eq!(of("V1.0"), Verdict::Affected);
    assert_eq!(of("V1.1"), Verdict::CannotTell);
}

#[test]
fn firmware_installed_on_a_device_is_the_device_in_the_versions_of_the_firmware() {
    let doc = json!({
        "document": {"csaf_version": "2.1", "title": "t", "tracking": {"id": "MAKER-2"}},
        "product_tree": {
            "branches": [{"category": "vendor", "name": "Maker", "branches": [
                {"category": "product_name", "name": "Mixer firmware", "branches": [
                    {"category": "product_version_range", "name": "<V3.0", "product": {"name": "f", "product_id": "F"}}]},
                {"category": "product_name", "name": "Mixer 900", "product": {"name": "Mixer 900", "product_id": "H",
                    "product_identification_helper": {"skus": ["AB12-3456-7890"]}}}]}],
            "relationships": [
                {"category": "installed_on", "product_reference": "F", "relates_to_product_reference": "H",
                 "full_product_name": {"name": "firmware <V3.0 on Mixer 900", "product_id": "F:H"}},
                {"category": "installed_on", "product_reference": "X", "relates_to_product_reference": "Y",
                 "full_product_name": {"name": "x", "product_id": "Y"}},
                {"category": "installed_on", "product_reference": "Y", "relates_to_product_reference": "X",
                 "full_product_name": {"name": "y", "product_id": "X"}}]},
        "vulnerabilities": [{"title": "no CVE", "product_status": {"known_affected": ["F:H"]}}],
    });
    assert_eq!(verdict(&doc, &device("AB12-3456-7890", "", Some("V2"))).unwrap().0, Verdict::Affected);
    assert_eq!(verdict(&doc, &device("AB12-3456-7890", "", Some("V3"))).unwrap().0, Verdict::NotAffected);
    assert_eq!(read(&doc).products.len(), 5, "a cycle ends");
}

#[test]
fn what_helps_is_told_in_short_the_fix_first_and_documents_are_named_by_their_hash() {
    let outcomes = judge(&read(&simple("*")), &[device("AB12-3456-7890", "", None)], &Options::default());
    assert_eq!(outcomes[0].remediation, "vendor fix: update to V3");
    assert_eq!(outcomes[0].vulnerabilities, ["CVE-2026-1"]);
    assert_eq!(read(&simple("*")).sha256.len(), 64);
}

fn error(document: &Value) -> DocumentError {
    Advisory::read(&serde_json::to_vec(document).unwrap()).unwrap_err()
}

#[test]
fn documents_of_another_shape_are_refused_with_the_place() {
    let says = |document: Value, part: &str| {
        let said = error(&document).to_string();
        assert!(said.contains(part), "{said}");
    };
    says(json!([1, 2]), "no CSAF");
    says(json!({"document": {"csaf_version": "1.2"}}), "version 1.2");
    says(json!({"document": {"csaf_version": 2}}), "document.csaf_version: no string");
    let with = |pointer: &str, value: Value| {
        let mut doc = simple("*");
        *doc.pointer_mut(pointer).unwrap() = value;
        doc
    };
    says(with("/product_tree/branches", json!({"a": 1})), "product_tree.branches: no array");
    says(
        with("/product_tree/branches/0/branches/0/name", json!(7)),
        "branches[0].branches[0].name: no string",
    );
    says(
        with("/vulnerabilities/0/product_status/known_affected", json!([[]])),
        "known_affected[0]: no string",
    );
    says(with("/vulnerabilities/0", json!("x")), "vulnerabilities[0]: no object");
    let twice = document(&[("P1", "a", "*", json!({})), ("P1", "b", "*", json!({}))], json!({}));
    says(twice, "product id \"P1\" is defined twice");
    assert!(matches!(Advisory::read(b"{"), Err(DocumentError::Json(_))));
}

#[test]
fn hostile_documents_are_bounded() {
    let mut nested = json!({"category": "vendor", "name": "x"});
    for _ in 0..80 {
        nested = json!({"category": "vendor", "name": "x", "branches": [nested]});
    }
    let with = |branch: Value| json!({"document": {"csaf_version": "2.0", "tracking": {"id": "a"}}, "product_tree": {"branches": [branch]}});
    // serde_json's own limit is 128 levels, two for each branch.
    let said = error(&with(nested)).to_string();
    assert!(said.contains("recursion limit"), "{said}");
    let deep = "[".repeat(1_000_000);
    assert!(matches!(Advisory::read(deep.as_bytes()), Err(DocumentError::Json(_))));
    let huge = vec![b' '; DOCUMENT_OCTETS_MAX + 1];
    assert!(matches!(Advisory::read(&huge), Err(DocumentError::TooLarge { .. })));
    // A text of many megabytes is cut, and compared in no time.
    let long = "A".repeat(4 << 20);
    let doc = document(
        &[("P1", &long, &long, json!({"model_numbers": ["*A".repeat(1_000)]}))],
        json!({"known_affected": ["P1"]}),
    );
    assert!(read(&doc).products["P1"].name.len() <= 2_000);
    assert!(
        verdict(&doc, &device(&"A".repeat(5_000), "B", None))
            .is_some_and(|(verdict, _)| verdict != Verdict::NotAffected)
    );
}

#[test]
fn the_catalogue_of_exploited_vulnerabilities_is_read() {
    let kev = Kev::read(br#"{"vulnerabilities": [{"cveID": "CVE-2026-1", "dateAdded": "2026-02-03", "dueDate": "2026-02-24"}]}"#);
    assert_eq!(kev.unwrap().get("CVE-2026-1").unwrap().added, "2026-02-03");
    assert!(Kev::read(b"{}").is_err() && Kev::read(b"[]").is_err() && Kev::read(b"x").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// No text makes a range that clears a device whose firmware is of no comparable form, and none panics.
    #[test]
    fn texts_of_any_kind_are_survived_and_never_clear_what_is_not_known(range in "\\PC{0,40}", firmware in "\\PC{0,20}") {
        let doc = simple(&range);
        let unknown = verdict(&doc, &device("AB12-3456-7890", "", None));
        prop_assert!(unknown.is_none_or(|(verdict, _)| verdict != Verdict::NotAffected));
        let _ = verdict(&doc, &device("AB12-3456-7890", &range, Some(&firmware)));
    }

    /// A document with anything in place of anything is read or refused.
    #[test]
    fn documents_with_anything_anywhere_are_survived(at in 0_usize..12, with in prop_oneof![
        Just(Value::Null), Just(json!(1.5)), Just(json!({})), Just(json!([])), Just(json!(["x"])), Just(json!("*"))]) {
        const PLACES: [&str; 12] = [
            "/document", "/document/tracking", "/document/tracking/id", "/product_tree", "/product_tree/branches/0",
            "/product_tree/branches/0/branches", "/product_tree/branches/0/branches/0/branches/0/product",
            "/product_tree/branches/0/branches/0/branches/0/product/product_identification_helper",
            "/product_tree/branches/0/branches/0/branches/0/category", "/vulnerabilities", "/vulnerabilities/0/cve",
            "/vulnerabilities/0/remediations/0"];
        let mut doc = simple("*");
        *doc.pointer_mut(PLACES[at]).unwrap() = with;
        if let Ok(advisory) = Advisory::read(&serde_json::to_vec(&doc).unwrap()) {
            let _ = judge(&advisory, &[device("AB12-3456-7890", "Mixer 900", Some("1"))], &Options::default());
        }
    }
}
