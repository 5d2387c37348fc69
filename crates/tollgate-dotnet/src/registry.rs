//! All types by name, with their members' signatures read.

use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, OnceLock};

use foldhash::fast::FixedState;

use crate::collections;
use crate::member::{TypeDef, TypeKind};
use crate::signature::{MemberInfo, MemberKind, Names, SignatureError, parse_member, parse_type};
use crate::system;
use crate::types::{KEYWORDS, Type, TypeRef, Variance};

/// All types by name, with their members' signatures read. Built once, never changed.
#[derive(Debug)]
pub struct Registry {
    names: NameTable,
    namespaces: HashSet<&'static str>,
    types: HashMap<&'static str, Entry, FixedState>,
    extensions: HashMap<Box<str>, Vec<(&'static str, usize)>>,
}

#[derive(Debug)]
struct Entry {
    /// Those that the table names; then all that they lead to, too.
    bases: Vec<Type>,
    members: Vec<MemberInfo>,
}

/// A member found by name.
#[derive(Debug, Clone)]
pub struct Found<'r> {
    /// The member.
    pub info: &'r MemberInfo,
    /// The type it was found in, with the generic arguments that its type parameters stand for.
    pub owner: Type,
}

impl Registry {
    /// Reads the tables. The first of two types with one simple name gets it; a full name may not come twice.
    pub fn new(tables: &[&[&'static TypeDef]]) -> Result<Registry, SignatureError> {
        let mut names = NameTable::default();
        let mut namespaces = HashSet::new();
        let all = || tables.iter().copied().flatten().copied();
        for table in all() {
            names.add(TypeRef(table));
            let mut full = TypeRef(table).full_name();
            while let Some((namespace, _)) = full.rsplit_once('.') {
                namespaces.insert(namespace);
                full = namespace;
            }
        }
        let mut types = HashMap::default();
        let mut extensions: HashMap<Box<str>, Vec<_>> = HashMap::new();
        for table in all() {
            let entry = Entry::read(&names, TypeRef(table))?;
            for (index, member) in entry.members.iter().enumerate() {
                if member.is_extension {
                    extensions
                        .entry(member.name.clone())
                        .or_default()
                        .push((table.name, index));
                }
            }
            if types.insert(table.name, entry).is_some() {
                return Err(SignatureError {
                    owner: table.name,
                    signature: String::new(),
                    problem: "the type is there twice".into(),
                });
            }
        }
        let mut registry = Registry {
            names,
            namespaces,
            types,
            extensions,
        };
        let bases = all().map(|table| (table.name, registry.further_bases(TypeRef(table))));
        for (name, bases) in bases.collect::<Vec<_>>() {
            if let Some(entry) = registry.types.get_mut(name) {
                entry.bases = bases;
            }
        }
        Ok(registry)
    }

    /// All bases of a type, its own parameters as they are, while tables know only their direct ones.
    fn further_bases(&self, table: TypeRef) -> Vec<Type> {
        let parameters = table.type_parameters();
        let parameters = parameters.map(|(name, _)| Type::Parameter(name.into()));
        let mut bases = self.bases(&Type::Named(table, parameters.collect()));
        let mut next = 0;
        while let Some(base) = bases.get(next).cloned() {
            next += 1;
            for further in self.bases(&base) {
                if !bases.contains(&further) {
                    bases.push(further);
                }
            }
        }
        bases
    }

    /// The types of this crate.
    pub fn dotnet() -> &'static Registry {
        static EMPTY: LazyLock<Registry> = LazyLock::new(|| Registry {
            names: NameTable::default(),
            namespaces: HashSet::new(),
            types: HashMap::default(),
            extensions: HashMap::new(),
        });
        static DOTNET: OnceLock<Option<Registry>> = OnceLock::new();
        // A test keeps every signature of this crate readable, so the empty registry is never seen.
        DOTNET
            .get_or_init(|| Registry::new(crate::TYPES).ok())
            .as_ref()
            .unwrap_or(&EMPTY)
    }

    /// The type of a simple or full name or C# keyword, with that many type parameters.
    pub fn find(&self, name: &str, arity: usize) -> Option<TypeRef> {
        self.names.find(name, arity)
    }

    /// Whether types have names that begin with `prefix` and a dot.
    pub fn is_namespace(&self, prefix: &str) -> bool {
        self.namespaces.contains(prefix)
    }

    /// Reads a type in C#'s notation; `None` if it names an unknown type or is none.
    pub fn parse_type(&self, csharp: &str) -> Option<Type> {
        parse_type(&self.names, csharp, &[]).ok()
    }

    /// All types, by full name.
    pub fn types(&self) -> Vec<TypeRef> {
        let mut types: Vec<TypeRef> = self.names.0.values().flatten().copied().collect();
        types.sort_by_key(|ty| ty.0.name);
        types.dedup();
        types
    }

    /// The members of that type's own table.
    pub fn members(&self, ty: TypeRef) -> &[MemberInfo] {
        self.types
            .get(ty.0.name)
            .map_or(&[], |entry| entry.members.as_slice())
    }

    /// Properties and methods of that name, static ones too, own before inherited; what an own one hides is left out.
    ///
    /// As in C#, members of the interfaces a class implements are seen only through the interface.
    pub fn lookup<'r>(&'r self, ty: &Type, name: &str) -> Vec<Found<'r>> {
        self.collect(ty, |member| {
            matches!(
                member.kind,
                MemberKind::Getter | MemberKind::Setter | MemberKind::Method
            ) && *member.name == *name
        })
    }

    /// Extension methods of that name, for whatever receiver.
    pub fn extensions(&self, name: &str) -> Vec<&MemberInfo> {
        self.extensions
            .get(name)
            .into_iter()
            .flatten()
            .filter_map(|(table, index)| self.types.get(table)?.members.get(*index))
            .collect()
    }

    /// The type's constructors.
    pub fn constructors<'r>(&'r self, ty: &Type) -> Vec<Found<'r>> {
        self.own(ty, |member| member.kind == MemberKind::Constructor)
    }

    /// The type's indexers, own before inherited; getters and setters.
    pub fn indexers<'r>(&'r self, ty: &Type) -> Vec<Found<'r>> {
        self.collect(ty, |member| {
            matches!(
                member.kind,
                MemberKind::IndexGetter | MemberKind::IndexSetter
            )
        })
    }

    /// The operators of that sign (`+`, `==`) declared by the type and its base classes.
    pub fn operators<'r>(&'r self, ty: &Type, sign: &str) -> Vec<Found<'r>> {
        self.collect(ty, |member| {
            member.kind == MemberKind::Operator && *member.name == *sign
        })
    }

    /// The implicit and explicit conversions from or to it, declared by the type and its base classes.
    pub fn conversions<'r>(&'r self, ty: &Type) -> Vec<Found<'r>> {
        self.collect(ty, |member| {
            matches!(member.kind, MemberKind::Implicit | MemberKind::Explicit)
        })
    }

    /// Base classes and interfaces, near ones first, each once; without `object`.
    pub fn bases(&self, ty: &Type) -> Vec<Type> {
        match ty {
            Type::Named(table, _) => {
                let bases = self.types.get(table.0.name);
                let bases = bases.map_or(&[][..], |entry| entry.bases.as_slice());
                let substitution = ty.substitution();
                if substitution.is_empty() {
                    return bases.to_vec();
                }
                let mut own = Vec::with_capacity(bases.len());
                for base in bases {
                    // Two that differ in a type parameter may become one.
                    let base = base.substitute(&substitution);
                    if !own.contains(&base) {
                        own.push(base);
                    }
                }
                own
            }
            Type::Array(element, 1) => {
                let of = |table| Type::generic(table, [element.as_ref().clone()]);
                let mut bases = vec![
                    Type::array_base(),
                    of(&collections::ILIST_OF),
                    of(&collections::IREADONLY_LIST_OF),
                ];
                for base in bases.clone() {
                    for further in self.bases(&base) {
                        if !bases.contains(&further) {
                            bases.push(further);
                        }
                    }
                }
                bases
            }
            Type::Array(..) => {
                let mut bases = self.bases(&Type::array_base());
                bases.insert(0, Type::array_base());
                bases
            }
            _ => Vec::new(),
        }
    }

    /// Whether a value of one type is one of the other as it stands: identity, base classes, interfaces with
    /// variance, boxing, `null` to what may be null, `T` to `T?`. Numeric and user-defined conversions are not in it.
    pub fn is_assignable(&self, from: &Type, to: &Type) -> bool {
        if from == to {
            return true;
        }
        match (from, to) {
            (Type::Void, _) | (_, Type::Void | Type::Null) => false,
            (Type::Null, to) => to.is_reference() || matches!(to, Type::Nullable(_)),
            (_, Type::Dynamic) => true,
            (_, to) if to.is_object() => true,
            (Type::Dynamic, _) => false,
            (Type::Nullable(inner), Type::Nullable(other)) => self.same(inner, other),
            (from, Type::Nullable(inner)) => self.same(from, inner),
            (Type::Nullable(inner), to) => to.is_reference() && self.is_assignable(inner, to),
            (Type::Array(from, rank), Type::Array(to, other)) => {
                rank == other
                    && (self.same(from, to) || from.is_reference() && self.is_assignable(from, to))
            }
            (Type::Tuple(from), Type::Tuple(to)) => {
                from.len() == to.len()
                    && from
                        .iter()
                        .zip(to.iter())
                        .all(|(a, b)| self.same(&a.0, &b.0))
            }
            (from, Type::Named(..)) => {
                self.converts_as(from, to)
                    || self
                        .bases(from)
                        .iter()
                        .any(|base| self.converts_as(base, to))
            }
            _ => false,
        }
    }

    /// The name nearest to a wrong one among the members of the type, for "did you mean".
    pub fn suggestion(&self, ty: &Type, wrong: &str) -> Option<String> {
        let members = self.collect(ty, |member| {
            matches!(
                member.kind,
                MemberKind::Getter | MemberKind::Setter | MemberKind::Method
            ) && !member.is_extension
        });
        let values = ty.table().map_or(&[][..], |table| table.0.values);
        let names = members
            .iter()
            .map(|found| &*found.info.name)
            .chain(values.iter().map(|(name, _)| *name))
            .chain(
                self.extensions
                    .keys()
                    .filter(|name| {
                        self.extensions(name).iter().any(|member| {
                            member
                                .parameters
                                .first()
                                .is_some_and(|receiver| self.may_receive(ty, &receiver.ty))
                        })
                    })
                    .map(|name| &**name),
            );
        nearest(wrong, names)
    }

    /// The name of a type nearest to a wrong one.
    pub fn type_suggestion(&self, wrong: &str) -> Option<String> {
        nearest(
            wrong,
            self.types.values().filter_map(|entry| {
                entry
                    .members
                    .first()
                    .map(|member| member.owner.simple_name())
            }),
        )
    }

    /// Whether an extension method's receiver could be of that type, type parameters standing for anything.
    fn may_receive(&self, ty: &Type, receiver: &Type) -> bool {
        let fits = |of: &Type| match (of, receiver) {
            (_, Type::Parameter(_)) => true,
            (Type::Named(a, _), Type::Named(b, _)) => a == b,
            (a, b) => a == b,
        };
        fits(ty) || self.bases(ty).iter().any(fits)
    }

    fn own<'r>(&'r self, ty: &Type, wanted: impl Fn(&MemberInfo) -> bool) -> Vec<Found<'r>> {
        let Some(owner) = self.named(ty) else {
            return Vec::new();
        };
        let Some(table) = owner.table() else {
            return Vec::new();
        };
        self.members(table)
            .iter()
            .filter(|member| wanted(member))
            .map(|info| Found {
                info,
                owner: owner.clone(),
            })
            .collect()
    }

    fn collect<'r>(&'r self, ty: &Type, wanted: impl Fn(&MemberInfo) -> bool) -> Vec<Found<'r>> {
        let mut found = self.own(ty, &wanted);
        let mut inherited: Vec<Type> = self.bases(ty);
        let through_interfaces =
            matches!(ty.table(), Some(table) if table.kind == TypeKind::Interface);
        inherited.retain(|base| {
            through_interfaces
                || !matches!(base.table(), Some(table) if table.kind == TypeKind::Interface)
        });
        if !ty.is_object() {
            inherited.push(Type::object());
        }
        for base in inherited {
            // Members of one type do not hide each other.
            let mut more = self.own(&base, &wanted);
            more.retain(|candidate| !found.iter().any(|nearer| hides(nearer, candidate)));
            found.extend(more);
        }
        found
    }

    /// The table a type's members are in, as a named type.
    fn named(&self, ty: &Type) -> Option<Type> {
        match ty {
            Type::Named(..) => Some(ty.clone()),
            Type::Array(..) => Some(Type::array_base()),
            Type::Nullable(inner) => {
                Some(Type::generic(&system::NULLABLE, [inner.as_ref().clone()]))
            }
            Type::Dynamic | Type::Tuple(_) | Type::Anonymous(_) | Type::Parameter(_) => {
                Some(Type::object())
            }
            Type::Void | Type::Null => None,
        }
    }

    /// Identity, `dynamic` counting as `object` and names of tuple elements as nothing.
    fn same(&self, a: &Type, b: &Type) -> bool {
        let object = |ty: &Type| ty.is_object() || matches!(ty, Type::Dynamic);
        match (a, b) {
            (Type::Named(x, left), Type::Named(y, right)) => {
                x == y
                    && left.len() == right.len()
                    && left.iter().zip(right.iter()).all(|(a, b)| self.same(a, b))
            }
            (Type::Array(a, x), Type::Array(b, y)) => x == y && self.same(a, b),
            (Type::Nullable(a), Type::Nullable(b)) => self.same(a, b),
            (Type::Tuple(a), Type::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| self.same(&a.0, &b.0))
            }
            _ => a == b || object(a) && object(b),
        }
    }

    /// Whether two constructions of one table convert, by identity or variance of their arguments.
    fn converts_as(&self, from: &Type, to: &Type) -> bool {
        let (Type::Named(a, from), Type::Named(b, to)) = (from, to) else {
            return false;
        };
        a == b
            && from.len() == to.len()
            && a.type_parameters().zip(from.iter().zip(to.iter())).all(
                |((_, variance), (from, to))| {
                    self.same(from, to)
                        || match variance {
                            Variance::None => false,
                            Variance::Out => from.is_reference() && self.is_assignable(from, to),
                            Variance::In => to.is_reference() && self.is_assignable(to, from),
                        }
                },
            )
    }
}

