//! Any C# that compiles runs within its limits, without a panic: it gives a value or throws.
#![no_main]

use tollgate_dotnet::{Budget, Heap, Host, Machine, Registry, Type};
use tollgate_expressions::{Compiler, Form, invoke};

struct World;

impl Host for World {
    fn now(&self) -> i64 {
        638_000_000_000_000_000
    }
    fn random(&self) -> u64 {
        42
    }
    fn type_of(&self, _: u32) -> Type {
        Type::object()
    }
}

libfuzzer_sys::fuzz_target!(|code: &str| {
    let compiler = Compiler::new(Registry::dotnet());
    for form in [Form::Single, Form::Block] {
        if let Ok(program) = compiler.compile(code, form) {
            let mut heap = Heap::new(1 << 20);
            let mut budget = Budget { steps: 20_000, depth: 50, string: 1 << 16, ..Budget::default() };
            let mut machine = Machine { heap: &mut heap, host: &mut World, budget: &mut budget, invoke };
            let _ = program.run(&mut machine);
        }
    }
});
