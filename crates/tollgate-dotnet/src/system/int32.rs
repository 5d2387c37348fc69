//! `System.Int32`, C#'s `int`.

super::integer::signed!(
    INT32,
    "Int32",
    "int",
    Int32,
    pure("static long BigMul(int left, int right)", |call| {
        Ok(Primitive::Int64.wrap(call.integer(0)? * call.integer(1)?))
    })
);
