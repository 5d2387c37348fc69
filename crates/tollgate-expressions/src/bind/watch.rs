//! What editors ask: what the parts of code mean, and what can stand at a place, also in code with mistakes.

use std::collections::HashSet;

use tollgate_dotnet::{Member, MemberInfo, Type};
use tollgate_syntax::csharp;
use tollgate_syntax::csharp::ast::{Expr, ExprKind, Identifier, Range32};

use super::{Binder, Bound, Callee, Tree, query};
use crate::compile::{Compiler, Form};
use crate::typed::Op;

/// The name that stands where the caret is.
const MARK: &str = "__tollgate_caret";
/// How much is noted of one expression.
const MOST: usize = 50_000;

/// A part of an expression, and what it means.
#[derive(Debug, Clone)]
pub struct Meaning {
    /// Its first byte in the code.
    pub start: u32,
    /// One past its last byte.
    pub end: u32,
    /// What it means.
    pub what: What,
}

/// What a part of an expression means.
#[derive(Debug, Clone)]
pub enum What {
    /// A value of that type.
    Value(Type),
    /// A local variable, a parameter or a global.
    Variable(Box<str>, Type),
    /// A member that is read or called, and the type of what it gives here.
    Member(&'static Member, Type),
    /// Methods of one name, of which none was settled on.
    Methods(Vec<&'static MemberInfo>),
    /// A type.
    Type(Type),
    /// A namespace.
    Namespace(String),
}

/// What can stand at a place in code.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// A member of a value of that type.
    Member(Type),
    /// A static member or a value of that type.
    Static(Type),
    /// A type of that namespace, or a namespace in it.
    InNamespace(String),
    /// Any name: variables in scope with their types, inner ones first, then globals.
    Name(Vec<(Box<str>, Option<Type>)>),
}

/// What is noted while code is bound.
#[derive(Debug, Default)]
pub(super) struct Watch {
    notes: Vec<Meaning>,
    wanted: Option<Wanted>,
}

/// What the parts of the code mean.
pub(crate) fn explore(compiler: &Compiler, code: &str, form: Form) -> Vec<Meaning> {
    watch(compiler, &parse(code, form), code).notes
}

/// What can stand behind this beginning of code.
pub(crate) fn complete(compiler: &Compiler, before: &str, form: Form) -> Option<Wanted> {
    let code = format!("{before}{MARK}");
    let tree = parse(&code, form);
    if let Some(wanted) = watch(compiler, &tree, &code).wanted {
        return Some(wanted);
    }
    // What stands around it may have ended the binder's way before it: then it counts by itself.
    let mut alone = None;
    let mut visit = |expr: &Expr| match &expr.kind {
        ExprKind::Member { target, name } if is_mark(&name.identifier) => {
            alone = Some((target.range.start, expr.range.end));
        }
        ExprKind::Name(name) if is_mark(&name.identifier) => {
            alone = Some((expr.range.start, expr.range.end));
        }
        _ => {}
    };
    match &tree {
        Tree::Single(expr) => expr.walk(&mut visit),
        Tree::Block(block) => block.walk(&mut visit),
    }
    let at = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
    if let Some((start, end)) = alone
        && let Some(part) = code.get(at(start)..at(end))
    {
        return watch(compiler, &parse(part, Form::Single), part).wanted;
    }
    // Within a text or a comment nothing is wanted; a type may be where no expression is.
    let is_known = |byte: &u8| byte.is_ascii_whitespace() || b"(<,".contains(byte);
    let may_be_type = before.as_bytes().last().is_some_and(is_known);
    (may_be_type && !is_text(&code)).then(|| Wanted::Name(Vec::new()))
}

/// Whether the code ends within a string, a character or a comment.
fn is_text(code: &str) -> bool {
    // A statement behind it is then none.
    let probe = format!("{code};{MARK}x={MARK}y;");
    let parsed = csharp::parse_block(&probe);
    let mut found = false;
    parsed.tree.walk(&mut |expr| {
        if let ExprKind::Name(name) = &expr.kind {
            found |= name.identifier.name.ends_with('y') && name.identifier.name.starts_with(MARK);
        }
    });
    !found
}

fn parse(code: &str, form: Form) -> Tree {
    match form {
        Form::Single => Tree::Single(csharp::parse_expression(code).tree),
        Form::Block => Tree::Block(csharp::parse_block(code).tree),
    }
}

fn watch(compiler: &Compiler, tree: &Tree, code: &str) -> Watch {
    let queries = query::Arena::default();
    let mut binder = Binder::new(compiler, code, &queries, HashSet::new());
    binder.watch = Some(Box::default());
    // Mistakes are told elsewhere.
    let _ = binder.program(tree);
    binder.watch.map(|watch| *watch).unwrap_or_default()
}

/// Whether it is the name that stands where the caret is.
pub(super) fn is_mark(name: &Identifier) -> bool {
    *name.name == *MARK
}

impl Binder<'_> {
    /// Notes what an expression means.
    pub(super) fn note(&mut self, expr: &Expr, bound: &Bound<'_>) {
        if self.watch.is_none() {
            return;
        }
        let what = match bound {
            Bound::Value(value) if value.ty == Type::Null => return,
            Bound::Value(value) => match (&value.node.op, &expr.kind) {
                (Op::Call(call), _) => What::Member(call.member, value.ty.clone()),
                (_, ExprKind::Name(name)) => {
                    What::Variable(name.identifier.name.clone(), value.ty.clone())
                }
                _ => What::Value(value.ty.clone()),
            },
            Bound::Type(ty) => What::Type(ty.clone()),
            Bound::Namespace(name) => What::Namespace(name.clone()),
            Bound::Methods(methods) => {
                let all = methods.own.iter().chain(&methods.extensions);
                let infos = all.filter_map(|callee| match callee {
                    Callee::Member { info, .. } => Some(*info),
                    Callee::Local(..) => None,
                });
                What::Methods(infos.collect())
            }
            _ => return,
        };
        self.note_what(expr.range, what);
    }

