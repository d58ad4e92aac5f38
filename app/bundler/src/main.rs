//! Turns the wasm build of the app and the style folder into what the portal serves, each file beside its compressed copies:
//!
//! ```text
//! target/wasm32-unknown-unknown/wasm-release/app.wasm ─► pkg/app.js, pkg/app_bg.wasm
//! style/main.css and what it imports                  ─► pkg/app.css
//! style/assets/                                       ─► assets/
//! ```
//!
//! In place of cargo-leptos, which is a build of 600 crates of its own. wasm-opt is left out: Debian 12's version (108) breaks the table of
//! functions that rustc writes today, and the page stays dead.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::{Compression, write::GzEncoder};

const WASM: &str = "target/wasm32-unknown-unknown/wasm-release/app.wasm";
const SITE: &str = "target/site";

fn main() -> Result<()> {
    let pkg = Path::new(SITE).join("pkg");
    fs::create_dir_all(&pkg)?;
    bind(&pkg)?;
    fs::write(pkg.join("app.css"), stylesheet(Path::new("style/main.css"))?)?;
    copy_assets(Path::new("style/assets"), &Path::new(SITE).join("assets"))?;
    for name in ["app.js", "app_bg.wasm", "app.css"] {
        let size = compress(&pkg.join(name))?;
        println!("  {name}: {} kB, {} kB brotli", size.0.div_ceil(1000), size.1.div_ceil(1000));
    }
    Ok(())
}

/// The JavaScript that the browser loads the wasm with.
fn bind(pkg: &Path) -> Result<()> {
    wasm_bindgen_cli_support::Bindgen::new()
        .input_path(WASM)
        .web(true)?
        .omit_default_module_path(false)
        .typescript(false)
        // Names are for debuggers; without them the file is a third of its size.
        .remove_name_section(true)
        .remove_producers_section(true)
        .out_name("app")
        .generate(pkg)
        .with_context(|| format!("wasm-bindgen could not read {WASM}; build it with `make site`"))
}

/// The stylesheet with its imports in their places. `@import "file.css" layer(name);` becomes `@layer name { … }`.
fn stylesheet(file: &Path) -> Result<String> {
    let text = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut whole = String::new();
    for line in text.lines() {
        let Some(import) = line.trim().strip_prefix("@import ") else {
            whole.push_str(line);
            whole.push('\n');
            continue;
        };
        let mut parts = import.trim_start_matches("url(").split('"');
        let (Some(_), Some(name), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            bail!("{}: this import is not understood: {line}", file.display());
        };
        let inner = stylesheet(&folder.join(name))?;
        match rest.split_once("layer(").and_then(|(_, rest)| rest.split_once(')')) {
            Some((layer, _)) => whole.push_str(&format!("@layer {layer} {{\n{inner}}}\n")),
            None => whole.push_str(&inner),
        }
    }
    Ok(whole)
}

fn copy_assets(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    if !from.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_assets(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Writes `.br` and `.gz` beside a file; its size and its size in brotli.
fn compress(file: &Path) -> Result<(usize, usize)> {
    let bytes = fs::read(file)?;
    let named = |ending: &str| file.with_file_name(format!("{}.{ending}", file.file_name().unwrap_or_default().to_string_lossy()));
    let mut small = Vec::new();
    let mut brotli = brotli::CompressorWriter::new(&mut small, 1 << 16, 11, 22);
    brotli.write_all(&bytes)?;
    brotli.flush()?;
    drop(brotli);
    fs::write(named("br"), &small)?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&bytes)?;
    fs::write(named("gz"), gzip.finish()?)?;
    Ok((bytes.len(), small.len()))
}
