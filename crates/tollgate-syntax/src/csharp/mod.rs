//! The C# that policy expressions are written in: tokens, lexer, syntax tree, parser.
