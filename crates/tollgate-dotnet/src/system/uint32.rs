//! `System.UInt32`, C#'s `uint`.

super::integer::integer!(
    UINT32,
    "UInt32",
    "uint",
    UInt32,
    pure("static ulong BigMul(uint left, uint right)", |call| {
        Ok(Primitive::UInt64.wrap(call.integer(0)? * call.integer(1)?))
    })
);