    /// Notes the type of a variable where it is declared.
    pub(super) fn note_declared(&mut self, name: &Identifier, ty: Option<&Type>) {
        if let (Some(_), Some(ty)) = (&self.watch, ty) {
            let what = What::Variable(name.name.clone(), ty.clone());
            self.note_what(name.range, what);
        }
    }

    pub(super) fn note_type(&mut self, range: Range32, ty: &Type) {
        if self.watch.is_some() {
            self.note_what(range, What::Type(ty.clone()));
        }
    }

    fn note_what(&mut self, range: Range32, what: What) {
        if let Some(watch) = &mut self.watch
            && watch.notes.len() < MOST
        {
            watch.notes.push(Meaning {
                start: range.start,
                end: range.end,
                what,
            });
        }
    }

    /// The caret stands behind a dot.
    pub(super) fn want_member(&mut self, target: &Bound<'_>) {
        if let Some(watch) = &mut self.watch {
            watch.wanted = match target {
                Bound::Value(value) => Some(Wanted::Member(value.ty.clone())),
                Bound::Type(ty) => Some(Wanted::Static(ty.clone())),
                Bound::Namespace(name) => Some(Wanted::InNamespace(name.clone())),
                _ => return,
            };
        }
    }

    /// The caret stands where a name does.
    pub(super) fn want_name(&mut self) {
        if self.watch.is_none() {
            return;
        }
        let frames = self.frames.iter().rev();
        let scopes = frames.flat_map(|frame| frame.scopes.iter().rev());
        let variables = scopes.flat_map(|scope| scope.variables.iter().rev());
        let locals = variables
            .filter(|variable| variable.declared && *variable.name != *MARK)
            .map(|variable| (variable.name.clone(), variable.ty.clone()));
        let globals = self.globals.iter();
        let globals = globals.map(|global| (global.name.into(), Some(global.ty.clone())));
        let all = locals.chain(globals).collect();
        if let Some(watch) = &mut self.watch {
            watch.wanted = Some(Wanted::Name(all));
        }
    }
}
