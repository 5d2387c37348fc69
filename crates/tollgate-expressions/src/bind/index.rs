//! `target[arguments]`.

use super::call::dynamic;
use super::overload::{Applicable, Argument, Passed};
use super::{Bind, Binder, Callee, Methods, Reported, Typed};
use crate::typed::{Dynamic, Node, Op};
use tollgate_dotnet::{MemberKind, Type};
use tollgate_syntax::csharp::ast::{self, Range32};

impl<'a> Binder<'a> {
    /// `target[arguments]`.
    pub(super) fn index(
        &mut self,
        target: &'a ast::Expr,
        written: &'a [ast::Argument],
        range: Range32,
    ) -> Bind<Typed> {
        let target = self.value(target);
        let arguments = self.arguments(written);
        let (target, arguments) = (target?, arguments?);
        if target.ty == Type::Dynamic {
            let arguments = self.dynamic_arguments(arguments)?;
            return Ok(dynamic(
                Dynamic::GetIndex {
                    receiver: target.node,
                    arguments,
                },
                range,
            ));
        }
        if let Type::Array(element, rank) = &target.ty {
            let indices = self.indices(arguments, *rank, range)?;
            return Ok(Typed::new(
                Op::Element {
                    array: target.node.into(),
                    indices: indices.into(),
                },
                element.as_ref().clone(),
                range,
            ));
        }
        let (applicable, arguments) =
            self.indexer(&target, arguments, MemberKind::IndexGetter, range)?;
        if target.ty.is_string() && arguments.len() == 1 {
            let mut nodes = self.in_order(&applicable, arguments, range)?.nodes;
            let index = nodes.pop().ok_or(Reported)?;
            return Ok(Typed::new(
                Op::CharAt(Box::new([target.node, index])),
                Type::char(),
                range,
            ));
        }
        self.call_applicable(applicable, Some(target), arguments, range)
    }

    /// The indexer that takes the arguments.
    pub(super) fn indexer(
        &mut self,
        target: &Typed,
        arguments: Vec<Argument<'a>>,
        kind: MemberKind,
        range: Range32,
    ) -> Bind<(Applicable, Vec<Argument<'a>>)> {
        let own: Vec<Callee> = self
            .registry
            .indexers(&target.ty)
            .into_iter()
            .filter(|found| found.info.kind == kind)
            .map(|found| Callee::Member {
                info: found.info,
                owner: found.owner,
            })
            .collect();
        if own.is_empty() {
            let ty = &target.ty;
            return Err(self.error(
                "CS0021",
                format!("Cannot apply indexing with [] to an expression of type '{ty}'"),
                range,
            ));
        }
        let methods = Methods {
            receiver: Some(target.clone()),
            own,
            extensions: Vec::new(),
            type_arguments: Vec::new(),
            name: "this".into(),
            owner: Some(target.ty.clone()),
            range,
        };
        let applicable = self.resolve(&methods, &arguments, range)?;
        Ok((applicable, arguments))
    }

    /// Indices of an array: `int`, or `long`.
    pub(super) fn indices(
        &mut self,
        arguments: Vec<Argument<'a>>,
        rank: u8,
        range: Range32,
    ) -> Bind<Vec<Node>> {
        if arguments.len() != usize::from(rank) {
            return Err(self.error(
                "CS0022",
                format!("Wrong number of indices inside []; expected {rank}"),
                range,
            ));
        }
        let mut nodes = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let Passed::Value(value) = argument.value else {
                return Err(Reported);
            };
            let to = match self.implicit(&value, &Type::int()) {
                Some(_) => Type::int(),
                None if self.implicit(&value, &Type::long()).is_some() => Type::long(),
                None => Type::int(),
            };
            nodes.push(self.convert(value, &to, argument.range)?);
        }
        Ok(nodes)
    }
}
