//! The tables, as an append-only list of migrations.
//!
//! # Rules of this list
//!
//! - Never change or remove an entry once released: registers of that version exist.
//! - The schema version (`user_version`) is the number of entries that were applied.
//! - Every table is STRICT, every reference a foreign key with an index that a cascade can use.
//!
//! # Conventions of the columns
//!
//! - Times are nanoseconds since 1970-01-01T00:00:00Z, days are UTC days since then.
//! - Counts stop at 2^63 - 1.
//! - `vlan` 0 is untagged, as VID 0 is on the wire.
//! - `path` is the way below the address as `rack=0/slot=2`, empty for the address itself.
//! - `evidence` and `masked` hold ranges of 16 octets each, big-endian: frame (8), offset (4), length (4). Compared as
//!   octets they sort as ranges do. `evidence` is NULL where there is none.
//! - A capture whose `uid` is NULL is provisional; only its own import sees it.
//! - Everything observed hangs on a station, and every station on a capture: deleting a capture deletes all of it.

/// "TpLr", the application id in the header of every register (SQLite file format, offset 68).
pub const APPLICATION_ID: i64 = 0x5470_4c72;

/// The newest schema, which this program writes.
pub const SCHEMA_VERSION: i64 = MIGRATIONS.len() as i64;

pub(crate) const MIGRATIONS: &[&str] =
    &[VERSION_1, FOLDED, PEOPLE, FINDING_DECISIONS, KPIS, INCIDENTS, ANCHORS];

const VERSION_1: &str = "
-- AUTOINCREMENT: the number of a capture that was thrown away is never given again, so its writer cannot add to another.
CREATE TABLE capture (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT UNIQUE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    site TEXT NOT NULL,
    sensor TEXT NOT NULL,
    interface TEXT NOT NULL,
    octets INTEGER NOT NULL DEFAULT 0,
    frames INTEGER NOT NULL DEFAULT 0,
    kernel_drops INTEGER NOT NULL DEFAULT 0,
    first INTEGER,
    last INTEGER,
    status TEXT NOT NULL,
    stopped TEXT
) STRICT;

