//! The one file with `unsafe`: calls of `shim.c`.
#![allow(unsafe_code, reason = "the libraries are C")]

use std::ffi::{CString, c_char, c_int, c_long, c_ulong, c_void};
use std::ptr::{self, NonNull};
use std::sync::Once;

use crate::schema::{Form, Problem, SchemaDocument};
use crate::stylesheet::Pair;
use crate::{Error, Limits};

/// As in `shim.c`.
const TEXT: usize = 4096;
const MESSAGE: usize = 1024;
const PROBLEMS: usize = 20;

#[repr(C)]
struct RawLimits {
    memory: usize,
    steps: c_ulong,
    depth: c_int,
    milliseconds: c_long,
    output: usize,
}

#[repr(C)]
struct Report {
    stopped: c_int,
    unread: c_int,
    line: c_int,
    column: c_int,
    length: usize,
    text: [u8; TEXT],
}

#[repr(C)]
#[derive(Clone, Copy)]
struct RawProblem {
    line: c_int,
    message: [u8; MESSAGE],
}

#[repr(C)]
struct RawDocument {
    name: *const c_char,
    text: *const c_char,
    length: usize,
}

// SAFETY: these are the functions of `shim.c`, with its types.
unsafe extern "C" {
    fn tg_init();
    fn tg_stylesheet(
        text: *const c_char,
        length: usize,
        limits: *const RawLimits,
        report: *mut Report,
    ) -> *mut c_void;
    fn tg_stylesheet_free(stylesheet: *mut c_void);
    fn tg_transform(
        stylesheet: *mut c_void,
        text: *const c_char,
        size: usize,
        parameters: *const *const c_char,
        limits: *const RawLimits,
        report: *mut Report,
        length: *mut usize,
    ) -> *mut u8;
    fn tg_free(bytes: *mut u8);
    fn tg_schema(
        documents: *const RawDocument,
        count: usize,
        limits: *const RawLimits,
        report: *mut Report,
    ) -> *mut c_void;
    fn tg_schema_free(schema: *mut c_void);
    fn tg_validate(
        schema: *mut c_void,
        xml: *const c_char,
        length: usize,
        soap: c_int,
        limits: *const RawLimits,
        report: *mut Report,
        problems: *mut RawProblem,
    ) -> c_int;
}

fn init() {
    static ONCE: Once = Once::new();
    // SAFETY: it has no preconditions, and is called once.
    ONCE.call_once(|| unsafe { tg_init() });
}

/// Texts whose lengths libxml2 counts in `int` have to be far shorter than that.
const LONGEST: usize = 1 << 30;

fn short(text: &str) -> Result<*const c_char, Error> {
    if text.len() > LONGEST {
        return Err(Error::Limit("the length of the text"));
    }
    Ok(text.as_ptr().cast())
}

impl RawLimits {
    fn new(limits: Limits, output: usize) -> Self {
        Self {
            memory: limits.memory,
            steps: limits.steps.into(),
            depth: limits.depth.into(),
            milliseconds: c_long::try_from(limits.time.as_millis()).unwrap_or(c_long::MAX),
            output,
        }
    }
}

impl Report {
    fn new() -> Box<Self> {
        Box::new(Self {
            stopped: 0,
            unread: 0,
            line: 0,
            column: 0,
            length: 0,
            text: [0; TEXT],
        })
    }

    fn text(&self) -> String {
        let text = self.text.get(..self.length).unwrap_or(&self.text);
        let text = String::from_utf8_lossy(text);
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.collect::<Vec<_>>().join(" ")
    }

    /// Which limit was reached.
    fn limit(&self) -> Option<Error> {
        let limit = match self.stopped {
            0 => return None,
            1 => "memory",
            2 => "steps",
            3 => "templates within templates",
            4 => "time",
            _ => "the length of the result",
        };
        Some(Error::Limit(limit))
    }

    /// What is wrong with a stylesheet or a schema.
    fn mistake(&self) -> Error {
        if let Some(limit) = self.limit() {
            return limit;
        }
        let message = self.text();
        // libxslt has the line in its message.
        let said = message.split_once(" line ").and_then(|(_, rest)| {
            let digits = rest.split(|c: char| !c.is_ascii_digit()).next();
            digits.and_then(|digits| digits.parse().ok())
        });
        let line = match usize::try_from(self.line) {
            Ok(line) if line > 0 => line,
            _ => said.unwrap_or(0),
        };
        let place = format!("compilation error: file stylesheet line {line} element ");
        let message = message.replace(&place, "in ");
        Error::Mistake { message, line }
    }
}

/// A compiled stylesheet.
#[derive(Debug)]
pub(crate) struct StylesheetHandle(NonNull<c_void>);

// SAFETY: what it points to belongs to no thread, and is used by one at a time, as only `&mut` leads to it.
unsafe impl Send for StylesheetHandle {}

impl Drop for StylesheetHandle {
    fn drop(&mut self) {
        // SAFETY: the pointer is from `tg_stylesheet`, and this is its end.
        unsafe { tg_stylesheet_free(self.0.as_ptr()) }
    }
}

