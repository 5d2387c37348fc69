//! `System.Convert`.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_STANDARD;
use rust_decimal::Decimal;
use rust_decimal::RoundingStrategy;

use super::{boolean, char, integer, runtime_type};
use crate::collections::Array;
use crate::convert::{Primitive, convert};
use crate::formatting::format_value;
use crate::member::{Call, Member, TypeDef, TypeKind, member, pure};
use crate::number::{NumberCulture, Style, parse_decimal, parse_double};
use crate::ops;
use crate::throw::Throw;
use crate::time;
use crate::types::{Type, TypeRef};
use crate::value::{Object, Value};

/// `System.Convert`.
pub(crate) static CONVERT: TypeDef = TypeDef {
    name: "System.Convert",
    kind: TypeKind::Static,
    bases: &[],
    values: &[],
    members: MEMBERS,
};

const MEMBERS: &[Member] = &[
    pure("static bool ToBoolean(object value)", to_boolean),
    pure("static bool ToBoolean(string value)", to_boolean),
    pure(
        "static bool ToBoolean(string value, IFormatProvider provider)",
        to_boolean,
    ),
    pure(
        "static bool ToBoolean(object value, IFormatProvider provider)",
        to_boolean,
    ),
    pure("static bool ToBoolean(bool value)", to_boolean),
    pure("static bool ToBoolean(byte value)", to_boolean),
    pure("static bool ToBoolean(int value)", to_boolean),
    pure("static bool ToBoolean(long value)", to_boolean),
    pure("static bool ToBoolean(double value)", to_boolean),
    pure("static bool ToBoolean(decimal value)", to_boolean),
    pure("static bool ToBoolean(uint value)", to_boolean),
    pure("static bool ToBoolean(ulong value)", to_boolean),
    pure("static bool ToBoolean(short value)", to_boolean),
    pure("static bool ToBoolean(float value)", to_boolean),
    pure("static bool ToBoolean(sbyte value)", to_boolean),
    pure("static bool ToBoolean(ushort value)", to_boolean),
    pure("static char ToChar(object value)", to_char),
    pure("static char ToChar(string value)", |call| {
        match call.arg(0) {
            Value::Null => Err(Throw::argument_null("value")),
            _ => to_char(call),
        }
    }),
    pure(
        "static char ToChar(string value, IFormatProvider provider)",
        to_char,
    ),
    pure(
        "static char ToChar(object value, IFormatProvider provider)",
        to_char,
    ),
    pure("static char ToChar(char value)", to_char),
    pure("static char ToChar(byte value)", to_char),
    pure("static char ToChar(int value)", to_char),
    pure("static char ToChar(long value)", to_char),
    pure("static char ToChar(uint value)", to_char),
    pure("static char ToChar(ulong value)", to_char),
    pure("static char ToChar(short value)", to_char),
    pure("static char ToChar(sbyte value)", to_char),
    pure("static char ToChar(ushort value)", to_char),
    pure("static sbyte ToSByte(object value)", |call| {
        to_number(call, Primitive::SByte)
    }),
    pure("static sbyte ToSByte(string value)", |call| {
        to_number(call, Primitive::SByte)
    }),
    pure(
        "static sbyte ToSByte(string value, IFormatProvider provider)",
        |call| to_number(call, Primitive::SByte),
    ),
    pure(
        "static sbyte ToSByte(object value, IFormatProvider provider)",
        |call| to_number(call, Primitive::SByte),
    ),
    pure("static sbyte ToSByte(bool value)", |call| {
        to_number(call, Primitive::SByte)
    }),
    pure("static sbyte ToSByte(char value)", |call| {
        to_number(call, Primitive::SByte)
    }),
    pure("static sbyte ToSByte(byte value)", |call| {
        to_number(call, Primitive::SByte)
    }),
    pure("static sbyte ToSByte(int value)", |call| {
        to_number(call, Primitive::SByte)
    }),
    pure("static sbyte ToSByte(long value)", |call| {
        to_number(call, Primitive::SByte)
    }),
    pure("static sbyte ToSByte(double value)", |call| {
        to_number(call, Primitive::SByte)
    }),
    pure("static sbyte ToSByte(decimal value)", |call| {
        to_number(call, Primitive::SByte)
    }),
    pure("static sbyte ToSByte(uint value)", |call| {
        to_number(call, Primitive::SByte)
    }),
    pure("static sbyte ToSByte(ulong value)", |call| {
        to_number(call, Primitive::SByte)
    }),
    pure("static sbyte ToSByte(short value)", |call| {
        to_number(call, Primitive::SByte)
    }),
    pure("static sbyte ToSByte(float value)", |call| {
        to_number(call, Primitive::SByte)
    }),
    pure("static sbyte ToSByte(sbyte value)", |call| {
        to_number(call, Primitive::SByte)
    }),
    pure("static sbyte ToSByte(ushort value)", |call| {
        to_number(call, Primitive::SByte)
    }),
    pure("static sbyte ToSByte(string value, int fromBase)", |call| {
        of_base(call, Primitive::SByte)
    }),
    pure("static byte ToByte(object value)", |call| {
        to_number(call, Primitive::Byte)
    }),
    pure("static byte ToByte(string value)", |call| {
        to_number(call, Primitive::Byte)
    }),
    pure(
        "static byte ToByte(string value, IFormatProvider provider)",
        |call| to_number(call, Primitive::Byte),
    ),
    pure(
        "static byte ToByte(object value, IFormatProvider provider)",
        |call| to_number(call, Primitive::Byte),
    ),
    pure("static byte ToByte(bool value)", |call| {
        to_number(call, Primitive::Byte)
    }),
    pure("static byte ToByte(char value)", |call| {
        to_number(call, Primitive::Byte)
    }),
    pure("static byte ToByte(byte value)", |call| {
        to_number(call, Primitive::Byte)
    }),
    pure("static byte ToByte(int value)", |call| {
        to_number(call, Primitive::Byte)
    }),
    pure("static byte ToByte(long value)", |call| {
        to_number(call, Primitive::Byte)
    }),
    pure("static byte ToByte(double value)", |call| {
        to_number(call, Primitive::Byte)
    }),
    pure("static byte ToByte(decimal value)", |call| {
        to_number(call, Primitive::Byte)
    }),
    pure("static byte ToByte(uint value)", |call| {
        to_number(call, Primitive::Byte)
    }),
    pure("static byte ToByte(ulong value)", |call| {
        to_number(call, Primitive::Byte)
    }),
    pure("static byte ToByte(short value)", |call| {
        to_number(call, Primitive::Byte)
    }),
    pure("static byte ToByte(float value)", |call| {
        to_number(call, Primitive::Byte)
    }),
    pure("static byte ToByte(sbyte value)", |call| {
        to_number(call, Primitive::Byte)
    }),
    pure("static byte ToByte(ushort value)", |call| {
        to_number(call, Primitive::Byte)
    }),
    pure("static byte ToByte(string value, int fromBase)", |call| {
        of_base(call, Primitive::Byte)
    }),
    pure("static short ToInt16(object value)", |call| {
        to_number(call, Primitive::Int16)
    }),
    pure("static short ToInt16(string value)", |call| {
        to_number(call, Primitive::Int16)
    }),
    pure(
        "static short ToInt16(string value, IFormatProvider provider)",
        |call| to_number(call, Primitive::Int16),
    ),
    pure(
        "static short ToInt16(object value, IFormatProvider provider)",
        |call| to_number(call, Primitive::Int16),
    ),
    pure("static short ToInt16(bool value)", |call| {
        to_number(call, Primitive::Int16)
    }),
    pure("static short ToInt16(char value)", |call| {
        to_number(call, Primitive::Int16)
    }),
    pure("static short ToInt16(byte value)", |call| {
        to_number(call, Primitive::Int16)
    }),
    pure("static short ToInt16(int value)", |call| {
        to_number(call, Primitive::Int16)
    }),
    pure("static short ToInt16(long value)", |call| {
        to_number(call, Primitive::Int16)
    }),
    pure("static short ToInt16(double value)", |call| {
        to_number(call, Primitive::Int16)
    }),
    pure("static short ToInt16(decimal value)", |call| {
        to_number(call, Primitive::Int16)
    }),
    pure("static short ToInt16(uint value)", |call| {
        to_number(call, Primitive::Int16)
    }),
    pure("static short ToInt16(ulong value)", |call| {
        to_number(call, Primitive::Int16)
    }),
    pure("static short ToInt16(short value)", |call| {
        to_number(call, Primitive::Int16)
    }),
    pure("static short ToInt16(float value)", |call| {
        to_number(call, Primitive::Int16)
    }),
    pure("static short ToInt16(sbyte value)", |call| {
        to_number(call, Primitive::Int16)
    }),
    pure("static short ToInt16(ushort value)", |call| {
        to_number(call, Primitive::Int16)
    }),
    pure("static short ToInt16(string value, int fromBase)", |call| {
        of_base(call, Primitive::Int16)
    }),
    pure("static ushort ToUInt16(object value)", |call| {
        to_number(call, Primitive::UInt16)
    }),
    pure("static ushort ToUInt16(string value)", |call| {
        to_number(call, Primitive::UInt16)
    }),
    pure(
        "static ushort ToUInt16(string value, IFormatProvider provider)",
        |call| to_number(call, Primitive::UInt16),
    ),
    pure(
        "static ushort ToUInt16(object value, IFormatProvider provider)",
        |call| to_number(call, Primitive::UInt16),
    ),
    pure("static ushort ToUInt16(bool value)", |call| {
        to_number(call, Primitive::UInt16)
    }),
    pure("static ushort ToUInt16(char value)", |call| {
        to_number(call, Primitive::UInt16)
    }),
    pure("static ushort ToUInt16(byte value)", |call| {
        to_number(call, Primitive::UInt16)
    }),
    pure("static ushort ToUInt16(int value)", |call| {
        to_number(call, Primitive::UInt16)
    }),
    pure("static ushort ToUInt16(long value)", |call| {
        to_number(call, Primitive::UInt16)
    }),
    pure("static ushort ToUInt16(double value)", |call| {
        to_number(call, Primitive::UInt16)
    }),
    pure("static ushort ToUInt16(decimal value)", |call| {
        to_number(call, Primitive::UInt16)
    }),
    pure("static ushort ToUInt16(uint value)", |call| {
        to_number(call, Primitive::UInt16)
    }),
    pure("static ushort ToUInt16(ulong value)", |call| {
        to_number(call, Primitive::UInt16)
    }),
    pure("static ushort ToUInt16(short value)", |call| {
        to_number(call, Primitive::UInt16)
    }),
    pure("static ushort ToUInt16(float value)", |call| {
        to_number(call, Primitive::UInt16)
    }),
    pure("static ushort ToUInt16(sbyte value)", |call| {
        to_number(call, Primitive::UInt16)
    }),
    pure("static ushort ToUInt16(ushort value)", |call| {
        to_number(call, Primitive::UInt16)
    }),
    pure(
        "static ushort ToUInt16(string value, int fromBase)",
        |call| of_base(call, Primitive::UInt16),
    ),
    pure("static int ToInt32(object value)", |call| {
        to_number(call, Primitive::Int32)
    }),
    pure("static int ToInt32(string value)", |call| {
        to_number(call, Primitive::Int32)
    }),
    pure(
        "static int ToInt32(string value, IFormatProvider provider)",
        |call| to_number(call, Primitive::Int32),
    ),
    pure(
        "static int ToInt32(object value, IFormatProvider provider)",
        |call| to_number(call, Primitive::Int32),
    ),
    pure("static int ToInt32(bool value)", |call| {
        to_number(call, Primitive::Int32)
    }),
    pure("static int ToInt32(char value)", |call| {
        to_number(call, Primitive::Int32)
    }),
    pure("static int ToInt32(byte value)", |call| {
        to_number(call, Primitive::Int32)
    }),
    pure("static int ToInt32(int value)", |call| {
        to_number(call, Primitive::Int32)
    }),
    pure("static int ToInt32(long value)", |call| {
        to_number(call, Primitive::Int32)
    }),
    pure("static int ToInt32(double value)", |call| {
        to_number(call, Primitive::Int32)
    }),
    pure("static int ToInt32(decimal value)", |call| {
        to_number(call, Primitive::Int32)
    }),
    pure("static int ToInt32(uint value)", |call| {
        to_number(call, Primitive::Int32)
    }),
    pure("static int ToInt32(ulong value)", |call| {
        to_number(call, Primitive::Int32)
    }),
    pure("static int ToInt32(short value)", |call| {
        to_number(call, Primitive::Int32)
    }),
    pure("static int ToInt32(float value)", |call| {
        to_number(call, Primitive::Int32)
    }),
    pure("static int ToInt32(sbyte value)", |call| {
        to_number(call, Primitive::Int32)
    }),
    pure("static int ToInt32(ushort value)", |call| {
        to_number(call, Primitive::Int32)
    }),
    pure("static int ToInt32(string value, int fromBase)", |call| {
        of_base(call, Primitive::Int32)
    }),
    pure("static uint ToUInt32(object value)", |call| {
        to_number(call, Primitive::UInt32)
    }),
    pure("static uint ToUInt32(string value)", |call| {
        to_number(call, Primitive::UInt32)
    }),
    pure(
        "static uint ToUInt32(string value, IFormatProvider provider)",
        |call| to_number(call, Primitive::UInt32),
    ),
    pure(
        "static uint ToUInt32(object value, IFormatProvider provider)",
        |call| to_number(call, Primitive::UInt32),
    ),
    pure("static uint ToUInt32(bool value)", |call| {
        to_number(call, Primitive::UInt32)
    }),
    pure("static uint ToUInt32(char value)", |call| {
        to_number(call, Primitive::UInt32)
    }),
    pure("static uint ToUInt32(byte value)", |call| {
        to_number(call, Primitive::UInt32)
    }),
    pure("static uint ToUInt32(int value)", |call| {
        to_number(call, Primitive::UInt32)
    }),
    pure("static uint ToUInt32(long value)", |call| {
        to_number(call, Primitive::UInt32)
    }),
    pure("static uint ToUInt32(double value)", |call| {
        to_number(call, Primitive::UInt32)
    }),
    pure("static uint ToUInt32(decimal value)", |call| {
        to_number(call, Primitive::UInt32)
    }),
    pure("static uint ToUInt32(uint value)", |call| {
        to_number(call, Primitive::UInt32)
    }),
    pure("static uint ToUInt32(ulong value)", |call| {
        to_number(call, Primitive::UInt32)
    }),
    pure("static uint ToUInt32(short value)", |call| {
        to_number(call, Primitive::UInt32)
    }),
    pure("static uint ToUInt32(float value)", |call| {
        to_number(call, Primitive::UInt32)
    }),
    pure("static uint ToUInt32(sbyte value)", |call| {
        to_number(call, Primitive::UInt32)
    }),
    pure("static uint ToUInt32(ushort value)", |call| {
        to_number(call, Primitive::UInt32)
    }),
    pure("static uint ToUInt32(string value, int fromBase)", |call| {
        of_base(call, Primitive::UInt32)
    }),
    pure("static long ToInt64(object value)", |call| {
        to_number(call, Primitive::Int64)
    }),
    pure("static long ToInt64(string value)", |call| {
        to_number(call, Primitive::Int64)
    }),
    pure(
        "static long ToInt64(string value, IFormatProvider provider)",
        |call| to_number(call, Primitive::Int64),
    ),
    pure(
        "static long ToInt64(object value, IFormatProvider provider)",
        |call| to_number(call, Primitive::Int64),
    ),
    pure("static long ToInt64(bool value)", |call| {
        to_number(call, Primitive::Int64)
    }),
    pure("static long ToInt64(char value)", |call| {
        to_number(call, Primitive::Int64)
    }),
    pure("static long ToInt64(byte value)", |call| {
        to_number(call, Primitive::Int64)
    }),
    pure("static long ToInt64(int value)", |call| {
        to_number(call, Primitive::Int64)
    }),
    pure("static long ToInt64(long value)", |call| {
        to_number(call, Primitive::Int64)
    }),
    pure("static long ToInt64(double value)", |call| {
        to_number(call, Primitive::Int64)
    }),
    pure("static long ToInt64(decimal value)", |call| {
        to_number(call, Primitive::Int64)
    }),
    pure("static long ToInt64(uint value)", |call| {
        to_number(call, Primitive::Int64)
    }),
    pure("static long ToInt64(ulong value)", |call| {
        to_number(call, Primitive::Int64)
    }),
    pure("static long ToInt64(short value)", |call| {
        to_number(call, Primitive::Int64)
    }),
    pure("static long ToInt64(float value)", |call| {
        to_number(call, Primitive::Int64)
    }),
    pure("static long ToInt64(sbyte value)", |call| {
        to_number(call, Primitive::Int64)
    }),
    pure("static long ToInt64(ushort value)", |call| {
        to_number(call, Primitive::Int64)
    }),
    pure("static long ToInt64(string value, int fromBase)", |call| {
        of_base(call, Primitive::Int64)
    }),
    pure("static ulong ToUInt64(object value)", |call| {
        to_number(call, Primitive::UInt64)
    }),
    pure("static ulong ToUInt64(string value)", |call| {
        to_number(call, Primitive::UInt64)
    }),
    pure(
        "static ulong ToUInt64(string value, IFormatProvider provider)",
        |call| to_number(call, Primitive::UInt64),
    ),
    pure(
        "static ulong ToUInt64(object value, IFormatProvider provider)",
        |call| to_number(call, Primitive::UInt64),
    ),
    pure("static ulong ToUInt64(bool value)", |call| {
        to_number(call, Primitive::UInt64)
    }),
    pure("static ulong ToUInt64(char value)", |call| {
        to_number(call, Primitive::UInt64)
    }),
    pure("static ulong ToUInt64(byte value)", |call| {
        to_number(call, Primitive::UInt64)
    }),
    pure("static ulong ToUInt64(int value)", |call| {
        to_number(call, Primitive::UInt64)
    }),
    pure("static ulong ToUInt64(long value)", |call| {
        to_number(call, Primitive::UInt64)
    }),
    pure("static ulong ToUInt64(double value)", |call| {
        to_number(call, Primitive::UInt64)
    }),
    pure("static ulong ToUInt64(decimal value)", |call| {
        to_number(call, Primitive::UInt64)
    }),
    pure("static ulong ToUInt64(uint value)", |call| {
        to_number(call, Primitive::UInt64)
    }),
    pure("static ulong ToUInt64(ulong value)", |call| {
        to_number(call, Primitive::UInt64)
    }),
    pure("static ulong ToUInt64(short value)", |call| {
        to_number(call, Primitive::UInt64)
    }),
    pure("static ulong ToUInt64(float value)", |call| {
        to_number(call, Primitive::UInt64)
    }),
    pure("static ulong ToUInt64(sbyte value)", |call| {
        to_number(call, Primitive::UInt64)
    }),
    pure("static ulong ToUInt64(ushort value)", |call| {
        to_number(call, Primitive::UInt64)
    }),
    pure(
        "static ulong ToUInt64(string value, int fromBase)",
        |call| of_base(call, Primitive::UInt64),
    ),
    pure("static float ToSingle(object value)", |call| {
        to_number(call, Primitive::Single)
    }),
    pure("static float ToSingle(string value)", |call| {
        to_number(call, Primitive::Single)
    }),
    pure(
        "static float ToSingle(string value, IFormatProvider provider)",
        |call| to_number(call, Primitive::Single),
    ),
    pure(
        "static float ToSingle(object value, IFormatProvider provider)",
        |call| to_number(call, Primitive::Single),
    ),
    pure("static float ToSingle(bool value)", |call| {
        to_number(call, Primitive::Single)
    }),
    pure("static float ToSingle(byte value)", |call| {
        to_number(call, Primitive::Single)
    }),
    pure("static float ToSingle(int value)", |call| {
        to_number(call, Primitive::Single)
    }),
    pure("static float ToSingle(long value)", |call| {
        to_number(call, Primitive::Single)
    }),
    pure("static float ToSingle(double value)", |call| {
        to_number(call, Primitive::Single)
    }),
    pure("static float ToSingle(decimal value)", |call| {
        to_number(call, Primitive::Single)
    }),
    pure("static float ToSingle(uint value)", |call| {
        to_number(call, Primitive::Single)
    }),
    pure("static float ToSingle(ulong value)", |call| {
        to_number(call, Primitive::Single)
    }),
    pure("static float ToSingle(short value)", |call| {
        to_number(call, Primitive::Single)
    }),
    pure("static float ToSingle(float value)", |call| {
        to_number(call, Primitive::Single)
    }),
    pure("static float ToSingle(sbyte value)", |call| {
        to_number(call, Primitive::Single)
    }),
    pure("static float ToSingle(ushort value)", |call| {
        to_number(call, Primitive::Single)
    }),
    pure("static double ToDouble(object value)", |call| {
        to_number(call, Primitive::Double)
    }),
    pure("static double ToDouble(string value)", |call| {
        to_number(call, Primitive::Double)
    }),
    pure(
        "static double ToDouble(string value, IFormatProvider provider)",
        |call| to_number(call, Primitive::Double),
    ),
    pure(
        "static double ToDouble(object value, IFormatProvider provider)",
        |call| to_number(call, Primitive::Double),
    ),
    pure("static double ToDouble(bool value)", |call| {
        to_number(call, Primitive::Double)
    }),
    pure("static double ToDouble(byte value)", |call| {
        to_number(call, Primitive::Double)
    }),
    pure("static double ToDouble(int value)", |call| {
        to_number(call, Primitive::Double)
    }),
    pure("static double ToDouble(long value)", |call| {
        to_number(call, Primitive::Double)
    }),
    pure("static double ToDouble(double value)", |call| {
        to_number(call, Primitive::Double)
    }),
    pure("static double ToDouble(decimal value)", |call| {
        to_number(call, Primitive::Double)
    }),
    pure("static double ToDouble(uint value)", |call| {
        to_number(call, Primitive::Double)
    }),
    pure("static double ToDouble(ulong value)", |call| {
        to_number(call, Primitive::Double)
    }),
    pure("static double ToDouble(short value)", |call| {
        to_number(call, Primitive::Double)
    }),
    pure("static double ToDouble(float value)", |call| {
        to_number(call, Primitive::Double)
    }),
    pure("static double ToDouble(sbyte value)", |call| {
        to_number(call, Primitive::Double)
    }),
    pure("static double ToDouble(ushort value)", |call| {
        to_number(call, Primitive::Double)
    }),
    pure("static decimal ToDecimal(object value)", |call| {
        to_number(call, Primitive::Decimal)
    }),
    pure("static decimal ToDecimal(string value)", |call| {
        to_number(call, Primitive::Decimal)
    }),
    pure(
        "static decimal ToDecimal(string value, IFormatProvider provider)",
        |call| to_number(call, Primitive::Decimal),
    ),
    pure(
        "static decimal ToDecimal(object value, IFormatProvider provider)",
        |call| to_number(call, Primitive::Decimal),
    ),
    pure("static decimal ToDecimal(bool value)", |call| {
        to_number(call, Primitive::Decimal)
    }),
    pure("static decimal ToDecimal(byte value)", |call| {
        to_number(call, Primitive::Decimal)
    }),
    pure("static decimal ToDecimal(int value)", |call| {
        to_number(call, Primitive::Decimal)
    }),
    pure("static decimal ToDecimal(long value)", |call| {
        to_number(call, Primitive::Decimal)
    }),
    pure("static decimal ToDecimal(double value)", |call| {
        to_number(call, Primitive::Decimal)
    }),
    pure("static decimal ToDecimal(decimal value)", |call| {
        to_number(call, Primitive::Decimal)
    }),
    pure("static decimal ToDecimal(uint value)", |call| {
        to_number(call, Primitive::Decimal)
    }),
    pure("static decimal ToDecimal(ulong value)", |call| {
        to_number(call, Primitive::Decimal)
    }),
    pure("static decimal ToDecimal(short value)", |call| {
        to_number(call, Primitive::Decimal)
    }),
    pure("static decimal ToDecimal(float value)", |call| {
        to_number(call, Primitive::Decimal)
    }),
    pure("static decimal ToDecimal(sbyte value)", |call| {
        to_number(call, Primitive::Decimal)
    }),
    pure("static decimal ToDecimal(ushort value)", |call| {
        to_number(call, Primitive::Decimal)
    }),
    pure("static string ToString(object value)", to_string),
    pure(
        "static string ToString(object value, IFormatProvider provider)",
        to_string,
    ),
    pure("static string ToString(string value)", |call| {
        Ok(call.arg(0).clone())
    }),
    pure("static string ToString(bool value)", to_string),
    pure("static string ToString(char value)", to_string),
    pure("static string ToString(int value)", to_string),
    pure("static string ToString(long value)", to_string),
    pure("static string ToString(double value)", to_string),
    pure("static string ToString(decimal value)", to_string),
    pure("static string ToString(DateTime value)", to_string),
    pure("static string ToString(byte value)", to_string),
    pure("static string ToString(float value)", to_string),
    pure("static string ToString(uint value)", to_string),
    pure("static string ToString(ulong value)", to_string),
    pure("static string ToString(short value)", to_string),
    pure(
        "static string ToString(int value, IFormatProvider provider)",
        to_string,
    ),
    pure(
        "static string ToString(double value, IFormatProvider provider)",
        to_string,
    ),
    pure(
        "static string ToString(decimal value, IFormatProvider provider)",
        to_string,
    ),
    pure(
        "static string ToString(DateTime value, IFormatProvider provider)",
        to_string,
    ),
    pure("static string ToString(byte value, int toBase)", to_base),
    pure("static string ToString(short value, int toBase)", to_base),
    pure("static string ToString(int value, int toBase)", to_base),
    pure("static string ToString(long value, int toBase)", to_base),
    pure("static bool ToBoolean(char value)", to_boolean),
    pure("static bool ToBoolean(DateTime value)", to_boolean),
    pure("static char ToChar(bool value)", to_char),
    pure("static char ToChar(float value)", to_char),
    pure("static char ToChar(double value)", to_char),
    pure("static char ToChar(decimal value)", to_char),
    pure("static char ToChar(DateTime value)", to_char),
    pure("static sbyte ToSByte(DateTime value)", |call| {
        to_number(call, Primitive::SByte)
    }),
    pure("static byte ToByte(DateTime value)", |call| {
        to_number(call, Primitive::Byte)
    }),
    pure("static short ToInt16(DateTime value)", |call| {
        to_number(call, Primitive::Int16)
    }),
    pure("static ushort ToUInt16(DateTime value)", |call| {
        to_number(call, Primitive::UInt16)
    }),
    pure("static int ToInt32(DateTime value)", |call| {
        to_number(call, Primitive::Int32)
    }),
    pure("static uint ToUInt32(DateTime value)", |call| {
        to_number(call, Primitive::UInt32)
    }),
    pure("static long ToInt64(DateTime value)", |call| {
        to_number(call, Primitive::Int64)
    }),
    pure("static ulong ToUInt64(DateTime value)", |call| {
        to_number(call, Primitive::UInt64)
    }),
    pure("static float ToSingle(char value)", |call| {
        to_number(call, Primitive::Single)
    }),
    pure("static float ToSingle(DateTime value)", |call| {
        to_number(call, Primitive::Single)
    }),
    pure("static double ToDouble(char value)", |call| {
        to_number(call, Primitive::Double)
    }),
    pure("static double ToDouble(DateTime value)", |call| {
        to_number(call, Primitive::Double)
    }),
    pure("static decimal ToDecimal(char value)", |call| {
        to_number(call, Primitive::Decimal)
    }),
    pure("static decimal ToDecimal(DateTime value)", |call| {
        to_number(call, Primitive::Decimal)
    }),
    pure("static DateTime ToDateTime(DateTime value)", to_date_time),
    pure(
        "static DateTime ToDateTime(object value, IFormatProvider provider)",
        to_date_time,
    ),
    pure("static DateTime ToDateTime(sbyte value)", to_date_time),
    pure("static DateTime ToDateTime(byte value)", to_date_time),
    pure("static DateTime ToDateTime(short value)", to_date_time),
    pure("static DateTime ToDateTime(ushort value)", to_date_time),
    pure("static DateTime ToDateTime(int value)", to_date_time),
    pure("static DateTime ToDateTime(uint value)", to_date_time),
    pure("static DateTime ToDateTime(long value)", to_date_time),
    pure("static DateTime ToDateTime(ulong value)", to_date_time),
    pure("static DateTime ToDateTime(bool value)", to_date_time),
    pure("static DateTime ToDateTime(char value)", to_date_time),
    pure("static DateTime ToDateTime(float value)", to_date_time),
    pure("static DateTime ToDateTime(double value)", to_date_time),
    pure("static DateTime ToDateTime(decimal value)", to_date_time),
    pure(
        "static string ToString(bool value, IFormatProvider provider)",
        to_string,
    ),
    pure(
        "static string ToString(char value, IFormatProvider provider)",
        to_string,
    ),
    pure("static string ToString(sbyte value)", to_string),
    pure(
        "static string ToString(sbyte value, IFormatProvider provider)",
        to_string,
    ),
    pure(
        "static string ToString(byte value, IFormatProvider provider)",
        to_string,
    ),
    pure(
        "static string ToString(short value, IFormatProvider provider)",
        to_string,
    ),
    pure("static string ToString(ushort value)", to_string),
    pure(
        "static string ToString(ushort value, IFormatProvider provider)",
        to_string,
    ),
    pure(
        "static string ToString(uint value, IFormatProvider provider)",
        to_string,
    ),
    pure(
        "static string ToString(long value, IFormatProvider provider)",
        to_string,
    ),
    pure(
        "static string ToString(ulong value, IFormatProvider provider)",
        to_string,
    ),
    pure(
        "static string ToString(float value, IFormatProvider provider)",
        to_string,
    ),
    pure(
        "static string ToString(string value, IFormatProvider provider)",
        |call| Ok(call.arg(0).clone()),
    ),
    pure("static DateTime ToDateTime(string value)", to_date_time),
    pure(
        "static DateTime ToDateTime(string value, IFormatProvider provider)",
        to_date_time,
    ),
    pure("static DateTime ToDateTime(object value)", to_date_time),
    member("static string ToBase64String(byte[] inArray)", to_base64),
    member(
        "static string ToBase64String(byte[] inArray, Base64FormattingOptions options)",
        to_base64,
    ),
    member(
        "static string ToBase64String(byte[] inArray, int offset, int length)",
        to_base64_part,
    ),
    member("static byte[] FromBase64String(string s)", from_base64),
    member(
        "static string ToBase64String(byte[] inArray, int offset, int length, Base64FormattingOptions options)",
        to_base64_part,
    ),
    member(
        "static int ToBase64CharArray(byte[] inArray, int offsetIn, int length, char[] outArray, int offsetOut)",
        to_base64_chars,
    ),
    member(
        "static byte[] FromBase64CharArray(char[] inArray, int offset, int length)",
        from_base64_chars,
    ),
    member("static string ToHexString(byte[] inArray)", |call| {
        to_hex(call, false)
    }),
    member(
        "static string ToHexString(byte[] inArray, int offset, int length)",
        |call| to_hex(call, false),
    ),
    member("static string ToHexStringLower(byte[] inArray)", |call| {
        to_hex(call, true)
    }),
    member(
        "static string ToHexStringLower(byte[] inArray, int offset, int length)",
        |call| to_hex(call, true),
    ),
    member(
        "static object ChangeType(object value, TypeCode typeCode)",
        change_to_code,
    ),
    member(
        "static object ChangeType(object value, TypeCode typeCode, IFormatProvider provider)",
        change_to_code,
    ),
    pure("static TypeCode GetTypeCode(object value)", type_code),
    member("static byte[] FromHexString(string s)", from_hex),
    member(
        "static object ChangeType(object value, Type conversionType)",
        change_type,
    ),
    member(
        "static object ChangeType(object value, Type conversionType, IFormatProvider provider)",
        change_type,
    ),
    pure("static bool IsDBNull(object value)", |call| {
        Ok(call.arg(0).downcast::<DbNull>().is_some().into())
    }),
    pure("static object DBNull { get; }", |_| {
        Ok(Value::object(DbNull))
    }),
];

