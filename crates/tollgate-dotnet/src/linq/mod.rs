//! The namespace `System.Linq`: `Enumerable`, lazy as in .NET.

mod aggregate;
mod element;
mod group;
mod lazy;
mod order;
mod sets;

pub(crate) use lazy::Source;

use crate::args::int;
use crate::collections::{
    Array, KeyComparer, add_pair, contains_value, insert_into_set, length, new_list,
};
use crate::convert::Primitive;
use crate::member::{Call, Member, TypeDef, TypeKind, member};
use crate::ops;
use crate::throw::Throw;
use crate::value::Value;

use group::{GROUPING, LOOKUP};
use order::ORDERED;

/// The types of this namespace.
pub(crate) const TYPES: &[&TypeDef] = &[&ENUMERABLE, &GROUPING, &LOOKUP, &ORDERED];

/// `System.Linq.Enumerable`.
static ENUMERABLE: TypeDef = TypeDef {
    name: "System.Linq.Enumerable",
    kind: TypeKind::Static,
    bases: &[],
    values: &[],
    members: MEMBERS,
};

const MEMBERS: &[Member] = &[
    // Making.
    member(
        "static IEnumerable<int> Range(int start, int count)",
        lazy::range,
    ),
    member(
        "static IEnumerable<T> Repeat<T>(T element, int count)",
        lazy::repeat,
    ),
    member("static IEnumerable<T> Empty<T>()", lazy::empty),
    member(
        "static IEnumerable<T> AsEnumerable<T>(this IEnumerable<T> source)",
        |call| Ok(call.arg(0).clone()),
    ),
    // Filtering and projecting.
    member(
        "static IEnumerable<T> Where<T>(this IEnumerable<T> source, Func<T, bool> predicate)",
        lazy::filter,
    ),
    member(
        "static IEnumerable<T> Where<T>(this IEnumerable<T> source, Func<T, int, bool> predicate)",
        lazy::filter_indexed,
    ),
    member(
        "static IEnumerable<R> Select<T, R>(this IEnumerable<T> source, Func<T, R> selector)",
        lazy::select,
    ),
    member(
        "static IEnumerable<R> Select<T, R>(this IEnumerable<T> source, Func<T, int, R> selector)",
        lazy::select_indexed,
    ),
    member(
        "static IEnumerable<R> SelectMany<T, R>(this IEnumerable<T> source, Func<T, IEnumerable<R>> selector)",
        lazy::select_many,
    ),
    member(
        "static IEnumerable<R> SelectMany<T, R>(this IEnumerable<T> source, Func<T, int, IEnumerable<R>> selector)",
        lazy::select_many_indexed,
    ),
    member(
        "static IEnumerable<R> SelectMany<T, C, R>(this IEnumerable<T> source, Func<T, IEnumerable<C>> collectionSelector, Func<T, C, R> resultSelector)",
        lazy::select_many,
    ),
    member(
        "static IEnumerable<R> Cast<R>(this IEnumerable source)",
        lazy::cast,
    ),
    member(
        "static IEnumerable<R> OfType<R>(this IEnumerable source)",
        lazy::of_type,
    ),
    member(
        "static IEnumerable<T> Skip<T>(this IEnumerable<T> source, int count)",
        lazy::skip,
    ),
    member(
        "static IEnumerable<T> SkipWhile<T>(this IEnumerable<T> source, Func<T, bool> predicate)",
        lazy::skip_while,
    ),
    member(
        "static IEnumerable<T> SkipWhile<T>(this IEnumerable<T> source, Func<T, int, bool> predicate)",
        lazy::skip_while_indexed,
    ),
    member(
        "static IEnumerable<T> SkipLast<T>(this IEnumerable<T> source, int count)",
        lazy::skip_last,
    ),
    member(
        "static IEnumerable<T> Take<T>(this IEnumerable<T> source, int count)",
        lazy::take,
    ),
    member(
        "static IEnumerable<T> TakeWhile<T>(this IEnumerable<T> source, Func<T, bool> predicate)",
        lazy::take_while,
    ),
    member(
        "static IEnumerable<T> TakeWhile<T>(this IEnumerable<T> source, Func<T, int, bool> predicate)",
        lazy::take_while_indexed,
    ),
    member(
        "static IEnumerable<T> TakeLast<T>(this IEnumerable<T> source, int count)",
        lazy::take_last,
    ),
    member(
        "static IEnumerable<T> Concat<T>(this IEnumerable<T> first, IEnumerable<T> second)",
        lazy::concat,
    ),
    member(
        "static IEnumerable<T> Append<T>(this IEnumerable<T> source, T element)",
        lazy::append,
    ),
    member(
        "static IEnumerable<T> Prepend<T>(this IEnumerable<T> source, T element)",
        lazy::prepend,
    ),
    member(
        "static IEnumerable<T> Reverse<T>(this IEnumerable<T> source)",
        lazy::reverse,
    ),
    member(
        "static IEnumerable<T> DefaultIfEmpty<T>(this IEnumerable<T> source)",
        lazy::default_if_empty,
    ),
    member(
        "static IEnumerable<T> DefaultIfEmpty<T>(this IEnumerable<T> source, T defaultValue)",
        lazy::default_if_empty,
    ),
    member(
        "static IEnumerable<R> Zip<A, B, R>(this IEnumerable<A> first, IEnumerable<B> second, Func<A, B, R> resultSelector)",
        lazy::zip,
    ),
    member(
        "static IEnumerable<(A First, B Second)> Zip<A, B>(this IEnumerable<A> first, IEnumerable<B> second)",
        lazy::zip_tuples,
    ),
    member(
        "static IEnumerable<(A First, B Second, C Third)> Zip<A, B, C>(this IEnumerable<A> first, IEnumerable<B> second, IEnumerable<C> third)",
        lazy::zip_three,
    ),
    member(
        "static IEnumerable<(int Index, T Item)> Index<T>(this IEnumerable<T> source)",
        lazy::indexed,
    ),
    member(
        "static IEnumerable<T[]> Chunk<T>(this IEnumerable<T> source, int size)",
        lazy::chunk,
    ),
    member(
        "static IEnumerable<KeyValuePair<K, int>> CountBy<T, K>(this IEnumerable<T> source, Func<T, K> keySelector)",
        group::count_by,
    ),
    member(
        "static IEnumerable<KeyValuePair<K, int>> CountBy<T, K>(this IEnumerable<T> source, Func<T, K> keySelector, IEqualityComparer<K> keyComparer)",
        group::count_by,
    ),
    member(
        "static IEnumerable<KeyValuePair<K, A>> AggregateBy<T, K, A>(this IEnumerable<T> source, Func<T, K> keySelector, A seed, Func<A, T, A> func)",
        group::aggregate_by,
    ),
    // Sets.
    member(
        "static IEnumerable<T> Distinct<T>(this IEnumerable<T> source)",
        sets::distinct,
    ),
    member(
        "static IEnumerable<T> Distinct<T>(this IEnumerable<T> source, IEqualityComparer<T> comparer)",
        sets::distinct,
    ),
    member(
        "static IEnumerable<T> DistinctBy<T, K>(this IEnumerable<T> source, Func<T, K> keySelector)",
        sets::distinct_by,
    ),
    member(
        "static IEnumerable<T> DistinctBy<T, K>(this IEnumerable<T> source, Func<T, K> keySelector, IEqualityComparer<K> comparer)",
        sets::distinct_by,
    ),
    member(
        "static IEnumerable<T> UnionBy<T, K>(this IEnumerable<T> first, IEnumerable<T> second, Func<T, K> keySelector)",
        sets::union_by,
    ),
    member(
        "static IEnumerable<T> UnionBy<T, K>(this IEnumerable<T> first, IEnumerable<T> second, Func<T, K> keySelector, IEqualityComparer<K> comparer)",
        sets::union_by,
    ),
    member(
        "static IEnumerable<T> IntersectBy<T, K>(this IEnumerable<T> first, IEnumerable<K> second, Func<T, K> keySelector)",
        sets::intersect_by,
    ),
    member(
        "static IEnumerable<T> IntersectBy<T, K>(this IEnumerable<T> first, IEnumerable<K> second, Func<T, K> keySelector, IEqualityComparer<K> comparer)",
        sets::intersect_by,
    ),
    member(
        "static IEnumerable<T> ExceptBy<T, K>(this IEnumerable<T> first, IEnumerable<K> second, Func<T, K> keySelector)",
        sets::except_by,
    ),
    member(
        "static IEnumerable<T> ExceptBy<T, K>(this IEnumerable<T> first, IEnumerable<K> second, Func<T, K> keySelector, IEqualityComparer<K> comparer)",
        sets::except_by,
    ),
    member(
        "static IEnumerable<T> Union<T>(this IEnumerable<T> first, IEnumerable<T> second)",
        sets::union,
    ),
    member(
        "static IEnumerable<T> Union<T>(this IEnumerable<T> first, IEnumerable<T> second, IEqualityComparer<T> comparer)",
        sets::union,
    ),
    member(
        "static IEnumerable<T> Intersect<T>(this IEnumerable<T> first, IEnumerable<T> second)",
        sets::intersect,
    ),
    member(
        "static IEnumerable<T> Intersect<T>(this IEnumerable<T> first, IEnumerable<T> second, IEqualityComparer<T> comparer)",
        sets::intersect,
    ),
    member(
        "static IEnumerable<T> Except<T>(this IEnumerable<T> first, IEnumerable<T> second)",
        sets::except,
    ),
    member(
        "static IEnumerable<T> Except<T>(this IEnumerable<T> first, IEnumerable<T> second, IEqualityComparer<T> comparer)",
        sets::except,
    ),
    // Ordering.
    member(
        "static IOrderedEnumerable<T> OrderBy<T, K>(this IEnumerable<T> source, Func<T, K> keySelector)",
        order::order_by,
    ),
    member(
        "static IOrderedEnumerable<T> OrderBy<T, K>(this IEnumerable<T> source, Func<T, K> keySelector, IComparer<K> comparer)",
        order::order_by,
    ),
    member(
        "static IOrderedEnumerable<T> OrderByDescending<T, K>(this IEnumerable<T> source, Func<T, K> keySelector)",
        order::order_by_descending,
    ),
    member(
        "static IOrderedEnumerable<T> OrderByDescending<T, K>(this IEnumerable<T> source, Func<T, K> keySelector, IComparer<K> comparer)",
        order::order_by_descending,
    ),
    member(
        "static IOrderedEnumerable<T> Order<T>(this IEnumerable<T> source)",
        order::order,
    ),
    member(
        "static IOrderedEnumerable<T> Order<T>(this IEnumerable<T> source, IComparer<T> comparer)",
        order::order,
    ),
    member(
        "static IOrderedEnumerable<T> OrderDescending<T>(this IEnumerable<T> source)",
        order::order_descending,
    ),
    member(
        "static IOrderedEnumerable<T> OrderDescending<T>(this IEnumerable<T> source, IComparer<T> comparer)",
        order::order_descending,
    ),
    member(
        "static IOrderedEnumerable<T> ThenBy<T, K>(this IOrderedEnumerable<T> source, Func<T, K> keySelector)",
        order::then_by,
    ),
    member(
        "static IOrderedEnumerable<T> ThenBy<T, K>(this IOrderedEnumerable<T> source, Func<T, K> keySelector, IComparer<K> comparer)",
        order::then_by,
    ),
    member(
        "static IOrderedEnumerable<T> ThenByDescending<T, K>(this IOrderedEnumerable<T> source, Func<T, K> keySelector)",
        order::then_by_descending,
    ),
    member(
        "static IOrderedEnumerable<T> ThenByDescending<T, K>(this IOrderedEnumerable<T> source, Func<T, K> keySelector, IComparer<K> comparer)",
        order::then_by_descending,
    ),
    // Grouping and joining.
    member(
        "static IEnumerable<IGrouping<K, T>> GroupBy<T, K>(this IEnumerable<T> source, Func<T, K> keySelector)",
        group::group_by,
    ),
    member(
        "static IEnumerable<IGrouping<K, T>> GroupBy<T, K>(this IEnumerable<T> source, Func<T, K> keySelector, IEqualityComparer<K> comparer)",
        group::group_by,
    ),
    member(
        "static IEnumerable<IGrouping<K, E>> GroupBy<T, K, E>(this IEnumerable<T> source, Func<T, K> keySelector, Func<T, E> elementSelector)",
        group::group_by_element,
    ),
    member(
        "static IEnumerable<R> GroupBy<T, K, R>(this IEnumerable<T> source, Func<T, K> keySelector, Func<K, IEnumerable<T>, R> resultSelector)",
        group::group_by_result,
    ),
    member(
        "static IEnumerable<IGrouping<K, E>> GroupBy<T, K, E>(this IEnumerable<T> source, Func<T, K> keySelector, Func<T, E> elementSelector, IEqualityComparer<K> comparer)",
        group::group_by_element,
    ),
    member(
        "static IEnumerable<R> GroupBy<T, K, R>(this IEnumerable<T> source, Func<T, K> keySelector, Func<K, IEnumerable<T>, R> resultSelector, IEqualityComparer<K> comparer)",
        group::group_by_result,
    ),
    member(
        "static IEnumerable<R> GroupBy<T, K, E, R>(this IEnumerable<T> source, Func<T, K> keySelector, Func<T, E> elementSelector, Func<K, IEnumerable<E>, R> resultSelector)",
        group::group_by_element_result,
    ),
    member(
        "static IEnumerable<R> GroupBy<T, K, E, R>(this IEnumerable<T> source, Func<T, K> keySelector, Func<T, E> elementSelector, Func<K, IEnumerable<E>, R> resultSelector, IEqualityComparer<K> comparer)",
        group::group_by_element_result,
    ),
    member(
        "static ILookup<K, T> ToLookup<T, K>(this IEnumerable<T> source, Func<T, K> keySelector)",
        group::to_lookup,
    ),
    member(
        "static ILookup<K, E> ToLookup<T, K, E>(this IEnumerable<T> source, Func<T, K> keySelector, Func<T, E> elementSelector)",
        group::to_lookup_element,
    ),
    member(
        "static ILookup<K, T> ToLookup<T, K>(this IEnumerable<T> source, Func<T, K> keySelector, IEqualityComparer<K> comparer)",
        group::to_lookup,
    ),
    member(
        "static ILookup<K, E> ToLookup<T, K, E>(this IEnumerable<T> source, Func<T, K> keySelector, Func<T, E> elementSelector, IEqualityComparer<K> comparer)",
        group::to_lookup_element,
    ),
    member(
        "static IEnumerable<R> Join<A, B, K, R>(this IEnumerable<A> outer, IEnumerable<B> inner, Func<A, K> outerKeySelector, Func<B, K> innerKeySelector, Func<A, B, R> resultSelector)",
        group::join,
    ),
    member(
        "static IEnumerable<R> Join<A, B, K, R>(this IEnumerable<A> outer, IEnumerable<B> inner, Func<A, K> outerKeySelector, Func<B, K> innerKeySelector, Func<A, B, R> resultSelector, IEqualityComparer<K> comparer)",
        group::join,
    ),
    member(
        "static IEnumerable<R> GroupJoin<A, B, K, R>(this IEnumerable<A> outer, IEnumerable<B> inner, Func<A, K> outerKeySelector, Func<B, K> innerKeySelector, Func<A, IEnumerable<B>, R> resultSelector)",
        group::group_join,
    ),
    member(
        "static IEnumerable<R> GroupJoin<A, B, K, R>(this IEnumerable<A> outer, IEnumerable<B> inner, Func<A, K> outerKeySelector, Func<B, K> innerKeySelector, Func<A, IEnumerable<B>, R> resultSelector, IEqualityComparer<K> comparer)",
        group::group_join,
    ),
    // One element.
    member(
        "static T First<T>(this IEnumerable<T> source)",
        element::first,
    )
    .lending(|loan| loan.first.element(0)),
    member(
        "static T First<T>(this IEnumerable<T> source, Func<T, bool> predicate)",
        element::first,
    ),
    member(
        "static T FirstOrDefault<T>(this IEnumerable<T> source)",
        element::first_or_default,
    )
    .lending(|loan| loan.first.element(0)),
    member(
        "static T FirstOrDefault<T>(this IEnumerable<T> source, Func<T, bool> predicate)",
        element::first_or_default,
    ),
    member(
        "static T FirstOrDefault<T>(this IEnumerable<T> source, T defaultValue)",
        element::first_or,
    ),
    member(
        "static T FirstOrDefault<T>(this IEnumerable<T> source, Func<T, bool> predicate, T defaultValue)",
        element::first_or,
    ),
    member(
        "static T Last<T>(this IEnumerable<T> source)",
        element::last,
    )
    .lending(|loan| loan.first.last_element()),
    member(
        "static T Last<T>(this IEnumerable<T> source, Func<T, bool> predicate)",
        element::last,
    ),
    member(
        "static T LastOrDefault<T>(this IEnumerable<T> source)",
        element::last_or_default,
    )
    .lending(|loan| loan.first.last_element()),
    member(
        "static T LastOrDefault<T>(this IEnumerable<T> source, Func<T, bool> predicate)",
        element::last_or_default,
    ),
    member(
        "static T LastOrDefault<T>(this IEnumerable<T> source, T defaultValue)",
        element::last_or,
    ),
    member(
        "static T LastOrDefault<T>(this IEnumerable<T> source, Func<T, bool> predicate, T defaultValue)",
        element::last_or,
    ),
    member(
        "static T Single<T>(this IEnumerable<T> source)",
        element::single,
    ),
    member(
        "static T Single<T>(this IEnumerable<T> source, Func<T, bool> predicate)",
        element::single,
    ),
    member(
        "static T SingleOrDefault<T>(this IEnumerable<T> source)",
        element::single_or_default,
    ),
    member(
        "static T SingleOrDefault<T>(this IEnumerable<T> source, Func<T, bool> predicate)",
        element::single_or_default,
    ),
    member(
        "static T SingleOrDefault<T>(this IEnumerable<T> source, T defaultValue)",
        element::single_or,
    ),
    member(
        "static T SingleOrDefault<T>(this IEnumerable<T> source, Func<T, bool> predicate, T defaultValue)",
        element::single_or,
    ),
    member(
        "static T ElementAt<T>(this IEnumerable<T> source, int index)",
        element::element_at,
    ),
    member(
        "static T ElementAtOrDefault<T>(this IEnumerable<T> source, int index)",
        element::element_at_or_default,
    ),
    // Questions.
    member("static bool Any<T>(this IEnumerable<T> source)", any),
    member(
        "static bool Any<T>(this IEnumerable<T> source, Func<T, bool> predicate)",
        any,
    ),
    member(
        "static bool All<T>(this IEnumerable<T> source, Func<T, bool> predicate)",
        all,
    ),
    member(
        "static bool Contains<T>(this IEnumerable<T> source, T value)",
        contains,
    ),
    member(
        "static bool Contains<T>(this IEnumerable<T> source, T value, IEqualityComparer<T> comparer)",
        contains,
    ),
    member(
        "static bool SequenceEqual<T>(this IEnumerable<T> first, IEnumerable<T> second)",
        sequence_equal,
    ),
    member(
        "static bool SequenceEqual<T>(this IEnumerable<T> first, IEnumerable<T> second, IEqualityComparer<T> comparer)",
        sequence_equal,
    ),
    member(
        "static bool TryGetNonEnumeratedCount<T>(this IEnumerable<T> source, out int count)",
        known_count,
    ),
    member("static int Count<T>(this IEnumerable<T> source)", count),
    member(
        "static int Count<T>(this IEnumerable<T> source, Func<T, bool> predicate)",
        count,
    ),
    member(
        "static long LongCount<T>(this IEnumerable<T> source)",
        |call| aggregate::long(count(call)?),
    ),
    member(
        "static long LongCount<T>(this IEnumerable<T> source, Func<T, bool> predicate)",
        |call| aggregate::long(count(call)?),
    ),
    // Folding.
    member(
        "static T Aggregate<T>(this IEnumerable<T> source, Func<T, T, T> func)",
        aggregate::fold_own,
    ),
    member(
        "static A Aggregate<T, A>(this IEnumerable<T> source, A seed, Func<A, T, A> func)",
        aggregate::fold,
    ),
    member(
        "static R Aggregate<T, A, R>(this IEnumerable<T> source, A seed, Func<A, T, A> func, Func<A, R> resultSelector)",
        aggregate::fold,
    ),
    member("static int Sum(this IEnumerable<int> source)", |call| {
        aggregate::sum(call, Primitive::Int32)
    }),
    member("static long Sum(this IEnumerable<long> source)", |call| {
        aggregate::sum(call, Primitive::Int64)
    }),
    member(
        "static double Sum(this IEnumerable<double> source)",
        |call| aggregate::sum(call, Primitive::Double),
    ),
    member("static float Sum(this IEnumerable<float> source)", |call| {
        aggregate::sum(call, Primitive::Single)
    }),
    member(
        "static decimal Sum(this IEnumerable<decimal> source)",
        |call| aggregate::sum(call, Primitive::Decimal),
    ),
    member("static int? Sum(this IEnumerable<int?> source)", |call| {
        aggregate::sum(call, Primitive::Int32)
    }),
    member(
        "static double? Sum(this IEnumerable<double?> source)",
        |call| aggregate::sum(call, Primitive::Double),
    ),
    member(
        "static int Sum<T>(this IEnumerable<T> source, Func<T, int> selector)",
        |call| aggregate::sum(call, Primitive::Int32),
    ),
    member(
        "static long Sum<T>(this IEnumerable<T> source, Func<T, long> selector)",
        |call| aggregate::sum(call, Primitive::Int64),
    ),
    member(
        "static double Sum<T>(this IEnumerable<T> source, Func<T, double> selector)",
        |call| aggregate::sum(call, Primitive::Double),
    ),
    member(
        "static float Sum<T>(this IEnumerable<T> source, Func<T, float> selector)",
        |call| aggregate::sum(call, Primitive::Single),
    ),
    member(
        "static decimal Sum<T>(this IEnumerable<T> source, Func<T, decimal> selector)",
        |call| aggregate::sum(call, Primitive::Decimal),
    ),
    member(
        "static int? Sum<T>(this IEnumerable<T> source, Func<T, int?> selector)",
        |call| aggregate::sum(call, Primitive::Int32),
    ),
    member("static long? Sum(this IEnumerable<long?> source)", |call| {
        aggregate::sum(call, Primitive::Int64)
    }),
    member(
        "static decimal? Sum(this IEnumerable<decimal?> source)",
        |call| aggregate::sum(call, Primitive::Decimal),
    ),
    member(
        "static float? Sum(this IEnumerable<float?> source)",
        |call| aggregate::sum(call, Primitive::Single),
    ),
    member(
        "static long? Sum<T>(this IEnumerable<T> source, Func<T, long?> selector)",
        |call| aggregate::sum(call, Primitive::Int64),
    ),
    member(
        "static decimal? Sum<T>(this IEnumerable<T> source, Func<T, decimal?> selector)",
        |call| aggregate::sum(call, Primitive::Decimal),
    ),
    member(
        "static float? Sum<T>(this IEnumerable<T> source, Func<T, float?> selector)",
        |call| aggregate::sum(call, Primitive::Single),
    ),
    member(
        "static double? Sum<T>(this IEnumerable<T> source, Func<T, double?> selector)",
        |call| aggregate::sum(call, Primitive::Double),
    ),
    member(
        "static double? Average(this IEnumerable<long?> source)",
        |call| aggregate::average_or_null(call, Primitive::Double),
    ),
    member(
        "static float? Average(this IEnumerable<float?> source)",
        |call| aggregate::average_or_null(call, Primitive::Single),
    ),
    member(
        "static double? Average<T>(this IEnumerable<T> source, Func<T, int?> selector)",
        |call| aggregate::average_or_null(call, Primitive::Double),
    ),
    member(
        "static double? Average<T>(this IEnumerable<T> source, Func<T, long?> selector)",
        |call| aggregate::average_or_null(call, Primitive::Double),
    ),
    member(
        "static double? Average<T>(this IEnumerable<T> source, Func<T, double?> selector)",
        |call| aggregate::average_or_null(call, Primitive::Double),
    ),
    member(
        "static float? Average<T>(this IEnumerable<T> source, Func<T, float?> selector)",
        |call| aggregate::average_or_null(call, Primitive::Single),
    ),
    member(
        "static decimal? Average<T>(this IEnumerable<T> source, Func<T, decimal?> selector)",
        |call| aggregate::average_or_null(call, Primitive::Decimal),
    ),
    member(
        "static float Average<T>(this IEnumerable<T> source, Func<T, float> selector)",
        |call| aggregate::average(call, Primitive::Single),
    ),
    member(
        "static double? Average(this IEnumerable<int?> source)",
        |call| aggregate::average_or_null(call, Primitive::Double),
    ),
    member(
        "static double? Average(this IEnumerable<double?> source)",
        |call| aggregate::average_or_null(call, Primitive::Double),
    ),
    member(
        "static decimal? Average(this IEnumerable<decimal?> source)",
        |call| aggregate::average_or_null(call, Primitive::Decimal),
    ),
    member(
        "static double Average(this IEnumerable<int> source)",
        |call| aggregate::average(call, Primitive::Double),
    ),
    member(
        "static double Average(this IEnumerable<long> source)",
        |call| aggregate::average(call, Primitive::Double),
    ),
    member(
        "static double Average(this IEnumerable<double> source)",
        |call| aggregate::average(call, Primitive::Double),
    ),
    member(
        "static float Average(this IEnumerable<float> source)",
        |call| aggregate::average(call, Primitive::Single),
    ),
    member(
        "static decimal Average(this IEnumerable<decimal> source)",
        |call| aggregate::average(call, Primitive::Decimal),
    ),
    member(
        "static double Average<T>(this IEnumerable<T> source, Func<T, int> selector)",
        |call| aggregate::average(call, Primitive::Double),
    ),
    member(
        "static double Average<T>(this IEnumerable<T> source, Func<T, long> selector)",
        |call| aggregate::average(call, Primitive::Double),
    ),
    member(
        "static double Average<T>(this IEnumerable<T> source, Func<T, double> selector)",
        |call| aggregate::average(call, Primitive::Double),
    ),
    member(
        "static decimal Average<T>(this IEnumerable<T> source, Func<T, decimal> selector)",
        |call| aggregate::average(call, Primitive::Decimal),
    ),
    member(
        "static T Min<T>(this IEnumerable<T> source)",
        aggregate::min,
    ),
    member(
        "static T Min<T>(this IEnumerable<T> source, IComparer<T> comparer)",
        aggregate::min_with,
    ),
    member(
        "static R Min<T, R>(this IEnumerable<T> source, Func<T, R> selector)",
        aggregate::min,
    ),
    member(
        "static T Max<T>(this IEnumerable<T> source)",
        aggregate::max,
    ),
    member(
        "static T Max<T>(this IEnumerable<T> source, IComparer<T> comparer)",
        aggregate::max_with,
    ),
    member(
        "static R Max<T, R>(this IEnumerable<T> source, Func<T, R> selector)",
        aggregate::max,
    ),
    member(
        "static T MinBy<T, K>(this IEnumerable<T> source, Func<T, K> keySelector)",
        aggregate::min_by,
    ),
    member(
        "static T MinBy<T, K>(this IEnumerable<T> source, Func<T, K> keySelector, IComparer<K> comparer)",
        aggregate::min_by,
    ),
    member(
        "static T MaxBy<T, K>(this IEnumerable<T> source, Func<T, K> keySelector)",
        aggregate::max_by,
    ),
    member(
        "static T MaxBy<T, K>(this IEnumerable<T> source, Func<T, K> keySelector, IComparer<K> comparer)",
        aggregate::max_by,
    ),
    // Keeping.
    member(
        "static T[] ToArray<T>(this IEnumerable<T> source)",
        to_array,
    ),
    member(
        "static List<T> ToList<T>(this IEnumerable<T> source)",
        to_list,
    ),
    member(
        "static HashSet<T> ToHashSet<T>(this IEnumerable<T> source)",
        to_hash_set,
    ),
    member(
        "static HashSet<T> ToHashSet<T>(this IEnumerable<T> source, IEqualityComparer<T> comparer)",
        to_hash_set,
    ),
    member(
        "static Dictionary<K, T> ToDictionary<T, K>(this IEnumerable<T> source, Func<T, K> keySelector)",
        to_dictionary,
    ),
    member(
        "static Dictionary<K, T> ToDictionary<T, K>(this IEnumerable<T> source, Func<T, K> keySelector, IEqualityComparer<K> comparer)",
        to_dictionary,
    ),
    member(
        "static Dictionary<K, E> ToDictionary<T, K, E>(this IEnumerable<T> source, Func<T, K> keySelector, Func<T, E> elementSelector)",
        to_dictionary_of,
    ),
    member(
        "static Dictionary<K, E> ToDictionary<T, K, E>(this IEnumerable<T> source, Func<T, K> keySelector, Func<T, E> elementSelector, IEqualityComparer<K> comparer)",
        to_dictionary_of,
    ),
    member(
        "static Dictionary<K, E> ToDictionary<K, E>(this IEnumerable<KeyValuePair<K, E>> source)",
        to_dictionary_of_pairs,
    ),
    member(
        "static Dictionary<K, E> ToDictionary<K, E>(this IEnumerable<KeyValuePair<K, E>> source, IEqualityComparer<K> comparer)",
        to_dictionary_of_pairs,
    ),
    member(
        "static Dictionary<K, E> ToDictionary<K, E>(this IEnumerable<(K Key, E Value)> source)",
        to_dictionary_of_pairs,
    ),
    member(
        "static Dictionary<K, E> ToDictionary<K, E>(this IEnumerable<(K Key, E Value)> source, IEqualityComparer<K> comparer)",
        to_dictionary_of_pairs,
    ),
];

