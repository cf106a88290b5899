//! The routes: pages, the API of `protocol`, the WebSocket's door, and what operators ask.

mod assets;
mod body;
mod browsers;
mod budget;
mod caller;
mod claim;
mod classes;
mod first_byte;
pub mod forwarded;
mod gate;
mod guard;
mod invitations;
mod operator;
mod plain;
mod problem;
mod security;
mod serve;
mod tls;
mod upgrade;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post};

use crate::house::House;

pub use assets::Assets;
pub use budget::{Budgets, Deposit};
pub use guard::holds_secret;
pub use operator::{install_metrics, metrics_router};
pub use plain::Kept;
pub use security::headers as security_headers;
pub use serve::{Relaying, Server, bind};
pub use tls::{Tls, TlsError};

/// Everything that browsers reach.
pub fn router(house: Arc<House>) -> Router {
    Router::new()
        .route("/", get(plain::page))
        .route("/status", get(plain::status))
        .route("/class/{class}", get(plain::class_page))
        .route("/class/{class}/line", get(plain::line))
        .route("/class/{class}/setup", get(assets::page))
        .route("/api/claim", post(claim::claim))
        .route("/api/me", get(claim::me).put(claim::rename))
        .route("/api/me/browsers", get(browsers::list).delete(browsers::sign_out_others))
        .route("/api/me/browsers/{browser}", delete(browsers::sign_out))
        .route("/api/signout", post(claim::sign_out))
        .route("/api/classes", get(classes::list).post(classes::create))
        .route("/api/classes/{class}", get(classes::show).put(classes::change).delete(classes::erase))
        .route("/api/classes/{class}/invited", get(classes::invited))
        .route("/api/classes/{class}/roster/preview", post(invitations::preview))
        .route("/api/classes/{class}/roster", post(invitations::add))
        .route("/api/classes/{class}/roster/{person}", delete(invitations::drop_person))
        .route("/api/classes/{class}/invitations", get(invitations::list))
        .route("/api/classes/{class}/invitations/{person}/renew", post(invitations::renew))
        .route("/api/classes/{class}/invitations/{person}/revoke", post(invitations::revoke))
        .route("/ops", get(assets::page))
        .route("/api/ops", get(gate::operations).post(gate::act))
        .route("/api/ops/attacks.csv", get(gate::attacks))
        .route("/line.json", get(gate::line))
        .route("/status.json", get(gate::status))
        .route("/ws", get(upgrade::socket))
        .route("/healthz", get(operator::healthz))
        .route("/readyz", get(operator::readyz))
        .route("/version", get(operator::version))
        .fallback(assets::file)
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(from_fn_with_state(house.clone(), guard::guard))
        .with_state(house)
}
