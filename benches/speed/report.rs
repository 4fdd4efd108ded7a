//! The table that is printed, and whether each figure is as wanted.

use super::load::Figures;

/// What a figure shall be.
#[derive(Clone, Copy)]
pub enum Wanted {
    AtMost(f64),
    AtLeast(f64),
    Nothing,
}

/// Everything that was said so far.
#[derive(Default)]
pub struct Report {
    missed: Vec<String>,
}

impl Report {
    /// Begins a table.
    pub fn heading(&mut self, name: &str, ratio: &str) {
        println!(
            "\n{name:<34}{:>12}{:>10}{:>10}{:>14}{ratio:>10}  wanted",
            "a second", "p50 ms", "p99 ms", "processor µs"
        );
    }

    /// One kind of request.
    pub fn row(&mut self, name: &str, figures: &Figures, ratio: Option<(f64, Wanted)>) {
        let (rate, p50, p99) = (figures.per_second(), figures.p50_ms(), figures.p99_ms());
        let name_and_refusals = match figures.refused() {
            0 => name.to_owned(),
            refused => format!("{name} ({refused} × 503)"),
        };
        let processor = match figures.processor_us() {
            0.0 => String::new(),
            spent => format!("{spent:.1}"),
        };
        print!("{name_and_refusals:<34}{rate:>12.0}{p50:>10.2}{p99:>10.2}{processor:>14}");
        match ratio {
            Some((ratio, wanted)) => {
                print!("{ratio:>10.2}");
                self.judge(name, ratio, wanted);
            }
            None => println!(),
        }
    }

    /// One figure by itself.
    pub fn says(&mut self, name: &str, figure: f64, unit: &str, wanted: Wanted) {
        print!("{name:<56}{figure:>10.2} {unit:<4}");
        self.judge(name, figure, wanted);
    }

    /// What was missed.
    pub fn conclude(&self) {
        if self.missed.is_empty() {
            println!("\nEverything is as wanted.");
        } else {
            println!("\nNot as wanted: {}.", self.missed.join(", "));
        }
    }

    pub fn is_as_wanted(&self) -> bool {
        self.missed.is_empty()
    }

    fn judge(&mut self, name: &str, figure: f64, wanted: Wanted) {
        let (is_met, limit) = match wanted {
            Wanted::AtMost(most) => (figure <= most, format!("≤ {most:.2}")),
            Wanted::AtLeast(least) => (figure >= least, format!("≥ {least:.2}")),
            Wanted::Nothing => return println!(),
        };
        println!("  {limit}{}", if is_met { "" } else { "  MISSED" });
        if !is_met {
            self.missed.push(name.to_owned());
        }
    }
}
