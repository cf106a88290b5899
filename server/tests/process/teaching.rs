//! A teacher's way: link, class, roster, invitations; and a pupil's with one of these.

use serde_json::json;

use super::world::{Browser, World, class_with_noe, preau_says};

#[tokio::test]
async fn a_teacher_gets_in_once_with_the_link() {
    let world = World::start().await;
    let mut ada = world.browser();
    let link = world.ready["welcome"].as_str().unwrap();
    assert_eq!(ada.get("/api/me").await.json(), json!({"invited": []}));
    assert_eq!(ada.get("/api/classes").await.problem(), (401, "not_authenticated".into()));

    let claimed = ada.open(link).await;
    assert_eq!(claimed.json(), json!({"home": {}}));
    let cookie = claimed.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-preau="), "{cookie}");
    for flag in ["; Path=/;", "; HttpOnly", "; Secure", "; SameSite=Lax"] {
        assert!(cookie.contains(flag), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    assert_eq!(ada.get("/api/me").await.json(), json!({"account": {"name": "Professeur"}, "invited": []}));
    assert_eq!(world.browser().open(link).await.problem(), (401, "not_authenticated".into()));

    let named = ada.ask("PUT", "/api/me", "content-type: application/json\r\n", br#"{"name":"Ada Martin"}"#).await;
    assert_eq!(named.json(), json!({"name": "Ada Martin"}));
    assert_eq!(ada.get("/api/me").await.json()["account"]["name"], "Ada Martin");

    let out = ada.ask("POST", "/api/signout", "", b"").await;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(out.header("clear-site-data"), Some("\"storage\""));
    assert_eq!(ada.get("/api/me").await.json(), json!({"invited": []}), "the old cookie is nobody's");
}

#[tokio::test]
async fn a_teacher_sees_where_they_are_signed_in_and_signs_the_others_out() {
    let world = World::start().await;
    let laptop = world.teacher().await;
    let data = world.directory.path().join("data");
    let link = || async { preau_says(&["teacher-link", "--data", data.to_str().unwrap()], &[]).await.1 };
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";
    let (_, secret) = link().await.trim().split_once("#welcome=").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let mut phone = world.browser();
    let headers = format!("content-type: application/json\r\nuser-agent: {firefox}\r\n");
    let claim = json!({"account": {"secret": secret}}).to_string();
    let claimed = phone.ask("POST", "/api/claim", &headers, claim.as_bytes()).await;
    phone.cookie = Some(claimed.header("set-cookie").unwrap().split(';').next().unwrap().into());
    let mut tablet = world.browser();
    assert_eq!(tablet.open(link().await.trim()).await.status, 200);

    let list = laptop.get("/api/me/browsers").await.json();
    let list = list.as_array().unwrap();
    assert_eq!(list.iter().filter(|card| card["here"] == true).count(), 1);
    let firefox = list.iter().find(|card| card["browser"] == "firefox").unwrap();
    assert_eq!((list.len(), &firefox["system"], &firefox["here"]), (3, &json!("linux"), &json!(false)));
    let path = format!("/api/me/browsers/{}", firefox["id"].as_str().unwrap());

    let elsewhere = Browser { origin: "https://evil.example".into(), ..laptop.clone() };
    assert_eq!(elsewhere.ask("DELETE", &path, "", b"").await.problem(), (403, "bad_origin".into()));
    assert_eq!(world.browser().ask("DELETE", &path, "", b"").await.problem(), (401, "not_authenticated".into()));
    for nonsense in ["/api/me/browsers/x", "/api/me/browsers/00000000-0000-4000-8000-000000000000"] {
        assert_eq!(laptop.ask("DELETE", nonsense, "", b"").await.problem(), (403, "not_allowed".into()));
    }
    assert_eq!(laptop.ask("DELETE", &path, "", b"").await.status, 204);
    assert_eq!(phone.get("/api/classes").await.problem(), (401, "not_authenticated".into()), "at once");
    assert_eq!(tablet.get("/api/classes").await.status, 200);
    assert_eq!(laptop.ask("DELETE", "/api/me/browsers", "", b"").await.status, 204);
    assert_eq!(tablet.get("/api/classes").await.problem(), (401, "not_authenticated".into()));
    assert_eq!(laptop.get("/api/me/browsers").await.json().as_array().unwrap().len(), 1, "and who asked stays");
}

#[tokio::test]
async fn a_class_is_made_changed_and_erased() {
    let world = World::start().await;
    let teacher = world.teacher().await;
    let draft =
        json!({"title": " Maths  5e B ", "starts_at": 1_700_000_000_000_u64, "policy": "roster", "familiar": false});
    let made = teacher.post("/api/classes", &draft).await.json();
    let expected = json!({
        "class": made["class"], "title": "Maths 5e B", "starts_at": 1_700_000_000_000_u64, "policy": "roster",
        "familiar": false, "teacher": "Professeur", "students": 0, "phase": "scheduled", "mine": true,
    });
    assert_eq!(made, expected);
    assert_eq!(teacher.get("/api/classes").await.json(), json!([expected]));
    let path = format!("/api/classes/{}", made["class"].as_str().unwrap());
    let draft = json!({"title": "Physique", "starts_at": 1, "policy": "shut", "familiar": true});
    let json = "content-type: application/json\r\n";
    assert_eq!(teacher.ask("PUT", &path, json, draft.to_string().as_bytes()).await.json()["title"], "Physique");
    assert_eq!(teacher.get(&path).await.json()["policy"], "shut");

    // Only a portal answers for those who look on.
    let parent = json!({"people": [{"name": "Inès", "role": "observer"}]});
    assert_eq!(teacher.post(&format!("{path}/roster"), &parent).await.problem(), (422, "limit".into()));
    for (body, problem) in [
        (json!({"title": "", "starts_at": 1, "policy": "ask", "familiar": true}), (400, "malformed")),
        (json!({"title": "x".repeat(121), "starts_at": 1, "policy": "ask", "familiar": true}), (422, "limit")),
        (json!({"title": "x", "starts_at": -1, "policy": "ask", "familiar": true}), (400, "malformed")),
        (json!({"title": "x", "starts_at": 1, "policy": "open", "familiar": true}), (400, "malformed")),
        (json!({"title": "x", "starts_at": 1, "policy": "ask", "familiar": true, "owner": "me"}), (400, "malformed")),
        (json!([]), (400, "malformed")),
    ] {
        assert_eq!(teacher.post("/api/classes", &body).await.problem(), (problem.0, problem.1.into()), "{body}");
    }
    let form = teacher.ask("POST", "/api/classes", "content-type: text/plain\r\n", draft.to_string().as_bytes()).await;
    assert_eq!(form.problem(), (400, "malformed".into()));
    let huge = vec![b' '; 300 * 1024];
    assert_eq!(teacher.ask("POST", "/api/classes", json, &huge).await.problem(), (413, "too_large".into()));

    assert_eq!(teacher.ask("DELETE", &path, "", b"").await.status, 204);
    assert_eq!(teacher.get(&path).await.problem(), (403, "not_allowed".into()));
}

#[tokio::test]
async fn a_roster_is_pasted_looked_at_and_added() {
    let world = World::start().await;
    let teacher = world.teacher().await;
    let (class, noe, _) = class_with_noe(&teacher).await;
    let path = format!("/api/classes/{class}/roster/preview");
    let paste = b"Nom;Pr\xE9nom;Classe\r\nPetit;L\xE9a;5e B\r\n;;\r\nDurand;No\xE9;5e B\r\n";
    let preview = teacher.ask("POST", &path, "content-type: text/csv\r\n", paste).await.json();
    assert_eq!(preview["charset"], "windows-1252");
    assert_eq!(preview["people"][0], json!({"line": 2, "name": "Léa Petit", "role": "student", "group": "5e B"}));
    assert_eq!(preview["people"][1]["doubt"], "twice");
    assert_eq!(preview["bad"][0], json!({"line": 3, "text": ";;", "why": "no_name"}));
    assert_eq!(teacher.get(&format!("/api/classes/{class}")).await.json()["students"], 1, "a preview changes nothing");

    let long = json!({"people": [{"name": "Léa", "role": "student", "group": "g".repeat(65)}]});
    let many: Vec<_> = (0..2_048).map(|n| json!({"name": format!("P {n}"), "role": "student"})).collect();
    for body in [long, json!({"people": many})] {
        let refused = teacher.post(&format!("/api/classes/{class}/roster"), &body).await;
        assert_eq!(refused.problem(), (422, "limit".into()));
    }
    let gone = teacher.ask("DELETE", &format!("/api/classes/{class}/roster/{noe}"), "", b"").await;
    assert_eq!(gone.status, 204);
    assert_eq!(teacher.get(&format!("/api/classes/{class}/invitations")).await.json(), json!([]));
}

#[tokio::test]
async fn an_invitation_opens_until_it_is_revoked_and_again_when_renewed() {
    let world = World::start().await;
    let teacher = world.teacher().await;
    let (class, person, link) = class_with_noe(&teacher).await;
    let mut noe = world.browser();
    assert_eq!(noe.open(&link).await.json(), json!({"class": {"class": class}}));
    let invited = noe.get(&format!("/api/classes/{class}/invited")).await.json();
    assert_eq!(
        (&invited["name"], &invited["role"], &invited["class"]["title"]),
        (&json!("Noé Durand"), &json!("student"), &json!("Maths"))
    );
    assert_eq!(noe.get("/api/me").await.json()["invited"][0]["class"], json!(class));
    assert_eq!(noe.get("/api/classes").await.problem(), (403, "not_allowed".into()), "a pupil is no teacher");

    let of = |what: &str| format!("/api/classes/{class}/invitations/{person}/{what}");
    let shown = teacher.get(&format!("/api/classes/{class}/invitations")).await.json();
    assert_eq!((&shown[0]["link"], &shown[0]["used"]), (&json!(link), &json!(true)), "a link can be shown again");
    let revoked = teacher.post(&of("revoke"), &json!({})).await.json();
    assert_eq!((&revoked["link"], &revoked["used"]), (&json!(null), &json!(false)));
    assert_eq!(noe.get(&format!("/api/classes/{class}/invited")).await.status, 403);
    assert_eq!(noe.open(&link).await.problem(), (401, "not_authenticated".into()));

    let renewed = teacher.post(&of("renew"), &json!({})).await.json()["link"].as_str().unwrap().to_string();
    assert_ne!(renewed, link);
    assert_eq!(noe.open(&link).await.status, 401, "the old link stays shut");
    assert_eq!(noe.open(&renewed).await.status, 200);
    assert_eq!(noe.get(&format!("/api/classes/{class}/invited")).await.status, 200);
}

#[tokio::test]
async fn nobody_learns_which_classes_exist() {
    let world = World::start().await;
    let teacher = world.teacher().await;
    let (class, _, link) = class_with_noe(&teacher).await;
    let (other, _, _) = class_with_noe(&teacher).await;
    let mut noe = world.browser();
    noe.open(&link).await;
    let told = async |class: &str, what: &str| {
        let answer = noe.get(&format!("/api/classes/{class}{what}")).await;
        assert_eq!(answer.problem(), (403, "not_allowed".into()));
        answer.body.replace(answer.header("x-request-id").unwrap(), "")
    };
    let unknown = told("00000000-0000-4000-8000-000000000000", "/invited").await;
    assert_eq!(told(&other, "/invited").await, unknown);
    assert_eq!(told("not-an-id", "/invited").await, unknown);
    for what in ["", "/invitations"] {
        assert_eq!(told(&class, what).await, unknown, "a pupil sees nothing of the set-up page");
    }
    let stranger = world.browser().get(&format!("/api/classes/{class}/invited")).await;
    assert_eq!(stranger.problem(), (401, "not_authenticated".into()));
}
