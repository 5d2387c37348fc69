//! `for` and `foreach`.

use super::convert::is_interface;
use super::types::element_type;
use super::{Bind, Binder, Bound, Reported, Typed};
use crate::scope::{Enclosing, Fixed, Scope};
use crate::typed::{Node, Op, Statement};
use tollgate_dotnet::{Type, Value};
use tollgate_syntax::csharp::ast::{self, ForEachVariable, ForInit, Range32};

impl<'a> Binder<'a> {
    pub(super) fn for_loop(&mut self, for_loop: &'a ast::For) -> Bind<Statement> {
        let init = match &for_loop.init {
            ForInit::Declaration(local) => self.local(local).map(|statement| vec![statement]),
            ForInit::Expressions(exprs) => exprs
                .iter()
                .map(|expr| self.effect(expr).map(Statement::Expression))
                .collect(),
        };
        let condition = for_loop
            .condition
            .as_ref()
            .map(|condition| self.condition(condition))
            .transpose();
        let step: Bind<Vec<Node>> = for_loop.step.iter().map(|expr| self.effect(expr)).collect();
        let body = self.within(Enclosing::Loop, |binder| binder.embedded(&for_loop.body));
        Ok(Statement::For {
            init: init?.into(),
            condition: condition?,
            step: step?.into(),
            body: Box::new(body?),
        })
    }

    pub(super) fn for_each(&mut self, each: &'a ast::ForEach, range: Range32) -> Bind<Statement> {
        let source = self.value(&each.source);
        if let Ok(source) = &source
            && matches!(source.node.op, Op::Constant(Value::Null))
        {
            return Err(self.error(
                "CS0186",
                "Use of null is not valid in this context",
                each.source.range,
            ));
        }
        let source = source.map(|source| self.enumerated(source, each.source.range));
        let element = match &source {
            Ok(source) => match element_type(self.registry, &source.ty) {
                Some(element) => Ok(element),
                None => {
                    let ty = source.ty.clone();
                    Err(self.error(
                        "CS1579",
                        format!(
                            "foreach statement cannot operate on variables of type '{ty}' because '{ty}' does not contain a public instance or extension definition for 'GetEnumerator'"
                        ),
                        each.source.range,
                    ))
                }
            },
            Err(Reported) => Err(Reported),
        };
        if let Some(frame) = self.frames.last_mut() {
            frame.scopes.push(Scope::default());
        }
        let bound = self.for_each_body(each, element.ok(), range);
        let cells = self
            .frames
            .last_mut()
            .and_then(|frame| frame.scopes.pop())
            .map(|scope| scope.cells)
            .unwrap_or_default();
        let (item, setup, body) = bound?;
        let mut source = source?;
        if source.ty == Type::Dynamic
            && let Some(enumerable) = self.registry.find("System.Collections.IEnumerable", 0)
        {
            let node = self.convert_typed(source, &Type::plain(enumerable.0), range)?;
            source = Typed {
                node,
                ty: Type::Dynamic,
            };
        }
        let body = match setup.is_empty() && cells.is_empty() {
            true => body,
            false => {
                let mut statements: Vec<Statement> =
                    setup.into_iter().map(Statement::Expression).collect();
                statements.push(body);
                Statement::Block {
                    cells: cells.into(),
                    functions: Box::default(),
                    statements: statements.into(),
                }
            }
        };
        Ok(Statement::ForEach {
            source: source.node,
            item,
            body: Box::new(body),
        })
    }

    /// What a `foreach` runs over: the value, or what its own `GetEnumerator` gives if it is several sequences at once.
    fn enumerated(&self, source: Typed, range: Range32) -> Typed {
        let bases = self.registry.bases(&source.ty);
        let pairs = bases
            .iter()
            .find(|base| is_interface(&source.ty) && self.gives_pairs(&source.ty, base));
        if pairs.is_some() {
            return Typed {
                node: self.pairs(source.node, range),
                ty: source.ty,
            };
        }
        let sequences = self.registry.bases(&source.ty);
        let sequences = sequences
            .iter()
            .filter(|base| Type::enumerable(Type::object()).table() == base.table());
        if sequences.count() < 2 {
            return source;
        }
        let own = self.registry.lookup(&source.ty, "GetEnumerator");
        let own = own
            .into_iter()
            .find(|found| found.info.parameters.is_empty());
        let Some((own, element)) = own.and_then(|own| {
            let element = own.info.returns.arguments().first()?.clone();
            Some((own, element))
        }) else {
            return source;
        };
        let call = self.call_node(
            own.info,
            &own.owner,
            &[],
            vec![source.node],
            Vec::new(),
            range,
        );
        Typed {
            node: call,
            ty: Type::enumerable(element),
        }
    }

    /// The slot that takes each element, what is done with it, and the body.
    fn for_each_body(
        &mut self,
        each: &'a ast::ForEach,
        element: Option<Type>,
        range: Range32,
    ) -> Bind<(u32, Vec<Node>, Statement)> {
        let (item, setup) = match &each.variable {
            ForEachVariable::Variable { ty, name } => {
                let wanted = match ty.kind {
                    ast::TypeKind::Var => element.clone(),
                    _ => self.type_syntax(ty).ok(),
                };
                let variable = self.declare(name, wanted.clone(), Some(Fixed::ForEach));
                match (&element, &wanted) {
                    (Some(element), Some(wanted)) => {
                        if !variable.cell && element == wanted {
                            (variable.slot, Vec::new())
                        } else {
                            let slot = self.temporary()?;
                            let value = Typed::new(Op::Local(slot), element.clone(), name.range);
                            let keyword = Range32::new(range.start, range.start.saturating_add(7));
                            let value = self.cast(Bound::Value(value), wanted, keyword)?;
                            let store = self.store(&variable, value.node, name.range);
                            (slot, vec![store])
                        }
                    }
                    _ => (variable.slot, Vec::new()),
                }
            }
            ForEachVariable::Deconstruction(target) => {
                let slot = self.temporary()?;
                let element = element.clone().ok_or(Reported)?;
                let value = Typed::new(Op::Local(slot), element, range);
                let taken = self.deconstruct(target, Bound::Value(value), target.range)?;
                (slot, vec![taken.node])
            }
        };
        let body = self.within(Enclosing::Loop, |binder| binder.embedded(&each.body))?;
        if element.is_none() {
            return Err(Reported);
        }
        Ok((item, setup, body))
    }
}