/// The source, argument 0: `ArgumentNullException` if it is null.
fn source(call: &Call<'_, '_>) -> Result<Source, Throw> {
    match call.arg(0) {
        Value::Null => Err(Throw::argument_null("source")),
        value => Ok(Source::new(value.clone())),
    }
}

fn any(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let mut source = source(call)?;
    if call.arguments.len() == 1 {
        if let Some(length) = length(call.machine, call.arg(0)) {
            return Ok((length > 0).into());
        }
        return Ok(source.next(call.machine)?.is_some().into());
    }
    while let Some(value) = source.next(call.machine)? {
        if source.holds(call.machine, call.arg(1), value)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn all(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let mut source = source(call)?;
    while let Some(value) = source.next(call.machine)? {
        if !source.holds(call.machine, call.arg(1), value)? {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}

fn contains(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let mut source = source(call)?;
    if call.arg(2).is_null() {
        return contains_value(call.machine, call.arg(0), call.arg(1)).map(Value::Bool);
    }
    let comparer = KeyComparer::of(call.arg(2));
    while let Some(value) = source.next(call.machine)? {
        if comparer.equals(call.machine.heap, &value, call.arg(1)) {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn sequence_equal(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let mut first = source(call)?;
    if call.arg(1).is_null() {
        return Err(Throw::argument_null("second"));
    }
    let comparer = KeyComparer::of(call.arg(2));
    let mut second = Source::new(call.arg(1).clone());
    loop {
        match (first.next(call.machine)?, second.next(call.machine)?) {
            (None, None) => return Ok(Value::Bool(true)),
            (Some(a), Some(b)) if comparer.equals(call.machine.heap, &a, &b) => {}
            _ => return Ok(Value::Bool(false)),
        }
    }
}

fn known_count(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    source(call)?;
    let known = length(call.machine, call.arg(0));
    call.outs.push(int(known.unwrap_or(0)));
    Ok(known.is_some().into())
}

fn count(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let mut source = source(call)?;
    let whole = call.arguments.len() == 1;
    if let (true, Some(length)) = (whole, length(call.machine, call.arg(0))) {
        return Ok(int(length));
    }
    let mut count = 0usize;
    while let Some(value) = source.next(call.machine)? {
        count += usize::from(whole || source.holds(call.machine, call.arg(1), value)?);
    }
    Ok(int(count))
}

pub(crate) fn to_array(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    source(call)?;
    let values = ops::collect(call.machine, call.arg(0))?;
    let element = call.type_argument(0);
    call.machine.heap.alloc(Array::new(element, values))
}

fn to_list(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    source(call)?;
    let values = ops::collect(call.machine, call.arg(0))?;
    let element = call.type_argument(0);
    new_list(call, element, values)
}

fn to_hash_set(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    source(call)?;
    let values = ops::collect(call.machine, call.arg(0))?;
    let comparer = KeyComparer::of(call.arg(1));
    let set = crate::collections::HashSet::new(call.type_argument(0), comparer);
    let set = call.machine.heap.alloc(set)?;
    for value in values {
        insert_into_set(call.machine, &set, value)?;
    }
    Ok(set)
}

fn to_dictionary(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let comparer = KeyComparer::of(call.arg(2));
    dictionary(call, 0, comparer, None)
}

fn to_dictionary_of(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let comparer = KeyComparer::of(call.arg(3));
    let selector = call.arg(2).clone();
    dictionary(call, 2, comparer, Some(selector))
}

fn dictionary(
    call: &mut Call<'_, '_>,
    value_type: usize,
    comparer: KeyComparer,
    selector: Option<Value>,
) -> Result<Value, Throw> {
    let mut source = source(call)?;
    let dictionary = crate::collections::Dictionary::with(
        call.type_argument(1),
        call.type_argument(value_type),
        comparer,
    );
    let dictionary = call.machine.heap.alloc(dictionary)?;
    while let Some(item) = source.next(call.machine)? {
        let key = call
            .machine
            .call(call.arg(1), std::slice::from_ref(&item))?;
        let value = match &selector {
            Some(selector) => call.machine.call(selector, &[item])?,
            None => item,
        };
        add_pair(call.machine, &dictionary, &key, value)?;
    }
    Ok(dictionary)
}

/// Of key-value pairs, or tuples of two.
fn to_dictionary_of_pairs(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let mut source = source(call)?;
    let comparer = KeyComparer::of(call.arg(1));
    let (key, value) = (call.type_argument(0), call.type_argument(1));
    let dictionary = crate::collections::Dictionary::with(key, value, comparer);
    let dictionary = call.machine.heap.alloc(dictionary)?;
    while let Some(pair) = source.next(call.machine)? {
        if let Some((key, value)) = crate::collections::pair_parts(&pair) {
            add_pair(call.machine, &dictionary, key, value.clone())?;
        }
    }
    Ok(dictionary)
}
