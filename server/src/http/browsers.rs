//! The browsers in which a teacher's account is signed in.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use preau_protocol::{BrowserCard, BrowserId, BrowserName, ProblemCode, SystemName};

use super::body::Json;
use super::caller::Teacher;
use super::problem::Refused;
use crate::house::House;
use crate::store::{BrowserKind, StoreError, Which, unix_now};

/// `GET /api/me/browsers`
pub async fn list(State(house): State<Arc<House>>, teacher: Teacher) -> Result<Json<Vec<BrowserCard>>, Refused> {
    Ok(Json(house.store.browsers(teacher.account.id, teacher.browser, unix_now()).await?))
}

/// `DELETE /api/me/browsers/{browser}`: its cookie is refused from now on, and whoever is in a class with it is out. One that is
/// not the account's is refused like one that there is not.
pub async fn sign_out(
    State(house): State<Arc<House>>,
    teacher: Teacher,
    path: Result<Path<BrowserId>, PathRejection>,
) -> Result<StatusCode, Refused> {
    let Path(browser) = path.map_err(|_| Refused::from(ProblemCode::NotAllowed))?;
    match house.store.sign_out(teacher.account.id, Which::One(browser)).await {
        Err(StoreError::Missing) => return Err(ProblemCode::NotAllowed.into()),
        outcome => outcome?,
    }
    house.see_out().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/me/browsers`: all but the one that asks.
pub async fn sign_out_others(State(house): State<Arc<House>>, teacher: Teacher) -> Result<StatusCode, Refused> {
    house.store.sign_out(teacher.account.id, Which::AllBut(teacher.browser)).await?;
    house.see_out().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a browser says of itself. Only these two words of it are kept, and only with an account.
pub fn kind(headers: &HeaderMap) -> BrowserKind {
    let text = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // All call themselves several names: the rarer one is the true one.
    let browser = [
        ("Edg", BrowserName::Edge),
        ("OPR/", BrowserName::Opera),
        ("SamsungBrowser/", BrowserName::Samsung),
        ("Firefox/", BrowserName::Firefox),
        ("FxiOS/", BrowserName::Firefox),
        ("Chrome/", BrowserName::Chrome),
        ("CriOS/", BrowserName::Chrome),
        ("Safari/", BrowserName::Safari),
    ];
    let system = [
        ("Android", SystemName::Android),
        ("iPhone", SystemName::Ios),
        ("iPad", SystemName::Ios),
        ("CrOS", SystemName::Chromeos),
        ("Windows", SystemName::Windows),
        ("Macintosh", SystemName::Macos),
        ("Linux", SystemName::Linux),
    ];
    let browser = browser.iter().find(|(word, _)| text.contains(word)).map_or(BrowserName::Other, |(_, name)| *name);
    let system = system.iter().find(|(word, _)| text.contains(word)).map_or(SystemName::Other, |(_, name)| *name);
    BrowserKind { browser, system }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_apart_by_what_they_say() {
        let kind = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::USER_AGENT, text.parse().unwrap());
            let BrowserKind { browser, system } = kind(&headers);
            (browser, system)
        };
        let chrome = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
        let safari = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15";
        for (text, expected) in [
            (format!("Mozilla/5.0 (X11; Linux x86_64) {chrome}"), (BrowserName::Chrome, SystemName::Linux)),
            (format!("Mozilla/5.0 (Linux; Android 16; K) {chrome}"), (BrowserName::Chrome, SystemName::Android)),
            (format!("Mozilla/5.0 (X11; CrOS x86_64) {chrome}"), (BrowserName::Chrome, SystemName::Chromeos)),
            (format!("Mozilla/5.0 (Windows NT 10.0) {chrome} Edg/156.0"), (BrowserName::Edge, SystemName::Windows)),
            (format!("Mozilla/5.0 (Windows NT 10.0) {chrome} OPR/130"), (BrowserName::Opera, SystemName::Windows)),
            (format!("Mozilla/5.0 (Macintosh) {safari}"), (BrowserName::Safari, SystemName::Macos)),
            (format!("Mozilla/5.0 (iPhone; like Mac OS X) {safari}"), (BrowserName::Safari, SystemName::Ios)),
            ("Mozilla/5.0 (X11; Linux) Gecko Firefox/153.0".into(), (BrowserName::Firefox, SystemName::Linux)),
            ("curl/8".into(), (BrowserName::Other, SystemName::Other)),
        ] {
            assert_eq!(kind(&text), expected, "{text}");
        }
        assert_eq!(super::kind(&HeaderMap::new()).browser, BrowserName::Other);
    }
}
