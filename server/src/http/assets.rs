//! The built client, embedded: one page, and its files under names that change with their content.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use preau_protocol::ProblemCode;

use super::problem::Refused;
use crate::house::House;

/// A year: the names of files under `assets/` change with what is in them.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// Everything else is asked for again, and mostly answered with 304.
const REVALIDATE: &str = "no-cache";
/// Smaller files gain nothing from compression.
const GZIP_BYTES_MIN: usize = 512;

#[derive(rust_embed::RustEmbed)]
#[folder = "../client-web/dist"]
struct Embedded;

/// All files of the client, by path.
pub struct Assets(BTreeMap<String, Asset>);

struct Asset {
    bytes: Bytes,
    content_type: HeaderValue,
    etag: HeaderValue,
    cache: &'static str,
    /// Compressed when first asked for, unless that does not pay.
    gzip: OnceLock<Option<Bytes>>,
}

impl Assets {
    pub fn load() -> Assets {
        let files = Embedded::iter().filter_map(|path| {
            let file = Embedded::get(&path)?;
            let bytes = match file.data {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => Bytes::from(bytes),
            };
            let hash: String = file.metadata.sha256_hash()[..12].iter().map(|byte| format!("{byte:02x}")).collect();
            let asset = Asset {
                bytes,
                content_type: HeaderValue::from_str(&content_type(file.metadata.mimetype())).ok()?,
                etag: HeaderValue::from_str(&format!("\"{hash}\"")).ok()?,
                cache: if path.starts_with("assets/") { IMMUTABLE } else { REVALIDATE },
                gzip: OnceLock::new(),
            };
            Some((path.into_owned(), asset))
        });
        Assets(files.collect())
    }
}

fn content_type(mime: &str) -> String {
    let is_text = mime.starts_with("text/") || mime.ends_with("javascript") || mime.ends_with("json");
    if is_text { format!("{mime}; charset=utf-8") } else { mime.to_string() }
}

/// `GET /`, `/ops`, `/class/{class}` and `/class/{class}/setup`: the one page, whoever asks and whatever exists.
pub async fn page(State(house): State<Arc<House>>, headers: HeaderMap) -> Response {
    match house.assets.0.get("index.html") {
        Some(asset) => asset.answer(&headers),
        None => (StatusCode::OK, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], NOT_BUILT).into_response(),
    }
}

/// Any other file of the client.
pub async fn file(State(house): State<Arc<House>>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let reads = matches!(method, Method::GET | Method::HEAD);
    let asset = house.assets.0.get(uri.path().trim_start_matches('/')).filter(|_| reads);
    match asset {
        Some(asset) => asset.answer(&headers),
        None => Refused::from(ProblemCode::NotFound).into_response(),
    }
}

impl Asset {
    fn answer(&self, asked: &HeaderMap) -> Response {
        let known = asked.get_all(header::IF_NONE_MATCH).iter().any(|line| names(line, &self.etag));
        let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { self.body(asked) };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.etag.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(self.cache));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        response
    }

    fn body(&self, asked: &HeaderMap) -> Response {
        let gzip = if takes_gzip(asked) { self.gzip.get_or_init(|| self.compress()).clone() } else { None };
        let encoding = gzip.is_some().then_some(HeaderValue::from_static("gzip"));
        let mut response = gzip.unwrap_or_else(|| self.bytes.clone()).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, self.content_type.clone());
        if let Some(encoding) = encoding {
            response.headers_mut().insert(header::CONTENT_ENCODING, encoding);
        }
        response
    }

    fn compress(&self) -> Option<Bytes> {
        if self.bytes.len() < GZIP_BYTES_MIN {
            return None;
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&self.bytes).ok()?;
        let small = encoder.finish().ok()?;
        (small.len() < self.bytes.len()).then(|| Bytes::from(small))
    }
}

/// Whether a list of entity tags names this one, weakly or not (RFC 9110 §13.1.2).
fn names(line: &HeaderValue, etag: &HeaderValue) -> bool {
    let Ok(line) = line.to_str() else { return false };
    line.split(',')
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == "*" || tag.as_bytes() == etag.as_bytes())
}

/// RFC 9110 §12.5.3, for the one coding we have.
fn takes_gzip(asked: &HeaderMap) -> bool {
    let lines = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|part| {
        let mut parts = part.split(';').map(str::trim);
        let coding = parts.next().unwrap_or_default();
        let refused = parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
        (coding.eq_ignore_ascii_case("gzip") || coding == "*") && !refused
    })
}

const NOT_BUILT: &str = "<!doctype html>
<html lang=\"en\"><meta charset=\"utf-8\"><title>Préau</title>
<p>The client was not built into this server. Run <code>make run</code>, or
<code>npm ci &amp;&amp; npm run build</code> in <code>client-web</code>, and build the server again.</p>
</html>
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_and_tags_are_negotiated() {
        let takes = |line: &'static str| {
            takes_gzip(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(line))]))
        };
        assert!(takes("gzip, br") && takes("br;q=1.0, GZIP;q=0.8") && takes("*"));
        assert!(!takes("br") && !takes("gzip;q=0") && !takes("") && !takes("xgzip"));
        let named = |line: &'static str| names(&HeaderValue::from_static(line), &HeaderValue::from_static("\"a\""));
        assert!(named("\"a\"") && named("\"b\", W/\"a\"") && named("*") && !named("\"b\""));
    }
}
