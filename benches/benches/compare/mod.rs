//! Benchmarks in pairs: Tollgate beside the same thing written by hand, in one run.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;

/// Runs benchmarks, and prints how the pairs compare when it is dropped.
pub(crate) struct Comparison {
    criterion: Criterion,
    lines: Vec<String>,
}

/// Something to measure: what is made for each run, and what is run. Dropping the result is not measured.
#[allow(dead_code, reason = "not every benchmark needs it")]
pub(crate) struct Side<S, R> {
    pub(crate) setup: S,
    pub(crate) run: R,
}

impl Comparison {
    pub(crate) fn new() -> Self {
        Self {
            criterion: Criterion::default()
                .warm_up_time(Duration::from_millis(200))
                .measurement_time(Duration::from_secs(1))
                .configure_from_args(),
            lines: Vec::new(),
        }
    }

    #[allow(dead_code, reason = "not every benchmark needs it")]
    pub(crate) fn pair<I, J, O, P>(
        &mut self,
        name: &str,
        aim: &str,
        tollgate: Side<impl FnMut() -> I, impl FnMut(I) -> O>,
        by_hand: Side<impl FnMut() -> J, impl FnMut(J) -> P>,
    ) {
        let ours = self.measure(name, "tollgate", tollgate.setup, tollgate.run);
        let theirs = self.measure(name, "by-hand", by_hand.setup, by_hand.run);
        let ratio = ours / theirs;
        self.lines.push(format!(
            "{name:<42} {ours:>8.0} ns {theirs:>8.0} ns {ratio:>6.2}   {aim}"
        ));
    }

    /// The fastest of all samples, in nanoseconds for one run: what disturbs a run only ever makes it slower.
    pub(crate) fn measure<I, O>(
        &mut self,
        name: &str,
        side: &str,
        mut setup: impl FnMut() -> I,
        mut run: impl FnMut(I) -> O,
    ) -> f64 {
        self.fastest(name, side, |iterations| {
            timed(iterations, &mut setup, |inputs| {
                let mut outputs = Vec::with_capacity(inputs.len());
                let begun = Instant::now();
                outputs.extend(inputs.drain(..).map(&mut run));
                (begun.elapsed(), outputs)
            })
        })
    }

    /// As [`measure`](Self::measure), of a run that leaves its input where it is.
    #[allow(dead_code, reason = "not every benchmark needs it")]
    pub(crate) fn measure_in_place<I>(
        &mut self,
        name: &str,
        side: &str,
        mut setup: impl FnMut() -> I,
        run: impl Fn(&mut I) -> bool,
    ) -> f64 {
        self.fastest(name, side, |iterations| {
            timed(iterations, &mut setup, |inputs| {
                let begun = Instant::now();
                for input in inputs {
                    assert!(run(black_box(input)));
                }
                (begun.elapsed(), ())
            })
        })
    }

    fn fastest(&mut self, name: &str, side: &str, mut sample: impl FnMut(u64) -> Duration) -> f64 {
        let mut fastest = f64::INFINITY;
        let mut group = self.criterion.benchmark_group(name);
        group.bench_function(side, |bencher| {
            bencher.iter_custom(|iterations| {
                let taken = sample(iterations);
                let each = taken.as_nanos() as f64 / iterations as f64; // both far below 2^53
                fastest = fastest.min(each);
                taken
            });
        });
        group.finish();
        fastest
    }
}

/// How many inputs are made at a time.
const BATCH: u64 = 64;

fn timed<I, O>(
    iterations: u64,
    setup: &mut impl FnMut() -> I,
    mut run: impl FnMut(&mut Vec<I>) -> (Duration, O),
) -> Duration {
    let mut taken = Duration::ZERO;
    let mut left = iterations;
    while left > 0 {
        let batch = left.min(BATCH);
        let mut inputs: Vec<I> = (0..batch).map(|_| setup()).collect();
        let (time, outputs) = run(&mut inputs);
        taken += time;
        drop(outputs);
        left -= batch;
    }
    taken
}

impl Drop for Comparison {
    fn drop(&mut self) {
        self.criterion.final_summary();
        if self.lines.is_empty() {
            return;
        }
        println!(
            "\n{:<42} {:>11} {:>11} {:>6}",
            "fastest run", "tollgate", "by hand", "ratio"
        );
        for line in &self.lines {
            println!("{line}");
        }
    }
}
