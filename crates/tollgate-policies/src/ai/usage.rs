//! What a model says that it has used, and what it says.

use serde_json::Value;

/// Tokens, as a response reports them; what it does not tell is not there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) prompt: Option<u64>,
    pub(crate) completion: Option<u64>,
    pub(crate) total: Option<u64>,
}

impl Usage {
    /// What a response, or one event of a stream, reports; `None` if nothing.
    ///
    /// `usage` is OpenAI's and Anthropic's, `response.usage` that of events of the Responses API, `message.usage` that of
    /// Anthropic's events, `usageMetadata` Vertex AI's.
    pub(crate) fn of(body: &Value) -> Option<Self> {
        let nested = |outer: &str| body.get(outer).and_then(|inner| inner.get("usage"));
        let found = (body.get("usage"))
            .or_else(|| nested("response"))
            .or_else(|| nested("message"))
            .or_else(|| body.get("usageMetadata"))?;
        let number = |names: &[&str]| {
            let mut found = names.iter().filter_map(|name| found.get(name)?.as_u64());
            found.next()
        };
        let completion = number(&["completion_tokens", "output_tokens", "candidatesTokenCount"]);
        let thoughts = number(&["thoughtsTokenCount"]);
        let usage = Self {
            prompt: number(&["prompt_tokens", "input_tokens", "promptTokenCount"]),
            completion: match (completion, thoughts) {
                (completion, None) => completion,
                (completion, Some(thoughts)) => {
                    Some(completion.unwrap_or(0).saturating_add(thoughts))
                }
            },
            total: number(&["total_tokens", "totalTokenCount"]),
        };
        (usage != Self::default()).then_some(usage)
    }

    /// Both, of which the later counts: events of a stream report what was used so far.
    pub(crate) fn then(self, later: Self) -> Self {
        Self {
            prompt: later.prompt.or(self.prompt),
            completion: later.completion.or(self.completion),
            total: later.total.or(self.total),
        }
    }
}

/// What a model says in a response, or in one event of a stream: text, arguments of tools, what it thinks aloud.
pub(crate) fn said(body: &Value, said: &mut String) {
    // The whole response in an event repeats what the others said.
    let kind = body.get("type").and_then(Value::as_str).unwrap_or_default();
    if kind.starts_with("response.") && !kind.ends_with(".delta") {
        return;
    }
    for key in ["choices", "output", "content", "delta", "candidates"] {
        if let Some(value) = body.get(key) {
            gather(value, said);
        }
    }
}

fn gather(value: &Value, said: &mut String) {
    match value {
        Value::String(text) => said.push_str(text),
        Value::Array(values) => values.iter().for_each(|value| gather(value, said)),
        Value::Object(part) => {
            for key in [
                "message",
                "delta",
                "content",
                "parts",
                "text",
                "refusal",
                "reasoning_content",
                "tool_calls",
                "function_call",
                "function",
                "name",
                "arguments",
                "partial_json",
                "thinking",
                "input",
                "functionCall",
                "args",
            ] {
                if let Some(value) = part.get(key) {
                    gather(value, said);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn every_api_s_usage_is_read() {
        for (body, expected) in [
            (
                r#"{"usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12}}"#,
                Some((Some(7), Some(5), Some(12))),
            ),
            (
                r#"{"usage":{"prompt_tokens":7,"total_tokens":7}}"#,
                Some((Some(7), None, Some(7))),
            ),
            (
                r#"{"type":"response.completed","response":{"usage":{"input_tokens":7,"output_tokens":5}}}"#,
                Some((Some(7), Some(5), None)),
            ),
            (
                r#"{"type":"message_start","message":{"usage":{"input_tokens":7,"output_tokens":1}}}"#,
                Some((Some(7), Some(1), None)),
            ),
            (
                r#"{"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":5,"thoughtsTokenCount":3,"totalTokenCount":15}}"#,
                Some((Some(7), Some(8), Some(15))),
            ),
            (r#"{"usage":null}"#, None),
            (
                r#"{"usage":{"prompt_tokens":-7,"completion_tokens":"5"}}"#,
                None,
            ),
            (r#"{"choices":[]}"#, None),
            ("[]", None),
        ] {
            let usage = Usage::of(&serde_json::from_str(body).unwrap());
            let usage = usage.map(|usage| (usage.prompt, usage.completion, usage.total));
            assert_eq!(usage, expected, "{body}");
        }
    }

    #[test]
    fn every_api_s_text_is_read() {
        for (body, expected) in [
            (
                r#"{"choices":[{"message":{"role":"assistant","content":"Hi"}}]}"#,
                "Hi",
            ),
            (r#"{"choices":[{"text":"a"},{"text":"b"}]}"#, "ab"),
            (r#"{"choices":[{"delta":{"content":"H"}}]}"#, "H"),
            (
                r#"{"choices":[{"delta":{"tool_calls":[{"id":"1","function":{"name":"f","arguments":"{}"}}]}}]}"#,
                "f{}",
            ),
            (r#"{"type":"response.output_text.delta","delta":"H"}"#, "H"),
            (r#"{"type":"response.output_text.done","text":"Hi"}"#, ""),
            (
                r#"{"type":"response.completed","response":{"output":[{"content":[{"text":"Hi"}]}]}}"#,
                "",
            ),
            (
                r#"{"output":[{"type":"message","content":[{"type":"output_text","text":"Hi"}]}]}"#,
                "Hi",
            ),
            (
                r#"{"type":"message","content":[{"type":"text","text":"Hi"}]}"#,
                "Hi",
            ),
            (
                r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"H"}}"#,
                "H",
            ),
            (
                r#"{"candidates":[{"content":{"parts":[{"text":"H"}]}}]}"#,
                "H",
            ),
            (r#"{"error":{"message":"no"}}"#, ""),
        ] {
            let mut text = String::new();
            said(&serde_json::from_str(body).unwrap(), &mut text);
            assert_eq!(text, expected, "{body}");
        }
    }
}
