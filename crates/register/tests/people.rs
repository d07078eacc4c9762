//! People's fields, approvals, lists and decisions, through the register.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod common;

use common::{ACTOR, each_station_an_asset, import, told};
use inventory::DecisionKind;
use observation::Time;
use register::{Actor, Edit, Error, Listing, Mode, Register, Taken};

fn with_asset() -> (Register, String) {
    let mut register = Register::in_memory().unwrap();
    import(&mut register, "a", &[told(3, 0)]);
    register.identify(each_station_an_asset).unwrap();
    let id = register.snapshot(None, each_station_an_asset).unwrap().identified.remove(0).id;
    (register, id)
}

fn edit(id: &str, field: &str, value: Option<&str>) -> Edit {
    Edit { ids: vec![id.into()], field: field.into(), value: value.map(str::to_owned) }
}

#[test]
fn edits_are_all_or_none_and_a_trial_writes_nothing() {
    let (mut register, id) = with_asset();
    let lines = register.journal().unwrap().len();
    let edits = [edit(&id, "owner", Some("Ada")), edit(&id, "line", Some("2"))];
    let tried = register.edit(&edits, Mode::Try, "set", "", &ACTOR).unwrap();
    assert_eq!(tried.len(), 2);
    assert!(register.field_history(&[&id]).unwrap().is_empty());
    assert_eq!(register.journal().unwrap().len(), lines);
    let unknown = [edit(&id, "owner", Some("Ada")), edit("nobody", "owner", Some("Eve"))];
    assert!(matches!(register.edit(&unknown, Mode::Write, "set", "", &ACTOR), Err(Error::UnknownAsset(_))));
    assert!(register.field_history(&[&id]).unwrap().is_empty());
    assert_eq!(register.edit(&edits, Mode::Write, "set", "survey", &ACTOR).unwrap(), {
        let mut told = tried;
        told.iter_mut().for_each(|change| change.reason = "survey".into());
        told
    });
    assert!(register.edit(&edits, Mode::Write, "set", "survey", &ACTOR).unwrap().is_empty(), "as it is");
    assert_eq!(register.journal().unwrap().len(), lines + 1, "one line for one asset");
    let history = register.field_history(&[&id]).unwrap();
    assert_eq!(
        (history[0].field.as_str(), history[0].reason.as_str(), history.len()),
        ("owner", "survey", 2)
    );
}

#[test]
fn an_import_is_taken_whole_and_over_nobodys_newer_word() {
    let (mut register, id) = with_asset();
    let listing =
        Listing { site: "s".into(), values: vec![("ip".into(), "10.9.9.9".into())], ..Listing::default() };
    let taken = |expected: Option<&str>| Taken {
        edits: vec![(edit(&id, "owner", Some("Ada")), expected.map(str::to_owned))],
        listings: vec![(listing.clone(), vec![("line".into(), "2".into())])],
        file: "plant.xlsx".into(),
        detail: "SHA-256 ab".into(),
    };
    let lines = register.journal().unwrap().len();
    // Grace wrote after the file was compared with the register.
    register.edit(&[edit(&id, "owner", Some("Grace"))], Mode::Write, "set", "", &ACTOR).unwrap();
    let refused = register.take(&taken(None), Mode::Write, "", &ACTOR);
    assert!(matches!(refused, Err(Error::ChangedMeanwhile { field, .. }) if field == "owner"));
    assert_eq!(register.journal().unwrap().len(), lines + 1, "nothing was listed either");
    // A value that the register refuses, in the last of the edits: nothing of the rest is there.
    let mut long = taken(Some("Grace"));
    long.listings[0].1.push(("notes".into(), "x".repeat(5000)));
    assert!(matches!(register.take(&long, Mode::Write, "", &ACTOR), Err(Error::ValueTooLong { .. })));
    register.take(&taken(Some("Grace")), Mode::Try, "", &ACTOR).unwrap();
    assert_eq!(register.journal().unwrap().len(), lines + 1);
    let changes = register.take(&taken(Some("Grace")), Mode::Write, "", &ACTOR).unwrap();
    let told: Vec<_> = changes.iter().map(|one| (one.field.as_str(), one.before.as_deref())).collect();
    assert_eq!(told, [("owner", Some("Grace")), ("line", None)]);
    let journal = register.journal().unwrap();
    let actions: Vec<_> = journal.iter().skip(lines + 1).map(|line| line.action.as_str()).collect();
    assert_eq!(actions, ["set", "declare", "set", "import fields"]);
}

