//! The list: DOOR's table first, in its order, then what breaks one of its rules in another way.

use crate::table::Attack;
use crate::{class, crowd, http, media, relayed, sockets, tokens};

/// Name, expectation, and what is done.
macro_rules! attack {
    ($name:literal, $expected:literal, $act:path) => {
        Attack {
            name: $name,
            expected: $expected,
            is_patient: false,
            act: |ground, tries| Box::pin($act(ground, tries)),
        }
    };
    (patient $name:literal, $expected:literal, $act:path) => {
        Attack {
            name: $name,
            expected: $expected,
            is_patient: true,
            act: |ground, tries| Box::pin($act(ground, tries)),
        }
    };
}

pub static ATTACKS: &[Attack] = &[
    attack!(patient "a socket without a token, just waiting", "4408 after 5 s", sockets::silent),
    attack!("alg: none, in any spelling", "4401", tokens::no_algorithm),
    attack!("kid as a path, SQL, 10 kB", "4401", tokens::key_names),
    attack!("jku, jwk, x5u at the attacker's", "4401, no request", tokens::keys_elsewhere),
    attack!("aud missing, iss wrong, ID token", "4401", tokens::foreign),
    attack!("token expired, not yet valid", "4401", tokens::out_of_time),
    attack!(patient "token expiring in mid-class", "refreshed, or 4401", tokens::runs_out),
    attack!("a token of another class", "4403, as for none", tokens::another_class),
    attack!("foreign, null, suffix-trick Origin", "403, no upgrade", http::foreign_pages),
    attack!("a token in a query string", "400, in no log", http::secrets_in_addresses),
    attack!("arriving before the teacher", "still waiting", class::early),
    attack!("offers, chat, views from the lobby", "4403, no media", class::from_the_lobby),
    attack!("a student does what teachers do", "refused, counted, no change", class::without_the_right),
    attack!("removed, then back on every path", "4410, silence within 1 s", class::removed),
    attack!("look-alike names", "cleaned and marked", class::look_alikes),
    attack!("thousands of strangers in a lobby", "4503, the roster comes in", crowd::full_lobby),
    attack!("script in name, chat, title", "text; browsers: stories", class::scripts),
    attack!("STUN flood with bad integrity", "silence", media::stun_flood),
    attack!("forged RTP, RTCP, DTLS of every length", "dropped", media::forged),
    attack!("monstrous offers, loops of offers", "refused, 1009, TooSoon", media::offers),
    attack!("2⁶³ bytes, endless, unmasked, not UTF-8", "1009 1009 1002 1007", sockets::frames),
    attack!(patient "headers and bodies dribbled in", "closed in 5 s, 10 s", http::dribbled),
    attack!("a school and a flooder, one address", "99.9 % in, 429", crowd::flooder_in_school),
    attack!("first messages that are no hello", "4400, 4401", sockets::no_hello),
    attack!("a classmate's session to resume", "one's own, or 4401", sockets::foreign_resume),
    attack!("floods of asks, hellos, sockets", "4429, 429", sockets::too_fast),
    attack!("cookies made up, planted, elsewhere's", "4401, 4403", http::cookies),
    attack!("teachers' requests without being one", "401, 403", http::teachers_requests),
    attack!("operators' doors", "401", http::operators_doors),
    attack!("path traversal, odd methods", "400, 404, 405", http::odd_paths),
    attack!("JSON too deep, keys twice", "400", http::odd_json),
    attack!("bodies beyond the limit", "413, 400", http::large_bodies),
    attack!("request smuggling, old HTTP, pipelines", "one answer, closed", http::smuggled),
    attack!("upgrades without key or sense", "400, 431", http::odd_upgrades),
    attack!("proxies' headers of anybody's", "429, not believed", http::claimed_addresses),
    attack!("tickets stolen, forged, elsewhere's", "one's own place", crowd::tickets),
    attack!("media of the muted and the right-less", "dropped", media::without_rights),
    attack!("others' SSRC and MID under good keys", "dropped, the call lives", media::tampered),
    attack!("recorded datagrams, sent again", "silence, no gap", media::replayed),
    attack!("a flood of ICE restarts", "TooSoon, the call lives", media::restarts),
    attack!(patient "nonsense at the media's TCP port", "shown out", media::framing),
    attack!("TURN to other addresses", "403, nothing relayed", relayed::elsewhere),
    attack!("TURN without credentials", "short answers, bounded", relayed::challenges),
];
