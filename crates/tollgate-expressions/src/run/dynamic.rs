//! Operations on `dynamic` values: C# binds them when they run, and so they are compiled then, with the run-time types
//! of their operands.

use std::fmt::Write as _;

use smallvec::SmallVec;
use tollgate_dotnet::{Throw, Type, TypeKind, Value, ops};

use super::Frame;
use crate::compile::{CompileError, Compiler, Form};
use crate::program::Program;
use crate::typed::{Arithmetic, Comparison, Dynamic, Node, Op};

/// What the operands are called in the code that is compiled.
const NAMES: [&str; 10] = ["d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "d8", "d9"];

/// What compiling an operation costs, in steps.
const STEPS: u64 = 200;

type Operands = SmallVec<[Value; 4]>;

const JVALUE: &str = "Newtonsoft.Json.Linq.JValue";

impl Frame<'_, '_> {
    pub(super) fn dynamic(&mut self, operation: &Dynamic) -> Result<Value, Throw> {
        self.machine.step(STEPS)?;
        match operation {
            Dynamic::Get { receiver, name } => {
                let operands = self.operands([receiver])?;
                if self.is_a(operands.first(), "Newtonsoft.Json.Linq.JObject") {
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
                if self.is_a(operands.first(), "Newtonsoft.Json.Linq.JObject") {
                    let token = match operands.get(1) {
                        None | Some(Value::Null) => "JValue.CreateNull()",
                        value if self.is_a(value, "Newtonsoft.Json.Linq.JToken") => "d1",
                        _ => "new JValue((object)d1)",
                    };
                    return self.bound(&format!("d0[\"{name}\"] = {token}"), &operands);
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
                let operands = self.operands([left, right])?;
                if self.is_a(operands.first(), JVALUE)
                    && let Some(result) = self.json_arithmetic(*op, &operands)?
                {
                    return Ok(result);
                }
                let code = format!("{} {} {}", named(left, "d0"), sign(*op), named(right, "d1"));
                self.bound(&code, &operands)
            }
            Dynamic::Compare { op, left, right } => {
                let operands = self.operands([left, right])?;
                if self.is_a(operands.first(), JVALUE) {
                    return self.json_compare(*op, &operands);
                }
                let code = format!(
                    "{} {} {}",
                    named(left, "d0"),
                    relation(*op),
                    named(right, "d1")
                );
                self.bound(&code, &operands)
            }
            Dynamic::Unary { sign, operand } => {
                let operands = self.operands([operand])?;
                match *sign {
                    "++" | "--" if self.is_a(operands.first(), JVALUE) => Err(binder_exception(
                        "Operator cannot be applied to operand of type 'Newtonsoft.Json.Linq.JValue'",
                    )),
                    "++" => self.bound("d0 + 1", &operands),
                    "--" => self.bound("d0 - 1", &operands),
                    sign => self.bound(&format!("{sign}d0"), &operands),
                }
            }
            Dynamic::Truth { operand } => {
                let operands = self.operands([operand])?;
                match operands.first() {
                    Some(truth @ Value::Bool(_)) => Ok(truth.clone()),
                    _ => {
                        self.compiled("if (d0) return true; return false;", Form::Block, &operands)
                    }
                }
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
        let interface = ty
            .table()
            .is_some_and(|table| table.kind == TypeKind::Interface);
        let token = self.is_a(Some(&value), JVALUE);
        let instance = !(token && interface) && ops::is_instance(self.machine, &value, ty);
        if value.is_null() && may_be_null || instance {
            return Ok(value);
        }
        // A JSON value converts to whatever what it holds does, even implicitly.
        let mut explicit = explicit;
        if token {
            if self.bound("d0.Value", &operands)?.is_null() {
                if may_be_null {
                    return Ok(Value::Null);
                }
            } else if interface {
                return Err(Throw::argument(format!(
                    "Target type {ty} is not a value type or a non-abstract class. (Parameter 'targetType')"
                )));
            } else {
                explicit = true;
            }
        }
        if token && explicit {
            return self.token_to(ty, &operands);
        }
        if explicit {
            return self.bound(&format!("({ty})d0"), &operands);
        }
        let code = format!("{ty} result = d0; return result;");
        self.compiled(&code, Form::Block, &operands)
    }

    /// A `JValue` that holds something as a `ty`. Source: Newtonsoft.Json's `ConvertUtils`.
    fn token_to(&mut self, ty: &Type, operands: &[Value]) -> Result<Value, Throw> {
        let held = self.bound("d0.Value", operands)?;
        if let Some(table) = ty.table().filter(|_| ty.is_enum()) {
            if let Some(number) = held
                .as_integer()
                .and_then(|number| i64::try_from(number).ok())
            {
                return Ok(Value::Enum(table, number));
            }
            if let Value::String(_) = held {
                let code = format!("({ty})Enum.Parse(typeof({ty}), d0, true)");
                return self.bound(&code, &[held]);
            }
        }
        self.bound(&format!("({ty})d0"), operands).map_err(|throw| {
            let exception = throw.exception();
            let impossible = exception.type_name.ends_with("RuntimeBinderException")
                || exception.type_name == "System.ArgumentException"
                    && exception.message.starts_with("Can not convert");
            if !impossible {
                return throw;
            }
            let from = ops::type_of(self.machine, &held).net_name();
            let to = ty.net_name();
            Throw::invalid_operation(format!("Can not convert from {from} to {to}."))
        })
    }

    fn operands<'n>(
        &mut self,
        nodes: impl IntoIterator<Item = &'n Node>,
    ) -> Result<Operands, Throw> {
        nodes.into_iter().map(|node| self.value(node)).collect()
    }

    /// What the operands hold that are JSON values.
    fn held(&mut self, operands: &[Value]) -> Result<Operands, Throw> {
        let mut held = Operands::new();
        for operand in operands {
            held.push(match self.is_a(Some(operand), JVALUE) {
                true => self.bound("d0.Value", std::slice::from_ref(operand))?,
                false => operand.clone(),
            });
        }
        Ok(held)
    }

    /// `value op x` of a `JValue`, which gives another; `None` if it has no such operator. Source: Newtonsoft.Json's
    /// `JValue`.
    fn json_arithmetic(
        &mut self,
        op: Arithmetic,
        operands: &[Value],
    ) -> Result<Option<Value>, Throw> {
        let held = self.held(operands)?;
        let any = |test: fn(&Value) -> bool| held.iter().any(test);
        let number = |value: &Value| {
            value.as_integer().is_some()
                || matches!(
                    value,
                    Value::Single(_) | Value::Double(_) | Value::Decimal(_)
                )
        };
        if !matches!(
            op,
            Arithmetic::Add | Arithmetic::Subtract | Arithmetic::Multiply | Arithmetic::Divide
        ) {
            return Ok(None);
        }
        let code = if any(|value| matches!(value, Value::String(_))) {
            match op {
                Arithmetic::Add => "new JValue(string.Concat((object)d0, (object)d1))".to_string(),
                _ => return Ok(None),
            }
        } else if !held.iter().any(number)
            || !held.iter().all(|value| value.is_null() || number(value))
        {
            return Ok(None);
        } else if any(Value::is_null) {
            "JValue.CreateNull()".into()
        } else {
            let to = if any(|value| matches!(value, Value::UInt64(_) | Value::Decimal(_))) {
                "ToDecimal"
            } else if any(|value| matches!(value, Value::Single(_) | Value::Double(_))) {
                "ToDouble"
            } else {
                "ToInt64"
            };
            let sign = sign(op);
            format!("new JValue(Convert.{to}((object)d0) {sign} Convert.{to}((object)d1))")
        };
        self.bound(&code, &held).map(Some)
    }

    /// `value op x` of a `JValue`: by the kind of what the left one holds.
    fn json_compare(&mut self, op: Comparison, operands: &[Value]) -> Result<Value, Throw> {
        let held = self.held(operands)?;
        let order = match (held.first(), held.get(1)) {
            (Some(Value::Null), Some(Value::Null)) => "0",
            (Some(_), Some(Value::Null)) => "1",
            (Some(Value::Null), Some(_)) => "-1",
            (Some(Value::String(_)), _) => {
                "string.CompareOrdinal((string)d0, Convert.ToString((object)d1))"
            }
            _ => "new JValue((object)d0).CompareTo(new JValue((object)d1))",
        };
        self.bound(&format!("{order} {} 0", relation(op)), &held)
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
        compiler.late = true;
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

/// How an operand is written: a literal `null` is one still.
fn named(operand: &Node, name: &'static str) -> &'static str {
    match operand.op {
        Op::Constant(Value::Null) => "null",
        _ => name,
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
