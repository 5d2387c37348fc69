//! Names: variables, globals, types and namespaces.

use tollgate_dotnet::{MemberKind, Type};
use tollgate_syntax::csharp::ast::{Identifier, Range32, SimpleName};

use super::types::{construct, kind_of};
use super::watch::is_mark;
use super::{Bind, Binder, Bound, Callee, Methods, Reported, Typed, node};
use crate::scope::{Fixed, Variable};
use crate::typed::{Capture, Kind, Node, Op, Slot, Target};

impl<'a> Binder<'a> {
    /// `x` or `F<int>`.
    pub(super) fn name(&mut self, name: &SimpleName, range: Range32) -> Bind<Bound<'a>> {
        let text = &*name.identifier.name;
        if is_mark(&name.identifier) {
            self.want_name();
        }
        if let Some((depth, variable)) = self.variable(text) {
            let mut type_arguments = Vec::with_capacity(name.type_arguments.len());
            if variable.function.is_some() {
                for argument in &name.type_arguments {
                    type_arguments.push(self.type_syntax(argument)?);
                }
            }
            return self.read(depth, &variable, type_arguments, range);
        }
        if name.type_arguments.is_empty()
            && let Some(ty) = self.type_parameter(text)
        {
            return Ok(Bound::Type(ty));
        }
        if let Some(global) = self.globals.iter().find(|global| global.name == text) {
            return Ok(Bound::Value(Typed::new(
                Op::Constant(global.value.clone()),
                global.ty.clone(),
                range,
            )));
        }
        if let Some(ty) = self.type_named(text, name, range)? {
            return Ok(Bound::Type(ty));
        }
        if self.registry.is_namespace(text) {
            return Ok(Bound::Namespace(text.to_string()));
        }
        if let Some(methods) = self.of_object(name) {
            return Ok(methods);
        }
        Err(self.unknown_name(text, name.identifier.range))
    }

    /// The methods that the class around the code has from `object`.
    fn of_object(&self, name: &SimpleName) -> Option<Bound<'a>> {
        let owner = Type::object();
        let own: Vec<Callee> = self
            .registry
            .lookup(&owner, &name.identifier.name)
            .into_iter()
            .filter(|found| found.info.kind == MemberKind::Method)
            .map(|found| Callee::Member {
                info: found.info,
                owner: found.owner,
            })
            .collect();
        (!own.is_empty()).then(|| {
            Bound::Methods(Box::new(Methods {
                receiver: None,
                own,
                extensions: Vec::new(),
                type_arguments: Vec::new(),
                name: name.identifier.name.clone(),
                owner: Some(owner),
                range: name.identifier.range,
            }))
        })
    }

    /// The type of that possibly qualified name, with the type arguments.
    pub(super) fn type_named(
        &mut self,
        full: &str,
        name: &SimpleName,
        range: Range32,
    ) -> Bind<Option<Type>> {
        let Some(table) = self.registry.find(full, name.type_arguments.len()) else {
            return Ok(None);
        };
        self.tick(range)?;
        let mut arguments = Vec::with_capacity(name.type_arguments.len());
        for argument in &name.type_arguments {
            arguments.push(self.type_syntax(argument)?);
        }
        Ok(Some(construct(table, arguments)))
    }

    fn unknown_name(&mut self, name: &str, range: Range32) -> Reported {
        let known: Vec<&str> = self
            .frames
            .iter()
            .flat_map(|frame| &frame.scopes)
            .flat_map(|scope| &scope.variables)
            .map(|variable| &*variable.name)
            .chain(self.globals.iter().map(|global| global.name))
            .collect();
        let lower = name.to_lowercase();
        let near = known
            .iter()
            .map(|known| {
                let distance = strsim::damerau_levenshtein(&lower, &known.to_lowercase());
                (distance, *known)
            })
            .filter(|(distance, known)| *distance <= known.len().max(name.len()) / 3)
            .min()
            .map(|(_, known)| known.to_string())
            .or_else(|| self.registry.type_suggestion(name));
        self.error_with_help(
            "CS0103",
            format!("The name '{name}' does not exist in the current context"),
            range,
            near.map(|near| format!("did you mean `{near}`?")),
        )
    }

    /// The variable of that name and the frame it belongs to.
    pub(super) fn variable(&self, name: &str) -> Option<(usize, Variable)> {
        self.frames
            .iter()
            .enumerate()
            .rev()
            .find_map(|(depth, frame)| Some((depth, frame.find(name)?.clone())))
    }

    fn read(
        &mut self,
        depth: usize,
        variable: &Variable,
        type_arguments: Vec<Type>,
        range: Range32,
    ) -> Bind<Bound<'a>> {
        if !variable.declared {
            return Err(self.error(
                "CS0841",
                format!(
                    "Cannot use local variable '{}' before it is declared",
                    variable.name
                ),
                range,
            ));
        }
        self.check_captured(depth, variable, range)?;
        if let Some(place) = self.alias(depth, variable, range)? {
            return self.read_alias(&place, range);
        }
        let ty = variable.ty.clone().ok_or(Reported)?;
        if let Some(constant) = &variable.constant {
            return Ok(Bound::Value(Typed::constant(constant.clone(), ty, range)));
        }
        if let Some(signature) = &variable.function {
            let delegate = self.load(depth, variable, Kind::Other, range)?;
            return Ok(Bound::Methods(Box::new(Methods {
                receiver: None,
                own: vec![Callee::Local(signature.clone(), Box::new(delegate))],
                extensions: Vec::new(),
                type_arguments,
                name: variable.name.clone(),
                owner: None,
                range,
            })));
        }
        let node = self.load(depth, variable, kind_of(&ty), range)?;
        Ok(Bound::Value(Typed { node, ty }))
    }

    /// CS1628 for a parameter by reference that an inner function uses.
    fn check_captured(&mut self, depth: usize, variable: &Variable, range: Range32) -> Bind<()> {
        if !variable.reference || depth + 1 >= self.frames.len() {
            return Ok(());
        }
        let message = format!(
            "Cannot use ref, out, or in parameter '{}' inside an anonymous method, lambda expression, query expression, or local function",
            variable.name
        );
        Err(self.error("CS1628", message, range))
    }

    pub(super) fn load(
        &mut self,
        depth: usize,
        variable: &Variable,
        kind: Kind,
        range: Range32,
    ) -> Bind<Node> {
        let slot = self.reach(depth, variable)?;
        let op = match variable.cell {
            true => Op::Cell(slot),
            false => Op::Local(slot),
        };
        Ok(node(op, kind, range))
    }

    /// The slot of the variable in the innermost frame, captured through the frames between.
    pub(super) fn reach(&mut self, depth: usize, variable: &Variable) -> Bind<Slot> {
        let mut slot = variable.slot;
        let inner = self.frames.len().saturating_sub(1);
        if depth < inner {
            let hoisted = self
                .frames
                .iter()
                .skip(depth + 1)
                .any(|frame| frame.hoisted);
            let facts = self.facts.entry(variable.at).or_default();
            facts.captured = true;
            facts.captured_early |= hoisted;
        }
        for frame in self.frames.iter_mut().skip(depth + 1) {
            let known = frame
                .captures
                .iter()
                .find(|(of, captured, _)| *of == depth && *captured == variable.slot)
                .map(|(_, _, capture)| capture.to);
            slot = match known {
                Some(to) => to,
                None => {
                    let to = frame.slot(Some(&variable.name));
                    frame
                        .captures
                        .push((depth, variable.slot, Capture { from: slot, to }));
                    to
                }
            };
        }
        Ok(slot)
    }

    /// The type of a variable that is about to be assigned.
    pub(super) fn assignable_variable(&mut self, name: &Identifier) -> Bind<Type> {
        let Some((depth, variable)) = self.variable(&name.name) else {
            return Err(self.unknown_name(&name.name, name.range));
        };
        self.check_assignable(&variable, name.range)?;
        self.check_captured(depth, &variable, name.range)?;
        if depth <= self.frames.len() {
            self.facts.entry(variable.at).or_default().assigned = true;
        }
        variable.ty.ok_or(Reported)
    }

    pub(super) fn check_assignable(&mut self, variable: &Variable, range: Range32) -> Bind<()> {
        let name = &variable.name;
        if !variable.declared {
            return Err(self.error(
                "CS0841",
                format!("Cannot use local variable '{name}' before it is declared"),
                range,
            ));
        }
        if variable.function.is_some() {
            return Err(self.error(
                "CS1656",
                format!("Cannot assign to '{name}' because it is a 'method group'"),
                range,
            ));
        }
        let kind = match variable.fixed {
            None => return Ok(()),
            Some(Fixed::Constant) => {
                return Err(self.error(
                    "CS0131",
                    "The left-hand side of an assignment must be a variable, property or indexer",
                    range,
                ));
            }
            Some(Fixed::ForEach) => "foreach iteration variable",
            Some(Fixed::Using) => "using variable",
            Some(Fixed::In) => {
                let ty = variable
                    .ty
                    .as_ref()
                    .map_or_else(String::new, Type::to_string);
                let message = format!(
                    "Cannot assign to variable 'in {ty}' because it is a readonly variable"
                );
                return Err(self.error("CS8331", message, range));
            }
        };
        Err(self.error(
            "CS1656",
            format!("Cannot assign to '{name}' because it is a '{kind}'"),
            range,
        ))
    }

    /// Where an `out` or `ref` argument goes.
    pub(super) fn target(&mut self, name: &str) -> Bind<(Target, Node)> {
        let (depth, variable) = self.variable(name).ok_or(Reported)?;
        let slot = self.reach(depth, &variable)?;
        let kind = variable.ty.as_ref().map_or(Kind::Other, kind_of);
        let range = Range32::new(variable.at, variable.at);
        Ok(match variable.cell {
            true => (Target::Cell(slot), node(Op::Cell(slot), kind, range)),
            false => (Target::Local(slot), node(Op::Local(slot), kind, range)),
        })
    }
}
