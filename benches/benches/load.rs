//! How long the blog's policies take to load: from text to plan.

use std::hint::black_box;

use criterion::Criterion;
use tollgate_benches::Policy;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("load");
    for policy in Policy::ALL {
        group.bench_function(policy.name(), |bencher| {
            bencher.iter(|| black_box(policy.load()));
        });
    }
    group.finish();
    criterion.final_summary();
}
