//! What is counted of requests. Labels are the routes that there are, never what somebody sent.

use std::sync::Arc;
use std::time::Instant;

use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts};
use rocket::data::Data;
use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Status;
use rocket::{Request, Response};

use super::RequestId;
use crate::log::EACH;
use crate::model::Moment;

/// In seconds: a session check, a page, a hash, a hash that waited, a client that sends slowly.
const BUCKETS: [f64; 10] = [0.000_1, 0.000_5, 0.002_5, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0];
/// What is believed of the names here.
const WELL_FORMED: &str = "a well-formed name";

pub struct Metrics {
    requests: IntCounterVec,
    seconds: HistogramVec,
    cross_site: IntCounter,
    started: IntGauge,
    version: IntGaugeVec,
}

impl Metrics {
    /// Counters of a program that starts now.
    pub fn new(now: Moment) -> Self {
        let requests = Opts::new("vestibule_http_requests_total", "Requests that were answered.");
        let seconds = HistogramOpts::new("vestibule_http_request_seconds", "How long an answer took.");
        let cross_site = Opts::new("vestibule_cross_site_refused_total", "Requests that another site sent.");
        let started = Opts::new("process_start_time_seconds", "When the program started, since 1970.");
        let version = Opts::new("vestibule_build_info", "Which version this is.");
        let metrics = Self {
            requests: IntCounterVec::new(requests, &["method", "route", "status"]).expect(WELL_FORMED),
            seconds: HistogramVec::new(seconds.buckets(BUCKETS.into()), &["method", "route"]).expect(WELL_FORMED),
            cross_site: IntCounter::with_opts(cross_site).expect(WELL_FORMED),
            started: IntGauge::with_opts(started).expect(WELL_FORMED),
            version: IntGaugeVec::new(version, &["version"]).expect(WELL_FORMED),
        };
        metrics.started.set(now.millis() / 1_000);
        metrics.version.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        metrics
    }

    /// Everything that is counted here, as it stands now.
    pub fn collect(&self) -> Vec<MetricFamily> {
        let counted = [self.requests.collect(), self.seconds.collect(), self.cross_site.collect()].concat();
        [counted, self.started.collect(), self.version.collect()].concat()
    }

    /// Counts a request that another site sent.
    pub(super) fn count_cross_site(request: &Request<'_>) {
        if let Some(metrics) = request.rocket().state::<Arc<Self>>() {
            metrics.cross_site.inc();
        }
    }

    fn count(&self, request: &Request<'_>, status: Status) {
        let (method, route) = match request.route() {
            None => ("none", "none"),
            // The filter and the fallback are everywhere, and have names of their own.
            Some(route) if route.uri.path() == "/<path..>" => {
                (route.method.as_str(), route.name.as_deref().unwrap_or_default())
            }
            Some(route) => (route.method.as_str(), route.uri.path()),
        };
        self.requests.with_label_values(&[method, route, &status.code.to_string()]).inc();
        self.seconds.with_label_values(&[method, route]).observe(began(request).elapsed().as_secs_f64());
    }
}

/// When a request began.
fn began(request: &Request<'_>) -> Instant {
    struct Began(Instant);

    request.local_cache(|| Began(Instant::now())).0
}

/// Counts every request, and logs it where the operator wants that.
pub struct CountRequests {
    pub metrics: Arc<Metrics>,
    pub log_requests: bool,
}

#[rocket::async_trait]
impl Fairing for CountRequests {
    fn info(&self) -> Info {
        Info { name: "count requests", kind: Kind::Request | Kind::Response }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        began(request);
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        self.metrics.count(request, response.status());
        if self.log_requests {
            tracing::info!(
                target: EACH,
                status = response.status().code,
                request_id = %RequestId::of(request),
                method = %request.method(),
                route = request.route().map(|route| route.uri.to_string()),
                micros = began(request).elapsed().as_micros() as u64,
                "answered"
            );
        }
    }
}
