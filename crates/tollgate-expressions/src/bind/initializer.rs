//! `new`: objects, arrays and their initializers.

use tollgate_dotnet::{MemberKind, Type, TypeKind, Value};
use tollgate_syntax::csharp::ast::{
    self, ElementInitializer, Expr, ExprKind, Initializer, InitializerKind, InitializerTarget,
    InitializerValue, NewArray, NewObject, Range32,
};

use super::call::sequence;
use super::overload::{Argument, Passed};
use super::{Bind, Binder, Callee, Methods, Reported, Typed, node};
use crate::typed::{Kind, Node, Op};

impl<'a> Binder<'a> {
    /// `new T(arguments) {…}`.
    pub(super) fn new_of(&mut self, new: &'a NewObject, ty: Type, range: Range32) -> Bind<Typed> {
        let arguments = self.arguments(&new.arguments)?;
        let created = self.construct(&ty, arguments, new, range)?;
        match &new.initializer {
            None => Ok(created),
            Some(initializer) => {
                let slot = self.temporary()?;
                let kind = created.node.kind;
                let mut nodes = vec![node(Op::Assign(slot, created.node.into()), kind, range)];
                let target = Typed::new(Op::Local(slot), ty.clone(), range);
                self.initialize(&target, initializer, &mut nodes)?;
                nodes.push(target.node);
                Ok(Typed {
                    node: sequence(nodes, range),
                    ty,
                })
            }
        }
    }

    fn construct(
        &mut self,
        ty: &Type,
        arguments: Vec<Argument<'a>>,
        new: &'a NewObject,
        range: Range32,
    ) -> Bind<Typed> {
        let at = new.ty.as_ref().map_or(range, |ty| ty.range);
        if let Some(bounds) = self.bounds_of(ty) {
            if !bounds.has_new && !bounds.is_struct {
                let message = format!(
                    "Cannot create an instance of the variable type '{ty}' because it does not have the new() constraint"
                );
                return Err(self.error("CS0304", message, range));
            }
            return Ok(self.default_of(ty, range));
        }
        if ty.is_delegate() {
            let mut arguments = arguments;
            return match (arguments.pop(), arguments.is_empty()) {
                (
                    Some(Argument {
                        value: Passed::Value(value),
                        range,
                        ..
                    }),
                    true,
                ) => Ok(Typed {
                    node: self.convert(value, ty, range)?,
                    ty: ty.clone(),
                }),
                _ => Err(self.error("CS0149", "Method name expected", range)),
            };
        }
        if let Some(table) = ty.table() {
            match table.kind {
                TypeKind::Interface => {
                    return Err(self.error(
                        "CS0144",
                        format!(
                            "Cannot create an instance of the abstract type or interface '{ty}'"
                        ),
                        range,
                    ));
                }
                TypeKind::Static => {
                    return Err(self.error(
                        "CS0712",
                        format!("Cannot create an instance of the static class '{ty}'"),
                        range,
                    ));
                }
                _ => {}
            }
        }
        let own: Vec<Callee> = self
            .registry
            .constructors(ty)
            .into_iter()
            .map(|found| Callee::Member {
                info: found.info,
                owner: found.owner,
            })
            .collect();
        if arguments.is_empty() && ty.is_value_type() {
            let empty = own.iter().any(|callee| callee.parameters().is_empty());
            if !empty {
                return Ok(self.default_of(ty, range));
            }
        }
        if own.is_empty() && ty.is_value_type() {
            let count = arguments.len();
            return Err(self.error(
                "CS1729",
                format!("'{ty}' does not contain a constructor that takes {count} arguments"),
                at,
            ));
        }
        if own.is_empty() {
            return Err(self.error(
                "CS0143",
                format!("The type '{ty}' has no constructors defined"),
                at,
            ));
        }
        let methods = Methods {
            receiver: None,
            own,
            extensions: Vec::new(),
            type_arguments: Vec::new(),
            name: "new".into(),
            owner: Some(ty.clone()),
            range: at,
        };
        let applicable = self.resolve(&methods, &arguments, at)?;
        let mut created = self.call_applicable(applicable, None, arguments, range)?;
        created.ty = ty.clone();
        Ok(created)
    }

