//! A portal at the door: it shares a secret with the server, and signs whatever a story wants.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use preau_protocol::ClassId;
use serde_json::{Value, json};
use tempfile::TempDir;

const SECRET: &str = "a shared secret of 32 bytes or so";
const ISSUER: &str = "https://ent.example";

/// A portal that shares a secret with the server, and the file that configures it.
pub struct Portal {
    folder: TempDir,
    file: String,
}

impl Default for Portal {
    fn default() -> Portal {
        Portal::new()
    }
}

impl Portal {
    pub fn new() -> Portal {
        Portal::with_settings("")
    }

    /// With further lines of its table in the file.
    pub fn with_settings(settings: &str) -> Portal {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("preau.toml");
        let text = format!(
            "[[portal]]\nname = \"ENT\"\nissuer = \"{ISSUER}\"\naudience = \"preau\"\nsecret = \"{SECRET}\"\n{settings}\n"
        );
        std::fs::write(&path, text).expect("a file");
        Portal { file: path.to_str().expect("a path in UTF-8").to_owned(), folder }
    }

    pub fn flags(&self) -> [&str; 2] {
        assert!(self.folder.path().exists());
        ["--config", &self.file]
    }

    /// The same portal, for virtual people.
    pub fn for_the_load_tester(&self) -> preau_loadtest::portal::Portal {
        let key = self.folder.path().join("key");
        std::fs::write(&key, SECRET).expect("a file");
        preau_loadtest::portal::Portal::open(&key, ISSUER, "preau").expect("a key")
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.sign_with(&json!({"alg": "HS256", "typ": "JWT"}), claims)
    }

    /// Any header over any claims, under a signature that is good.
    pub fn sign_with(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        let signature = hmac::sign(&key, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

pub fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

/// What a portal says of a student.
pub fn student_claims(class: ClassId, subject: &str) -> Value {
    let now = now_s();
    json!({
        "iss": ISSUER, "aud": "preau", "sub": subject, "iat": now, "nbf": now, "exp": now + 300,
        "class": class.to_string(), "role": "student", "name": format!("Élève {subject}"), "groups": ["5e B"],
    })
}

/// The same claims with another value for one; `null` leaves it out.
pub fn with(mut claims: Value, name: &str, value: Value) -> Value {
    match value {
        Value::Null => drop(claims.as_object_mut().expect("an object").remove(name)),
        value => claims[name] = value,
    }
    claims
}
