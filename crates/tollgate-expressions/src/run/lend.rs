//! Reading in place: evaluates what [`in_place`](crate::in_place) made flat.
//!
//! Nothing here throws, and nothing has an effect. Where there is nothing to lend, an expression is evaluated as any
//! other, and that gives the value or the exception.

use tollgate_dotnet::{Lent, Loan, Machine, Throw, Value};

use super::value::is_exactly;
use super::{Frame, arith};
use crate::in_place::{Chain, Condition, InPlace, LOCALS, Link, Number, Reading, Source, Test};
use crate::typed::{Kind, Node};

/// What is read from.
struct Reader<'f, 'l> {
    machine: &'f Machine<'f>,
    /// The slots of a frame.
    slots: &'f [Value],
    /// Where there is no frame, what the locals were lent.
    locals: &'l [Lent<'f>],
}

impl Condition {
    /// The result, if it can be read in place.
    pub(super) fn read(&self, machine: &Machine<'_>) -> Option<bool> {
        let mut reader = Reader::new(machine, &[]);
        if self.locals.is_empty() {
            return reader.truth(&self.test);
        }
        let mut locals = [Lent::NULL; LOCALS];
        for (slot, reading) in &self.locals {
            let reader = Reader {
                locals: &locals,
                ..reader
            };
            let value = reader.read(reading)?;
            *locals.get_mut(super::index(*slot))? = value;
        }
        reader.locals = &locals;
        reader.truth(&self.test)
    }
}

