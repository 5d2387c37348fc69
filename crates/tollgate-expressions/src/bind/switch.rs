//! `switch` statements.

use tollgate_dotnet::Value;
use tollgate_syntax::csharp::ast::{
    Expr, PatternKind, Range32, Switch, SwitchLabel, SwitchSection,
};

use super::{Bind, Binder, Reported, Typed, node};
use crate::flow;
use crate::scope::{Enclosing, Scope};
use crate::typed::{Case, Kind, Node, Op, Statement};

/// The labels of a switch, for `goto case`.
#[derive(Debug, Default)]
pub(super) struct Labels {
    constants: Vec<(Value, u32)>,
    default: Option<u32>,
}

impl<'a> Binder<'a> {
    /// `switch (value) {…}`.
    pub(super) fn switch(&mut self, switch: &'a Switch) -> Bind<Statement> {
        let subject = self.value(&switch.value)?;
        let slot = self.temporary()?;
        let (kind, range) = (subject.node.kind, subject.range());
        let assign = node(Op::Assign(slot, subject.node.into()), kind, range);
        let subject = Typed {
            node: node(Op::Local(slot), kind, range),
            ty: subject.ty,
        };
        self.scoped(|binder| {
            for section in &switch.sections {
                binder.announce(&section.statements);
            }
            let labels = binder.labels(switch);
            binder.switches.push(labels);
            let result = binder.sections(switch, &subject);
            let labels = binder.switches.pop().unwrap_or_default();
            let (cases, sections) = result?;
            Ok(Statement::Switch {
                subject: assign,
                cases: cases.into(),
                default: labels.default,
                sections: sections.into(),
            })
        })
    }

    fn labels(&mut self, switch: &'a Switch) -> Labels {
        let mut labels = Labels::default();
        for (index, section) in (0u32..).zip(&switch.sections) {
            for label in &section.labels {
                match label {
                    SwitchLabel::Default(_) => labels.default = Some(index),
                    SwitchLabel::Case { pattern, .. } => {
                        if let PatternKind::Constant(expr) = &pattern.kind
                            && let Some(value) = self.quietly(|binder| binder.value(expr))
                            && let Some(constant) = value.as_constant()
                        {
                            labels.constants.push((constant.clone(), index));
                        }
                    }
                }
            }
        }
        labels
    }

    fn sections(
        &mut self,
        switch: &'a Switch,
        subject: &Typed,
    ) -> Bind<(Vec<Case>, Vec<Statement>)> {
        let mut cases = Vec::new();
        let mut sections = Vec::with_capacity(switch.sections.len());
        let mut failed = false;
        let count = switch.sections.len();
        for (index, section) in (0u32..).zip(&switch.sections) {
            if let Some(frame) = self.frames.last_mut() {
                frame.scopes.push(Scope::default());
            }
            let result = self.section(section, index, subject, &mut cases);
            let scope = self.frames.last_mut().and_then(|frame| frame.scopes.pop());
            // Variables of patterns are set before the section is entered: their cells belong to the whole switch.
            if let (Some(scope), Some(outer)) = (
                scope,
                self.frames
                    .last_mut()
                    .and_then(|frame| frame.scopes.last_mut()),
            ) {
                outer.cells.extend(scope.cells);
            }
            match result {
                Ok(body) => {
                    if flow::completes(&body) {
                        let last = usize::try_from(index).is_ok_and(|index| index + 1 == count);
                        failed |= self.falls_through(section, last).is_err();
                    }
                    sections.push(body);
                }
                Err(Reported) => failed = true,
            }
        }
        if failed {
            return Err(Reported);
        }
        Ok((cases, sections))
    }

    fn section(
        &mut self,
        section: &'a SwitchSection,
        index: u32,
        subject: &Typed,
        cases: &mut Vec<Case>,
    ) -> Bind<Statement> {
        let mut failed = false;
        for label in &section.labels {
            let SwitchLabel::Case { pattern, guard } = label else {
                continue;
            };
            let test = self.pattern(subject, pattern);
            let guard = guard
                .as_ref()
                .map(|guard| self.condition(guard))
                .transpose();
            match (test, guard) {
                (Ok(test), Ok(guard)) => cases.push(Case {
                    test: both(test, guard),
                    section: index,
                }),
                _ => failed = true,
            }
        }
        let errors = self.errors.len();
        let body = self.within(Enclosing::Switch, |binder| {
            binder.statements(&section.statements)
        });
        if failed || self.errors.len() > errors {
            return Err(Reported);
        }
        Ok(body)
    }

    fn falls_through(&mut self, section: &SwitchSection, last: bool) -> Bind<()> {
        let (text, range) = match section.labels.last() {
            Some(SwitchLabel::Case { pattern, .. }) => {
                let slice = usize::try_from(pattern.range.start)
                    .ok()
                    .zip(usize::try_from(pattern.range.end).ok())
                    .and_then(|(start, end)| self.code.get(start..end))
                    .unwrap_or_default();
                (format!("case {slice}:"), pattern.range)
            }
            Some(SwitchLabel::Default(range)) => ("default:".to_string(), *range),
            None => return Ok(()),
        };
        Err(match last {
            true => self.error(
                "CS8070",
                format!("Control cannot fall out of switch from final case label ('{text}')"),
                range,
            ),
            false => self.error(
                "CS0163",
                format!("Control cannot fall through from one case label ('{text}') to another"),
                range,
            ),
        })
    }

    /// `goto case value;`, `goto default;`.
    pub(super) fn goto_case(&mut self, value: Option<&'a Expr>, range: Range32) -> Bind<Statement> {
        let Some(value) = value else {
            return match self.switches.last().and_then(|labels| labels.default) {
                Some(section) => Ok(Statement::GotoSection(section)),
                None => Err(self.no_label("default:", range)),
            };
        };
        let constant = self.value(value)?;
        let Some(wanted) = constant.as_constant().cloned() else {
            return Err(self.error("CS0150", "A constant value is expected", value.range));
        };
        let section = self.switches.last().and_then(|labels| {
            labels
                .constants
                .iter()
                .find(|(known, _)| same_constant(known, &wanted))
                .map(|(_, section)| *section)
        });
        match section {
            Some(section) => Ok(Statement::GotoSection(section)),
            None => {
                let shown = super::constant::show(&wanted);
                Err(self.no_label(&format!("case {shown}:"), range))
            }
        }
    }

    fn no_label(&mut self, label: &str, range: Range32) -> Reported {
        self.error(
            "CS0159",
            format!("No such label '{label}' within the scope of the goto statement"),
            range,
        )
    }
}

fn both(test: Node, guard: Option<Node>) -> Node {
    match guard {
        None => test,
        Some(guard) => {
            let range = Range32::new(test.start, guard.end);
            node(Op::And([test, guard].into()), Kind::Bool, range)
        }
    }
}

fn same_constant(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::String(a), Value::String(b)) => a.as_utf8() == b.as_utf8(),
        _ => a.as_integer().is_some() && a.as_integer() == b.as_integer(),
    }
}