/// `DBNull.Value`.
#[derive(Debug)]
struct DbNull;

impl Object for DbNull {
    fn type_of(&self) -> Type {
        Type::plain(&DB_NULL)
    }
    fn to_text(&self) -> Option<crate::str::Str> {
        Some(crate::str::Str::EMPTY)
    }
    fn equals(&self, other: &dyn Object) -> bool {
        (other as &dyn std::any::Any).is::<DbNull>()
    }
}

/// `System.DBNull`.
pub(crate) static DB_NULL: TypeDef = TypeDef {
    name: "System.DBNull",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[
        pure("static DBNull Value { get; }", |_| {
            Ok(Value::object(DbNull))
        }),
        pure("string ToString()", |_| Ok("".into())),
    ],
};

/// An `InvalidCastException` of types that have no conversion to each other.
fn no_cast(from: &str, to: &str) -> Throw {
    Throw::invalid_cast(format!("Invalid cast from '{from}' to '{to}'."))
}

/// A number of the type, from text, a flag or another number; 0 of null.
fn number(value: &Value, to: Primitive) -> Result<Value, Throw> {
    number_in(value, to, &NumberCulture::INVARIANT)
}

/// As `number`, of text in that culture.
fn number_in(value: &Value, to: Primitive, culture: &NumberCulture) -> Result<Value, Throw> {
    let too_large = || {
        Throw::overflow(format!(
            "Value was either too large or too small for {}.",
            to.article_name()
        ))
    };
    match value {
        Value::Null => Ok(ops::default_of(&to.ty())),
        Value::Char(_) if to.range().is_none() => Err(no_cast(
            "Char",
            to.ty().table().map_or("", |table| table.simple_name()),
        )),
        Value::Bool(_) | Value::Single(_) | Value::Double(_) | Value::Decimal(_)
            if to == Primitive::Char =>
        {
            let name = match value {
                Value::Bool(_) => "Boolean",
                Value::Single(_) => "Single",
                Value::Double(_) => "Double",
                _ => "Decimal",
            };
            Err(no_cast(name, "Char"))
        }
        Value::Bool(flag) => convert(&Value::Int32(i32::from(*flag)), to, true),
        Value::String(text) => {
            let text = culture.invariant(text.to_utf8());
            match to {
                Primitive::Double => parse_double(&text, Style::FLOAT).map(Value::Double),
                Primitive::Single => {
                    let number = parse_double(&text, Style::FLOAT)?;
                    convert(&Value::Double(number), to, false)
                }
                Primitive::Decimal => parse_decimal(&text, Style::NUMBER).map(Value::Decimal),
                _ => integer::read(&text, Style::INTEGER, to),
            }
        }
        // To integers the fraction is rounded, a half to even.
        Value::Double(number) if to.range().is_some() => {
            convert(&Value::Double(number.round_ties_even()), to, true).map_err(|_| too_large())
        }
        Value::Single(number) if to.range().is_some() => {
            convert(&Value::Single(number.round_ties_even()), to, true).map_err(|_| too_large())
        }
        Value::Decimal(number) if to.range().is_some() => {
            let whole = number.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven);
            convert(&Value::Decimal(whole), to, true).map_err(|_| too_large())
        }
        Value::Single(_) | Value::Double(_) | Value::Decimal(_) => convert(value, to, true),
        value if value.as_integer().is_some() => convert(value, to, true).map_err(|_| too_large()),
        _ => Err(Throw::invalid_cast(
            "Unable to cast object to type 'System.IConvertible'.",
        )),
    }
}

