//! What a request to a language model says, whichever of their APIs it is for.
//!
//! The APIs are told apart by what stands in the body: `messages` (OpenAI chat, Anthropic), `prompt` (completions), `input`
//! (Responses, embeddings), `contents` (Vertex AI).

use serde_json::Value;
use tollgate_engine::ports::Tokenizer;

/// What is asked of a model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Prompt {
    /// What was said so far, in order; instructions and the like as messages of `system`.
    pub(crate) messages: Vec<Message>,
    /// Descriptions of tools and of the answer's form, which the model reads too.
    pub(crate) tools: String,
    /// Which model is asked, if the body says so.
    pub(crate) model: String,
    /// Numbers in the place of text: tokens as they are.
    ids: u64,
    images: u64,
    /// Whether the answer is to come piece by piece.
    pub(crate) streams: bool,
}

/// One thing that was said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) role: String,
    pub(crate) text: String,
}

/// What an image counts as, at most. Source: llm-token-limit-policy.md.
const IMAGE: u64 = 1200;
/// What frames a message, and the answer, beside what is said.
const FRAME: u64 = 3;
/// So much text is counted at a time.
const PIECE: usize = 64 << 10;

impl Prompt {
    /// Reads it out of a body. One that is no JSON is taken as what is said, whole.
    pub(crate) fn read(body: &[u8], path: &str) -> Self {
        let mut prompt = Self::default();
        match serde_json::from_slice::<Value>(body) {
            Ok(Value::Object(body)) => {
                for (role, key) in [
                    ("system", "system"),
                    ("system", "instructions"),
                    ("system", "systemInstruction"),
                    ("system", "system_instruction"),
                    ("user", "prompt"),
                    ("user", "suffix"),
                    ("user", "input"),
                    ("user", "messages"),
                    ("user", "contents"),
                ] {
                    if let Some(value) = body.get(key) {
                        prompt.add(role, value);
                    }
                }
                for key in ["tools", "functions", "response_format"] {
                    if let Some(value) = body.get(key) {
                        prompt.tools.push_str(&value.to_string());
                    }
                }
                let model = body.get("model").and_then(Value::as_str);
                model.unwrap_or_default().clone_into(&mut prompt.model);
                prompt.streams = body.get("stream") == Some(&Value::Bool(true))
                    || path.ends_with(":streamGenerateContent");
            }
            _ => prompt.say("user", &String::from_utf8_lossy(body)),
        }
        prompt
    }

    /// Takes up a text, a message, or a list of either.
    fn add(&mut self, role: &str, value: &Value) {
        match value {
            Value::String(text) => self.say(role, text),
            Value::Array(values) => values.iter().for_each(|value| self.add(role, value)),
            Value::Number(_) => self.ids += 1,
            Value::Object(message) => {
                let role = message.get("role").and_then(Value::as_str).unwrap_or(role);
                let mut text = String::new();
                self.gather(value, &mut text);
                self.say(role, &text);
            }
            _ => {}
        }
    }

    fn say(&mut self, role: &str, text: &str) {
        self.messages.push(Message {
            role: role.to_owned(),
            text: text.to_owned(),
        });
    }

    /// All that is said in a message: its text, and calls of tools with what they gave. An image is only counted.
    fn gather(&mut self, value: &Value, text: &mut String) {
        match value {
            Value::String(said) => {
                if !text.is_empty() {
                    text.push('\n');
                }
                text.push_str(said);
            }
            Value::Array(values) => {
                let values = values.iter();
                values.for_each(|value| self.gather(value, text));
            }
            Value::Object(part) => {
                let kind = part.get("type").and_then(Value::as_str).unwrap_or_default();
                let is_image = matches!(kind, "image_url" | "input_image" | "image")
                    || part.contains_key("inlineData")
                    || part.contains_key("fileData");
                if is_image {
                    self.images += 1;
                    return;
                }
                let said = part.iter().filter(|(key, _)| {
                    !matches!(
                        &***key,
                        "role" | "type" | "id" | "call_id" | "tool_call_id" | "status"
                    )
                });
                said.for_each(|(_, value)| self.gather(value, text));
            }
            _ => {}
        }
    }

    /// All that is said.
    pub(crate) fn text(&self) -> String {
        let texts = self.messages.iter().map(|message| &*message.text);
        texts.collect::<Vec<_>>().join("\n")
    }

