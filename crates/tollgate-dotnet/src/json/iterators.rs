//! The classes of Newtonsoft's iterators, for those who ask what type a sequence is.

use super::jtoken::token_type;
use super::path::{Filter, Path};
use crate::machine::Machine;
use crate::member::{TypeDef, TypeKind};
use crate::sequence::lazy_as;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

macro_rules! iterators {
    ($($table:ident = $name:literal of $element:literal;)*) => {
        $(pub(super) static $table: TypeDef = TypeDef {
            name: $name,
            kind: TypeKind::Class,
            bases: &[concat!("IEnumerable<", $element, ">")],
            values: &[],
            members: &[],
        };)*
        /// All of them.
        pub(crate) const ITERATORS: &[&TypeDef] = &[$(&$table),*];
    };
}

iterators! {
    CONVERT = "Newtonsoft.Json.Linq.Extensions+<Convert>d__14<T, U>" of "U";
    VALUES = "Newtonsoft.Json.Linq.Extensions+<Values>d__11<T, U>" of "U";
    ANCESTORS = "Newtonsoft.Json.Linq.JToken+<GetAncestors>d__48" of "JToken";
    AFTER_SELF = "Newtonsoft.Json.Linq.JToken+<AfterSelf>d__49" of "JToken";
    BEFORE_SELF = "Newtonsoft.Json.Linq.JToken+<BeforeSelf>d__50" of "JToken";
    DESCENDANTS = "Newtonsoft.Json.Linq.JContainer+<GetDescendants>d__36" of "JToken";
    FIELD = "Newtonsoft.Json.Linq.JsonPath.FieldFilter+<ExecuteFilter>d__2" of "JToken";
    FIELDS = "Newtonsoft.Json.Linq.JsonPath.FieldMultipleFilter+<ExecuteFilter>d__2" of "JToken";
    INDEX = "Newtonsoft.Json.Linq.JsonPath.ArrayIndexFilter+<ExecuteFilter>d__4" of "JToken";
    INDICES = "Newtonsoft.Json.Linq.JsonPath.ArrayMultipleIndexFilter+<ExecuteFilter>d__2" of "JToken";
    SLICE = "Newtonsoft.Json.Linq.JsonPath.ArraySliceFilter+<ExecuteFilter>d__12" of "JToken";
    SCAN = "Newtonsoft.Json.Linq.JsonPath.ScanFilter+<ExecuteFilter>d__2" of "JToken";
    SCAN_MANY = "Newtonsoft.Json.Linq.JsonPath.ScanMultipleFilter+<ExecuteFilter>d__2" of "JToken";
    QUERY = "Newtonsoft.Json.Linq.JsonPath.QueryFilter+<ExecuteFilter>d__2" of "JToken";
    QUERY_SCAN = "Newtonsoft.Json.Linq.JsonPath.QueryScanFilter+<ExecuteFilter>d__2" of "JToken";
}

/// A sequence of tokens of that class.
pub(super) fn tokens(
    table: &'static TypeDef,
    find: impl Fn(&mut Machine<'_>) -> Result<Vec<Value>, Throw> + Send + Sync + Clone + 'static,
) -> Value {
    lazy_as(Type::plain(table), find)
}

/// One that gives `U`s.
pub(super) fn converted(table: &'static TypeDef, to: Type) -> Type {
    Type::generic(table, [token_type(), to])
}

/// What `SelectTokens` gives: the last step of the path tells.
pub(super) fn of_path(path: &Path) -> Type {
    Type::plain(match path.0.last() {
        None | Some(Filter::Root) => return Type::enumerable(token_type()),
        Some(Filter::Field(_)) => &FIELD,
        Some(Filter::Fields(_)) => &FIELDS,
        Some(Filter::Index(_)) => &INDEX,
        Some(Filter::Indices(_)) => &INDICES,
        Some(Filter::Slice(..)) => &SLICE,
        Some(Filter::Scan(_)) => &SCAN,
        Some(Filter::ScanMany(_)) => &SCAN_MANY,
        Some(Filter::Query { scan: false, .. }) => &QUERY,
        Some(Filter::Query { scan: true, .. }) => &QUERY_SCAN,
    })
}
