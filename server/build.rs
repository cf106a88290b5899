//! Sees to it that the client's folder can be embedded, and embeds it anew when it was built anew.

use std::path::Path;

const CLIENT: &str = "../client-web/dist";

fn main() {
    println!("cargo::rerun-if-changed={CLIENT}");
    // Without a built client the server says how to build one.
    if let Err(error) = std::fs::create_dir_all(Path::new(CLIENT)) {
        println!("cargo::warning={CLIENT}: {error}");
    }
}