CREATE TABLE capture_counter (
    capture INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
    name TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (capture, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE station (
    id INTEGER PRIMARY KEY,
    capture INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
    address TEXT NOT NULL,
    vlan INTEGER NOT NULL,
    path TEXT NOT NULL,
    UNIQUE (capture, address, vlan, path)
) STRICT;

CREATE TABLE presence (
    station INTEGER NOT NULL REFERENCES station ON DELETE CASCADE,
    day INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    count INTEGER NOT NULL,
    octets INTEGER NOT NULL,
    PRIMARY KEY (station, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE binding (
    station INTEGER NOT NULL REFERENCES station ON DELETE CASCADE,
    mac TEXT NOT NULL,
    day INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    count INTEGER NOT NULL,
    hop_limit_min INTEGER NOT NULL,
    hop_limit_max INTEGER NOT NULL,
    PRIMARY KEY (station, mac, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE fact (
    id INTEGER PRIMARY KEY,
    station INTEGER NOT NULL REFERENCES station ON DELETE CASCADE,
    attribute TEXT NOT NULL,
    value TEXT NOT NULL,
    basis TEXT NOT NULL,
    protocol TEXT NOT NULL,
    rule TEXT NOT NULL,
    evidence BLOB,
    UNIQUE (station, attribute, value, basis, protocol, rule)
) STRICT;

CREATE TABLE fact_day (
    fact INTEGER NOT NULL REFERENCES fact ON DELETE CASCADE,
    day INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (fact, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE mention (
    id INTEGER PRIMARY KEY,
    station INTEGER NOT NULL REFERENCES station ON DELETE CASCADE,
    by INTEGER NOT NULL REFERENCES station ON DELETE CASCADE,
    protocol TEXT NOT NULL,
    reason TEXT NOT NULL,
    evidence BLOB,
    UNIQUE (station, by, protocol, reason)
) STRICT;
CREATE INDEX mention_by ON mention (by);

CREATE TABLE mention_day (
    mention INTEGER NOT NULL REFERENCES mention ON DELETE CASCADE,
    day INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (mention, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE conversation (
    id INTEGER PRIMARY KEY,
    client INTEGER NOT NULL REFERENCES station ON DELETE CASCADE,
    server INTEGER NOT NULL REFERENCES station ON DELETE CASCADE,
    protocol TEXT NOT NULL,
    transport TEXT NOT NULL,
    port INTEGER NOT NULL,
    vlan INTEGER NOT NULL,
    oriented INTEGER NOT NULL,
    UNIQUE (client, server, protocol, transport, port, vlan)
) STRICT;
CREATE INDEX conversation_server ON conversation (server);

CREATE TABLE conversation_day (
    conversation INTEGER NOT NULL REFERENCES conversation ON DELETE CASCADE,
    day INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    count INTEGER NOT NULL,
    client_frames INTEGER NOT NULL,
    server_frames INTEGER NOT NULL,
    client_octets INTEGER NOT NULL,
    server_octets INTEGER NOT NULL,
    PRIMARY KEY (conversation, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE operation (
    id INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL REFERENCES conversation ON DELETE CASCADE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    evidence BLOB,
    UNIQUE (conversation, kind, name)
) STRICT;

CREATE TABLE operation_day (
    operation INTEGER NOT NULL REFERENCES operation ON DELETE CASCADE,
    day INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (operation, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE malformed (
    id INTEGER PRIMARY KEY,
    capture INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
    station INTEGER REFERENCES station ON DELETE CASCADE,
    protocol TEXT NOT NULL,
    frame INTEGER NOT NULL,
    time INTEGER NOT NULL,
    problem TEXT NOT NULL
) STRICT;
CREATE INDEX malformed_capture ON malformed (capture);
CREATE INDEX malformed_station ON malformed (station);

CREATE TABLE frame (
    id INTEGER PRIMARY KEY,
    capture INTEGER NOT NULL REFERENCES capture ON DELETE CASCADE,
    number INTEGER NOT NULL,
    time INTEGER NOT NULL,
    link_type INTEGER NOT NULL,
    original_length INTEGER NOT NULL,
    octets BLOB NOT NULL,
    masked BLOB NOT NULL,
    UNIQUE (capture, number)
) STRICT;

-- An id is issued for an anchor and follows it. `issued` is the order of issue; `nth` tells ids of one anchor apart;
-- `alias_of` is the id that stands for it since two assets turned out to be one.
CREATE TABLE asset (
    issued INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    site TEXT NOT NULL,
    anchor TEXT NOT NULL,
    nth INTEGER NOT NULL,
    alias_of TEXT REFERENCES asset (id),
    UNIQUE (site, anchor, nth)
) STRICT;
CREATE INDEX asset_alias ON asset (alias_of);

-- The anchors that the asset had when it was last identified, strongest first: the way back when its own is gone.
CREATE TABLE asset_anchor (
    asset TEXT NOT NULL REFERENCES asset (id) ON DELETE CASCADE,
    rank INTEGER NOT NULL,
    anchor TEXT NOT NULL,
    PRIMARY KEY (asset, rank)
) STRICT, WITHOUT ROWID;

CREATE TABLE asset_field (
    asset TEXT NOT NULL REFERENCES asset (id) ON DELETE CASCADE,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    actor TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (asset, field)
) STRICT, WITHOUT ROWID;

CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
CREATE INDEX journal_subject ON journal (subject);
CREATE TRIGGER journal_keeps_its_lines BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_loses_no_line BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
";

/// Retention: before which day a capture's days are folded, and those of its conversations.
const FOLDED: &str = "
CREATE TABLE folded (
    capture INTEGER PRIMARY KEY REFERENCES capture ON DELETE CASCADE,
    before INTEGER NOT NULL,
    conversations_before INTEGER NOT NULL
) STRICT;
";

/// People's side: history of fields, approvals, what they listed, what they decided, the policy, baselines.
const PEOPLE: &str = "
CREATE TABLE field_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    asset TEXT NOT NULL REFERENCES asset (id) ON DELETE CASCADE,
    field TEXT NOT NULL,
    before TEXT,
    after TEXT,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX field_history_asset ON field_history (asset);

CREATE TABLE approval (
    asset TEXT PRIMARY KEY REFERENCES asset (id) ON DELETE CASCADE,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- An asset that people listed; `listed_value` holds what they said of it, `mac` and `ip` among the names.
CREATE TABLE listed (
    asset TEXT PRIMARY KEY REFERENCES asset (id) ON DELETE CASCADE,
    role TEXT,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE listed_value (
    asset TEXT NOT NULL REFERENCES listed (asset) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (asset, name, value)
) STRICT, WITHOUT ROWID;

-- Merges and splits. Stations are written as anchors, one a line, strongest first. One that was undone stays as history.
CREATE TABLE decision (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    site TEXT NOT NULL,
    stations_left TEXT NOT NULL,
    stations_right TEXT NOT NULL,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    at INTEGER NOT NULL,
    undone_reason TEXT,
    undone_actor TEXT,
    undone_at INTEGER
) STRICT;

-- The last one is in force; one without text puts the default in force again.
CREATE TABLE policy (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    text TEXT,
    sha256 TEXT NOT NULL,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

-- `content` is compressed (Zstandard); `sha256` and `octets` are those of what was compressed.
CREATE TABLE baseline (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    as_of INTEGER,
    assets INTEGER NOT NULL,
    octets INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    content BLOB NOT NULL,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
";

/// What people decided about findings.
const FINDING_DECISIONS: &str = "
-- What people decided about a finding. `anchors` are the strongest anchors of its assets, one on each line; `state` is
-- what was decided, not what holds: acceptances expire, and what was closed opens when it is seen after `closed_at`.
CREATE TABLE finding_decision (
    id INTEGER PRIMARY KEY,
    site TEXT NOT NULL,
    kind TEXT NOT NULL,
    about TEXT NOT NULL,
    anchors TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    owner TEXT,
    due INTEGER,
    expires INTEGER,
    closed_at INTEGER,
    actor TEXT NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (site, kind, about, anchors)
) STRICT;

CREATE TABLE finding_step (
    id INTEGER PRIMARY KEY,
    decision INTEGER NOT NULL REFERENCES finding_decision ON DELETE CASCADE,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX finding_step_decision ON finding_step (decision);

-- Kinds of findings that are not shown.
CREATE TABLE finding_rule (
    kind TEXT PRIMARY KEY,
    actor TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// Key figures over time, and the counts of the last comparison with the company's own list.
const KPIS: &str = "
-- The written definition of a figure, by which snapshots were counted.
CREATE TABLE kpi_definition (
    kpi TEXT NOT NULL,
    version INTEGER NOT NULL,
    unit TEXT NOT NULL,
    better TEXT NOT NULL,
    title TEXT NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (kpi, version)
) STRICT;

-- `hash` is over the snapshot, its figures, their definitions and `previous`, the hash of the snapshot before.
CREATE TABLE kpi_snapshot (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    as_of INTEGER,
    actor TEXT NOT NULL,
    label TEXT NOT NULL,
    figures INTEGER NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;

-- `site` is empty for the register, `class` for all classes; `whole` is that of a share, or how many a median is of.
CREATE TABLE kpi_figure (
    snapshot INTEGER NOT NULL REFERENCES kpi_snapshot,
    kpi TEXT NOT NULL,
    version INTEGER NOT NULL,
    site TEXT NOT NULL,
    class TEXT NOT NULL,
    value INTEGER NOT NULL,
    whole INTEGER,
    PRIMARY KEY (snapshot, kpi, version, site, class)
) STRICT;

CREATE TRIGGER kpi_definition_stays BEFORE UPDATE ON kpi_definition BEGIN SELECT RAISE(ABORT, 'key figures are append-only'); END;
CREATE TRIGGER kpi_definition_is_kept BEFORE DELETE ON kpi_definition BEGIN SELECT RAISE(ABORT, 'key figures are append-only'); END;
CREATE TRIGGER kpi_snapshot_stays BEFORE UPDATE ON kpi_snapshot BEGIN SELECT RAISE(ABORT, 'key figures are append-only'); END;
CREATE TRIGGER kpi_snapshot_is_kept BEFORE DELETE ON kpi_snapshot BEGIN SELECT RAISE(ABORT, 'key figures are append-only'); END;
CREATE TRIGGER kpi_figure_stays BEFORE UPDATE ON kpi_figure BEGIN SELECT RAISE(ABORT, 'key figures are append-only'); END;
CREATE TRIGGER kpi_figure_is_kept BEFORE DELETE ON kpi_figure BEGIN SELECT RAISE(ABORT, 'key figures are append-only'); END;

-- What comparisons with the company's own list found.
CREATE TABLE reconciled (
    id INTEGER PRIMARY KEY,
    list TEXT NOT NULL,
    site TEXT NOT NULL,
    compared INTEGER NOT NULL,
    gap INTEGER NOT NULL,
    actor TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
";

/// Incidents: entries that are never changed. `hash` is over the entry and `previous`, the hash of the entry before.
const INCIDENTS: &str = "
CREATE TABLE incident_entry (
    id INTEGER PRIMARY KEY,
    incident INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    reference TEXT NOT NULL,
    moment INTEGER,
    text TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
CREATE INDEX incident_entry_incident ON incident_entry (incident);
CREATE TRIGGER incident_entry_stays BEFORE UPDATE ON incident_entry BEGIN SELECT RAISE(ABORT, 'incidents are append-only'); END;
CREATE TRIGGER incident_entry_is_kept BEFORE DELETE ON incident_entry BEGIN SELECT RAISE(ABORT, 'incidents are append-only'); END;
";

/// The way from an address to the ids of what was there.
const ANCHORS: &str = "
CREATE INDEX asset_anchor_anchor ON asset_anchor (anchor);
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_counts_the_migrations() {
        assert_eq!(usize::try_from(SCHEMA_VERSION), Ok(MIGRATIONS.len()));
    }

    #[test]
    fn every_table_is_strict() {
        for (version, sql) in MIGRATIONS.iter().enumerate() {
            let tables = sql.matches("CREATE TABLE ").count();
            let strict = sql.matches(") STRICT").count();
            assert_eq!(tables, strict, "migration {version}");
        }
    }
}