/// Whether a nearer member hides one of a base type: same kind, and the same parameters for whatever takes any.
fn hides(nearer: &Found<'_>, base: &Found<'_>) -> bool {
    let types = |found: &Found<'_>| -> Vec<Type> {
        let substitution = found.owner.substitution();
        found
            .info
            .parameters
            .iter()
            .map(|parameter| parameter.ty.substitute(&substitution))
            .collect()
    };
    nearer.info.kind == base.info.kind
        && nearer.info.name == base.info.name
        && nearer.info.type_parameters.len() == base.info.type_parameters.len()
        && types(nearer) == types(base)
}

fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let lower = wrong.to_lowercase();
    names
        .map(|name| {
            (
                strsim::damerau_levenshtein(&lower, &name.to_lowercase()),
                name,
            )
        })
        .filter(|(distance, name)| *distance <= name.len().max(wrong.len()) / 3)
        .min()
        .map(|(_, name)| name.to_string())
}

impl Entry {
    fn read(names: &NameTable, table: TypeRef) -> Result<Entry, SignatureError> {
        let scope: Vec<_> = table.type_parameters().map(|(name, _)| name).collect();
        let mut bases = Vec::with_capacity(table.bases.len());
        for base in table.bases {
            bases.push(
                parse_type(names, base, &scope).map_err(|problem| SignatureError {
                    owner: table.0.name,
                    signature: (*base).into(),
                    problem,
                })?,
            );
        }
        let implied = match table.kind {
            TypeKind::Enum => Some(Type::plain(&system::ENUM)),
            TypeKind::Delegate => Some(Type::plain(&system::DELEGATE)),
            _ => None,
        };
        bases.extend(implied);
        let members = table
            .0
            .members
            .iter()
            .map(|member| parse_member(names, table, member))
            .collect::<Result<_, _>>()?;
        Ok(Entry { bases, members })
    }
}