pub(super) fn to_number(call: &mut Call<'_, '_>, to: Primitive) -> Result<Value, Throw> {
    number_in(&convertible(call), to, &call.culture(1))
}

/// Argument 0; of a JSON value what it holds, as it converts to all that that does.
fn convertible(call: &Call<'_, '_>) -> Value {
    let held = crate::json::held(call.machine.heap, call.arg(0));
    let value = held.unwrap_or_else(|| call.arg(0).clone());
    if let Value::String(text) = &value {
        call.machine.heap.spend(text.size().saturating_mul(READ));
    }
    value
}

/// What reading a byte costs, in bytes that could have been copied instead.
const READ: usize = 128;

fn flag(value: &Value) -> Result<Value, Throw> {
    Ok(Value::Bool(match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::String(text) => {
            let text = text.to_utf8();
            return boolean::read(&text).map(Value::Bool).ok_or_else(|| {
                Throw::format(format!(
                    "String '{text}' was not recognized as a valid Boolean."
                ))
            });
        }
        Value::Double(number) => *number != 0.0,
        Value::Single(number) => *number != 0.0,
        Value::Decimal(number) => *number != Decimal::ZERO,
        Value::Char(_) => return Err(no_cast("Char", "Boolean")),
        Value::DateTime(..) => return Err(no_cast("DateTime", "Boolean")),
        other => match other.as_integer() {
            Some(number) => number != 0,
            None => {
                return Err(Throw::invalid_cast(
                    "Unable to cast object to type 'System.IConvertible'.",
                ));
            }
        },
    }))
}

