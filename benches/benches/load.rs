//! How long the blog's policies take to load, from text to plan; and a long block of C#, which is to take less than a
//! millisecond.

use std::hint::black_box;

use criterion::Criterion;
use tollgate_benches::Policy;
use tollgate_expressions::Form;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("load");
    for policy in Policy::ALL {
        group.bench_function(policy.name(), |bencher| {
            bencher.iter(|| black_box(policy.load()));
        });
    }
    let block = tollgate_benches::long_block();
    let compiler = tollgate::engine::compiler();
    group.bench_function("a block of 200 statements", |bencher| {
        bencher.iter(|| black_box(compiler.compile(&block, Form::Block)));
    });
    group.finish();
    criterion.final_summary();
}