impl StylesheetHandle {
    pub(crate) fn compile(text: &str, limits: Limits) -> Result<Self, Error> {
        init();
        let (start, limits) = (short(text)?, RawLimits::new(limits, 0));
        let mut report = Report::new();
        // SAFETY: `start` leads to `text.len()` bytes, and everything outlives the call.
        let stylesheet = unsafe { tg_stylesheet(start, text.len(), &limits, &mut *report) };
        NonNull::new(stylesheet)
            .map(Self)
            .ok_or_else(|| report.mistake())
    }

    pub(crate) fn transform(
        &mut self,
        document: &str,
        parameters: &[Pair],
        limits: Limits,
        most: usize,
    ) -> Result<Vec<u8>, Error> {
        let (start, limits) = (short(document)?, RawLimits::new(limits, most));
        let pairs = parameters.iter();
        let mut pointers: Vec<*const c_char> = pairs
            .flat_map(|(name, value)| [name.as_ptr(), value.as_ptr()])
            .collect();
        pointers.push(ptr::null());
        let (mut report, mut length) = (Report::new(), 0);
        // SAFETY: the stylesheet is alive and lent to this call alone; `start` leads to `document.len()` bytes, the
        // pointers to strings that end with zero, the last is null; and everything outlives the call.
        let bytes = unsafe {
            tg_transform(
                self.0.as_ptr(),
                start,
                document.len(),
                pointers.as_ptr(),
                &limits,
                &mut *report,
                &mut length,
            )
        };
        let Some(bytes) = NonNull::new(bytes) else {
            let said = report.text();
            let place = match report.line {
                1.. => format!(" (line {})", report.line),
                _ => String::new(),
            };
            return Err(match report.limit() {
                Some(limit) => limit,
                None if report.unread != 0 => Error::Input(format!("{said}{place}")),
                None => Error::Ended(said),
            });
        };
        // SAFETY: the shim gives `length` bytes that it has written, and they are freed once, here.
        unsafe {
            let copy = std::slice::from_raw_parts(bytes.as_ptr(), length).to_vec();
            tg_free(bytes.as_ptr());
            Ok(copy)
        }
    }
}

/// A compiled schema.
#[derive(Debug)]
pub(crate) struct SchemaHandle(NonNull<c_void>);

// SAFETY: as for stylesheets.
unsafe impl Send for SchemaHandle {}

impl Drop for SchemaHandle {
    fn drop(&mut self) {
        // SAFETY: the pointer is from `tg_schema`, and this is its end.
        unsafe { tg_schema_free(self.0.as_ptr()) }
    }
}

impl SchemaHandle {
    pub(crate) fn compile(documents: &[SchemaDocument], limits: Limits) -> Result<Self, Error> {
        init();
        let mut names = Vec::new();
        let mut raw = Vec::new();
        for document in documents {
            let name = CString::new(document.name.as_str()).map_err(|_| Error::Mistake {
                message: "the name of a schema has the character U+0000 in it".to_owned(),
                line: 0,
            })?;
            raw.push(RawDocument {
                name: name.as_ptr(),
                text: short(&document.text)?,
                length: document.text.len(),
            });
            names.push(name);
        }
        let (mut report, limits) = (Report::new(), RawLimits::new(limits, 0));
        // SAFETY: there are as many documents as are told, one at least; their names end with zero and, as their texts,
        // outlive the call.
        let schema = unsafe { tg_schema(raw.as_ptr(), raw.len(), &limits, &mut *report) };
        NonNull::new(schema)
            .map(Self)
            .ok_or_else(|| report.mistake())
    }

    pub(crate) fn validate(
        &mut self,
        document: &str,
        form: Form,
        limits: Limits,
    ) -> Result<Vec<Problem>, Error> {
        let (start, limits) = (short(document)?, RawLimits::new(limits, 0));
        let none = RawProblem {
            line: 0,
            message: [0; MESSAGE],
        };
        let (mut report, mut problems) = (Report::new(), vec![none; PROBLEMS]);
        // SAFETY: the schema is alive and lent to this call alone; `start` leads to `document.len()` bytes, there are
        // `PROBLEMS` places for problems, and everything outlives the call.
        let count = unsafe {
            tg_validate(
                self.0.as_ptr(),
                start,
                document.len(),
                c_int::from(form == Form::Soap),
                &limits,
                &mut *report,
                problems.as_mut_ptr(),
            )
        };
        let Ok(count) = usize::try_from(count) else {
            return Err(match (report.limit(), report.line) {
                (Some(limit), _) => limit,
                (None, 1..) => Error::Input(format!("{} (line {})", report.text(), report.line)),
                (None, _) => Error::Input(report.text()),
            });
        };
        problems.truncate(count);
        let told = problems.iter().map(|problem| {
            let message = problem.message.split(|byte| *byte == 0).next();
            Problem {
                message: String::from_utf8_lossy(message.unwrap_or_default()).into_owned(),
                line: usize::try_from(problem.line).unwrap_or(0),
            }
        });
        Ok(told.collect())
    }
}