pub(super) fn to_boolean(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    flag(&convertible(call))
}

pub(super) fn to_char(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    match &convertible(call) {
        Value::String(text) => char::read(text),
        // An object that is null is the null character, a string that is null is refused.
        Value::Null => Ok(Value::Char(0)),
        value => number(value, Primitive::Char),
    }
}

fn radix(call: &Call<'_, '_>) -> Result<u32, Throw> {
    match call.int(1)? {
        2 => Ok(2),
        8 => Ok(8),
        10 => Ok(10),
        16 => Ok(16),
        _ => Err(Throw::argument("Invalid Base.")),
    }
}

fn of_base(call: &mut Call<'_, '_>, to: Primitive) -> Result<Value, Throw> {
    call.reading_work()?;
    let radix = radix(call)?;
    let Some(text) = call.opt_str(0) else {
        return Ok(to.wrap(0));
    };
    let text = text.to_utf8();
    let (low, high) = to.range().unwrap_or_default();
    if text.is_empty() {
        return Err(Throw::argument_out_of_range(
            "Index was out of range. Must be non-negative and less than the size of the collection. (Parameter 'startIndex')",
        ));
    }
    let (negative, text) = match text.strip_prefix('-') {
        Some(_) if radix != 10 => {
            return Err(Throw::argument(
                "String cannot contain a minus sign if the base is not 10.",
            ));
        }
        Some(_) if low == 0 => {
            return Err(Throw::overflow(
                "The string was being parsed as an unsigned number and could not have a negative sign.",
            ));
        }
        Some(text) => (true, text),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let digits = match radix {
        16 => text
            .strip_prefix("0x")
            .or_else(|| text.strip_prefix("0X"))
            .unwrap_or(text),
        _ => text,
    };
    let readable = digits.chars().take_while(|c| c.is_digit(radix)).count();
    if readable == 0 {
        return Err(Throw::format("Could not find any recognizable digits."));
    }
    if readable < digits.len() {
        return Err(Throw::format(
            "Additional non-parsable characters are at the end of the string.",
        ));
    }
    let bits = u128::from_str_radix(digits, radix)
        .ok()
        .and_then(|bits| i128::try_from(bits).ok());
    match bits {
        Some(bits) if radix == 10 => {
            let number = if negative { -bits } else { bits };
            match (low..=high).contains(&number) {
                true => Ok(to.wrap(number)),
                false => Err(Throw::overflow(format!(
                    "Value was either too large or too small for {}.",
                    to.article_name()
                ))),
            }
        }
        Some(bits) if bits <= high - low => Ok(to.wrap(bits)),
        _ => Err(Throw::overflow(
            "Value was either too large or too small for a UInt32.",
        )),
    }
}

fn to_base(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let radix = radix(call)?;
    let bits = match *call.arg(0) {
        Value::Byte(number) => u64::from(number),
        Value::Int16(number) => u64::from(number.cast_unsigned()),
        Value::Int32(number) => u64::from(number.cast_unsigned()),
        Value::Int64(number) => number.cast_unsigned(),
        _ => 0,
    };
    Ok(match radix {
        2 => format!("{bits:b}"),
        8 => format!("{bits:o}"),
        16 => format!("{bits:x}"),
        _ => return call.to_text(0).map(Value::String),
    }
    .into())
}

pub(super) fn to_string(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    match call.arg(0) {
        Value::Null => Ok("".into()),
        value => {
            let culture = call.culture(1);
            let text = format_value(call.machine, value, "", &culture)?;
            Ok(Value::String(text))
        }
    }
}

pub(super) fn to_date_time(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    match &convertible(call) {
        Value::Null => Ok(Value::DateTime(0, Default::default())),
        Value::DateTime(ticks, kind) => Ok(Value::DateTime(*ticks, *kind)),
        Value::String(text) => {
            let day_first = call.culture(1).dates.day_first;
            time::parse_date_in(&text.to_utf8(), 0, call.machine.host.now(), day_first)
                .map(|parsed| parsed.date_time(0))
        }
        _ => Err(Throw::invalid_cast("Invalid cast to 'DateTime'.")),
    }
}

fn to_base64(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let bytes = call.bytes(0, "inArray")?;
    encode(call, &bytes)
}

fn to_base64_part(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let bytes = call.bytes(0, "inArray")?;
    let (offset, length) = (call.count(1, "offset")?, call.count(2, "length")?);
    let part = offset
        .checked_add(length)
        .and_then(|end| bytes.get(offset..end));
    let part = part.ok_or_else(|| {
        Throw::argument_out_of_range(
            "Offset and length must refer to a position in the string. (Parameter 'offset')",
        )
    })?;
    encode(call, part)
}

fn encode(call: &mut Call<'_, '_>, bytes: &[u8]) -> Result<Value, Throw> {
    call.room(bytes.len() / 3 * 4)?;
    let text = BASE64_STANDARD.encode(bytes);
    let options = call
        .arguments
        .iter()
        .any(|value| matches!(value, Value::Enum(_, 1)));
    if !options {
        return call.new_text(text);
    }
    let mut lines = String::with_capacity(text.len() + text.len() / 38);
    for (place, c) in text.char_indices() {
        if place > 0 && place % 76 == 0 {
            lines.push_str("\r\n");
        }
        lines.push(c);
    }
    call.new_text(lines)
}

fn from_base64(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = call.text(0, "s")?.to_utf8();
    call.heavy_work(text.len())?;
    let bytes = decoded(&text)?;
    call.new_bytes(bytes)
}

/// The bytes of a Base64 text, white space left out.
fn decoded(text: &str) -> Result<Vec<u8>, Throw> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
    );
    let white = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
    let decoded = match text.contains(white) {
        true => ENGINE.decode(text.replace(white, "")),
        false => ENGINE.decode(text.as_bytes()),
    };
    decoded.map_err(|_| {
        Throw::format("The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding characters, or an illegal character among the padding characters.")
    })
}

