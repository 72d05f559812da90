//! Makes sure that there is a page to put into the program.

use std::{path::Path, process::ExitCode};

fn main() -> ExitCode {
    let page = Path::new("../../web/dist");
    println!("cargo::rerun-if-changed={}", page.display());
    if page.join("index.html").is_file() {
        return ExitCode::SUCCESS;
    }
    println!(
        "cargo::error=the page has not been built: run `npm ci && npm run build` in web/, \
         or `./run`, which does it for you"
    );
    ExitCode::FAILURE
}
