//! The gate: whether there is room on this server, and whose turn it is.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{ClassId, UnixMs};

/// Who goes first. Everybody is verified before they are given one; a stranger has none, and gets a static page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// P0: whoever has a seat already, and the pupils of a class that a teacher is in. Never in the line.
    Seated,
    /// P1: teachers around their lesson.
    Teachers,
    /// P2: students of a class that is about to start, or of an open one that expects fewer than came.
    Students,
    /// P3: verified, and outside their hour.
    OutOfHour,
    /// P4: observers and parents.
    Observers,
}

impl Priority {
    pub const ALL: [Priority; 5] =
        [Priority::Seated, Priority::Teachers, Priority::Students, Priority::OutOfHour, Priority::Observers];
}

/// Where a ticket stands in its line: smaller is sooner. Whoever came in the quarter of an hour before a lesson shares one `since`,
/// and `draw` shuffles them: a fast line gains nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Unix seconds.
    pub since: u32,
    pub draw: u32,
}

/// The answer to a hello where a welcome would be: not now. The socket closes with 4503 after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Turned {
    /// A place in the line. Nobody holds a socket there: [`LineDocument`] says when it is one's turn.
    Queued(Queued),
    /// The operator keeps this priority out: until then, or until further notice.
    Closed {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        until: Option<UnixMs>,
    },
    /// Nothing can be decided just now.
    Unavailable { retry_after_ms: u32 },
    /// The portal that sent them sends more people than were agreed, or sends them faster. Others come in meanwhile.
    SchoolFull { retry_after_ms: u32 },
}

/// A place in the line, and the ticket that proves it. The ticket belongs to one person before one class: nobody else can use it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Queued {
    /// Goes into the next hello. At most [`crate::limits::TICKET_BYTES_MAX`] bytes.
    pub ticket: String,
    pub priority: Priority,
    pub place: Place,
    /// What [`LineDocument::opened`] calls their class. Nobody else knows which class that is.
    pub class_sign: u32,
    /// How many stand before it now.
    pub before: u32,
    pub wait: Wait,
}

/// How long it may take, as a range: both ends are honest. [`crate::limits::WAIT_S_MAX`] is as long as that, or longer, or unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    pub from_s: u32,
    pub to_s: u32,
}

/// `GET /line.json`: the same for everybody, and cacheable by anybody. Every page finds its own place in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct LineDocument {
    /// Names this life of the line. When it changes, whoever waits says hello with the ticket once more, at a random moment within
    /// `again_in_ms`: the order is in the tickets, the line itself forgets.
    pub life: String,
    pub at: UnixMs,
    /// Ask again after this long, give or take a third at random.
    pub again_in_ms: u32,
    /// Those in which anybody stands, and those that are closed.
    pub lines: Vec<Line>,
    /// Classes whose teacher has just come in: places are kept for their pupils, who may come in now, wherever they stand.
    /// At most [`crate::limits::LINE_OPENED_MAX`].
    pub opened: Vec<u32>,
}

/// The line of one priority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub priority: Priority,
    pub waiting: u32,
    /// Everybody up to and with this place may come in now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub served: Option<Place>,
    /// How many stand before some of the places, in order: what lies between two of them is in proportion.
    /// At most [`crate::limits::LINE_MARKS_MAX`].
    pub marks: Vec<Mark>,
    /// People let in per minute lately: the slowest and the fastest minute of the last five.
    pub per_minute: Pace,
    /// The operator keeps this priority out.
    pub closed: bool,
    /// Until when, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub closed_until: Option<UnixMs>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    pub place: Place,
    pub before: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    pub slowest: u32,
    pub fastest: u32,
}

/// What everybody's class is made to do with less of while the server itself is short, in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Reduction {
    #[default]
    Nothing,
    /// The lines of P4 and P3 are closed.
    LatecomersOut,
    /// Students' cameras are not shown.
    StudentCamerasOff,
    /// Every picture is small.
    SmallPictures,
    AudioOnly,
    /// Not even sound: chat, hands and the list of people.
    TextOnly,
    /// Nobody new at all.
    Full,
}

impl Reduction {
    pub const ALL: [Reduction; 7] = [
        Reduction::Nothing,
        Reduction::LatecomersOut,
        Reduction::StudentCamerasOff,
        Reduction::SmallPictures,
        Reduction::AudioOnly,
        Reduction::TextOnly,
        Reduction::Full,
    ];

    /// What of it those in class notice: newcomers are not their concern.
    pub fn in_class(self) -> Reduction {
        match self {
            Reduction::Nothing | Reduction::LatecomersOut => Reduction::Nothing,
            Reduction::StudentCamerasOff | Reduction::SmallPictures | Reduction::AudioOnly => self,
            Reduction::TextOnly | Reduction::Full => Reduction::TextOnly,
        }
    }
}

/// What is counted of a server, in use and as limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Amounts {
    /// WebSockets.
    pub connections: u32,
    /// People in lobbies and classes.
    pub people: u32,
    /// Media packets forwarded per second.
    pub packets_per_s: u32,
    pub egress_kbps: u32,
    pub memory_mb: u32,
    /// Of all cores together: 1,000 is all of them.
    pub cpu_permille: u32,
}