fn from_hex(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.reading_work()?;
    let text = call.text(0, "s")?.to_utf8();
    let wrong =
        || Throw::format("The input is not a valid hex string as it contains a non-hex character.");
    if text.len() % 2 != 0 || !text.is_ascii() {
        return Err(wrong());
    }
    let digit = |byte: &u8| {
        char::from(*byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let bytes = text.as_bytes().chunks_exact(2).map(|pair| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    });
    let bytes: Vec<u8> = bytes.collect::<Option<_>>().ok_or_else(wrong)?;
    call.new_bytes(bytes)
}

pub(super) fn change_type(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let ty = runtime_type::of(call.arg(1)).map_err(|_| Throw::argument_null("conversionType"))?;
    let value = convertible(call);
    changed(call, &value, ty)
}

/// `ChangeType`: to itself, or what `IConvertible` can give.
fn changed(call: &mut Call<'_, '_>, value: &Value, ty: &Type) -> Result<Value, Throw> {
    if value.is_null() {
        return match ty.is_value_type() {
            true => Err(Throw::invalid_cast(
                "Null object cannot be converted to a value type.",
            )),
            false => Ok(Value::Null),
        };
    }
    let actual = ops::type_of(call.machine, value);
    if actual == *ty || ty.is_object() {
        return Ok(value.clone());
    }
    let converts = matches!(
        value,
        Value::String(_) | Value::Bool(_) | Value::DateTime(..)
    ) || Primitive::of(&actual).is_some();
    if !converts {
        return Err(Throw::invalid_cast("Object must implement IConvertible."));
    }
    if ty.is_enum() || matches!(ty, Type::Nullable(_)) {
        return Err(no_cast(&actual.net_name(), &ty.net_name()));
    }
    if ty.is_string() {
        return call.to_text(0).map(Value::String);
    }
    if ty.is_bool() {
        return flag(value);
    }
    if ty.is_date_time() {
        return to_date_time(call);
    }
    match Primitive::of(ty) {
        Some(Primitive::Char) => to_char(call),
        Some(primitive) => number(value, primitive),
        None if ops::is_instance(call.machine, value, ty) => Ok(value.clone()),
        None => Err(no_cast(&actual.net_name(), &ty.net_name())),
    }
}

/// `TypeCode`.
pub(crate) static TYPE_CODE: TypeDef = TypeDef {
    name: "System.TypeCode",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[
        ("Empty", 0),
        ("Object", 1),
        ("DBNull", 2),
        ("Boolean", 3),
        ("Char", 4),
        ("SByte", 5),
        ("Byte", 6),
        ("Int16", 7),
        ("UInt16", 8),
        ("Int32", 9),
        ("UInt32", 10),
        ("Int64", 11),
        ("UInt64", 12),
        ("Single", 13),
        ("Double", 14),
        ("Decimal", 15),
        ("DateTime", 16),
        ("String", 18),
    ],
    members: &[],
};

/// `GetTypeCode` of the value in argument 0.
pub(crate) fn type_code(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let number = match call.arg(0) {
        Value::Null => 0,
        Value::Bool(_) => 3,
        Value::Char(_) => 4,
        Value::SByte(_) => 5,
        Value::Byte(_) => 6,
        Value::Int16(_) => 7,
        Value::UInt16(_) => 8,
        Value::Int32(_) | Value::Enum(..) => 9,
        Value::UInt32(_) => 10,
        Value::Int64(_) => 11,
        Value::UInt64(_) => 12,
        Value::Single(_) => 13,
        Value::Double(_) => 14,
        Value::Decimal(_) => 15,
        Value::DateTime(..) => 16,
        Value::String(_) => 18,
        value if value.downcast::<DbNull>().is_some() => 2,
        _ => 1,
    };
    Ok(Value::Enum(TypeRef(&TYPE_CODE), number))
}

/// The type of a `TypeCode`.
fn type_of_code(number: i64) -> Option<Type> {
    Some(match number {
        1 => Type::object(),
        3 => Type::bool(),
        4 => Type::char(),
        5 => Type::sbyte(),
        6 => Type::byte(),
        7 => Type::short(),
        8 => Type::ushort(),
        9 => Type::int(),
        10 => Type::uint(),
        11 => Type::long(),
        12 => Type::ulong(),
        13 => Type::float(),
        14 => Type::double(),
        15 => Type::decimal(),
        16 => Type::date_time(),
        18 => Type::string(),
        _ => return None,
    })
}

fn change_to_code(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (value, code) = (call.arg(0), call.flags(1));
    match type_of_code(code) {
        Some(_) if value.is_null() && matches!(code, 1 | 18) => Ok(Value::Null),
        Some(ty) => changed(call, value, &ty),
        None if value.is_null() && code == 0 => Ok(Value::Null),
        None => Err(Throw::invalid_cast("Object cannot be cast to this type.")),
    }
}

fn to_base64_chars(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let bytes = call.bytes(0, "inArray")?;
    let (offset, length) = (call.count(1, "offsetIn")?, call.count(2, "length")?);
    let to = call.count(4, "offsetOut")?;
    let part = offset
        .checked_add(length)
        .and_then(|end| bytes.get(offset..end))
        .ok_or_else(|| crate::collections::out_of_range("offsetIn"))?;
    let text = BASE64_STANDARD.encode(part);
    call.work(text.len().saturating_mul(8))?;
    let target = call.machine.heap.of_mut::<Array>(call.arg(3));
    let target = target.ok_or_else(|| Throw::argument_null("outArray"))?;
    if to.saturating_add(text.len()) > target.len() {
        return Err(crate::collections::out_of_range("offsetOut"));
    }
    for (index, byte) in text.bytes().enumerate() {
        target.set(to + index, Value::Char(byte.into()));
    }
    Ok(crate::args::int(text.len()))
}

fn from_base64_chars(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let array = call.array(0, "inArray")?;
    call.elements_copied(array.len());
    let units: Vec<u16> = array
        .values()
        .filter_map(|value| match value {
            Value::Char(unit) => Some(unit),
            _ => None,
        })
        .collect();
    let (offset, length) = (call.count(1, "offset")?, call.count(2, "length")?);
    let part = offset
        .checked_add(length)
        .and_then(|end| units.get(offset..end))
        .ok_or_else(|| crate::collections::out_of_range("offset"))?;
    let bytes = decoded(&String::from_utf16_lossy(part))?;
    call.new_bytes(bytes)
}

/// Part of an array as hexadecimal digits.
fn to_hex(call: &mut Call<'_, '_>, lower: bool) -> Result<Value, Throw> {
    let bytes = call.bytes(0, "inArray")?;
    let part = match call.arguments.len() {
        1 => Some(bytes.as_slice()),
        _ => {
            let (offset, length) = (call.count(1, "offset")?, call.count(2, "length")?);
            offset
                .checked_add(length)
                .and_then(|end| bytes.get(offset..end))
        }
    };
    let part = part.ok_or_else(|| crate::collections::out_of_range("offset"))?;
    call.room(part.len().saturating_mul(2))?;
    call.element_work(part.len())?;
    let text: String = part
        .iter()
        .map(|byte| match lower {
            true => format!("{byte:02x}"),
            false => format!("{byte:02X}"),
        })
        .collect();
    call.new_text(text)
}
