//! The steps of a measurement, each over one connected audience.

use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use tokio::time::sleep;

use super::audience::Audience;
use super::{Door, Findings, Most, Plan, RelayError, Steady};
use crate::light::{Census, Fleet};
use crate::report::Spread;
use crate::usage::Usage;

/// Until plans are made, keyframes asked for and buffers grown.
const SETTLED_AFTER: Duration = Duration::from_millis(1_500);
/// So many join one by one, which is what a single join takes; then the others in waves: some relays take a second each.
const JOINS_ALONE_MAX: usize = 25;
const JOINS_AT_ONCE: usize = 8;
/// A camera that reaches fewer people than this after this long is measured as it is.
const FLOWING_PER_CENT: u64 = 95;
const FLOWING_WITHIN: Duration = Duration::from_secs(25);
/// Packets of the camera by which first media is noticed: few, so that joins are measured and not forwarding.
const FIRST_MEDIA_PACKETS_PER_S: u32 = 30;
const FIRST_MEDIA_WITHIN: Duration = Duration::from_secs(20);
/// One try at a rate. What is on the way when it ends has come when nothing came for a while.
const TRY: Duration = Duration::from_secs(2);
const DRAINED_AFTER: Duration = Duration::from_millis(300);
const LOOKED_EVERY: Duration = Duration::from_millis(20);
/// Later than this after the last was sent, the last came out of a queue.
const BEHIND_MAX: Duration = Duration::from_millis(100);
/// Nearly everything.
const DELIVERED_MIN: f64 = 0.999;
/// The first try, of what the steady stream's cost promises; the next are higher by this, until one fails.
const FIRST_TRY: f64 = 0.9;
const STEP: f64 = 1.35;
const TRIES_MAX: usize = 9;
/// A rate that is good and one that is not, nearer to each other than this: the machine knows no better.
const CLOSE_ENOUGH: f64 = 1.08;
/// Past this the clients are the limit.
const CLIENTS_BUSY_MAX: f64 = 0.95;

/// Everyone offers, one after the other, and waits for the first packet of the camera.
pub async fn join(
    plan: &Plan,
    audience: &mut Audience,
    fleet: &Fleet,
    findings: &mut Findings,
) -> Result<(), RelayError> {
    let before = Usage::of(plan.pid);
    let (alone, together) = audience.viewers.split_at_mut(JOINS_ALONE_MAX.min(plan.people));
    let mut times = Vec::new();
    for person in alone {
        times.push(person.connect(plan, fleet).await?);
    }
    for people in together.chunks_mut(JOINS_AT_ONCE) {
        try_join_all(people.iter_mut().map(|person| person.connect(plan, fleet))).await?;
    }
    audience.film(plan, fleet, FIRST_MEDIA_PACKETS_PER_S);
    let begun = Instant::now();
    while fleet.census().await?.reached < audience.viewers.len() {
        if begun.elapsed() > FIRST_MEDIA_WITHIN {
            let census = fleet.census().await?;
            findings.failures.push(format!("media came to {} of {}", census.reached, audience.viewers.len()));
            break;
        }
        sleep(Duration::from_millis(10)).await;
    }
    let (cpu, _) = Usage::of(plan.pid).since(&before);
    findings.join_cpu_ms = cpu.as_secs_f64() * 1e3 / plan.people.max(1) as f64;
    if let Door::Class { .. } = plan.door {
        let (cpu, _) = Usage::of(plan.pid).since(&audience.before);
        findings.entry_cpu_ms = Some(cpu.as_secs_f64() * 1e3 / plan.people.max(1) as f64);
    }
    findings.connect_ms = Spread::of(times).p50;
    audience.film(plan, fleet, 0);
    audience.announce_speakers().await
}

/// Nobody sends; microseconds of CPU per person and second.
pub async fn idle(plan: &Plan, audience: &Audience) -> f64 {
    sleep(SETTLED_AFTER).await;
    let before = Usage::of(plan.pid);
    let begun = Instant::now();
    sleep(plan.idle).await;
    let (cpu, _) = Usage::of(plan.pid).since(&before);
    cpu.as_secs_f64() * 1e6 / audience.viewers.len().max(1) as f64 / begun.elapsed().as_secs_f64()
}

/// What a steady stream costs.
pub async fn steady(plan: &Plan, audience: &Audience, fleet: &Fleet) -> Result<Steady, RelayError> {
    sleep(SETTLED_AFTER).await;
    flowing(plan, fleet).await?;
    let allocations_before = allocations(plan);
    let (before, used_before, begun) = (fleet.census().await?, Usage::of(plan.pid), Instant::now());
    sleep(plan.steady).await;
    let (after, used_after, took) = (fleet.census().await?, Usage::of(plan.pid), begun.elapsed().as_secs_f64());
    let allocated = allocations(plan).zip(allocations_before).map(|(after, before)| (after - before) as f64);
    let (cpu, user) = used_after.since(&used_before);
    let packets = after.packets - before.packets;
    let arrived = packets + after.thrown - before.thrown;
    let missing = after.missing.saturating_sub(before.missing);
    // What was thrown away on arrival was forwarded all the same.
    let each_us = 1e6 / arrived.max(1) as f64;
    // A camera alone tells what should have come, even of a stream that stands still; voices change, and their gaps tell.
    let sent = (after.sent - before.sent) * plan.people as u64 / audience.cameras().max(1) as u64;
    let wanted = if plan.speakers == 0 { sent.max(arrived + missing) } else { arrived + missing };
    Ok(Steady {
        forward_us: cpu.as_secs_f64() * each_us,
        forward_user_us: user.as_secs_f64() * each_us,
        packets_per_s: arrived as f64 / took,
        delivered: arrived as f64 / wanted.max(1) as f64,
        relay_busy: cpu.as_secs_f64() / took,
        clients_busy: busy(&before, &after, took),
        packets,
        repairs: after.repairs - before.repairs,
        reports_per_s: (after.reports - before.reports) as f64 / took,
        unopened: after.unopened,
        allocations: allocated.map(|allocated| allocated / arrived.max(1) as f64),
    })
}

