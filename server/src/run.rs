//! One process, put together, run, and taken down in order.

use std::fs::File;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use preau_protocol::Attack;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::attacks::{Attacks, LOOK_EVERY_MS};
use crate::attempts::Attempts;
use crate::auth::{Auth, KeyError, welcome};
use crate::config::{AccountsConfig, Config, LogFormat, METRICS_DEFAULT, MetricsBind};
use crate::gatehouse::Gatehouse;
use crate::house::House;
use crate::http::{
    Assets, Budgets, Server, Tls, TlsError, bind, install_metrics, metrics_router, router, security_headers,
};
use crate::launch::{LaunchError, launch};
use crate::store::{AccountStay, Kept, Store, StoreError, unix_now};

/// How long everyone has to be told that the server goes down.
const DRAIN_WITHIN: Duration = Duration::from_secs(5);
/// And then, how long requests, threads and the last writes may take.
const STOP_WITHIN: Duration = Duration::from_secs(5);
/// And the database's log, which the next start can read as well.
const FOLD_IN_WITHIN: Duration = Duration::from_secs(2);
/// How often old classes are looked for.
const PURGE_EVERY: Duration = Duration::from_secs(60 * 60);
/// How often browsers are looked for that `preau teacher-link` signed out.
const SEE_OUT_EVERY: Duration = Duration::from_secs(2);
/// What was tried is written down after so many looks: a minute. Whoever floods does not make the disk work.
const LOOKS_BETWEEN_WRITES: u64 = 6;
/// Held for as long as a server uses the data directory.
const LOCK_FILE: &str = "preau.lock";

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("{what}: {error}")]
    Bind { what: String, error: io::Error },
    #[error("the data directory {0} is in use by another server")]
    InUse(String),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("a portal's keys: {0}")]
    Keys(#[from] KeyError),
    #[error("TLS: {0}")]
    Tls(#[from] TlsError),
    #[error("{0}")]
    Launch(#[from] LaunchError),
    #[error("the metrics: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Runs until a signal says to stop. `started` is when the process began.
pub async fn run(config: Config, started: Instant) -> Result<(), RunError> {
    warm_up_randomness();
    let recorder = install_metrics()?;
    let AccountsConfig { idle_days, days_max } = config.accounts;
    let store = Store::open(&config.data)?.with_stay(AccountStay::days(idle_days, days_max));
    let _lock = lock(&config)?;
    let tls = config.tls.clone().map(Tls::open).transpose()?.map(Arc::new);
    let listener = listen(config.listen, "listen")?;
    let address = listener.local_addr()?;
    let metrics_listener = listen_for_metrics(config.metrics)?;
    let auth = Auth::new(store.clone(), config.portals.clone())?;
    let public_url = config.public_url_on(address.port());
    let attacks = Arc::new(attacks_of_before(&store));
    let mut launched = launch(&config, &public_url, &store, &attacks)?;
    launched.notice.write(&config.data)?;
    let conversations = TaskTracker::new();
    let gate = Gatehouse::open(&config, &store, &launched.shards, conversations.clone(), attacks.clone());
    let house = Arc::new(House {
        security: security_headers(&config, &public_url),
        public_url,
        config,
        auth,
        store,
        shards: launched.shards.clone(),
        gate,
        assets: Assets::load(),
        budgets: Budgets::default(),
        attacks,
        attempts: Attempts::default(),
        conversations,
        draining: CancellationToken::new(),
    });

    let stop = CancellationToken::new();
    let servers = TaskTracker::new();
    let relaying = launched.relaying();
    let pages = Server { router: router(house.clone()), tls: tls.clone(), relaying, stop: stop.clone() };
    servers.spawn(pages.run(listener));
    let metrics_address = metrics_listener.as_ref().map(TcpListener::local_addr).transpose()?;
    if let Some(listener) = metrics_listener {
        let router = metrics_router(house.clone(), recorder);
        let figures = Server { router, tls: None, relaying: None, stop: stop.clone() };
        servers.spawn(figures.run(listener));
    }
    launched.listen(&servers, &stop);
    let certificates: Vec<Arc<Tls>> = tls.into_iter().chain(launched.turn_tls.take()).collect();
    // Listened for before anybody hears that it is ready: otherwise this signal ends a process.
    let hangup = signal(SignalKind::hangup())?;
    let chores = [
        tokio::spawn(reload_on(hangup, house.clone(), certificates)),
        tokio::spawn(audit(house.clone())),
        tokio::spawn(purge_from_time_to_time(house.clone())),
        tokio::spawn(count_attacks(house.clone())),
        tokio::spawn(see_out_from_time_to_time(house.clone())),
    ];

    let ending = Ending::listen()?;
    announce(&house, address, metrics_address, &launched.ports, started).await?;
    ending.wait().await;
    drain(&house).await;
    chores.iter().for_each(tokio::task::JoinHandle::abort);
    take_down(&house, launched.threads, &servers, &stop).await;
    Ok(())
}

/// The library of keys gathers its first entropy for some 100 ms: meanwhile the database can be opened.
fn warm_up_randomness() {
    // Should it fail, whoever needs randomness first will say so.
    drop(std::thread::spawn(|| aws_lc_rs::rand::fill(&mut [0; 1]).is_ok()));
}

/// Two servers on one database would each believe to be the only one.
fn lock(config: &Config) -> Result<File, RunError> {
    let file = File::options().create(true).truncate(false).write(true).open(config.data.join(LOCK_FILE))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(RunError::InUse(config.data.display().to_string())),
        Err(std::fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

fn listen(address: SocketAddr, what: &str) -> Result<TcpListener, RunError> {
    bind(address).map_err(|error| RunError::Bind { what: format!("{what} = {address}"), error })
}

fn listen_for_metrics(metrics: MetricsBind) -> Result<Option<TcpListener>, RunError> {
    match metrics {
        MetricsBind::Off => Ok(None),
        MetricsBind::At(address) => listen(address, "metrics.listen").map(Some),
        MetricsBind::Default => Ok(bind(METRICS_DEFAULT)
            .inspect_err(|error| tracing::warn!(%error, "{METRICS_DEFAULT} cannot be had: no metrics"))
            .ok()),
    }
}

/// Looks at what was tried, and asks the shards what strangers sent to their ports.
async fn count_attacks(house: Arc<House>) {
    use preau_sfu::Dropped::{BadIntegrity, BadStun, BadTurn, UnknownAddress, UnknownUfrag};
    let mut tick = tokio::time::interval(Duration::from_millis(LOOK_EVERY_MS));
    let mut looks = 1_u64..;
    loop {
        tick.tick().await;
        let loads = house.shards.loads().await;
        let strange = [UnknownAddress, BadStun, BadTurn, UnknownUfrag, BadIntegrity];
        let datagrams = loads.iter().flat_map(|load| strange.map(|why| load.relay.dropped(why))).sum();
        house.attacks.set(Attack::Datagrams, datagrams);
        house.attacks.look(unix_now());
        if looks.next().is_some_and(|look| look % LOOKS_BETWEEN_WRITES == 0) {
            keep_attacks(&house);
        }
    }
}

/// The report of the last thirty days goes on. Without what was kept of them it begins anew.
fn attacks_of_before(store: &Store) -> Attacks {
    let attacks = Attacks::default();
    match store.kept(Kept::Attacks) {
        Ok(kept) => {
            if let Some(Err(error)) = kept.map(|kept| attacks.restore(&kept)) {
                tracing::error!(%error, "what was tried before cannot be understood");
            }
        }
        Err(error) => tracing::error!(%error, "what was tried before cannot be read"),
    }
    attacks
}

fn keep_attacks(house: &House) {
    let Some(news) = house.attacks.news() else { return };
    let attacks = house.attacks.clone();
    house.store.keep(Kept::Attacks, news, move |outcome| {
        if outcome.is_err() {
            attacks.is_news_still();
        }
    });
}

type Threads = Vec<JoinHandle<()>>;

/// Says on stdout that the server is ready, and, as long as nobody has an account, how to get the first one. The link
/// goes to stdout and never into a log.
async fn announce(
    house: &House,
    address: SocketAddr,
    metrics: Option<SocketAddr>,
    udp: &[u16],
    started: Instant,
) -> Result<(), RunError> {
    let first = match house.store.has_accounts().await? {
        true => None,
        false => Some(welcome(&house.store, house.config.first_teacher.clone()).await?),
    };
    let link = first.map(|secret| house.public_url.link("welcome", &secret));
    let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let url = house.public_url.to_string();
    let text = match house.config.log.format {
        LogFormat::Json => json!({"ready": {
            "url": url, "listen": address, "metrics": metrics, "udp": udp, "took_ms": took_ms, "welcome": link,
        }})
        .to_string(),
        LogFormat::Text => {
            let link =
                link.map(|link| format!("\n\n  The first teacher's link; it opens once, within 24 hours:\n  {link}\n"));
            format!("Préau is ready at {url} (in {took_ms} ms).{}", link.unwrap_or_default())
        }
    };
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(())
}

/// The signals that end a server. They are listened for before anybody hears that it is ready.
struct Ending {
    terminate: Signal,
    interrupt: Signal,
}

impl Ending {
    fn listen() -> io::Result<Ending> {
        Ok(Ending { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn wait(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Shuts the door and tells everyone to come back, waiting for their sockets to close.
async fn drain(house: &House) {
    tracing::info!(conversations = house.conversations.len(), "draining");
    house.draining.cancel();
    house.conversations.close();
    // Also where a shard is stuck, and takes no order.
    let told = async {
        house.shards.drain().await;
        house.conversations.wait().await;
    };
    if tokio::time::timeout(DRAIN_WITHIN, told).await.is_err() {
        tracing::warn!(left = house.conversations.len(), "not everyone could be told");
    }
}

async fn take_down(house: &House, threads: Threads, servers: &TaskTracker, stop: &CancellationToken) {
    let joined = async {
        house.shards.stop().await;
        let all = move || threads.into_iter().map(JoinHandle::join).filter(Result::is_err).count();
        tokio::task::spawn_blocking(all).await
    };
    match tokio::time::timeout(STOP_WITHIN, joined).await {
        Ok(Ok(0)) => {}
        Ok(Ok(_) | Err(_)) => tracing::error!("a shard had panicked"),
        Err(_) => tracing::error!("a shard did not stop in time"),
    }
    house.attacks.look(unix_now());
    keep_attacks(house);
    if let Err(error) = house.store.flush().await {
        tracing::error!(%error, "the last decisions could not be written");
    }
    stop.cancel();
    servers.close();
    if tokio::time::timeout(STOP_WITHIN, servers.wait()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
    if tokio::time::timeout(FOLD_IN_WITHIN, house.store.fold_in()).await.is_err() {
        tracing::warn!("the database's log stays");
    }
    tracing::info!("stopped");
}

/// Certificates and portals' keys change while the server runs.
async fn reload_on(mut hangup: Signal, house: Arc<House>, certificates: Vec<Arc<Tls>>) {
    while hangup.recv().await.is_some() {
        house.auth.reload();
        for tls in &certificates {
            match tls.reload() {
                Ok(()) => tracing::info!("a certificate was read again"),
                Err(error) => tracing::error!(%error, "a certificate could not be read again; the old one stays"),
            }
        }
    }
}

/// A journal that was tampered with is said at the start, not when its class is next opened; nobody waits for it.
async fn audit(house: Arc<House>) {
    match house.store.audit().await {
        Ok(audit) => {
            metrics::gauge!("journals_broken").set(audit.broken.len() as f64);
            for (class, error) in audit.broken {
                tracing::error!(%class, %error, "a journal does not hold together");
            }
        }
        Err(error) => tracing::error!(%error, "the journals could not be verified"),
    }
}

/// An operator has signed accounts out beside us.
async fn see_out_from_time_to_time(house: Arc<House>) {
    let mut tick = tokio::time::interval(SEE_OUT_EVERY);
    loop {
        tick.tick().await;
        if let Err(error) = house.see_out().await {
            tracing::warn!(%error, "who was signed out could not be read");
        }
    }
}

async fn purge_from_time_to_time(house: Arc<House>) {
    let mut tick = tokio::time::interval(PURGE_EVERY);
    loop {
        tick.tick().await;
        match house.store.purge(house.config.retention_days, unix_now()).await {
            Ok(purged) if purged.classes > 0 => tracing::info!(classes = purged.classes, "old classes were erased"),
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "old classes could not be erased"),
        }
    }
}