impl<'f> Reader<'f, '_> {
    fn new(machine: &'f Machine<'f>, slots: &'f [Value]) -> Self {
        Self {
            machine,
            slots,
            locals: &[],
        }
    }

    /// What a local is; of integers only an `int` can be lent by itself.
    fn read(&self, reading: &'f Reading) -> Option<Lent<'f>> {
        match reading {
            Reading::Truth(test) => self.truth(test).map(Lent::Bool),
            Reading::Lent(chain) => self.lend(chain),
            Reading::Integer(number @ (Number::Length(_) | Number::Unboxed(_, Kind::Int32))) => {
                i32::try_from(self.integer(number)?).ok().map(Lent::Int)
            }
            Reading::Integer(_) => None,
        }
    }

    /// What the last member of a chain lends.
    fn lend(&self, chain: &'f Chain) -> Option<Lent<'f>> {
        self.last(&chain.source, &chain.links)
    }

    /// What the last of some links lends. No loop, which would move what is lent from turn to turn: here each link looks
    /// at it where the one before has put it.
    fn last(&self, source: &'f Source, links: &'f [Link]) -> Option<Lent<'f>> {
        let lent;
        let (first, link) = match (links, source) {
            ([], _) => return self.begin(source),
            ([link], Source::Local(slot)) if self.slots.is_empty() => {
                (self.locals.get(super::index(*slot))?, link)
            }
            ([link], _) => {
                lent = self.begin(source);
                (lent.as_ref()?, link)
            }
            ([before @ .., link], _) => {
                lent = self.last(source, before);
                (lent.as_ref()?, link)
            }
        };
        match link {
            Link::Call { instance: true, .. } if first.is_null() => None,
            Link::Call { lend, terms, .. } => lend(&Loan {
                machine: self.machine,
                first,
                terms,
            }),
            Link::Element(index) => first.element(*index),
        }
    }

    #[inline]
    fn begin(&self, source: &'f Source) -> Option<Lent<'f>> {
        match source {
            Source::Value(value) => Some(Lent::Value(value)),
            Source::Local(slot) => {
                let slot = super::index(*slot);
                let value = self.slots.get(slot).map(Lent::Value);
                value.or_else(|| self.locals.get(slot).copied())
            }
        }
    }

    fn truth(&self, test: &'f Test) -> Option<bool> {
        match test {
            Test::Chain(chain) => self.lend(chain).as_ref()?.truth(),
            Test::IsNull(chain) => Some(self.lend(chain).as_ref()?.is_null()),
            Test::SameText(chains) => {
                let [left, right] = &**chains;
                let (left, right) = (self.lend(left), self.lend(right));
                left.as_ref()?.same_text(right.as_ref()?)
            }
            Test::Compare { op, kind, operands } => {
                let [left, right] = &**operands;
                let (left, right) = (self.integer(left)?, self.integer(right)?);
                Some(arith::integers_compare(*op, *kind, left, right))
            }
            Test::Not(test) => self.truth(test).map(|truth| !truth),
            Test::All(tests) => {
                for test in tests {
                    if !self.truth(test)? {
                        return Some(false);
                    }
                }
                Some(true)
            }
            Test::Any(tests) => {
                for test in tests {
                    if self.truth(test)? {
                        return Some(true);
                    }
                }
                Some(false)
            }
        }
    }

    fn integer(&self, number: &'f Number) -> Option<i64> {
        match number {
            Number::Constant(number) => Some(*number),
            Number::Chain(chain) => match self.lend(chain)? {
                Lent::Int(number) => Some(number.into()),
                Lent::Value(value) => arith::unboxed(value),
                _ => None,
            },
            Number::Unboxed(chain, kind) => match self.lend(chain)? {
                Lent::Int(number) if *kind == Kind::Int32 => Some(number.into()),
                Lent::Value(value) if is_exactly(value, *kind) => arith::unboxed(value),
                _ => None,
            },
            Number::Length(chain) => self.lend(chain).as_ref()?.length().map(i64::from),
        }
    }
}

impl Frame<'_, '_> {
    /// A node read in place, as a value.
    pub(super) fn lent_value(&mut self, node: &Node, it: &InPlace) -> Result<Value, Throw> {
        let reader = self.reader(node, it)?;
        let value = match &it.reading {
            Reading::Truth(test) => reader.truth(test).map(Value::Bool),
            Reading::Integer(number) => {
                let number = reader.integer(number);
                number.map(|number| arith::boxed(node.kind, number))
            }
            Reading::Lent(chain) => reader.lend(chain).and_then(|lent| lent.to_value()),
        };
        match value {
            Some(value) => Ok(value),
            None => self.value(&it.otherwise),
        }
    }

    /// A node of kind `Bool` read in place.
    pub(super) fn lent_truth(&mut self, node: &Node, it: &InPlace) -> Result<bool, Throw> {
        let reader = self.reader(node, it)?;
        let truth = match &it.reading {
            Reading::Truth(test) => reader.truth(test),
            _ => None,
        };
        match truth {
            Some(truth) => Ok(truth),
            None => self.truth(&it.otherwise),
        }
    }

    /// A node of an integral kind read in place.
    pub(super) fn lent_integer(&mut self, node: &Node, it: &InPlace) -> Result<i64, Throw> {
        let reader = self.reader(node, it)?;
        let number = match &it.reading {
            Reading::Integer(number) => reader.integer(number),
            _ => None,
        };
        match number {
            Some(number) => Ok(number),
            None => self.integer(&it.otherwise),
        }
    }

    /// What a node is read from, its calls being paid for.
    fn reader(&mut self, node: &Node, it: &InPlace) -> Result<Reader<'_, '_>, Throw> {
        let step = self.machine.settle();
        let step = step.and_then(|()| self.machine.step(it.calls.into()));
        step.map_err(|throw| throw.at(node.start, node.end))?;
        Ok(Reader::new(self.machine, &self.slots))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use std::sync::Arc;

    use tollgate_dotnet::{Budget, Heap, Host, Machine, Registry, Type, Value, ops};

    use crate::compile::{Compiler, Form};
    use crate::program::{Inner, Program};
    use crate::typed::{Body, Node, Op, Statement};

    struct Nowhere;

    impl Host for Nowhere {
        fn now(&self) -> i64 {
            0
        }
        fn random(&self) -> u64 {
            0
        }
        fn type_of(&self, _: u32) -> Type {
            Type::object()
        }
    }

    /// The program without what it knows of reading in place, and how many calls knew.
    fn plain(program: &Program) -> (Program, usize) {
        fn node(it: &mut Node, stripped: &mut usize) {
            if let Op::InPlace(in_place) = &it.op {
                *it = in_place.otherwise.clone();
                *stripped += 1;
            }
            it.op.for_each_child_mut(&mut |child| node(child, stripped));
        }
        fn statement(it: &mut Statement, stripped: &mut usize) {
            match it {
                Statement::Expression(it) | Statement::Return(Some(it)) => node(it, stripped),
                Statement::Block { statements, .. } => {
                    statements.iter_mut().for_each(|it| statement(it, stripped));
                }
                other => panic!("not expected here: {other:?}"),
            }
        }
        let (mut main, mut stripped) = ((*program.0.main).clone(), 0);
        match &mut main.body {
            Body::Expression(it) => node(it, &mut stripped),
            Body::Block(it) => statement(it, &mut stripped),
        }
        let inner = Inner {
            main: Arc::new(main),
            result: program.0.result.clone(),
            constant: None,
            condition: None,
            reads: 0,
            traced: std::sync::OnceLock::new(),
        };
        (Program(Arc::new(inner)), stripped)
    }

    fn run(program: &Program) -> String {
        let mut heap = Heap::default();
        let mut machine = Machine {
            heap: &mut heap,
            host: &mut Nowhere,
            budget: &mut Budget::default(),
            invoke: crate::invoke,
        };
        match program.run(&mut machine) {
            Ok(value @ Value::Ref(_)) => {
                let values = ops::collect(&mut machine, &value);
                format!("{values:?}")
            }
            Ok(value) => format!("{value:?}"),
            Err(throw) => format!("{throw:?}"),
        }
    }

    #[test]
    fn what_is_read_in_place_is_what_calls_give() {
        let texts = [
            "null",
            r#""""#,
            r#"" ""#,
            r#""Bearer""#,
            r#""Bearer abc.def""#,
            r#"" bearer  x y ""#,
            r#""a,b,,c""#,
            r#""é b ü""#,
            r#""ß""#,
            r#""\u00a0x\u2003""#,
            r#""\ud83d\ude00 \ud83d""#,
            r#""日本 Bearer""#,
        ];
        let expressions = [
            "t.Length",
            "t.Length == 6",
            "t == \"Bearer\"",
            "t != null && t == \"\"",
            "t.Equals(\"Bearer\")",
            "t.Equals(\"é b ü\")",
            "t.Equals(null)",
            "t.Equals((object)\"Bearer\")",
            "t.Equals(\"BEARER\", StringComparison.OrdinalIgnoreCase)",
            "t.Equals(\"BEARER\", StringComparison.Ordinal)",
            "t.Equals(\"BEARER\", StringComparison.InvariantCultureIgnoreCase)",
            "string.Equals(t, \"Bearer\")",
            "string.Equals(t, null)",
            "string.Equals(t, \"bearer\", StringComparison.OrdinalIgnoreCase)",
            "string.IsNullOrEmpty(t)",
            "t.StartsWith(\"Bearer\")",
            "t.StartsWith(\"é\")",
            "t.StartsWith('B')",
            "t.StartsWith('ß')",
            "t.StartsWith(null)",
            "t.EndsWith(\"y \")",
            "t.EndsWith('f')",
            "t.Contains(\"abc\")",
            "t.Contains(',')",
            "t.Contains(\"\")",
            "t.Contains(\"本\")",
            "t.Trim()",
            "t.Trim().Length",
            "t.Trim().Equals(\"x\")",
            "t.Substring(1)",
            "t.Substring(1).Equals(\"earer\")",
            "t.Substring(7).StartsWith(\"abc\")",
            "t.Substring(-1).Length",
            "t.Split(' ')",
            "t.Split(' ').Length",
            "t.Split(' ')[0]",
            "t.Split(' ')[1]",
            "t.Split(' ')[1].Equals(\"abc.def\")",
            "t.Split(' ')[0].StartsWith(\"Bearer\")",
            "t.Split(' ')[3] == \"\"",
            "t.Split(' ')[-1] == \"\"",
            "t.Split(' ').First()",
            "t.Split(' ').Last()",
            "t.Split(' ').Last().Length == 7",
            "t.Split(' ').FirstOrDefault() == \"é\"",
            "t.Split(' ').LastOrDefault().Split('.')[1] == \"def\"",
            "t.Split(',')[2] == \"\"",
            "t.Split('é')[0].Length",
            "t.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0]",
            "t.Split(' ')[0] == null",
            "t.Split(' ').Last() == t",
        ];
        let compiler = Compiler::new(Registry::dotnet());
        let mut lending = 0;
        for text in texts {
            for expression in expressions {
                let code = format!("string t = {text}; return {expression};");
                let program = compiler.compile(&code, Form::Block).unwrap();
                let (plain, stripped) = plain(&program);
                lending += stripped;
                assert_eq!(run(&program), run(&plain), "{code}");
            }
        }
        assert!(lending >= texts.len() * expressions.len(), "{lending}");
    }
}
