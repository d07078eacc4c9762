//! Profiles: which fields a standard asks for, as data.

use std::collections::BTreeSet;
use std::fmt;

use observation::attribute;
use serde::Deserialize;

use crate::fields;

/// Most octets of a profile.
const OCTETS_MAX: usize = 1 << 20;

/// Most fields of a profile.
const FIELDS_MAX: usize = 500;

/// The profiles that come with the program, in the order of lists.
const BUILT_IN: [&str; 6] = [
    include_str!("profiles/iso27001.toml"),
    include_str!("profiles/cisa.toml"),
    include_str!("profiles/iec62443.toml"),
    include_str!("profiles/nerc-cip-010.toml"),
    include_str!("profiles/cis.toml"),
    include_str!("profiles/nis2.toml"),
];

/// What is known of an asset beside attributes and people's fields: the word in a profile, and what counts.
pub const ASSET_WORDS: &[(AssetWord, &str, &str)] = &[
    (AssetWord::Ip, "ip", "an IP address"),
    (AssetWord::Mac, "mac", "a MAC address that is its own"),
    (AssetWord::Role, "role", "a role other than unknown"),
    (AssetWord::Services, "services", "a service that it offers"),
    (AssetWord::Protocols, "protocols", "a protocol that it speaks"),
    (AssetWord::Conversations, "conversations", "a conversation with somebody"),
    (AssetWord::Vlan, "vlan", "a VLAN that its frames carried"),
    (AssetWord::Zone, "zone", "a zone of the policy"),
    (AssetWord::Level, "level", "a level of the policy"),
    (AssetWord::Approved, "approved", "a person's word that it belongs in the plant"),
    (AssetWord::Heard, "heard", "it spoke where the sensor listens"),
];

/// See [`ASSET_WORDS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AssetWord {
    /// `ip`
    Ip,
    /// `mac`
    Mac,
    /// `role`
    Role,
    /// `services`
    Services,
    /// `protocols`
    Protocols,
    /// `conversations`
    Conversations,
    /// `vlan`
    Vlan,
    /// `zone`
    Zone,
    /// `level`
    Level,
    /// `approved`
    Approved,
    /// `heard`
    Heard,
}

/// Where a field may be answered from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `people:owner`: people's field.
    People(&'static str),
    /// `date:reviewed_on`: people's field that is a day; its age counts from that day.
    Date(&'static str),
    /// `attribute:vendor`: an attribute, however it is known.
    Attribute(String),
    /// `stated:vendor`: an attribute that the device or a peer of it said.
    Stated(String),
    /// `asset:ip`: see [`ASSET_WORDS`].
    Asset(AssetWord),
    /// `talks:syslog`: it asks somebody by this protocol.
    Talks(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::People(name) => write!(f, "people:{name}"),
            Self::Date(name) => write!(f, "date:{name}"),
            Self::Attribute(name) => write!(f, "attribute:{name}"),
            Self::Stated(name) => write!(f, "stated:{name}"),
            Self::Asset(word) => {
                let name =
                    ASSET_WORDS.iter().find(|(known, ..)| known == word).map_or("", |(_, name, _)| name);
                write!(f, "asset:{name}")
            }
            Self::Talks(protocol) => write!(f, "talks:{protocol}"),
        }
    }
}

/// Which assets a field is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Applies {
    /// All.
    #[default]
    All,
    /// Those with an address of their own; modules in a rack and units behind a gateway have none.
    Addressed,
}

/// A field that a standard asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileField {
    /// Its name in commands and exports.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// Where the standard asks for it.
    pub clause: String,
    /// A part of the profile that is summed by itself; may be empty.
    pub group: String,
    /// Of which assets.
    pub applies: Applies,
    /// If given, only of assets for which people say this in this field.
    pub when: Option<(&'static str, String)>,
    /// Any of these answers it. None: the register has no place for it, and it is missing of every asset.
    pub any: Vec<Source>,
    /// Why there is no source, where there is none.
    pub why_none: String,
    /// Older than this many days is stale.
    pub max_age_days: Option<u32>,
    /// Who says so.
    pub max_age_why: String,
}

/// Which fields a standard asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The word by which commands name it.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// The text that it is made from.
    pub source: String,
    /// The edition of that text.
    pub edition: String,
    /// Against what the profile was checked.
    pub checked: String,
    /// The fields, in order.
    pub fields: Vec<ProfileField>,
}

