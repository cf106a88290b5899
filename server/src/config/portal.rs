//! Portals: those whose signed tokens bring people in, one `[[portal]]` table each.

use std::ops::Range;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::origin::PublicUrl;

/// A token names no portal, so each is tried: this many signatures at most are checked for one token.
pub const PORTALS_MAX: usize = 16;
/// A shared secret is at least as long as the hash it keys (RFC 7518 §3.2).
pub const SECRET_BYTES_MIN: usize = 32;
/// After this long a person has to come through the portal again, whatever is configured: a school day.
const STAY_MINUTES_MAX: u32 = 12 * 60;

/// A month: who signed in longer ago than that might as well not be asked.
const LOGIN_MINUTES_MAX: u32 = 31 * 24 * 60;

/// One portal, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct PortalConfig {
    /// What teachers are told.
    pub name: String,
    /// `iss`, exactly.
    pub issuer: String,
    /// `aud` must be this, or hold it.
    pub audience: String,
    /// The `typ` header, without regard to case.
    pub token_type: String,
    pub keys: KeySource,
    pub class: ClaimPath,
    pub role: ClaimPath,
    pub display_name: ClaimPath,
    pub groups: ClaimPath,
    /// Values of the role claim that make a teacher.
    pub teachers: Vec<String>,
    pub students: Vec<String>,
    /// Those that only look on: inspectors, parents.
    pub observers: Vec<String>,
    /// How long a browser that has claimed a token may come back without another; 0: as long as the token is good.
    pub stay_minutes: u32,
    /// Students this portal sends count as being on the roster of the class their token names.
    pub on_roster: bool,
    /// Its people in lobbies and classes at once; none: as many as the server takes.
    pub people_max: Option<u32>,
    /// How many of its people may come in a second, over a minute's mean; none: half of those whom the server takes.
    pub hellos_per_s_max: Option<u32>,
    pub login: LoginDemand,
}

/// How somebody must have proved to the portal who they are (OpenID Connect Core §2). What is empty is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginDemand {
    /// `acr` is one of these.
    pub acr: Vec<String>,
    /// `amr` has each of these.
    pub amr: Vec<String>,
    /// `auth_time` is so long ago at most.
    pub minutes_max: Option<u32>,
    /// Asked of teachers alone: what a pupil may do, the teacher at the door sees.
    pub teachers_only: bool,
}

/// Where the keys come from. Each key has one algorithm.
#[derive(Clone, PartialEq)]
pub enum KeySource {
    /// Fetched, and again from time to time.
    JwksUrl(String),
    JwksFile(PathBuf),
    PublicKeyFile(PathBuf, PublicKeyAlgorithm),
    /// HS256, shared with the portal alone.
    Secret(String),
    SecretFile(PathBuf),
}