    /// What an initializer does to the object in `target`.
    fn initialize(
        &mut self,
        target: &Typed,
        initializer: &'a Initializer,
        nodes: &mut Vec<Node>,
    ) -> Bind<()> {
        let mut failed = false;
        match &initializer.kind {
            InitializerKind::Object(members) => {
                for member in members {
                    failed |= self.initialize_member(target, member, nodes).is_err();
                }
            }
            InitializerKind::Collection(elements) => {
                let enumerable = self
                    .registry
                    .find("System.Collections.IEnumerable", 0)
                    .is_some_and(|table| {
                        self.registry
                            .is_assignable(&target.ty, &Type::plain(table.0))
                    });
                if !enumerable && target.ty != Type::Dynamic {
                    return Err(self.error(
                        "CS1922",
                        format!(
                            "Cannot initialize type '{}' with a collection initializer because it does not implement 'System.Collections.IEnumerable'",
                            target.ty
                        ),
                        initializer.range,
                    ));
                }
                for element in elements {
                    failed |= self.add(target, element, nodes).is_err();
                }
            }
        }
        if failed { Err(Reported) } else { Ok(()) }
    }

    fn initialize_member(
        &mut self,
        target: &Typed,
        member: &'a ast::MemberInitializer,
        nodes: &mut Vec<Node>,
    ) -> Bind<()> {
        let range = member.range;
        let place = match &member.target {
            InitializerTarget::Member(name) => {
                if let Some(reported) = self.not_initialized(&target.ty, name) {
                    return Err(reported);
                }
                self.property_place(target.clone(), &name.name, name.range, name.range)?
            }
            InitializerTarget::Index(arguments) => {
                let arguments = self.arguments(arguments)?;
                self.index_place(target.clone(), arguments, range)?
            }
        };
        match &member.value {
            InitializerValue::Expr(expr) => {
                let value = self.expression(expr)?;
                let value = self.convert(value, &place.ty().clone(), expr.range)?;
                let stored = self.write(place, value, false, range)?;
                nodes.push(stored);
                Ok(())
            }
            InitializerValue::Initializer(inner) => {
                let held = self.read_place(&place, range)?;
                let slot = self.temporary()?;
                let kind = held.node.kind;
                nodes.push(node(Op::Assign(slot, held.node.into()), kind, range));
                let inner_target = Typed::new(Op::Local(slot), held.ty, range);
                self.initialize(&inner_target, inner, nodes)
            }
        }
    }

    /// CS0117 for a member that an object initializer names in vain.
    fn not_initialized(&mut self, ty: &Type, name: &ast::Identifier) -> Option<Reported> {
        let found = !self.registry.lookup(ty, &name.name).is_empty()
            || *ty == Type::Dynamic
            || super::member::item(ty, &name.name).is_some();
        (!found).then(|| self.no_definition(ty, &name.name, name.range))
    }

    /// One element of a collection initializer: a call of `Add`.
    fn add(
        &mut self,
        target: &Typed,
        element: &'a ElementInitializer,
        nodes: &mut Vec<Node>,
    ) -> Bind<()> {
        let mut arguments = Vec::with_capacity(element.values.len());
        for expr in &element.values {
            arguments.push(Argument {
                name: None,
                value: Passed::Value(self.expression(expr)?),
                range: expr.range,
            });
        }
        let at = element.range;
        let own: Vec<Callee> = self
            .registry
            .lookup(&target.ty, "Add")
            .into_iter()
            .filter(|found| found.info.kind == MemberKind::Method)
            .map(|found| Callee::Member {
                info: found.info,
                owner: found.owner,
            })
            .collect();
        if own.is_empty() {
            let shown = target.ty.to_string();
            return Err(self.no_member(&shown, "Add", Some(target.ty.clone()), at));
        }
        let methods = Methods {
            receiver: Some(target.clone()),
            own,
            extensions: Vec::new(),
            type_arguments: Vec::new(),
            name: "Add".into(),
            owner: Some(target.ty.clone()),
            range: at,
        };
        let errors = self.errors.len();
        let applicable = match self.resolve(&methods, &arguments, at) {
            Ok(applicable) => applicable,
            Err(reported) => {
                let unfit = |error: &crate::CompileError| error.code == "CS1503";
                if self.errors.iter().skip(errors).any(unfit) {
                    let message = format!(
                        "The best overloaded Add method of '{}' for the collection initializer has some invalid arguments",
                        target.ty
                    );
                    self.error("CS1950", message, at);
                    let own = self.errors.pop();
                    self.errors.splice(errors..errors, own);
                }
                return Err(reported);
            }
        };
        let call = self.call_applicable(applicable, Some(target.clone()), arguments, at)?;
        nodes.push(call.node);
        Ok(())
    }

