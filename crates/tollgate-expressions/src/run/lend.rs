//! Reading in place: chains of members that lend what they find to each other (see [`Lent`]), and tests of that.
//!
//! Nothing here throws, and nothing has an effect. Where there is nothing to lend, an expression is evaluated as any
//! other, and that gives the value or the exception.

use tollgate_dotnet::{Lent, Loan, Machine, Throw, Value};

use super::value::is_exactly;
use super::{Frame, arith};
use crate::typed::{Body, Call, Function, Kind, Lending, Node, Op, Slot, Statement};

impl Node {
    /// How many calls it takes to read it in place, if that can be done.
    pub(crate) fn lent_calls(&self) -> Option<u32> {
        match &self.op {
            Op::Constant(_) | Op::Local(_) => Some(0),
            Op::Call(call) => Some(call.lending.as_ref()?.calls),
            Op::Element { array, indices } => match &**indices {
                [index] if matches!(index.op, Op::Constant(_)) => array.lent_calls(),
                _ => None,
            },
            _ => None,
        }
    }

    /// The same of a test, or of an integer: how many calls [`Reader::truth`] and [`Reader::integer`] make at most.
    pub(crate) fn test_calls(&self) -> Option<u32> {
        let all = |nodes: &[Node]| {
            (nodes.iter()).try_fold(0, |calls: u32, node| calls.checked_add(node.test_calls()?))
        };
        match &self.op {
            Op::And(operands) | Op::Or(operands) => all(operands),
            Op::Compare { kind, operands, .. } if kind.is_integer() => all(&operands[..]),
            Op::StringEquals(operands) => {
                let [left, right] = &**operands;
                left.lent_calls()?.checked_add(right.lent_calls()?)
            }
            Op::Not(operand) => operand.test_calls(),
            Op::IsNull(operand) | Op::Unbox { operand, .. } | Op::ArrayLength(operand) => {
                operand.lent_calls()
            }
            _ => self.lent_calls(),
        }
    }
}

impl Function {
    /// How many calls it takes to read it in place, if it is a test that can be read so: an expression, or a block that
    /// sets a few locals and returns one.
    pub(crate) fn test_calls(&self) -> Option<u32> {
        let (locals, test) = self.test()?;
        let mut calls = (test.kind == Kind::Bool).then(|| test.test_calls())??;
        for statement in locals {
            let (slot, value) = local(statement)?;
            let more = match value.kind {
                Kind::Bool | Kind::Int32 => value.test_calls(),
                _ => value.lent_calls(),
            };
            calls = calls.checked_add(more.filter(|_| super::index(slot) < LOCALS)?)?;
        }
        Some(calls)
    }

    /// What comes before it, and the test that it returns.
    fn test(&self) -> Option<(&[Statement], &Node)> {
        match &self.body {
            Body::Expression(test) => Some((&[], test)),
            Body::Block(Statement::Block {
                cells,
                functions,
                statements,
            }) if cells.is_empty() && functions.is_empty() => match statements.split_last()? {
                (Statement::Return(Some(test)), locals) => Some((locals, test)),
                _ => None,
            },
            Body::Block(_) => None,
        }
    }
}

/// The local that a statement sets, and its value.
fn local(statement: &Statement) -> Option<(Slot, &Node)> {
    match statement {
        Statement::Expression(Node {
            op: Op::Assign(slot, value),
            ..
        }) => Some((*slot, value)),
        _ => None,
    }
}

/// The result of a function that is a test, read in place.
pub(super) fn test(machine: &Machine<'_>, function: &Function) -> Option<bool> {
    let (locals, test) = function.test()?;
    let mut reader = Reader::new(machine, &[]);
    for statement in locals {
        let (slot, value) = local(statement)?;
        let value = match value.kind {
            Kind::Bool => Lent::Bool(reader.truth(value)?),
            Kind::Int32 => Lent::Int(reader.integer(value)?.try_into().ok()?),
            _ => reader.lend(value)?,
        };
        *reader.locals.get_mut(super::index(slot))? = value;
    }
    reader.truth(test)
}

/// How many locals a test may have.
const LOCALS: usize = 4;

/// What is read from.
struct Reader<'f, 'm> {
    machine: &'f Machine<'m>,
    /// The slots of a frame.
    slots: &'f [Value],
    /// Where there is no frame, what the locals were lent.
    locals: [Lent<'f>; LOCALS],
}

impl<'f, 'm> Reader<'f, 'm> {
    fn new(machine: &'f Machine<'m>, slots: &'f [Value]) -> Self {
        Self {
            machine,
            slots,
            locals: [Lent::NULL; LOCALS],
        }
    }