#[derive(Debug, Default)]
struct NameTable(HashMap<&'static str, Vec<TypeRef>>);

impl NameTable {
    fn add(&mut self, table: TypeRef) {
        let keyword = KEYWORDS
            .iter()
            .find(|(_, full)| *full == table.0.name)
            .map(|(keyword, _)| *keyword);
        let mut names = vec![table.full_name(), table.simple_name()];
        names.dedup();
        names.extend(keyword);
        for name in names {
            self.0.entry(name).or_default().push(table);
        }
    }
}

impl Names for NameTable {
    fn find(&self, name: &str, arity: usize) -> Option<TypeRef> {
        self.0
            .get(name)?
            .iter()
            .copied()
            .find(|table| table.arity() == arity)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    fn ty(text: &str) -> Type {
        Registry::dotnet().parse_type(text).unwrap()
    }

    #[test]
    fn every_signature_is_readable() {
        if let Err(error) = Registry::new(crate::TYPES) {
            unreachable!("{error}");
        }
    }

    #[test]
    fn types_print_as_csharp_and_as_net() {
        for (text, net) in [
            ("int[]", "System.Int32[]"),
            ("int?", "System.Nullable`1[System.Int32]"),
            (
                "Func<string, bool>",
                "System.Func`2[System.String,System.Boolean]",
            ),
            (
                "(int a, string)",
                "System.ValueTuple`2[System.Int32,System.String]",
            ),
            (
                "IList<IEnumerable<char>>",
                "System.Collections.Generic.IList`1[System.Collections.Generic.IEnumerable`1[System.Char]]",
            ),
        ] {
            assert_eq!(ty(text).to_string(), text);
            assert_eq!(ty(text).net_name(), net);
        }
        assert_eq!(ty("System.Int32"), ty("int"));
        assert!(Registry::dotnet().parse_type("Nope<int>").is_none());
        assert!(Registry::dotnet().is_namespace("System.Collections"));
    }

    #[test]
    fn values_are_assignable_as_in_csharp() {
        let registry = Registry::dotnet();
        for (from, to, expected) in [
            ("int", "object", true),
            ("int", "long", false),
            ("int", "int?", true),
            ("int", "IComparable<int>", true),
            ("string[]", "object[]", true),
            ("int[]", "object[]", false),
            ("string[]", "IEnumerable<object>", true),
            ("int[]", "IEnumerable<object>", false),
            ("string", "IEnumerable<char>", true),
            ("IList<string>", "IEnumerable<object>", true),
            ("IEnumerable<object>", "IEnumerable<string>", false),
            ("Func<object, string>", "Func<string, object>", true),
            ("Func<string, object>", "Func<object, object>", false),
        ] {
            assert_eq!(
                registry.is_assignable(&ty(from), &ty(to)),
                expected,
                "{from} to {to}"
            );
        }
        assert!(registry.is_assignable(&Type::Null, &ty("string")));
        assert!(!registry.is_assignable(&Type::Null, &ty("int")));
    }

    #[test]
    fn members_are_read() {
        let registry = Registry::dotnet();
        let found = registry.lookup(&ty("Func<int, string>"), "Invoke");
        let info = found[0].info;
        assert_eq!(info.kind, MemberKind::Method);
        let substitution = found[0].owner.substitution();
        assert_eq!(info.returns.substitute(&substitution), ty("string"));
        assert_eq!(info.parameters[0].ty.substitute(&substitution), ty("int"));
    }
}
