//! Making strings.

use tollgate_dotnet::{Builder, Str, Throw, Value, ops};

use super::Frame;
use crate::typed::{Node, Op, Piece};

impl Frame<'_, '_> {
    /// `a + b + …`.
    pub(super) fn concat(&mut self, operands: &[Node]) -> Result<Value, Throw> {
        let mut text = Builder::default();
        for operand in operands {
            if let Op::Constant(Value::String(constant)) = &operand.op {
                text.push(constant);
                continue;
            }
            let value = self.value(operand)?;
            self.append(&mut text, &value)?;
        }
        self.made(text)
    }

    /// `$"…"`.
    pub(super) fn interpolate(&mut self, pieces: &[Piece]) -> Result<Value, Throw> {
        let mut text = Builder::default();
        for piece in pieces {
            match piece {
                Piece::Text(part) => text.push(part),
                Piece::Hole {
                    value,
                    width: 0,
                    format: None,
                } => {
                    let value = self.value(value)?;
                    self.append(&mut text, &value)?;
                }
                Piece::Hole {
                    value,
                    width,
                    format,
                } => {
                    let value = self.value(value)?;
                    let format = format.as_ref().map(Str::to_utf8).unwrap_or_default();
                    ops::append_aligned(self.machine, &mut text, &value, *width, &format)?;
                    self.check(text.size())?;
                }
            }
        }
        self.made(text)
    }

    fn append(&mut self, text: &mut Builder, value: &Value) -> Result<(), Throw> {
        match value {
            Value::Null => {}
            Value::String(part) => {
                self.check(text.size().saturating_add(part.size()))?;
                text.push(part);
            }
            other => text.push(&ops::to_text(self.machine, other)?),
        }
        self.check(text.size())
    }

    fn check(&self, size: usize) -> Result<(), Throw> {
        if size > self.machine.budget.string {
            return Err(Throw::limit("it made a string longer than is allowed"));
        }
        Ok(())
    }

    fn made(&mut self, text: Builder) -> Result<Value, Throw> {
        self.check(text.size())?;
        self.machine.step(4)?;
        self.machine.pass(text.size())?;
        self.machine.heap.charge(text.size())?;
        Ok(Value::String(text.finish()))
    }
}
