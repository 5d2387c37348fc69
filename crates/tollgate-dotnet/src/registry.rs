//! All types by name, with their members' signatures read.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, OnceLock};

use foldhash::fast::FixedState;
use smallvec::SmallVec;

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
    extensions: HashMap<Box<str>, Vec<(&'static str, usize)>, FixedState>,
    /// The bases of `T[]`, with `T` as it is.
    array_bases: Vec<Type>,
}

#[derive(Debug)]
struct Entry {
    /// Those that the table names; then all that they lead to, too.
    bases: Vec<Type>,
    members: Vec<MemberInfo>,
    /// Which members have a name.
    named: HashMap<Box<str>, Vec<usize>, FixedState>,
    /// The type's parameters.
    parameters: Vec<&'static str>,
    /// Whether it or a base declares conversions.
    converts: bool,
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
        let mut extensions: HashMap<Box<str>, Vec<_>, FixedState> = HashMap::default();
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
            array_bases: Vec::new(),
        };
        let bases = all().map(|table| (table.name, registry.further_bases(TypeRef(table))));
        for (name, bases) in bases.collect::<Vec<_>>() {
            if let Some(entry) = registry.types.get_mut(name) {
                entry.bases = bases;
            }
        }
        for table in all() {
            let converts = registry.declares_conversions(TypeRef(table));
            if let Some(entry) = registry.types.get_mut(table.name) {
                entry.converts = converts;
            }
        }
        registry.array_bases = registry.further(vec![
            Type::array_base(),
            Type::generic(&collections::ILIST_OF, [Type::Parameter("T".into())]),
            Type::generic(
                &collections::IREADONLY_LIST_OF,
                [Type::Parameter("T".into())],
            ),
        ]);
        Ok(registry)
    }

    /// All bases of a type, its own parameters as they are, while tables know only their direct ones.
    fn further_bases(&self, table: TypeRef) -> Vec<Type> {
        let parameters = table.type_parameters();
        let parameters = parameters.map(|(name, _)| Type::Parameter(name.into()));
        let bases = self.bases(&Type::Named(table, parameters.collect()));
        self.further(bases.into_owned())
    }

    /// Some bases, with all that they lead to.
    fn further(&self, mut bases: Vec<Type>) -> Vec<Type> {
        let mut next = 0;
        while let Some(base) = bases.get(next).cloned() {
            next += 1;
            for further in self.bases(&base).iter() {
                if !bases.contains(further) {
                    bases.push(further.clone());
                }
            }
        }
        bases
    }

    /// Whether a type or one of its bases declares conversions.
    fn declares_conversions(&self, table: TypeRef) -> bool {
        let declares = |table: TypeRef| {
            let entry = self.types.get(table.0.name);
            entry.is_some_and(|entry| {
                entry.named.contains_key("implicit") || entry.named.contains_key("explicit")
            })
        };
        let entry = self.types.get(table.0.name);
        let bases = entry.map_or(&[][..], |entry| &entry.bases);
        declares(table) || bases.iter().filter_map(Type::table).any(declares)
    }

    /// The types of this crate.
    pub fn dotnet() -> &'static Registry {
        static EMPTY: LazyLock<Registry> = LazyLock::new(|| Registry {
            names: NameTable::default(),
            namespaces: HashSet::new(),
            types: HashMap::default(),
            extensions: HashMap::default(),
            array_bases: Vec::new(),
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
        self.collect(ty, Some(name), |kind| {
            matches!(
                kind,
                MemberKind::Getter | MemberKind::Setter | MemberKind::Method
            )
        })
    }

    /// All properties and methods, as [`lookup`](Self::lookup) finds them by name.
    pub fn all<'r>(&'r self, ty: &Type) -> Vec<Found<'r>> {
        self.collect(ty, None, |kind| {
            matches!(
                kind,
                MemberKind::Getter | MemberKind::Setter | MemberKind::Method
            )
        })
    }

    /// The extension methods that a receiver of that type could have, type parameters standing for anything.
    pub fn extensions_of(&self, ty: &Type) -> Vec<&MemberInfo> {
        let all = self
            .extensions
            .keys()
            .flat_map(|name| self.extensions(name));
        all.filter(|member| {
            (member.parameters.first()).is_some_and(|it| self.may_receive(ty, &it.ty))
        })
        .collect()
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
        let constructor = |kind| kind == MemberKind::Constructor;
        self.named(ty)
            .map_or_else(Vec::new, |ty| self.own(&ty, Some("new"), constructor))
    }

    /// The type's indexers, own before inherited; getters and setters.
    pub fn indexers<'r>(&'r self, ty: &Type) -> Vec<Found<'r>> {
        self.collect(ty, Some("this"), |kind| {
            matches!(kind, MemberKind::IndexGetter | MemberKind::IndexSetter)
        })
    }

    /// The operators of that sign (`+`, `==`) declared by the type and its base classes.
    pub fn operators<'r>(&'r self, ty: &Type, sign: &str) -> Vec<Found<'r>> {
        self.collect(ty, Some(sign), |kind| kind == MemberKind::Operator)
    }

    /// The implicit and explicit conversions from or to it, declared by the type and its base classes.
    pub fn conversions<'r>(&'r self, ty: &Type) -> Vec<Found<'r>> {
        let converts = match ty {
            Type::Named(table, _) => (self.types.get(table.0.name)).is_some_and(|it| it.converts),
            other => matches!(other, Type::Nullable(_)),
        };
        if !converts {
            return Vec::new();
        }
        let mut found = self.collect(ty, Some("implicit"), |kind| kind == MemberKind::Implicit);
        found.extend(self.collect(ty, Some("explicit"), |kind| kind == MemberKind::Explicit));
        found
    }

    /// Base classes and interfaces, near ones first, each once; without `object`.
    pub fn bases(&self, ty: &Type) -> Cow<'_, [Type]> {
        match ty {
            Type::Named(table, arguments) => {
                let Some(entry) = self.types.get(table.0.name) else {
                    return Cow::default();
                };
                match arguments.is_empty() {
                    true => Cow::Borrowed(&entry.bases),
                    false => self.bases_where(ty, |_| true).into(),
                }
            }
            Type::Array(_, 1) => self.bases_where(ty, |_| true).into(),
            Type::Array(..) => {
                let mut bases = self.bases(&Type::array_base()).into_owned();
                bases.insert(0, Type::array_base());
                bases.into()
            }
            _ => Cow::default(),
        }
    }

    /// Those of its [`bases`](Self::bases) that are of a table.
    pub fn bases_of(&self, ty: &Type, table: TypeRef) -> Vec<Type> {
        self.bases_where(ty, |base| base.table() == Some(table))
    }

    /// Those of its [`bases`](Self::bases) that are wanted, whatever their arguments.
    fn bases_where(&self, ty: &Type, wanted: impl Fn(&Type) -> bool) -> Vec<Type> {
        let (bases, parameters, arguments) = match ty {
            Type::Named(table, arguments) => match self.types.get(table.0.name) {
                Some(entry) => (&entry.bases, &entry.parameters[..], &arguments[..]),
                None => return Vec::new(),
            },
            Type::Array(element, 1) => (
                &self.array_bases,
                &["T"][..],
                std::slice::from_ref(&**element),
            ),
            _ => {
                let mut bases = self.bases(ty).into_owned();
                bases.retain(wanted);
                return bases;
            }
        };
        with_arguments(
            bases.iter().filter(|base| wanted(base)),
            parameters,
            arguments,
        )
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
            (from, Type::Named(table, _)) => {
                self.converts_as(from, to)
                    || self
                        .bases_of(from, *table)
                        .iter()
                        .any(|base| self.converts_as(base, to))
            }
            _ => false,
        }
    }

    /// The name nearest to a wrong one among the members of the type, for "did you mean".
    pub fn suggestion(&self, ty: &Type, wrong: &str) -> Option<String> {
        let members = self.all(ty);
        let values = ty.table().map_or(&[][..], |table| table.0.values);
        let names = members
            .iter()
            .filter(|found| !found.info.is_extension)
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

    /// Members of a named type's own table: those of a name, or all.
    fn own<'r>(
        &'r self,
        ty: &Type,
        name: Option<&str>,
        wanted: impl Fn(MemberKind) -> bool,
    ) -> Vec<Found<'r>> {
        let Some(entry) = ty.table().and_then(|table| self.types.get(table.0.name)) else {
            return Vec::new();
        };
        let found = |info: &'r MemberInfo| {
            let owner = || ty.clone();
            wanted(info.kind).then(|| Found {
                info,
                owner: owner(),
            })
        };
        match name {
            None => entry.members.iter().filter_map(found).collect(),
            Some(name) => {
                let places = entry.named.get(name).into_iter().flatten();
                let members = places.filter_map(|place| entry.members.get(*place));
                members.filter_map(found).collect()
            }
        }
    }

    fn collect<'r>(
        &'r self,
        ty: &Type,
        name: Option<&str>,
        wanted: impl Fn(MemberKind) -> bool,
    ) -> Vec<Found<'r>> {
        let named = self.named(ty);
        let mut found = named.map_or_else(Vec::new, |ty| self.own(&ty, name, &wanted));
        let is_interface =
            |ty: &Type| matches!(ty.table(), Some(table) if table.kind == TypeKind::Interface);
        let through_interfaces = is_interface(ty);
        let bases = self.bases_where(ty, |base| through_interfaces || !is_interface(base));
        let object = (!ty.is_object()).then(Type::object);
        for base in bases.iter().chain(&object) {
            // Members of one type do not hide each other.
            let mut more = self.own(base, name, &wanted);
            more.retain(|candidate| !found.iter().any(|nearer| hides(nearer, candidate)));
            found.extend(more);
        }
        found
    }

    /// The table a type's members are in, as a named type.
    fn named<'t>(&self, ty: &'t Type) -> Option<Cow<'t, Type>> {
        match ty {
            Type::Named(..) => Some(Cow::Borrowed(ty)),
            Type::Array(..) => Some(Cow::Owned(Type::array_base())),
            Type::Nullable(inner) => Some(Cow::Owned(Type::generic(
                &system::NULLABLE,
                [inner.as_ref().clone()],
            ))),
            Type::Dynamic | Type::Tuple(_) | Type::Anonymous(_) | Type::Parameter(_) => {
                Some(Cow::Owned(Type::object()))
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

/// Bases, with arguments in place of the type's parameters. Two that differ in a parameter may become one.
fn with_arguments<'b>(
    bases: impl Iterator<Item = &'b Type>,
    parameters: &[&'static str],
    arguments: &[Type],
) -> Vec<Type> {
    let parameters = parameters.iter().copied();
    let replacements: SmallVec<[(&str, Type); 2]> =
        parameters.zip(arguments.iter().cloned()).collect();
    let mut own = Vec::new();
    for base in bases {
        let base = base.substitute(&replacements);
        if !own.contains(&base) {
            own.push(base);
        }
    }
    own
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
            .collect::<Result<Vec<MemberInfo>, _>>()?;
        let mut named: HashMap<Box<str>, Vec<usize>, FixedState> = HashMap::default();
        for (place, member) in members.iter().enumerate() {
            named.entry(member.name.clone()).or_default().push(place);
        }
        Ok(Entry {
            bases,
            members,
            named,
            parameters: scope,
            converts: false,
        })
    }
}

#[derive(Debug, Default)]
struct NameTable(HashMap<&'static str, Vec<TypeRef>, FixedState>);

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