/// Why a text is no profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileError {
    /// In words.
    pub problem: String,
    /// The word that is not known, with those that are: for a guess at what was meant.
    pub unknown: Option<(String, Vec<&'static str>)>,
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl std::error::Error for ProfileError {}

fn wrong(problem: String) -> ProfileError {
    ProfileError { problem, unknown: None }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileIn {
    id: String,
    title: String,
    source: String,
    edition: String,
    #[serde(default)]
    checked: String,
    field: Vec<FieldIn>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldIn {
    name: String,
    title: String,
    clause: String,
    #[serde(default)]
    group: String,
    applies: Option<String>,
    when: Option<String>,
    any: Vec<String>,
    #[serde(default)]
    why_none: String,
    max_age_days: Option<u32>,
    #[serde(default)]
    max_age_why: String,
}

impl Profile {
    /// The profiles that come with the program.
    #[must_use]
    pub fn built_in() -> Vec<Self> {
        // Each is parsed by a test; one that could not be read would be missing, and the test says so.
        BUILT_IN.iter().filter_map(|text| Self::parse(text).ok()).collect()
    }

    /// Reads a profile.
    ///
    /// # Errors
    ///
    /// Fails with the line where the text is no TOML or a key is not known, and with the field where a source, a
    /// condition or a word cannot be meant.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        if text.len() > OCTETS_MAX {
            return Err(wrong(format!(
                "the profile has {} octets, at most {OCTETS_MAX} are read",
                text.len()
            )));
        }
        let file: FileIn =
            toml::from_str(text).map_err(|error| wrong(error.to_string().trim_end().to_owned()))?;
        let is_word = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_.".contains(&octet))
        };
        if !is_word(&file.id) {
            return Err(wrong(format!("id \"{}\" is no word of letters, digits, - and _", file.id)));
        }
        for (name, value) in [("title", &file.title), ("source", &file.source), ("edition", &file.edition)] {
            if value.trim().is_empty() {
                return Err(wrong(format!("{name} is empty: a profile says what it is made from")));
            }
        }
        if file.field.is_empty() || file.field.len() > FIELDS_MAX {
            return Err(wrong(format!("{} fields; a profile has 1 to {FIELDS_MAX}", file.field.len())));
        }
        let mut names = BTreeSet::new();
        for field in &file.field {
            if !is_word(&field.name) {
                return Err(wrong(format!("field \"{}\": no word of letters, digits, - and _", field.name)));
            }
            if !names.insert(field.name.clone()) {
                return Err(wrong(format!("field {} stands there twice", field.name)));
            }
        }
        let fields = file.field.into_iter().map(field).collect::<Result<Vec<_>, _>>()?;
        let FileIn { id, title, source, edition, checked, .. } = file;
        Ok(Self { id, title, source, edition, checked, fields })
    }
}

fn field(read: FieldIn) -> Result<ProfileField, ProfileError> {
    let name = read.name;
    let at =
        |error: ProfileError| ProfileError { problem: format!("field {name}: {}", error.problem), ..error };
    if read.title.trim().is_empty() || read.clause.trim().is_empty() {
        return Err(at(wrong("title or clause is empty".to_owned())));
    }
    let applies = match read.applies.as_deref() {
        None | Some("all") => Applies::All,
        Some("addressed") => Applies::Addressed,
        Some(other) => {
            let unknown = Some((other.to_owned(), vec!["all", "addressed"]));
            return Err(at(ProfileError {
                problem: format!("applies = \"{other}\" is neither all nor addressed"),
                unknown,
            }));
        }
    };
    let when = read.when.as_deref().map(condition).transpose().map_err(at)?;
    let any = read.any.iter().map(|text| source(text)).collect::<Result<Vec<_>, _>>().map_err(at)?;
    if any.is_empty() && read.why_none.trim().is_empty() {
        return Err(at(wrong("no source: say by why_none why the register has none".to_owned())));
    }
    if read.max_age_days.is_some() && read.max_age_why.trim().is_empty() {
        return Err(at(wrong("max_age_days without max_age_why: who says so?".to_owned())));
    }
    Ok(ProfileField {
        name,
        title: read.title,
        clause: read.clause,
        group: read.group,
        applies,
        when,
        any,
        why_none: read.why_none,
        max_age_days: read.max_age_days,
        max_age_why: read.max_age_why,
    })
}

/// People's field of a name, or what is wrong.
fn people(name: &str) -> Result<&'static fields::Field, ProfileError> {
    fields::FIELDS.iter().find(|field| field.name == name).ok_or_else(|| ProfileError {
        problem: format!("\"{name}\" is no field that people fill in"),
        unknown: Some((name.to_owned(), fields::FIELDS.iter().map(|field| field.name).collect())),
    })
}

fn condition(text: &str) -> Result<(&'static str, String), ProfileError> {
    let parts = text.strip_prefix("people:").and_then(|text| text.split_once('='));
    let (name, value) =
        parts.ok_or_else(|| wrong(format!("when = \"{text}\" is not of the form people:FIELD=VALUE")))?;
    let field = people(name)?;
    let value = field.read(value).map_err(|error| wrong(error.to_string()))?;
    let value = value.ok_or_else(|| wrong(format!("when = \"{text}\" has no value")))?;
    Ok((field.name, value))
}

