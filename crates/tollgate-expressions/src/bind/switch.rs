//! `switch` statements.

use tollgate_dotnet::{Type, Value};
use tollgate_syntax::csharp::ast::{
    Expr, Pattern, PatternKind, Range32, Switch, SwitchLabel, SwitchSection,
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
    /// What the labels so far take, whatever their guards say.
    taken: Vec<Taken>,
}

/// What a label takes.
#[derive(Debug, Clone)]
enum Taken {
    Constant(Value, Type),
    /// All values of a type but null.
    Type(Type),
    All,
}

impl<'a> Binder<'a> {
    /// `switch (value) {…}`.
    pub(super) fn switch(&mut self, switch: &'a Switch) -> Bind<Statement> {
        let subject = self.value(&switch.value)?;
        let slot = self.temporary()?;
        let (kind, range) = (subject.node.kind, subject.range());
        let assign = node(Op::Assign(slot, subject.node.into()), kind, range);
        let held = match &assign.op {
            // Which case a constant leads to is known.
            Op::Assign(_, value) if matches!(value.op, Op::Constant(_)) => value.as_ref().clone(),
            _ => node(Op::Local(slot), kind, range),
        };
        let subject = Typed {
            node: held,
            ty: subject.ty,
        };
        self.scoped(|binder| {
            for section in &switch.sections {
                binder.announce(&section.statements);
            }
            let labels = binder.labels(switch)?;
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

    fn labels(&mut self, switch: &'a Switch) -> Bind<Labels> {
        let mut labels = Labels::default();
        let errors = self.errors.len();
        for (index, section) in (0u32..).zip(&switch.sections) {
            for label in &section.labels {
                match label {
                    SwitchLabel::Default(range) => {
                        if labels.default.is_some() {
                            self.twice("default", *range);
                        }
                        labels.default = Some(index);
                    }
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
        match self.errors.len() == errors {
            true => Ok(labels),
            false => Err(Reported),
        }
    }

    fn twice(&mut self, label: &str, range: Range32) -> Reported {
        let message =
            format!("The switch statement contains multiple cases with the label value '{label}'");
        self.error("CS0152", message, range)
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
            let SwitchLabel::Case {
                pattern,
                guard,
                range,
            } = label
            else {
                continue;
            };
            let test = self.pattern(subject, pattern);
            if test.is_ok()
                && self
                    .note_taken(subject, pattern, guard.as_ref(), *range)
                    .is_err()
            {
                failed = true;
            }
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

    /// Notes what a label takes; CS8120 or CS0152 if those before take all of it.
    fn note_taken(
        &mut self,
        subject: &Typed,
        pattern: &'a Pattern,
        guard: Option<&'a Expr>,
        label: Range32,
    ) -> Bind<()> {
        let takes = match &pattern.kind {
            PatternKind::Constant(expr) => match self.quietly(|binder| binder.value(expr)) {
                Some(value) => match value.as_constant() {
                    Some(constant) => Taken::Constant(constant.clone(), value.ty.clone()),
                    None => return Ok(()),
                },
                None => return Ok(()),
            },
            PatternKind::Declaration { ty, .. } => {
                match self.quietly(|binder| binder.type_syntax(ty)) {
                    Some(ty) => Taken::Type(ty),
                    None => Taken::All,
                }
            }
            PatternKind::Var(_) => Taken::All,
            _ => return Ok(()),
        };
        let Some(labels) = self.switches.last() else {
            return Ok(());
        };
        let simple = !subject.ty.is_object() && subject.ty != Type::Dynamic;
        let same = labels.taken.iter().any(|taken| match (taken, &takes) {
            (Taken::Constant(a, x), Taken::Constant(b, y)) => {
                (simple || x == y) && same_constant(a, b)
            }
            _ => false,
        });
        let covered = labels.taken.iter().any(|taken| match (taken, &takes) {
            (Taken::All, _) => true,
            (Taken::Type(earlier), Taken::Type(later) | Taken::Constant(_, later)) => {
                *later != Type::Null
                    && (later == earlier || self.registry.is_assignable(later, earlier))
            }
            _ => false,
        });
        if same && guard.is_none() {
            let shown = match &takes {
                Taken::Constant(value, _) => super::constant::show(value),
                _ => String::new(),
            };
            return Err(self.twice(&shown, label));
        }
        if same || covered {
            return Err(self.error(
                "CS8120",
                "The switch case is unreachable. It has already been handled by a previous case or it is impossible to match.",
                pattern.range,
            ));
        }
        let certain = guard.is_none_or(|guard| {
            self.quietly(|binder| binder.value(guard))
                .is_some_and(|value| matches!(value.as_constant(), Some(Value::Bool(true))))
        });
        if certain && let Some(labels) = self.switches.last_mut() {
            labels.taken.push(takes);
        }
        Ok(())
    }

    fn falls_through(&mut self, section: &SwitchSection, last: bool) -> Bind<()> {
        let (text, range) = match section.labels.last() {
            Some(SwitchLabel::Case { pattern, range, .. }) => {
                let slice = usize::try_from(pattern.range.start)
                    .ok()
                    .zip(usize::try_from(pattern.range.end).ok())
                    .and_then(|(start, end)| self.code.get(start..end))
                    .unwrap_or_default();
                (format!("case {slice}:"), *range)
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
        if self.switches.is_empty() {
            return Err(self.error(
                "CS0153",
                "A goto case is only valid inside a switch statement",
                range,
            ));
        }
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
