//! The whole process, as routes and conversations see it.

use std::sync::Arc;

use axum::http::HeaderMap;
use preau_classroom::DeviceId;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::attacks::Attacks;
use crate::attempts::Attempts;
use crate::auth::Auth;
use crate::config::{Config, PublicUrl};
use crate::gatehouse::Gatehouse;
use crate::http::{Assets, Budgets};
use crate::shard::Change;
use crate::shards::Shards;
use crate::store::{SignedOut, Store, StoreError};

pub struct House {
    pub config: Config,
    /// Where browsers find us, once the port is known.
    pub public_url: PublicUrl,
    pub auth: Auth,
    pub store: Store,
    pub shards: Shards,
    pub gate: Gatehouse,
    pub assets: Assets,
    /// What every answer says to browsers.
    pub security: HeaderMap,
    /// What strangers may still cost, and how often somebody may come.
    pub budgets: Budgets,
    pub attacks: Arc<Attacks>,
    pub attempts: Attempts,
    /// All WebSockets, so that draining can wait for their ends.
    pub conversations: TaskTracker,
    /// Cancelled when the server begins to go down: nobody new comes in.
    pub draining: CancellationToken,
}

impl House {
    /// New people may be sent here.
    pub fn is_ready(&self) -> bool {
        !self.draining.is_cancelled() && self.store.is_writable()
    }

    /// Whoever is in a class with a browser that has been signed out is out of it.
    pub async fn see_out(&self) -> Result<(), StoreError> {
        for SignedOut { class, person, device } in self.store.take_ended().await? {
            // A shard that is gone has nobody left to tell.
            let _ = self.shards.tell(class, Change::SignedOut(person, DeviceId(device))).await;
        }
        Ok(())
    }
}
