//! The real server as a process: started on free ports with data of its own, killed, started again.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// The bar for a cold start is one second; a busy machine gets more.
const READY_WITHIN: Duration = Duration::from_secs(20);
/// Draining tells everyone and waits for them a little.
const DRAINED_WITHIN: Duration = Duration::from_secs(20);

#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("not ready within {READY_WITHIN:?}; it said: {0}")]
    NotReady(String),
    #[error("still there {DRAINED_WITHIN:?} after being told to stop")]
    NotStopped,
}

/// A server, its data directory, and what it said.
pub struct Server {
    child: Child,
    /// Kept open: a server whose output nobody reads would block on it.
    output: Lines<BufReader<ChildStdout>>,
    data: TempDir,
    log: PathBuf,
    how: How,
    /// Like `http://localhost:40123`.
    pub origin: String,
    /// The first teacher's link, printed at the first start only.
    pub welcome: Option<String>,
    /// The ports of its shards, for media.
    pub media: Vec<u16>,
    /// Where its metrics are, if a story asked for them.
    pub metrics: Option<SocketAddr>,
}

/// How a server is started, each time.
struct How {
    /// A program and its arguments that becomes the server, as `env` and `prlimit` do. None: the server itself.
    under: Vec<String>,
    flags: Vec<String>,
}

impl Server {
    /// Starts a server that nobody has used before.
    pub async fn start() -> Result<Server, ServerError> {
        Server::start_with(&[]).await
    }

    /// The same with further flags.
    pub async fn start_with(flags: &[&str]) -> Result<Server, ServerError> {
        Server::start_under(&[], flags).await
    }

    /// The same under another program, which becomes it: limits, namespaces, an environment.
    pub async fn start_under(under: &[&str], flags: &[&str]) -> Result<Server, ServerError> {
        let data = tempfile::tempdir()?;
        let log = data.path().join("log.txt");
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let how = How { under: owned(under), flags: owned(flags) };
        let (child, output, said) = spawn(data.path(), &log, "127.0.0.1:0", &how).await?;
        let Said { origin, welcome, media, metrics } = said;
        Ok(Server { child, output, data, log, how, origin, welcome, media, metrics })
    }

    /// The process is gone from one instruction to the next (SIGKILL).
    pub async fn crash(&mut self) -> Result<(), ServerError> {
        self.child.kill().await?;
        Ok(())
    }

    /// Starts again on the same data and the same port.
    pub async fn restart(&mut self) -> Result<(), ServerError> {
        let port = self.origin.rsplit(':').next().unwrap_or("0");
        let listen = format!("127.0.0.1:{port}");
        let (child, output, said) = spawn(self.data.path(), &self.log, &listen, &self.how).await?;
        (self.media, self.metrics) = (said.media, said.metrics);
        self.child = child;
        self.output = output;
        Ok(())
    }

    /// Tells the server to stop (SIGTERM), and waits until it has.
    pub async fn stop(&mut self) -> Result<std::process::ExitStatus, ServerError> {
        self.signal("TERM").await?;
        let gone = tokio::time::timeout(DRAINED_WITHIN, self.child.wait()).await;
        Ok(gone.map_err(|_| ServerError::NotStopped)??)
    }

    /// Sends a signal, by its name.
    pub async fn signal(&self, name: &str) -> Result<(), ServerError> {
        if let Some(pid) = self.child.id() {
            Command::new("kill").args(["-s", name, &pid.to_string()]).status().await?;
        }
        Ok(())
    }

    /// Whether the process still runs.
    pub fn is_up(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// All that the server logged, over all its lives; its last lines are there when it has stopped.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// What it said on stdout after that it is ready, once it has stopped.
    pub async fn said(&mut self) -> String {
        let mut said = String::new();
        while let Ok(Some(line)) = self.output.next_line().await {
            said.push_str(&line);
            said.push('\n');
        }
        said
    }

    pub fn data(&self) -> &Path {
        self.data.path()
    }

    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }
}