#[test]
fn what_was_done_was_done_on_a_day_that_has_come() {
    // It is 2023-11-14, 22:13 in UTC: the 15th has begun in the east, the 16th nowhere.
    let (mut register, id) = with_asset();
    for field in ["reviewed_on", "backup_last", "backup_restore_tested"] {
        let set = |day: &str| [edit(&id, field, Some(day))];
        let refused = register.edit(&set("2023-11-16"), Mode::Write, "set", "", &ACTOR);
        assert!(matches!(refused, Err(Error::FutureDay { .. })), "{field}: {refused:?}");
        assert!(register.field_history(&[&id]).unwrap().iter().all(|change| change.field != field));
        register.edit(&set("2023-11-15"), Mode::Write, "set", "", &ACTOR).unwrap();
    }
    // What is planned lies ahead.
    let next = [edit(&id, "next_review", Some("2199-01-01")), edit(&id, "support_end", Some("2199-01-01"))];
    assert_eq!(register.edit(&next, Mode::Write, "set", "", &ACTOR).unwrap().len(), 2);
}

#[test]
fn steps_that_need_a_reason_are_refused_without_one() {
    let (mut register, id) = with_asset();
    let keys = [id.clone()];
    assert!(matches!(
        register.decide(DecisionKind::Merge, "s", &keys, &keys, "", &ACTOR),
        Err(Error::NoReason(_))
    ));
    assert!(matches!(register.undo(1, "", &ACTOR), Err(Error::NoReason(_))));
    assert!(matches!(register.undo(1, "x", &ACTOR), Err(Error::UnknownDecision(1))));
    assert!(matches!(register.unlist(&keys, "", &ACTOR), Err(Error::NoReason(_))));
    // Retiring and bringing back, by whatever command; nothing of a refused step is kept.
    let status = |value| [edit(&id, "owner", Some("Eve")), edit(&id, "status", value)];
    for reason in ["", " "] {
        let refused = register.edit(&status(Some("retired")), Mode::Write, "set", reason, &ACTOR);
        assert!(matches!(refused, Err(Error::NoReason("retiring an asset"))), "{refused:?}");
    }
    assert!(register.field_history(&[&id]).unwrap().is_empty());
    assert_eq!(
        register.edit(&status(Some("retired")), Mode::Write, "set", "scrapped", &ACTOR).unwrap().len(),
        2
    );
    let refused = register.edit(&status(None), Mode::Write, "set", "", &ACTOR);
    assert!(matches!(refused, Err(Error::NoReason("bringing a retired asset back"))), "{refused:?}");
    assert_eq!(
        register.edit(&status(Some("in_use")), Mode::Write, "set", "repaired", &ACTOR).unwrap().len(),
        1
    );
    assert!(matches!(register.unlist(&keys, "x", &ACTOR), Err(Error::NotListed(_))));
    register.approve(&keys, "", &ACTOR).unwrap();
    assert!(matches!(register.disapprove(&keys, "", &ACTOR), Err(Error::NoReason(_))));
}

#[test]
fn decisions_policy_and_lists_go_into_resolving_until_they_are_taken_back() {
    let (mut register, _) = with_asset();
    let number =
        register.decide(DecisionKind::Merge, "s", &["a".into()], &["b".into()], "same", &ACTOR).unwrap();
    register.set_policy(Some("[[zone]]\nid = \"cell\"\nlevel = 1"), "", &ACTOR).unwrap();
    assert!(matches!(register.set_policy(Some("zones = 1"), "", &ACTOR), Err(Error::Policy(_))));
    let listing = Listing {
        site: "s".into(),
        role: Some("plc".into()),
        values: vec![("ip".into(), "10.0.0.9".into())],
    };
    let id = register.list_asset(&listing, "planned", &Actor { name: "ada", at: Time(7) }).unwrap();
    let options = register.options().unwrap();
    assert_eq!((options.decisions.len(), options.decisions[0].left.as_slice()), (1, &["a".to_owned()][..]));
    assert!(options.policy.is_given && options.policy.zone("cell").is_some());
    assert_eq!(
        (options.declared[0].ips[0].to_string(), options.declared[0].at),
        ("10.0.0.9".to_owned(), Time(7))
    );
    register.undo(number, "not the same", &ACTOR).unwrap();
    register.set_policy(None, "", &ACTOR).unwrap();
    register.unlist(&[id], "sold", &ACTOR).unwrap();
    let options = register.options().unwrap();
    assert!(options.decisions.is_empty() && options.declared.is_empty() && !options.policy.is_given);
    assert_eq!(register.decisions().unwrap()[0].undone.as_ref().unwrap().2, "not the same");
    let actions: Vec<_> = register.journal().unwrap().into_iter().map(|line| line.action).collect();
    assert_eq!(actions[1..], ["merge", "policy set", "declare", "undo", "policy taken back", "delete"]);
}