    /// About how many tokens the model will read. Others get to run while a long prompt is counted.
    pub(crate) async fn tokens(&self, tokenizer: &dyn Tokenizer) -> u64 {
        let framed = u64::try_from(self.messages.len()).unwrap_or(u64::MAX);
        let mut count = (self.images.saturating_mul(IMAGE))
            .saturating_add(self.ids)
            .saturating_add(framed.saturating_mul(FRAME))
            .saturating_add(FRAME);
        let texts = self.messages.iter().map(|message| &*message.text);
        for text in texts.chain([&*self.tools]) {
            for piece in pieces(text) {
                count = count.saturating_add(tokenizer.count(piece));
                if piece.len() > PIECE / 2 {
                    yield_now().await;
                }
            }
        }
        count
    }
}

/// A text in parts of at most [`PIECE`] bytes or a little more.
fn pieces(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        if text.is_empty() {
            return None;
        }
        let end = (PIECE..text.len()).find(|end| text.is_char_boundary(*end));
        let (piece, rest) = text.split_at(end.unwrap_or(text.len()));
        text = rest;
        Some(piece)
    })
}

/// Lets others run.
fn yield_now() -> impl Future<Output = ()> {
    let mut yielded = false;
    std::future::poll_fn(move |context| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tollgate_engine::ports::RoughTokenizer;

    use super::*;

    fn read(body: &str) -> (Vec<String>, u64, bool) {
        let prompt = Prompt::read(body.as_bytes(), "/");
        let messages = prompt.messages.iter();
        let messages = messages.map(|message| format!("{}: {}", message.role, message.text));
        (messages.collect(), prompt.images, prompt.streams)
    }

    #[test]
    fn every_api_s_prompt_is_read() {
        for (body, messages, images, streams) in [
            (
                r#"{"messages":[{"role":"system","content":"Be kind."},{"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image_url","image_url":{"url":"data:xyz"}}]}],"stream":true}"#,
                &["system: Be kind.", "user: What is this?"][..],
                1,
                true,
            ),
            (
                r#"{"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"1","content":"42"}]}"#,
                &["assistant: f\n{}", "tool: 42"],
                0,
                false,
            ),
            (r#"{"prompt":"Once"}"#, &["user: Once"], 0, false),
            (r#"{"prompt":["a","b"]}"#, &["user: a", "user: b"], 0, false),
            (
                r#"{"instructions":"Be brief.","input":[{"role":"user","content":[{"type":"input_text","text":"Hi"},{"type":"input_image","image_url":"data:"}]}]}"#,
                &["system: Be brief.", "user: Hi"],
                1,
                false,
            ),
            (r#"{"input":"Hi","stream":"true"}"#, &["user: Hi"], 0, false),
            (
                r#"{"system":[{"type":"text","text":"S"}],"messages":[{"role":"user","content":[{"type":"image","source":{}},{"type":"tool_result","content":"r"}]}]}"#,
                &["system: S", "user: r"],
                1,
                false,
            ),
            (
                r#"{"systemInstruction":{"parts":[{"text":"S"}]},"contents":[{"role":"user","parts":[{"text":"a"},{"inlineData":{"data":"xyz"}}]}]}"#,
                &["system: S", "user: a"],
                1,
                false,
            ),
            ("no JSON", &["user: no JSON"], 0, false),
            ("[1]", &["user: [1]"], 0, false),
            (r#"{"messages":7}"#, &[], 0, false),
        ] {
            let messages: Vec<String> = messages.iter().map(|text| (*text).to_owned()).collect();
            assert_eq!(read(body), (messages, images, streams), "{body}");
        }
        let path = "/v1/models/gemini:streamGenerateContent";
        assert!(Prompt::read(b"{}", path).streams);
    }

    #[tokio::test]
    async fn tokens_are_those_of_texts_tools_images_and_frames() {
        let long = format!(r#"{{"prompt":"{}"}}"#, "\u{4f60}".repeat(100_000));
        for (body, count) in [
            (r#"{"prompt":"12345678"}"#, 2 + 3 + 3),
            (r#"{"input":[{"type":"image"}]}"#, 1200 + 3 + 3),
            (r#"{"tools":[1234567890]}"#, 3 + 3),
            (r#"{"input":[[1,2],[3]]}"#, 3 + 3),
            (&long, 100_000 + 3 + 3),
        ] {
            let prompt = Prompt::read(body.as_bytes(), "/");
            assert_eq!(prompt.tokens(&RoughTokenizer).await, count);
        }
    }

    #[test]
    fn a_long_text_is_taken_apart_between_letters() {
        let text = "\u{4f60}".repeat(50_000);
        let parts: Vec<&str> = pieces(&text).collect();
        assert_eq!(parts.concat(), text);
        assert!(parts.iter().all(|part| part.len() <= PIECE + 3));
        assert!(yield_now().now_or_never().is_none());
    }
}