    /// What a node lends.
    fn lend(&self, node: &'f Node) -> Option<Lent<'f>> {
        match &node.op {
            Op::Constant(value) => Some(Lent::Value(value)),
            Op::Local(slot) => {
                let slot = super::index(*slot);
                let value = self.slots.get(slot).map(Lent::Value);
                value.or_else(|| self.locals.get(slot).copied())
            }
            Op::Call(call) => self.lend_call(call, call.lending.as_ref()?),
            Op::Element { array, indices } => {
                let [index] = &**indices else {
                    return None;
                };
                let Op::Constant(index) = &index.op else {
                    return None;
                };
                let index = usize::try_from(arith::unboxed(index)?).ok()?;
                self.lend(array)?.element(index)
            }
            _ => None,
        }
    }

    fn lend_call(&self, call: &'f Call, lending: &'f Lending) -> Option<Lent<'f>> {
        let first = match &*lending.terms.arguments {
            // The first of a chain.
            [first, ..] if lending.calls == 1 && !first.is_null() => Lent::Value(first),
            _ => self.lend(call.arguments.first()?)?,
        };
        if call.instance && first.is_null() {
            return None;
        }
        (lending.lend)(&Loan {
            machine: self.machine,
            first,
            terms: &lending.terms,
        })
    }

    /// A node of kind `Bool`.
    fn truth(&self, node: &'f Node) -> Option<bool> {
        match &node.op {
            Op::Compare { op, kind, operands } => {
                let [left, right] = &**operands;
                let (left, right) = (self.integer(left)?, self.integer(right)?);
                Some(arith::integers_compare(*op, *kind, left, right))
            }
            Op::And(operands) => {
                for operand in operands {
                    if !self.truth(operand)? {
                        return Some(false);
                    }
                }
                Some(true)
            }
            Op::Or(operands) => {
                for operand in operands {
                    if self.truth(operand)? {
                        return Some(true);
                    }
                }
                Some(false)
            }
            Op::Not(operand) => self.truth(operand).map(|truth| !truth),
            Op::StringEquals(operands) => {
                let [left, right] = &**operands;
                self.lend(left)?.same_text(self.lend(right)?)
            }
            Op::IsNull(operand) => self.lend(operand).map(Lent::is_null),
            Op::Unbox { operand, .. } => self.lend(operand)?.truth(),
            _ => self.lend(node)?.truth(),
        }
    }

    /// A node of an integral kind.
    fn integer(&self, node: &'f Node) -> Option<i64> {
        match &node.op {
            Op::Constant(value) => arith::unboxed(value),
            Op::ArrayLength(array) => self.lend(array)?.length().map(i64::from),
            Op::Unbox { operand, .. } => match self.lend(operand)? {
                Lent::Int(number) if node.kind == Kind::Int32 => Some(number.into()),
                Lent::Value(value) if is_exactly(value, node.kind) => arith::unboxed(value),
                _ => None,
            },
            _ => match self.lend(node)? {
                Lent::Int(number) => Some(number.into()),
                Lent::Value(value) => arith::unboxed(value),
                _ => None,
            },
        }
    }
}

impl Frame<'_, '_> {
    /// A node read in place, if that takes calls and they lend.
    pub(super) fn lent_value(&mut self, node: &Node) -> Result<Option<Value>, Throw> {
        let reader = self.reader(node, node.lent_calls())?;
        Ok(reader.and_then(|reader| reader.lend(node)?.to_value()))
    }

    /// A test read in place.
    pub(super) fn lent_truth(&mut self, node: &Node) -> Result<Option<bool>, Throw> {
        let reader = self.reader(node, node.test_calls())?;
        Ok(reader.and_then(|reader| reader.truth(node)))
    }

    /// An integer read in place.
    pub(super) fn lent_integer(&mut self, node: &Node) -> Result<Option<i64>, Throw> {
        let reader = self.reader(node, node.test_calls())?;
        Ok(reader.and_then(|reader| reader.integer(node)))
    }

    fn reader(&mut self, node: &Node, calls: Option<u32>) -> Result<Option<Reader<'_, '_>>, Throw> {
        let Some(calls @ 1..) = calls else {
            return Ok(None);
        };
        let step = self.machine.settle();
        let step = step.and_then(|()| self.machine.step(calls.into()));
        step.map_err(|throw| throw.at(node.start, node.end))?;
        Ok(Some(Reader::new(self.machine, &self.slots)))
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
            if let Op::Call(call) = &mut it.op {
                *stripped += usize::from(call.lending.take().is_some());
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
            test_calls: None,
            reads: 0,
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