    /// `new T[n] {…}`, `new[] {…}`.
    pub(super) fn new_array(&mut self, new: &'a NewArray, range: Range32) -> Bind<Typed> {
        let rank = u8::try_from(new.rank).unwrap_or(u8::MAX);
        let Some(syntax) = &new.element else {
            return self.implicit_array(new, rank, range);
        };
        let element = self.type_syntax(syntax)?;
        let mut lengths = Vec::with_capacity(new.sizes.len());
        for size in &new.sizes {
            let value = self.expression(size)?;
            let to = match self.implicit(&value, &Type::int()) {
                None if self.implicit(&value, &Type::long()).is_some() => Type::long(),
                _ => Type::int(),
            };
            let length = self.convert(value, &to, size.range)?;
            match &length.op {
                Op::Constant(value) if value.as_integer().is_some_and(|number| number < 0) => {
                    return Err(self.error(
                        "CS0248",
                        "Cannot create an array with a negative size",
                        size.range,
                    ));
                }
                Op::Constant(_) => {}
                _ if new.initializer.is_some() => {
                    return Err(self.error("CS0150", "A constant value is expected", size.range));
                }
                _ => {}
            }
            lengths.push(length);
        }
        let ty = Type::Array(element.clone().into(), rank);
        let Some(initializer) = &new.initializer else {
            return Ok(Typed::new(
                Op::NewArray {
                    element,
                    lengths: lengths.into(),
                },
                ty,
                range,
            ));
        };
        let ExprKind::ArrayInitializer(items) = &initializer.kind else {
            return Err(Reported);
        };
        if let [length] = lengths.as_slice()
            && let Op::Constant(Value::Int32(length)) = length.op
            && usize::try_from(length) != Ok(items.len())
        {
            return Err(self.error(
                "CS0847",
                format!("An array initializer of length '{length}' is expected"),
                initializer.range,
            ));
        }
        let node = self.array_items(items, &element, rank, range)?;
        Ok(Typed { node, ty })
    }

    fn implicit_array(&mut self, new: &'a NewArray, rank: u8, range: Range32) -> Bind<Typed> {
        let Some(Expr {
            kind: ExprKind::ArrayInitializer(items),
            ..
        }) = &new.initializer
        else {
            return Err(Reported);
        };
        let mut leaves = Vec::new();
        leaves_of(items, rank, &mut leaves);
        let mut values = Vec::with_capacity(leaves.len());
        let mut failed = false;
        for leaf in leaves {
            match self.expression(leaf) {
                Ok(value) => values.push(value),
                Err(Reported) => failed = true,
            }
        }
        if failed {
            return Err(Reported);
        }
        let Some(element) = self.best_common_type(&values) else {
            return Err(self.error(
                "CS0826",
                "No best type found for implicitly-typed array",
                range,
            ));
        };
        if rank == 1 {
            let mut nodes = Vec::with_capacity(values.len());
            for (value, item) in values.into_iter().zip(items) {
                nodes.push(self.convert(value, &element, item.range)?);
            }
            return Ok(Typed::new(
                Op::Array {
                    element: element.clone(),
                    items: nodes.into(),
                },
                Type::array(element),
                range,
            ));
        }
        let node = self.array_items(items, &element, rank, range)?;
        Ok(Typed {
            node,
            ty: Type::Array(element.into(), rank),
        })
    }

