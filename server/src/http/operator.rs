//! What operators and their machines ask: is it alive, may people come, which version, what does it carry.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use preau_protocol::VERSION;
use serde_json::json;

use super::body::Json;
use crate::house::House;
use crate::measures::BUCKETS;

/// How often the exporter tidies up after histograms.
const UPKEEP: Duration = Duration::from_secs(5);
/// Buckets for times in seconds, from a fast commit to a disk in trouble.
const SECONDS: [f64; 8] = [0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 2.0];

/// The process runs and answers.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// New people may be sent here: not while draining, nor while decisions cannot be written down.
pub async fn readyz(State(house): State<Arc<House>>) -> (StatusCode, &'static str) {
    if house.is_ready() {
        (StatusCode::OK, "ready\n")
    } else if house.draining.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "draining\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the database cannot be written\n")
    }
}

pub async fn version() -> impl IntoResponse {
    Json(json!({ "version": env!("CARGO_PKG_VERSION"), "protocol": VERSION }))
}

/// Makes the recorder that the whole process counts into.
pub fn install_metrics() -> Result<PrometheusHandle, BuildError> {
    let mut builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?;
    for (suffix, buckets) in BUCKETS {
        builder = builder.set_buckets_for_metric(Matcher::Suffix(suffix.into()), buckets)?;
    }
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    // A second recorder can only come from a test of this very process.
    let _ = metrics::set_global_recorder(recorder);
    Ok(handle)
}

/// `/metrics`, for a bind of its own.
pub fn metrics_router(house: Arc<House>, handle: PrometheusHandle) -> Router {
    let upkeep = handle.clone();
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(UPKEEP);
        loop {
            tick.tick().await;
            upkeep.run_upkeep();
        }
    });
    Router::new().route("/metrics", get(render)).with_state((house, handle))
}

async fn render(State((house, handle)): State<(Arc<House>, PrometheusHandle)>) -> impl IntoResponse {
    let loads = house.shards.loads().await;
    let sum = |of: fn(&crate::shards::Load) -> u64| loads.iter().map(of).sum::<u64>();
    metrics::gauge!("classes").set(sum(|load| load.classes as u64) as f64);
    metrics::gauge!("sessions").set(sum(|load| load.sessions as u64) as f64);
    metrics::gauge!("shards").set(loads.len() as f64);
    metrics::gauge!("ready").set(if house.is_ready() { 1.0 } else { 0.0 });
    for (name, of) in RELAY {
        metrics::counter!(*name).absolute(sum(*of));
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render())
}

/// What the relays of all shards have done.
type Figure = (&'static str, fn(&crate::shards::Load) -> u64);
static RELAY: &[Figure] = &[
    ("relay_datagrams_in_total", |load| load.relay.datagrams_in),
    ("relay_datagrams_out_total", |load| load.relay.datagrams_out),
    ("relay_bytes_in_total", |load| load.relay.bytes_in),
    ("relay_bytes_out_total", |load| load.relay.bytes_out),
    ("relay_packets_forwarded_total", |load| load.relay.packets_forwarded),
    ("relay_packets_carried_total", |load| load.relay.packets_carried),
    ("relay_packets_uncarried_total", |load| load.relay.dropped(preau_sfu::Dropped::TrunkFull)),
    ("relay_packets_retransmitted_total", |load| load.relay.packets_retransmitted),
    ("relay_keyframes_requested_total", |load| load.relay.keyframes_requested),
];
