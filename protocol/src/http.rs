//! The bodies of HTTP requests and answers.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{BrowserId, ClassId, DisplayName, Invited, PersonId, Policy, Role, UnixMs, Wait};

/// `POST /api/claim`: exchanges what stood in a link's fragment for a cookie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Claim {
    /// A one-time link for a teacher's account: `/#welcome=…`.
    Account { secret: String },
    /// A personal invitation: `/#in=…`.
    Invitation { secret: String },
    /// A portal's signed token: `/#token=…`.
    Token { token: String },
}

/// The answer to a claim: where to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Claimed {
    Home {},
    Class { class: ClassId },
}

/// `GET /api/me`: who this browser is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Me {
    /// The teacher's account of this browser, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub account: Option<Account>,
    /// Classes into which this browser has been invited and may knock.
    pub invited: Vec<Invited>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub name: DisplayName,
}

/// `GET /api/me/browsers`: one of the browsers in which this account is signed in, the last used first.
///
/// `DELETE /api/me/browsers/{id}` signs it out of one, `DELETE /api/me/browsers` of all others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct BrowserCard {
    pub id: BrowserId,
    pub browser: BrowserName,
    pub system: SystemName,
    pub signed_in_at: UnixMs,
    /// To within an hour.
    pub seen_at: UnixMs,
    /// The one that asks.
    pub here: bool,
}

/// What a browser called itself when it was signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum BrowserName {
    Firefox,
    Chrome,
    Edge,
    Safari,
    Opera,
    Samsung,
    Other,
}

/// What it said it ran on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SystemName {
    Windows,
    Macos,
    Linux,
    Chromeos,
    Android,
    Ios,
    Other,
}

/// `GET /api/classes/{id}/invited`: one's own place before the door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct MyInvitation {
    pub class: Invited,
    pub name: DisplayName,
    pub role: Role,
}

/// `POST /api/classes`, `PUT /api/classes/{id}`: what a teacher says of a class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ClassDraft {
    pub title: String,
    pub starts_at: UnixMs,
    pub policy: Policy,
    pub familiar: bool,
}

/// A class on a teacher's home page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ClassCard {
    pub class: ClassId,
    pub title: String,
    pub starts_at: UnixMs,
    pub policy: Policy,
    pub familiar: bool,
    pub teacher: DisplayName,
    pub students: u32,
    pub phase: crate::Phase,
    /// This account made the class, and may change it; otherwise it was invited to teach.
    pub mine: bool,
}

/// One line of a pasted or uploaded roster, understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RosterLine {
    /// Counted from 1 in what was pasted.
    pub line: u32,
    pub name: DisplayName,
    pub role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub group: Option<String>,
    /// Something to look at, although the line can be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub doubt: Option<RosterDoubt>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RosterDoubt {
    /// The same name stands here, or in the roster, already: it may be the same person twice.
    Twice,
    /// The name looks like another one of the roster.
    LooksAlike,
    /// Invisible characters were taken out.
    Cleaned,
    /// One word only.
    OneWord,
}

/// A line that could not be used. It is shown with its number, and nothing is lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RosterBadLine {
    pub line: u32,
    /// The line as it was read, at most 200 characters.
    pub text: String,
    pub why: RosterFault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RosterFault {
    NoName,
    NameTooLong,
    GroupTooLong,
    UnknownRole,
    TooManyColumns,
    BadQuotes,
    TooMany,
}

/// `POST /api/classes/{id}/roster/preview` with the raw bytes as body: what would be added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RosterPreview {
    pub people: Vec<RosterLine>,
    pub bad: Vec<RosterBadLine>,
    /// The character set that was recognised: `utf-8` or `windows-1252`.
    pub charset: String,
}

/// `POST /api/classes/{id}/roster`: adds these people and makes their invitations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RosterAdd {
    pub people: Vec<RosterEntry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct RosterEntry {
    pub name: DisplayName,
    pub role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub group: Option<String>,
}

/// One invitation, as the class's teacher sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    pub person: PersonId,
    pub name: DisplayName,
    pub role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub group: Option<String>,
    /// The whole personal link, its secret in the fragment; absent while revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub link: Option<String>,
    /// The link has been opened in a browser.
    pub used: bool,
}

/// Any refused HTTP request, as `application/problem+json` (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// `about:blank`: the code says it.
    pub r#type: String,
    pub title: String,
    pub status: u16,
    pub code: ProblemCode,
    pub request_id: String,
    /// When to try again, if that is known: the same as `Retry-After`, finer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub retry_after_ms: Option<u32>,
    /// How long somebody who comes now may stand in the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub wait: Option<Wait>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    Malformed,
    TokenInUrl,
    NotAuthenticated,
    NotAllowed,
    NotFound,
    BadOrigin,
    TooLarge,
    TooMany,
    Limit,
    Unavailable,
    Internal,
}
