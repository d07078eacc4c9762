//! Who wrote which of people's fields, and when.

use std::collections::{BTreeMap, HashMap};

use inventory::Identified;
use inventory::readiness::Mark;
use observation::Time;

use crate::error::Result;
use crate::open::Register;

impl Register {
    /// Who wrote the people's fields that assets show, and when; in the order of the assets. Where several ids of one
    /// asset have a value, it is the mark of the one that shows.
    ///
    /// # Errors
    ///
    /// Fails if the register cannot be read.
    pub fn field_marks(&self, identified: &[Identified]) -> Result<Vec<BTreeMap<String, Mark>>> {
        let mut written: HashMap<(String, String), (String, Mark)> = HashMap::new();
        let mut statement =
            self.connection.prepare_cached("SELECT asset, field, value, actor, at FROM asset_field")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let mark = Mark { by: row.get(3)?, on: Time(row.get(4)?) };
            written.insert((row.get(0)?, row.get(1)?), (row.get(2)?, mark));
        }
        let marks_of = |identified: &Identified| {
            let shown = identified.people.iter().filter_map(|(field, value)| {
                let mut ids = std::iter::once(&identified.id).chain(&identified.aliases);
                let mark = ids.find_map(|id| {
                    let (written, mark) = written.get(&(id.clone(), field.clone()))?;
                    (written == value).then(|| mark.clone())
                });
                Some((field.clone(), mark?))
            });
            shown.collect()
        };
        Ok(identified.iter().map(marks_of).collect())
    }
}
