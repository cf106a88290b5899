//! The default configuration as a commented TOML file, ready to be edited.

use super::setting::SETTINGS;

/// Every setting with its default, commented out, so that later defaults reach those who did not choose.
pub fn default_config() -> String {
    let mut text = String::from(
        "# Préau's configuration. Everything here is optional; what is shown is the default.\n\
         # Each setting is also a variable (udp.port: PREAU_UDP_PORT) and a flag (--udp-port), which win over this file.\n",
    );
    let mut section = "";
    for setting in SETTINGS {
        let (of, name) = setting.key.split_once('.').unwrap_or(("", setting.key));
        if of != section {
            section = of;
            text.push_str(&format!("\n[{section}]\n"));
        } else {
            text.push('\n');
        }
        text.push_str(&format!("# {}\n# {name} = {}\n", setting.about, setting.default));
    }
    text.push_str(PORTALS);
    text
}

/// Portals have no default: this is one to start from.
const PORTALS: &str = r#"
# Portals and LMSs that send people in with signed tokens (JWT), one [[portal]] table each.
# [[portal]]
# name = "ENT"                       # what teachers are told; by default the issuer
# issuer = "https://ent.example.org" # `iss`, exactly
# audience = "preau"                 # `aud`
# type = "JWT"                       # the `typ` header
# jwks_url = "https://ent.example.org/jwks.json"
#   or: jwks_file = "keys.json"
#   or: public_key_file = "ent.pem" with algorithm = "EdDSA", "ES256" or "RS256"
#   or: secret_file = "ent.secret" (HS256, at least 32 bytes), or secret = "…"
# class_claim = "class"              # a name, a dotted path, a full URL, or a list of steps
# role_claim = "role"
# name_claim = "name"
# groups_claim = "groups"
# teachers = ["teacher"]             # values of the role claim
# students = ["student"]
# observers = ["observer", "parent"] # see and hear, and do nothing else
# stay_minutes = 0                   # how long a browser may come back without a new token; 0: as long as the token
# on_roster = false                  # students sent by this portal count as being on the roster
# acr = []                           # how they must have signed in at the portal: `acr` is one of these,
# amr = []                           #   `amr` has each of these (as in ["mfa"]),
# login_minutes_max = 600            #   and `auth_time` is so long ago at most; each is asked only where it is set
# login_of = "everybody"             # or of "teachers" alone
# people_max = 0                     # its people in lobbies and classes at once; 0: as many as the server takes
# hellos_per_s_max = 0               # how many of its people may come in a second, a minute's worth of them at once; 0: half of those whom the server takes
"#;