fn source(text: &str) -> Result<Source, ProfileError> {
    const KINDS: [&str; 6] = ["people", "date", "attribute", "stated", "asset", "talks"];
    let (kind, name) = text.split_once(':').filter(|(_, name)| !name.trim().is_empty()).ok_or_else(|| {
        wrong(format!("source \"{text}\" is not of the form KIND:NAME, with a kind of {}", KINDS.join(", ")))
    })?;
    match kind {
        "people" => Ok(Source::People(people(name)?.name)),
        "date" => {
            let field = people(name)?;
            if field.kind == fields::FieldKind::Date {
                Ok(Source::Date(field.name))
            } else {
                Err(wrong(format!("source \"{text}\": {name} is no day; use people:{name}")))
            }
        }
        "attribute" => Ok(Source::Attribute(known_attribute(name)?)),
        "stated" => Ok(Source::Stated(known_attribute(name)?)),
        "asset" => ASSET_WORDS
            .iter()
            .find(|(_, word, _)| *word == name)
            .map(|(word, ..)| Source::Asset(*word))
            .ok_or_else(|| ProfileError {
                problem: format!("source \"{text}\": nothing of an asset is called {name}"),
                unknown: Some((name.to_owned(), ASSET_WORDS.iter().map(|(_, word, _)| *word).collect())),
            }),
        "talks" => Ok(Source::Talks(name.to_owned())),
        other => Err(ProfileError {
            problem: format!("source \"{text}\": \"{other}\" is none of {}", KINDS.join(", ")),
            unknown: Some((other.to_owned(), KINDS.to_vec())),
        }),
    }
}

/// A name of an attribute; those of one protocol (`tls.version`) are taken as they are.
fn known_attribute(name: &str) -> Result<String, ProfileError> {
    if name.contains('.') || attribute::ALL.contains(&name) {
        return Ok(name.to_owned());
    }
    Err(ProfileError {
        problem: format!("\"{name}\" is no attribute"),
        unknown: Some((name.to_owned(), attribute::ALL.to_vec())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "id = \"own\"\ntitle = \"Own\"\nsource = \"house rule 7\"\nedition = \"1\"\n";

    fn error(fields: &str) -> ProfileError {
        Profile::parse(&format!("{HEAD}{fields}")).unwrap_err()
    }

    fn one(rest: &str) -> String {
        format!("[[field]]\nname = \"a\"\ntitle = \"A\"\nclause = \"1\"\n{rest}\n")
    }

    #[test]
    fn every_profile_that_comes_along_can_be_read() {
        for text in BUILT_IN {
            let profile = Profile::parse(text).unwrap();
            assert!(!profile.checked.is_empty(), "{}: against what was it checked?", profile.id);
        }
        let profiles = Profile::built_in();
        let ids: BTreeSet<_> = profiles.iter().map(|profile| profile.id.as_str()).collect();
        assert_eq!(ids.len(), BUILT_IN.len());
        let cisa = profiles.iter().find(|profile| profile.id == "cisa").unwrap();
        let count = |group: &str| cisa.fields.iter().filter(|field| field.group == group).count();
        assert_eq!((count("high"), count("medium"), count("low")), (14, 8, 10), "as the table has them");
        let cip = profiles.iter().find(|profile| profile.id == "nerc-cip-010").unwrap();
        assert_eq!(cip.fields.iter().filter(|field| field.clause.starts_with("R1 1.1.")).count(), 5);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_the_field_and_what_is_known() {
        for (rest, problem) in [
            ("any = [\"people:ower\"]", "field a: \"ower\" is no field that people fill in"),
            ("any = [\"attribute:vendr\"]", "\"vendr\" is no attribute"),
            ("any = [\"asset:ipp\"]", "nothing of an asset is called ipp"),
            ("any = [\"owner\"]", "is not of the form KIND:NAME"),
            ("any = [\"wire:owner\"]", "\"wire\" is none of people, date"),
            ("any = [\"date:owner\"]", "owner is no day; use people:owner"),
            ("any = []", "no source: say by why_none"),
            ("any = [\"asset:ip\"]\nmax_age_days = 3", "who says so?"),
            ("any = [\"asset:ip\"]\nmax_age_days = -3", "max_age_days"),
            ("any = [\"asset:ip\"]\napplies = \"some\"", "neither all nor addressed"),
            ("any = [\"asset:ip\"]\nwhen = \"people:status=lost\"", "\"lost\" is none of in_use"),
            ("any = [\"asset:ip\"]\nwhen = \"owner\"", "not of the form people:FIELD=VALUE"),
            ("any = [\"asset:ip\"]\ncolour = \"red\"", "colour"),
        ] {
            let error = error(&one(rest)).problem;
            assert!(error.contains(problem), "{rest}: {error}");
        }
        assert!(error("field = []").problem.contains("0 fields"));
        let twice = format!("{0}{0}", one("any = [\"asset:ip\"]"));
        assert!(error(&twice).problem.contains("field a stands there twice"));
        let (word, known) = error(&one("any = [\"people:ower\"]")).unknown.unwrap();
        assert!(word == "ower" && known.contains(&"owner"));
        assert!(Profile::parse(&one("any = [\"asset:ip\"]")).is_err(), "no source");
    }

    #[test]
    fn sources_print_as_they_are_written() {
        for text in [
            "people:owner",
            "date:reviewed_on",
            "attribute:tls.version",
            "stated:os",
            "asset:ip",
            "talks:ntp",
        ] {
            assert_eq!(source(text).unwrap().to_string(), text);
        }
    }
}