/// What is usual, unless the story's own flags say otherwise.
fn unless_said<'a>(flag: &'a str, usual: &'a str, flags: &[String]) -> Vec<&'a str> {
    if flags.iter().any(|said| said == flag) { Vec::new() } else { vec![flag, usual] }
}

/// What a server says when it is ready.
struct Said {
    origin: String,
    welcome: Option<String>,
    media: Vec<u16>,
    metrics: Option<SocketAddr>,
}

type Output = Lines<BufReader<ChildStdout>>;

async fn spawn(data: &Path, log: &Path, listen: &str, how: &How) -> Result<(Child, Output, Said), ServerError> {
    let errors = std::fs::File::options().create(true).append(true).open(log)?;
    let mut words = how.under.iter().map(AsRef::as_ref).chain([binary().as_os_str()]);
    let mut child = Command::new(words.next().expect("the server, if nothing else"))
        .args(words)
        .args(["--udp-bind", "127.0.0.1", "--log-format", "json", "--data"])
        .arg(data.join("data"))
        .args(unless_said("--listen", listen, &how.flags))
        .args(unless_said("--metrics-listen", "off", &how.flags))
        .args(unless_said("--log-level", "debug", &how.flags))
        .args(&how.flags)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(errors)
        .kill_on_drop(true)
        .spawn()?;
    let output = child.stdout.take().expect("stdout was piped");
    let mut lines = BufReader::new(output).lines();
    let mut seen = String::new();
    let ready = async {
        while let Ok(Some(line)) = lines.next_line().await {
            seen.push_str(&line);
            seen.push('\n');
            if let Some(said) = understand(&line) {
                return Some(said);
            }
        }
        None
    };
    match tokio::time::timeout(READY_WITHIN, ready).await {
        Ok(Some(said)) => Ok((child, lines, said)),
        Ok(None) | Err(_) => {
            let errors = std::fs::read_to_string(log).unwrap_or_default();
            Err(ServerError::NotReady(format!("{seen}{errors}")))
        }
    }
}

/// The ready line: `{"ready":{"url":…,"welcome":…}}`, where `welcome` is a link for the first teacher.
fn understand(line: &str) -> Option<Said> {
    let said: serde_json::Value = serde_json::from_str(line).ok()?;
    let ready = said.get("ready")?;
    let text = |key: &str| ready.get(key).and_then(|value| value.as_str()).map(str::to_owned);
    let origin = text("url")?.trim_end_matches('/').to_owned();
    let ports = ready.get("udp").and_then(|ports| ports.as_array()).into_iter().flatten();
    let media = ports.filter_map(|port| u16::try_from(port.as_u64()?).ok()).collect();
    let metrics = text("metrics").and_then(|address| address.parse().ok());
    Some(Said { origin, welcome: text("welcome"), media, metrics })
}

/// The server's binary beside the test's own; `PREAU_BIN` names another one. It must be of today's sources: a story
/// must not run against yesterday's server. (Cargo inside a cargo test has another environment, and would build what
/// stands below the server anew.)
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(named) = std::env::var_os("PREAU_BIN") {
            return PathBuf::from(named);
        }
        let test = std::env::current_exe().expect("a test knows its own path");
        let folder = test.parent().and_then(Path::parent).expect("target/PROFILE/deps/TEST");
        let binary = folder.join("preau");
        assert!(is_fresh(&binary), "{} is missing or old: cargo build --workspace --all-targets", binary.display());
        binary
    })
}

/// Whether no source that cargo noted for this binary (in the `.d` file beside it) is newer.
fn is_fresh(binary: &Path) -> bool {
    let changed = |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
    let Some(built) = changed(binary) else { return false };
    let noted = std::fs::read_to_string(binary.with_extension("d")).unwrap_or_default();
    let sources = noted.split_whitespace().skip(1);
    // Pages are read from their folder while the server runs: only what is compiled counts.
    sources
        .map(Path::new)
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .all(|source| changed(source) <= Some(built))
}
