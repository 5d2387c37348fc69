//! Operations on `dynamic` values: C# binds them when they run, and so they are compiled then, with the run-time types
//! of their operands.

use std::cmp::Ordering;
use std::fmt::Write as _;

use smallvec::SmallVec;
use tollgate_dotnet::{Throw, Type, Value, ops};

use super::Frame;
use crate::compile::{CompileError, Compiler, Form};
use crate::program::Program;
use crate::typed::{Arithmetic, Comparison, Dynamic, Node};

/// What the operands are called in the code that is compiled.
const NAMES: [&str; 10] = ["d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "d8", "d9"];

/// What compiling an operation costs, in steps.
const STEPS: u64 = 200;

/// Its members are its properties.
const OBJECT: &str = "Newtonsoft.Json.Linq.JObject";
/// It computes, compares and converts as what it holds.
const VALUE: &str = "Newtonsoft.Json.Linq.JValue";

type Operands = SmallVec<[Value; 4]>;

impl Frame<'_, '_> {
    pub(super) fn dynamic(&mut self, operation: &Dynamic) -> Result<Value, Throw> {
        self.machine.step(STEPS)?;
        match operation {
            Dynamic::Get { receiver, name } => {
                let operands = self.operands([receiver])?;
                if self.is_a(operands.first(), OBJECT) {
                    return self.bound(&format!("d0[\"{name}\"]"), &operands);
                }
                self.bound(&format!("d0.{name}"), &operands)
            }
            Dynamic::Set {
                receiver,
                name,
                value,
            } => {
                let operands = self.operands([receiver, value])?;
                if self.is_a(operands.first(), OBJECT) {
                    let code = format!("d0[\"{name}\"] = JToken.FromObject(d1)");
                    return self.bound(&code, &operands);
                }
                self.bound(&format!("d0.{name} = d1"), &operands)
            }
            Dynamic::GetIndex {
                receiver,
                arguments,
            } => {
                let operands = self.operands([receiver].into_iter().chain(arguments))?;
                self.bound(&format!("d0[{}]", list(1, arguments.len())), &operands)
            }
            Dynamic::SetIndex {
                receiver,
                arguments,
                value,
            } => {
                let all = [receiver].into_iter().chain(arguments).chain([value]);
                let operands = self.operands(all)?;
                let code = format!(
                    "d0[{}] = {}",
                    list(1, arguments.len()),
                    list(arguments.len() + 1, 1)
                );
                self.bound(&code, &operands)
            }
            Dynamic::Call {
                receiver,
                name,
                types,
                arguments,
            } => {
                let operands = self.operands([receiver].into_iter().chain(arguments))?;
                let arguments = list(1, arguments.len());
                self.bound(
                    &format!("d0.{name}{}({arguments})", generic(types)),
                    &operands,
                )
            }
            Dynamic::CallStatic {
                owner,
                name,
                arguments,
            } => {
                let operands = self.operands(arguments)?;
                let arguments = list(0, arguments.len());
                let code = match &**name {
                    "new" => format!("new {owner}({arguments})"),
                    _ => format!("{owner}.{name}({arguments})"),
                };
                self.bound(&code, &operands)
            }
            Dynamic::Arithmetic { op, left, right } => {
                let mut operands = self.operands([left, right])?;
                let code = format!("d0 {} d1", sign(*op));
                match self.is_a(operands.first(), VALUE) {
                    // JSON values compute with what they hold, and make new ones.
                    true => {
                        self.plain(&mut operands)?;
                        self.bound(&format!("(JValue)JToken.FromObject({code})"), &operands)
                    }
                    false => self.bound(&code, &operands),
                }
            }
            Dynamic::Compare { op, left, right } => {
                let mut operands = self.operands([left, right])?;
                if let [left, right] = operands.as_slice()
                    && self.is_a(Some(left), VALUE)
                {
                    let order = ops::compare(self.machine.heap, left, right)?;
                    self.plain(&mut operands)?;
                    let nulls = operands.iter().filter(|operand| operand.is_null()).count();
                    let order = if nulls == 2 { Ordering::Equal } else { order };
                    return Ok(holds(*op, order).into());
                }
                self.bound(&format!("d0 {} d1", relation(*op)), &operands)
            }
            Dynamic::Unary { not, operand } => {
                let mut operands = self.operands([operand])?;
                self.plain(&mut operands)?;
                self.bound(if *not { "!d0" } else { "-d0" }, &operands)
            }
            Dynamic::Convert {
                ty,
                explicit,
                operand,
            } => self.dynamic_convert(ty, *explicit, operand),
        }
    }

    fn dynamic_convert(
        &mut self,
        ty: &Type,
        explicit: bool,
        operand: &Node,
    ) -> Result<Value, Throw> {
        let operands = self.operands([operand])?;
        let value = operands.first().cloned().unwrap_or_default();
        let may_be_null = ty.is_reference() || matches!(ty, Type::Nullable(_));
        if value.is_null() && may_be_null || ops::is_instance(self.machine, &value, ty) {
            return Ok(value);
        }
        // A JSON value converts to whatever it holds does, even implicitly.
        if explicit || self.is_a(Some(&value), VALUE) {
            return self.bound(&format!("({ty})d0"), &operands);
        }
        let code = format!("{ty} result = d0; return result;");
        self.compiled(&code, Form::Block, &operands)
    }

    fn operands<'n>(
        &mut self,
        nodes: impl IntoIterator<Item = &'n Node>,
    ) -> Result<Operands, Throw> {
        nodes.into_iter().map(|node| self.value(node)).collect()
    }

    /// Puts what they hold in the place of JSON values.
    fn plain(&mut self, operands: &mut Operands) -> Result<(), Throw> {
        for operand in operands {
            if self.is_a(Some(operand), VALUE) {
                let token = std::mem::take(operand);
                *operand = self.bound("d0.Value", &[token])?;
            }
        }
        Ok(())
    }

    fn is_a(&self, value: Option<&Value>, name: &str) -> bool {
        let ty = self.machine.host.registry().parse_type(name);
        match (value, ty) {
            (Some(value), Some(ty)) => ops::is_instance(self.machine, value, &ty),
            _ => false,
        }
    }

    /// Runs an expression over `d0`, `d1` and so on.
    fn bound(&mut self, code: &str, operands: &[Value]) -> Result<Value, Throw> {
        if code.starts_with("d0.") && operands.first().is_some_and(Value::is_null) {
            return Err(binder_exception(
                "Cannot perform runtime binding on a null reference",
            ));
        }
        self.compiled(code, Form::Single, operands)
    }

    fn compiled(&mut self, code: &str, form: Form, operands: &[Value]) -> Result<Value, Throw> {
        let mut compiler = Compiler::new(self.machine.host.registry());
        for (name, value) in NAMES.iter().zip(operands) {
            let ty = match ops::type_of(self.machine, value) {
                Type::Null => Type::object(),
                ty => ty,
            };
            compiler = compiler.with_global(name, ty, value.clone());
        }
        let program = compiler.compile(code, form).or_else(|errors| {
            // What gives nothing is no expression, but may be a statement.
            let statement = format!("{code}; return null;");
            match form {
                Form::Single => compiler
                    .compile(&statement, Form::Block)
                    .map_err(|_| errors),
                Form::Block => Err(errors),
            }
        });
        match program {
            Ok(Program(inner)) => match &inner.constant {
                Some(constant) => Ok(constant.clone()),
                None => super::function::call(self.machine, &inner.main, &[], &[]),
            },
            Err(errors) => Err(refused(&errors)),
        }
    }
}

