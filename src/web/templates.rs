//! The templates of `templates/`: inside the program in a release build, read from the checkout and reloaded in a debug
//! build.

use std::collections::HashMap;

use rocket::fairing::Fairing;
use rocket_dyn_templates::{Engines, Template};
use tera::{Tera, Value};

use super::Asset;
use crate::model::Moment;

/// Makes Tera ready: our templates, filters and functions.
pub fn templates() -> impl Fairing {
    Template::try_custom(|engines: &mut Engines| {
        let tera = &mut engines.tera;
        add_embedded(tera)?;
        // Tera tells by the ending of a name whether to escape; ours have none, and all are HTML. Every name ends in "".
        tera.autoescape_on(vec![""]);
        tera.register_function("asset", AddressOfAsset);
        tera.register_filter("date", date);
        tera.register_filter("moment", moment);
        Ok(())
    })
}

/// Rocket reads the folder itself in a debug build.
#[cfg(debug_assertions)]
fn add_embedded(_: &mut Tera) -> tera::Result<()> {
    Ok(())
}

#[cfg(not(debug_assertions))]
fn add_embedded(tera: &mut Tera) -> tera::Result<()> {
    #[derive(rust_embed::RustEmbed)]
    #[folder = "templates/"]
    struct Files;

    let templates: Vec<(String, String)> = Files::iter()
        .filter_map(|path| {
            let name = path.strip_suffix(".html.tera")?.to_owned();
            let text = String::from_utf8(Files::get(&path)?.data.into_owned()).ok()?;
            Some((name, text))
        })
        .collect();
    tera.add_raw_templates(templates)
}

/// `{{ asset(name="app.css") }}`: the address of a static file.
struct AddressOfAsset;

impl tera::Function for AddressOfAsset {
    fn call(&self, arguments: &HashMap<String, Value>) -> tera::Result<Value> {
        let name = arguments.get("name").and_then(Value::as_str).ok_or("asset() wants a name")?;
        let address = Asset::address(name).ok_or_else(|| format!("there is no static file {name}"))?;
        Ok(address.into())
    }

    /// An address of ours holds letters, digits, dots and slashes: nothing to escape.
    fn is_safe(&self) -> bool {
        true
    }
}

/// `{{ page.created_at | date }}`: a day as people write it, in UTC.
fn date(value: &Value, _: &HashMap<String, Value>) -> tera::Result<Value> {
    written(value, "%-d %B %Y")
}

/// `{{ page.last_seen_at | moment }}`: a day and time as people write it, in UTC.
fn moment(value: &Value, _: &HashMap<String, Value>) -> tera::Result<Value> {
    written(value, "%-d %B %Y, %H:%M UTC")
}

fn written(value: &Value, pattern: &str) -> tera::Result<Value> {
    let moment = value.as_str().and_then(Moment::parse).ok_or("a moment is wanted here")?;
    Ok(moment.written(pattern).into())
}