    /// `{a, b}` as an array of that element type.
    pub(super) fn array_items(
        &mut self,
        items: &'a [Expr],
        element: &Type,
        rank: u8,
        range: Range32,
    ) -> Bind<Node> {
        if rank == 1 {
            let mut nodes = Vec::with_capacity(items.len());
            let mut failed = false;
            for item in items {
                let value = self
                    .expression(item)
                    .and_then(|value| self.convert(value, element, item.range));
                match value {
                    Ok(value) => nodes.push(value),
                    Err(Reported) => failed = true,
                }
            }
            if failed {
                return Err(Reported);
            }
            return Ok(node(
                Op::Array {
                    element: element.clone(),
                    items: nodes.into(),
                },
                Kind::Other,
                range,
            ));
        }
        self.rectangular(items, element, rank, range)
    }

    /// `{{1, 2}, {3, 4}}` for `T[,]`: made empty, then filled.
    fn rectangular(
        &mut self,
        items: &'a [Expr],
        element: &Type,
        rank: u8,
        range: Range32,
    ) -> Bind<Node> {
        let mut lengths = Vec::new();
        let mut level: &'a [Expr] = items;
        for _ in 0..rank {
            lengths.push(level.len());
            level = match level.first().map(|first| &first.kind) {
                Some(ExprKind::ArrayInitializer(inner)) => inner,
                _ => &[],
            };
        }
        let ty = Type::Array(element.clone().into(), rank);
        let slot = self.temporary()?;
        let int = |number: usize| {
            let number = i32::try_from(number).unwrap_or(i32::MAX);
            node(Op::Constant(Value::Int32(number)), Kind::Int32, range)
        };
        let created = node(
            Op::NewArray {
                element: element.clone(),
                lengths: lengths.iter().map(|length| int(*length)).collect(),
            },
            Kind::Other,
            range,
        );
        let array = Typed::new(Op::Local(slot), ty, range);
        let mut nodes = vec![node(Op::Assign(slot, created.into()), Kind::Other, range)];
        let mut work: Vec<(&'a Expr, Vec<usize>)> = items
            .iter()
            .enumerate()
            .map(|(i, item)| (item, vec![i]))
            .collect();
        work.reverse();
        while let Some((item, path)) = work.pop() {
            if path.len() < usize::from(rank) {
                let ExprKind::ArrayInitializer(inner) = &item.kind else {
                    return Err(self.error(
                        "CS0846",
                        "A nested array initializer is expected",
                        item.range,
                    ));
                };
                if lengths.get(path.len()) != Some(&inner.len()) {
                    return Err(self.error(
                        "CS0847",
                        format!(
                            "An array initializer of length '{}' is expected",
                            lengths.get(path.len()).copied().unwrap_or(0)
                        ),
                        item.range,
                    ));
                }
                for (index, inner) in inner.iter().enumerate().rev() {
                    let mut path = path.clone();
                    path.push(index);
                    work.push((inner, path));
                }
                continue;
            }
            let value = self.expression(item)?;
            let value = self.convert(value, element, item.range)?;
            let kind = value.kind;
            nodes.push(node(
                Op::SetElement {
                    array: array.node.clone().into(),
                    indices: path.iter().map(|index| int(*index)).collect(),
                    value: value.into(),
                },
                kind,
                range,
            ));
        }
        nodes.push(array.node);
        Ok(sequence(nodes, range))
    }
}

/// The expressions at the bottom of a nested array initializer.
fn leaves_of<'a>(items: &'a [Expr], rank: u8, found: &mut Vec<&'a Expr>) {
    for item in items {
        match &item.kind {
            ExprKind::ArrayInitializer(inner) if rank > 1 => leaves_of(inner, rank - 1, found),
            _ => found.push(item),
        }
    }
}
