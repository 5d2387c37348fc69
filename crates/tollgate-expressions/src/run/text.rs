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
                    let part = match format {
                        Some(format) => {
                            let _ = format;
                            ops::to_text(self.machine, &value)?
                        }
                        None => ops::to_text(self.machine, &value)?,
                    };
                    self.pad(&mut text, &part, *width)?;
                }
            }
        }
        self.made(text)
    }

    fn append(&mut self, text: &mut Builder, value: &Value) -> Result<(), Throw> {
        match value {
            Value::Null => {}
            Value::String(part) => text.push(part),
            other => text.push(&ops::to_text(self.machine, other)?),
        }
        self.check(text.size())
    }

    fn pad(&mut self, text: &mut Builder, part: &Str, width: i32) -> Result<(), Throw> {
        let wanted = usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX);
        let missing = wanted.saturating_sub(part.len());
        self.check(text.size().saturating_add(missing))?;
        if width < 0 {
            text.push(part);
        }
        for _ in 0..missing {
            text.push_str(" ");
        }
        if width >= 0 {
            text.push(part);
        }
        self.check(text.size())
    }

    fn check(&self, size: usize) -> Result<(), Throw> {
        if size > self.machine.budget.string {
            return Err(Throw::limit("it made too long a string"));
        }
        Ok(())
    }

    fn made(&mut self, text: Builder) -> Result<Value, Throw> {
        self.check(text.size())?;
        self.machine.heap.charge(text.size())?;
        Ok(Value::String(text.finish()))
    }
}