impl std::fmt::Debug for KeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            KeySource::JwksUrl(url) => write!(f, "JwksUrl({url})"),
            KeySource::JwksFile(path) => write!(f, "JwksFile({})", path.display()),
            KeySource::PublicKeyFile(path, algorithm) => write!(f, "PublicKeyFile({}, {algorithm:?})", path.display()),
            KeySource::Secret(_) => f.write_str("Secret(…)"),
            KeySource::SecretFile(path) => write!(f, "SecretFile({})", path.display()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum PublicKeyAlgorithm {
    #[serde(rename = "EdDSA")]
    EdDsa,
    #[serde(rename = "ES256")]
    Es256,
    #[serde(rename = "RS256")]
    Rs256,
}

/// Where a claim stands: a name, or a way down through objects. In the file `"context.id"` is a way of two steps,
/// a full URL is one name, and a list of texts says each step exactly.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenPath")]
pub struct ClaimPath(Vec<String>);

impl ClaimPath {
    pub fn steps(&self) -> &[String] {
        &self.0
    }

    fn name(name: &str) -> ClaimPath {
        ClaimPath(vec![name.into()])
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenPath {
    One(String),
    Steps(Vec<String>),
}

impl TryFrom<WrittenPath> for ClaimPath {
    type Error = String;
    fn try_from(written: WrittenPath) -> Result<ClaimPath, String> {
        let steps = match written {
            WrittenPath::One(name) if name.contains("://") => vec![name],
            WrittenPath::One(path) => path.split('.').map(str::to_string).collect(),
            WrittenPath::Steps(steps) => steps,
        };
        if steps.is_empty() || steps.iter().any(String::is_empty) {
            return Err("expected the name of a claim".into());
        }
        Ok(ClaimPath(steps))
    }
}

/// Something wrong in the text that was read.
pub(super) struct Wrong {
    pub span: Range<usize>,
    pub message: String,
}

#[derive(Deserialize)]
struct Written {
    portal: Vec<Spanned<WrittenPortal>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPortal {
    name: Option<String>,
    issuer: String,
    audience: String,
    #[serde(rename = "type")]
    token_type: Option<String>,
    jwks_url: Option<Spanned<String>>,
    jwks_file: Option<PathBuf>,
    public_key_file: Option<PathBuf>,
    algorithm: Option<PublicKeyAlgorithm>,
    secret: Option<Spanned<String>>,
    secret_file: Option<PathBuf>,
    class_claim: Option<ClaimPath>,
    role_claim: Option<ClaimPath>,
    name_claim: Option<ClaimPath>,
    groups_claim: Option<ClaimPath>,
    teachers: Option<Vec<String>>,
    students: Option<Vec<String>>,
    observers: Option<Vec<String>>,
    stay_minutes: Option<Spanned<u32>>,
    on_roster: Option<bool>,
    people_max: Option<u32>,
    hellos_per_s_max: Option<u32>,
    acr: Option<Vec<String>>,
    amr: Option<Vec<String>>,
    login_minutes_max: Option<Spanned<u32>>,
    login_of: Option<Spanned<String>>,
}

/// Reads the `[[portal]]` tables of a whole file.
pub(super) fn read(text: &str) -> Result<Vec<PortalConfig>, Vec<Wrong>> {
    let written: Written = toml::from_str(text).map_err(|error| {
        vec![Wrong {
            span: error.span().unwrap_or(0..0),
            message: format!("portal: {}", error.message().replace('\n', ", ")),
        }]
    })?;
    let mut portals: Vec<PortalConfig> = Vec::new();
    let mut wrongs = Vec::new();
    for portal in written.portal {
        let span = portal.span();
        match check(portal.into_inner(), &span) {
            Ok(portal) if portals.iter().any(|other| other.issuer == portal.issuer) => {
                wrongs
                    .push(Wrong { span, message: format!("portal: the issuer {:?} is already above", portal.issuer) });
            }
            Ok(_) if portals.len() == PORTALS_MAX => {
                wrongs.push(Wrong { span, message: format!("portal: more than {PORTALS_MAX} portals") });
            }
            Ok(portal) => portals.push(portal),
            Err(wrong) => wrongs.push(wrong),
        }
    }
    if wrongs.is_empty() { Ok(portals) } else { Err(wrongs) }
}

fn check(portal: WrittenPortal, span: &Range<usize>) -> Result<PortalConfig, Wrong> {
    let here = |message: &str| Wrong { span: span.clone(), message: format!("portal: {message}") };
    if portal.issuer.is_empty() || portal.audience.is_empty() {
        return Err(here("issuer and audience are needed"));
    }
    if let Some(stay) = &portal.stay_minutes
        && *stay.get_ref() > STAY_MINUTES_MAX
    {
        let message = format!("portal: stay_minutes: expected a number from 0 to {STAY_MINUTES_MAX}");
        return Err(Wrong { span: stay.span(), message });
    }
    let login = check_login(portal.acr, portal.amr, portal.login_minutes_max, portal.login_of)?;
    let teachers = portal.teachers.unwrap_or_else(|| vec!["teacher".into()]);
    let students = portal.students.unwrap_or_else(|| vec!["student".into()]);
    // By default never what another list has been given: a portal may call its pupils' parents something else.
    let observers = portal.observers.unwrap_or_else(|| {
        let usual = ["observer", "parent"].map(String::from).into_iter();
        usual.filter(|role| !teachers.contains(role) && !students.contains(role)).collect()
    });
    if let Some(both) = teachers.iter().find(|role| students.contains(role)) {
        return Err(here(&format!("the role {both:?} cannot make a teacher and a student")));
    }
    if let Some(both) = observers.iter().find(|role| teachers.contains(role) || students.contains(role)) {
        return Err(here(&format!("the role {both:?} cannot make an observer and somebody else")));
    }
    let keys = check_keys(
        [
            portal.jwks_url.map(check_url).transpose()?,
            portal.jwks_file.map(KeySource::JwksFile),
            portal
                .public_key_file
                .zip(portal.algorithm)
                .map(|(path, algorithm)| KeySource::PublicKeyFile(path, algorithm)),
            portal.secret.map(check_secret).transpose()?,
            portal.secret_file.map(KeySource::SecretFile),
        ],
        portal.algorithm,
    )
    .map_err(here)?;
    Ok(PortalConfig {
        name: portal.name.unwrap_or_else(|| portal.issuer.clone()),
        issuer: portal.issuer,
        audience: portal.audience,
        token_type: portal.token_type.unwrap_or_else(|| "JWT".into()),
        keys,
        class: portal.class_claim.unwrap_or_else(|| ClaimPath::name("class")),
        role: portal.role_claim.unwrap_or_else(|| ClaimPath::name("role")),
        display_name: portal.name_claim.unwrap_or_else(|| ClaimPath::name("name")),
        groups: portal.groups_claim.unwrap_or_else(|| ClaimPath::name("groups")),
        teachers,
        students,
        observers,
        stay_minutes: portal.stay_minutes.map_or(0, Spanned::into_inner),
        on_roster: portal.on_roster.unwrap_or(false),
        people_max: portal.people_max.filter(|max| *max > 0),
        hellos_per_s_max: portal.hellos_per_s_max.filter(|max| *max > 0),
        login,
    })
}

fn check_login(
    acr: Option<Vec<String>>,
    amr: Option<Vec<String>>,
    minutes_max: Option<Spanned<u32>>,
    of: Option<Spanned<String>>,
) -> Result<LoginDemand, Wrong> {
    if let Some(minutes) = minutes_max.as_ref().filter(|minutes| !(1..=LOGIN_MINUTES_MAX).contains(minutes.get_ref())) {
        let message = format!("portal: login_minutes_max: expected a number from 1 to {LOGIN_MINUTES_MAX}");
        return Err(Wrong { span: minutes.span(), message });
    }
    let teachers_only = match of.as_ref().map(|of| of.get_ref().as_str()) {
        None | Some("everybody") => false,
        Some("teachers") => true,
        Some(_) => {
            let span = of.as_ref().map_or(0..0, Spanned::span);
            return Err(Wrong { span, message: "portal: login_of: expected \"everybody\" or \"teachers\"".into() });
        }
    };
    let (acr, amr) = (acr.unwrap_or_default(), amr.unwrap_or_default());
    Ok(LoginDemand { acr, amr, minutes_max: minutes_max.map(Spanned::into_inner), teachers_only })
}

/// Exactly one source; an algorithm with a public key and only there, since each of the others brings its own.
fn check_keys(
    sources: [Option<KeySource>; 5],
    algorithm: Option<PublicKeyAlgorithm>,
) -> Result<KeySource, &'static str> {
    let mut given = sources.into_iter().flatten();
    match (given.next(), given.next()) {
        (Some(key @ KeySource::PublicKeyFile(..)), None) => Ok(key),
        (Some(_), None) if algorithm.is_some() => {
            Err("algorithm belongs to public_key_file: the others bring their own")
        }
        (Some(key), None) => Ok(key),
        (None, _) | (Some(_), Some(_)) => Err(
            "exactly one of jwks_url, jwks_file, public_key_file (with algorithm), secret and secret_file is needed",
        ),
    }
}

fn check_url(url: Spanned<String>) -> Result<KeySource, Wrong> {
    let span = url.span();
    match PublicUrl::parse(url.get_ref()) {
        Ok(parsed) if parsed.is_https() || parsed.is_loopback() => Ok(KeySource::JwksUrl(url.into_inner())),
        Ok(_) => Err(Wrong { span, message: "portal: jwks_url: only https, or http on this machine itself".into() }),
        Err(why) => Err(Wrong { span, message: format!("portal: jwks_url: {why}") }),
    }
}

fn check_secret(secret: Spanned<String>) -> Result<KeySource, Wrong> {
    let span = secret.span();
    if secret.get_ref().len() < SECRET_BYTES_MIN {
        return Err(Wrong { span, message: format!("portal: secret: at least {SECRET_BYTES_MIN} bytes are needed") });
    }
    Ok(KeySource::Secret(secret.into_inner()))
}