/// Which of the [`Amounts`] is nearest to its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Scarce {
    Connections,
    People,
    Packets,
    Egress,
    Memory,
    Cpu,
}

impl Scarce {
    pub const ALL: [Scarce; 6] =
        [Scarce::Connections, Scarce::People, Scarce::Packets, Scarce::Egress, Scarce::Memory, Scarce::Cpu];
}

/// `GET /status.json`: what anybody may know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Status {
    pub at: UnixMs,
    pub state: StatusState,
    pub classes: u32,
    pub people: u32,
    pub queued: u32,
    /// For somebody who came now.
    pub wait: Wait,
    pub reduction: Reduction,
    /// What the operator says of the last day, newest first.
    pub incidents: Vec<Incident>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum StatusState {
    /// Whoever comes is let in at once.
    Open,
    /// There is a line.
    Queueing,
    /// Running classes go on; nobody new comes in.
    ClosedForNewcomers,
    /// The server is going down in order.
    Draining,
}

/// A sentence of the operator's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    pub at: UnixMs,
    /// At most [`crate::limits::INCIDENT_CHARS_MAX`] characters.
    pub text: String,
}

/// What was tried against the server, by kind. Nothing of who tried is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Attack {
    /// A hello, or a request, of somebody nobody knows.
    NoToken,
    /// A token that was not signed by a portal, is out of its time, or says something else than it must.
    BadToken,
    /// A verified person before somebody else's class, or one that does not exist.
    WrongClass,
    /// A ticket that was not given to this person, or was used already.
    BadTicket,
    /// A socket on which nobody said hello in time.
    Silent,
    /// Bytes that break the protocol.
    Malformed,
    /// More than the limits of one session, one browser or one link allow.
    TooFast,
    /// More connections and failures from one network than its budget allows.
    Flood,
    /// A page of somebody else's.
    ForeignPage,
    /// A secret in an address.
    SecretInAddress,
    /// Somebody removed or blocked who came back.
    Returned,
    /// Somebody in class who asked for what only teachers may.
    Overreach,
    /// Datagrams from nobody.
    Datagrams,
    /// An operator's token that is not ours.
    OperatorToken,
}

impl Attack {
    pub const ALL: [Attack; 14] = [
        Attack::NoToken,
        Attack::BadToken,
        Attack::WrongClass,
        Attack::BadTicket,
        Attack::Silent,
        Attack::Malformed,
        Attack::TooFast,
        Attack::Flood,
        Attack::ForeignPage,
        Attack::SecretInAddress,
        Attack::Returned,
        Attack::Overreach,
        Attack::Datagrams,
        Attack::OperatorToken,
    ];
}

/// `GET /api/ops`: what an operator sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Operations {
    pub status: Status,
    pub line: LineDocument,
    pub used: Amounts,
    pub limits: Amounts,
    /// The limits of the configuration and the machine. Where `limits` differ, an operator said so.
    pub configured: Amounts,
    /// Lines that are as an operator said, and not as the configuration says.
    pub by_hand: Vec<LineOrder>,
    /// What operators said is on disk, and survives a restart.
    pub kept: bool,
    /// Of each limit so much may be used before newcomers wait, in thousandths.
    pub let_in_until_permille: u32,
    pub scarce: Scarce,
    /// Places kept for the rosters of classes whose teacher is in.
    pub reserved: u32,
    /// Hellos and resumes that are taken per second, and how many there were in the last one.
    pub accepts_per_s_max: u32,
    pub accepts_per_s: u32,
    /// Verdicts since the start.
    #[ts(type = "number")]
    pub let_in: u64,
    #[ts(type = "number")]
    pub queued: u64,
    #[ts(type = "number")]
    pub turned_away: u64,
    pub attacks: Vec<AttackCount>,
    /// The fullest, at most [`crate::limits::OPS_CLASSES_MAX`].
    pub classes: Vec<ClassLoad>,
    pub draining: bool,
    /// Threads that run classes and have not answered for five seconds: `used` holds what they said before.
    pub shards_silent: u32,
}

/// What an operator said of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct LineOrder {
    pub priority: Priority,
    pub closed: bool,
    /// When the configuration's word counts again. Not for a line that is closed by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub until: Option<UnixMs>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct AttackCount {
    pub kind: Attack,
    /// Since the start, and in the last five minutes.
    #[ts(type = "number")]
    pub total: u64,
    pub lately: u32,
}

/// One class, as an operator sees it: numbers, and nobody's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ClassLoad {
    pub class: ClassId,
    pub teachers: u32,
    /// Students and observers in its lobby and in it.
    pub students: u32,
    pub queued: u32,
    /// Places still kept for its roster.
    pub reserved: u32,
}

/// `POST /api/ops`: what an operator does. Answered with [`Operations`], once it is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OperatorAct {
    /// All limits. None may be 0; those of the configuration are not remembered, and follow it.
    Limits { limits: Amounts },
    /// Keeps a priority out, or lets it in again: against a window of the configuration, until that window's end. Not P0.
    Close { priority: Priority, closed: bool },
    /// Nobody new comes in; running classes go on. Or: people may come again, as after a restart.
    Drain { on: bool },
    /// Stands on the status page for a day.
    Say { text: String },
    /// Takes back what was said at this moment.
    Unsay { at: UnixMs },
}