fn refused(errors: &[CompileError]) -> Throw {
    binder_exception(errors.first().map_or("", |error| &error.message))
}

fn binder_exception(message: &str) -> Throw {
    Throw::new(
        "Microsoft.CSharp.RuntimeBinder.RuntimeBinderException",
        message,
    )
}

/// `d1, d2` and so on.
fn list(from: usize, count: usize) -> String {
    let names = NAMES.iter().skip(from).take(count);
    names.copied().collect::<Vec<_>>().join(", ")
}

/// `<int, string>`, or nothing.
fn generic(types: &[Type]) -> String {
    let mut text = String::new();
    for (index, ty) in types.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{}{ty}", if index == 0 { "<" } else { ", " });
    }
    if !types.is_empty() {
        text.push('>');
    }
    text
}

fn sign(op: Arithmetic) -> &'static str {
    match op {
        Arithmetic::Add => "+",
        Arithmetic::Subtract => "-",
        Arithmetic::Multiply => "*",
        Arithmetic::Divide => "/",
        Arithmetic::Remainder => "%",
        Arithmetic::And => "&",
        Arithmetic::Or => "|",
        Arithmetic::Xor => "^",
        Arithmetic::ShiftLeft => "<<",
        Arithmetic::ShiftRight => ">>",
    }
}

fn holds(op: Comparison, order: Ordering) -> bool {
    match op {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    }
}

fn relation(op: Comparison) -> &'static str {
    match op {
        Comparison::Equal => "==",
        Comparison::NotEqual => "!=",
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
    }
}
