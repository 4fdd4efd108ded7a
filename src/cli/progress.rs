use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How often something that takes its time is looked at.
pub const LOOK_EVERY: Duration = Duration::from_millis(200);

/// How far something is on its way, drawn by this template; nothing where the standard error is no terminal.
pub fn progress(length: u64, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("a template of ours is well formed");
    let bar = ProgressBar::new(length).with_style(style);
    bar.enable_steady_tick(LOOK_EVERY);
    bar
}
