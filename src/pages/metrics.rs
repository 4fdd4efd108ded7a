//! `/metrics`: what is counted, for Prometheus.

use std::sync::Arc;

use prometheus::TextEncoder;
use rocket::http::{ContentType, Status};
use rocket::{State, get};

use crate::auth::Auth;
use crate::log;
use crate::web::{Error, Metrics, Scraper};

#[get("/metrics")]
pub fn show(_scraper: Scraper, auth: &Auth, metrics: &State<Arc<Metrics>>) -> Result<(ContentType, String), Error> {
    let mut families = [metrics.collect(), auth.metrics(), log::lines()].concat();
    families.retain(|family| !family.get_metric().is_empty());
    let text = TextEncoder::new().encode_to_string(&families).map_err(|_| Error::of(Status::InternalServerError))?;
    let kind = ContentType::new("text", "plain").with_params([("version", "0.0.4"), ("charset", "utf-8")]);
    Ok((kind, text))
}
