//! The namespace `System`.

mod array;
mod bit_converter;
mod bits;
mod boolean;
mod buffer;
mod byte;
mod char;
mod convert;
mod date_time;
mod date_time_offset;
mod decimal;
mod delegate;
mod double;
mod enumeration;
mod exception;
mod float;
mod formattable_string;
mod guid;
mod int16;
mod int32;
mod int64;
mod integer;
mod interfaces;
mod lazy;
mod math;
mod math_f;
mod nullable;
mod object;
mod random;
mod runtime_type;
mod sbyte;
mod single;
mod string;
mod time_span;
mod time_zone_info;
mod tuple;
mod uint16;
mod uint32;
mod uint64;
mod windows_zones;
mod zone_names;

pub(crate) use array::ARRAY;
pub(crate) use boolean::BOOLEAN;
pub(crate) use byte::BYTE;
pub(crate) use char::CHAR;
pub(crate) use date_time::DATE_TIME;
pub(crate) use date_time_offset::DATE_TIME_OFFSET;
pub(crate) use decimal::DECIMAL;
pub(crate) use delegate::DELEGATE;
use delegate::*;
pub(crate) use double::DOUBLE;
pub(crate) use enumeration::ENUM;
pub(crate) use exception::EXCEPTION;
pub(crate) use guid::GUID;
pub(crate) use int16::INT16;
pub(crate) use int32::INT32;
pub(crate) use int64::INT64;
use interfaces::*;
pub(crate) use nullable::{NULLABLE, NULLABLES};
pub(crate) use object::OBJECT;
pub(crate) use sbyte::SBYTE;
pub(crate) use single::SINGLE;
pub(crate) use string::{Comparison, STRING, StringComparer, lower, lower_unit, upper};
use string::{NORMALIZATION_FORM, STRING_COMPARER, STRING_COMPARISON, STRING_SPLIT_OPTIONS};
pub(crate) use time_span::TIME_SPAN;
pub(crate) use uint16::UINT16;
pub(crate) use uint32::UINT32;
pub(crate) use uint64::UINT64;

pub(crate) use enumeration::{DATE_TIME_KIND, DAY_OF_WEEK};
pub(crate) use runtime_type::of as type_in;
pub use runtime_type::value as type_value;

use crate::member::TypeDef;
use bit_converter::BIT_CONVERTER;
use buffer::BUFFER;
pub(crate) use convert::type_code;
use convert::{CONVERT, DB_NULL, TYPE_CODE};
use enumeration::{BASE64_FORMATTING_OPTIONS, MIDPOINT_ROUNDING};
pub(crate) use exception::DERIVED as EXCEPTIONS;
use formattable_string::{FACTORY as FORMATTABLE_FACTORY, FORMATTABLE_STRING};
use lazy::LAZY;
use math::MATH;
use math_f::MATH_F;
use random::RANDOM;
use runtime_type::{RUNTIME_TYPE, TYPE};
use time_zone_info::{TIME_ZONE, TIME_ZONE_INFO};
use tuple::{TUPLE, TUPLE1, TUPLE2, TUPLE3, TUPLE4, TUPLE5, TUPLE6, TUPLE7};

/// The types of this namespace.
pub(crate) const TYPES: &[&TypeDef] = &[
    &OBJECT,
    &STRING,
    &STRING_COMPARER,
    &STRING_COMPARISON,
    &STRING_SPLIT_OPTIONS,
    &NORMALIZATION_FORM,
    &TYPE,
    &RUNTIME_TYPE,
    &BIT_CONVERTER,
    &CONVERT,
    &TYPE_CODE,
    &DB_NULL,
    &MATH,
    &MATH_F,
    &RANDOM,
    &DATE_TIME_KIND,
    &DAY_OF_WEEK,
    &MIDPOINT_ROUNDING,
    &BASE64_FORMATTING_OPTIONS,
    &TUPLE,
    &TUPLE1,
    &TUPLE2,
    &TUPLE3,
    &TUPLE4,
    &TUPLE5,
    &TUPLE6,
    &TUPLE7,
    &BUFFER,
    &BOOLEAN,
    &CHAR,
    &SBYTE,
    &BYTE,
    &INT16,
    &UINT16,
    &INT32,
    &UINT32,
    &INT64,
    &UINT64,
    &SINGLE,
    &DOUBLE,
    &DECIMAL,
    &GUID,
    &DATE_TIME,
    &DATE_TIME_OFFSET,
    &TIME_SPAN,
    &TIME_ZONE_INFO,
    &TIME_ZONE,
    &EXCEPTION,
    &ARRAY,
    &NULLABLE,
    &NULLABLES,
    &ENUM,
    &DELEGATE,
    &FUNC0,
    &FUNC1,
    &FUNC2,
    &FUNC3,
    &FUNC4,
    &FUNC5,
    &FUNC6,
    &FUNC7,
    &FUNC8,
    &ACTION0,
    &ACTION1,
    &ACTION2,
    &ACTION3,
    &ACTION4,
    &ACTION5,
    &ACTION6,
    &ACTION7,
    &ACTION8,
    &PREDICATE,
    &COMPARISON,
    &CONVERTER,
    &ICOMPARABLE,
    &ICOMPARABLE_OF,
    &IEQUATABLE,
    &IFORMATTABLE,
    &IFORMAT_PROVIDER,
    &ICLONEABLE,
    &IDISPOSABLE,
    &ICONVERTIBLE,
    &LAZY,
    &FORMATTABLE_STRING,
    &FORMATTABLE_FACTORY,
];
