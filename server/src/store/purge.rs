//! Forgetting: what is older than the retention rule says is erased, with everything about it.

use preau_protocol::UnixMs;
use rusqlite::params;

use super::{Store, StoreError};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
/// A browser that has claimed nothing, or nothing any more, is forgotten after this.
const IDLE_DEVICE_DAYS: u64 = 1;

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    pub classes: usize,
    pub devices: usize,
    pub welcomes: usize,
}

impl Store {
    /// Erases classes that were last used (made, changed, opened or due) more than `retention_days` before `now`, with
    /// their rosters, journals, people and claims; that accounts were signed in too long ago; browsers left with nothing; and one-time links that have expired.
    pub async fn purge(&self, retention_days: u32, now: UnixMs) -> Result<Purged, StoreError> {
        let oldest = now.0.saturating_sub(u64::from(retention_days) * DAY_MS);
        let (seen, signed_in) = self.stay.oldest(now);
        self.write(move |connection| {
            // The rest of what belongs to a class follows it (ON DELETE CASCADE).
            let classes =
                connection.execute("DELETE FROM class WHERE max(used_at, starts_at) < ?1", params![oldest])?;
            connection.execute("DELETE FROM claim WHERE until IS NOT NULL AND until < ?1", params![now.0])?;
            connection.execute(
                "UPDATE device SET account = NULL WHERE account IS NOT NULL AND (seen_at <= ?1 OR signed_in_at <= ?2)",
                params![seen, signed_in],
            )?;
            let devices = connection.execute(
                "DELETE FROM device WHERE account IS NULL AND seen_at < ?1
                 AND NOT EXISTS (SELECT 1 FROM claim WHERE claim.device = device.id)",
                params![now.0.saturating_sub(IDLE_DEVICE_DAYS * DAY_MS)],
            )?;
            let welcomes = connection.execute("DELETE FROM welcome WHERE until < ?1", params![now.0])?;
            Ok(Purged { classes, devices, welcomes })
        })
        .await
    }
}