/// Waits until the camera reaches nearly everybody: a relay that estimates its ways finds out first what they bear.
async fn flowing(plan: &Plan, fleet: &Fleet) -> Result<(), RelayError> {
    let wanted = u64::from(plan.packets_per_s) * plan.people as u64 * FLOWING_PER_CENT / 100;
    let begun = Instant::now();
    while begun.elapsed() < FLOWING_WITHIN {
        let (before, since) = (fleet.census().await?.packets, Instant::now());
        sleep(SETTLED_AFTER).await;
        let packets = fleet.census().await?.packets - before;
        if packets as f64 >= wanted as f64 * since.elapsed().as_secs_f64() {
            break;
        }
    }
    Ok(())
}

/// Raises the camera's rate until less than nearly everything arrives, then looks between.
pub async fn saturate(
    plan: &Plan,
    audience: &Audience,
    fleet: &Fleet,
    findings: &Findings,
) -> Result<Most, RelayError> {
    audience.hush(fleet);
    let cost_us = findings.steady.map_or(10.0, |steady| steady.forward_us.max(0.5));
    let people = audience.viewers.len().max(1) as f64;
    let (mut good, mut bad) = (0.0, f64::INFINITY);
    let mut rate = 1e6 / cost_us * FIRST_TRY / people;
    let mut most = Most::default();
    for _ in 0..TRIES_MAX {
        let tried = try_rate(plan, audience, fleet, rate.ceil() as u32).await?;
        if tried.keeps_pace && tried.most.delivered >= DELIVERED_MIN {
            good = rate;
            most = if tried.most.forwards_per_s > most.forwards_per_s { tried.most } else { most };
        } else {
            bad = rate;
            most.clients_were_the_limit = tried.most.clients_were_the_limit;
        }
        if bad / good < CLOSE_ENOUGH {
            break;
        }
        rate = match (good > 0.0, bad.is_finite()) {
            (true, true) => (good * bad).sqrt(),
            (true, false) => rate * STEP,
            (false, _) => rate / STEP,
        };
    }
    Ok(most)
}

/// Waits until nothing arrives any more: what is late belongs to the rate at which it was sent. Returns when the last
/// packet was seen to have come.
async fn drained(fleet: &Fleet) -> Result<(Census, Instant), RelayError> {
    let (mut before, mut came_at) = (fleet.census().await?, Instant::now());
    while came_at.elapsed() < DRAINED_AFTER {
        sleep(LOOKED_EVERY).await;
        let census = fleet.census().await?;
        if census.packets != before.packets {
            (before, came_at) = (census, Instant::now());
        }
    }
    Ok((before, came_at))
}

async fn try_rate(plan: &Plan, audience: &Audience, fleet: &Fleet, packets_per_s: u32) -> Result<Try, RelayError> {
    audience.film(plan, fleet, 0);
    let ((before, _), begun) = (drained(fleet).await?, Instant::now());
    audience.film(plan, fleet, packets_per_s);
    sleep(TRY).await;
    audience.film(plan, fleet, 0);
    let took = begun.elapsed();
    let busiest = busy(&before, &fleet.census().await?, took.as_secs_f64());
    let (after, came_at) = drained(fleet).await?;
    let sent = (after.sent - before.sent) as f64 / audience.cameras().max(1) as f64;
    let packets = (after.packets - before.packets) as f64;
    let wanted = f64::from(packets_per_s) * took.as_secs_f64();
    let came = came_at.saturating_duration_since(begun);
    Ok(Try {
        most: Most {
            forwards_per_s: packets / came.max(took).as_secs_f64(),
            delivered: packets / (sent * audience.viewers.len() as f64).max(1.0),
            clients_were_the_limit: busiest > CLIENTS_BUSY_MAX || sent < wanted * 0.98,
        },
        // What stood in a buffer was not forwarded in time, even if nothing of it was lost.
        keeps_pace: came <= took + BEHIND_MAX,
    })
}

struct Try {
    most: Most,
    keeps_pace: bool,
}

/// What the relay's process has allocated until now, if it is counted.
fn allocations(plan: &Plan) -> Option<u64> {
    let bytes = std::fs::read(plan.allocations.as_ref()?).ok()?;
    Some(u64::from_ne_bytes(*bytes.first_chunk()?))
}

fn busy(before: &Census, after: &Census, took_s: f64) -> f64 {
    (after.busy - before.busy).as_secs_f64() / took_s
}
