// Starts `tollgate lsp` and shows what `tollgate explain` says of lints.
"use strict";

const { execFile } = require("node:child_process");
const { commands, window, workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

/** @type {LanguageClient | undefined} */
let client;

function program() {
  return workspace.getConfiguration("tollgate").get("path", "tollgate");
}

function newClient() {
  const more = workspace.getConfiguration("tollgate").get("arguments", []);
  const server = { command: program(), args: ["lsp", ...more] };
  const languages = ["apim-policy", "xml"];
  const schemes = ["file", "untitled"];
  const documentSelector = languages.flatMap((language) =>
    schemes.map((scheme) => ({ scheme, language })),
  );
  return new LanguageClient("tollgate", "Tollgate", server, { documentSelector });
}

async function start() {
  client = newClient();
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    window.showErrorMessage(
      `\`${program()} lsp\` does not start: ${error.message}. Install the program (cargo install --path crates/tollgate-cli) or set tollgate.path.`,
    );
  }
}

async function stop() {
  const running = client;
  client = undefined;
  await running?.stop();
}

/** What `tollgate explain` says of the lint that a `tollgate-explain:/NAME.md` names. */
function explain(uri) {
  const name = /^\/([a-z-]+)\.md$/.exec(uri.path)?.[1];
  if (!name) {
    return `There is no lint at ${uri.path}.`;
  }
  return new Promise((resolve) => {
    execFile(program(), ["explain", name], { timeout: 10_000 }, (error, stdout, stderr) => {
      resolve(error ? `${stderr || error.message}` : stdout);
    });
  });
}

async function activate(context) {
  context.subscriptions.push(
    workspace.registerTextDocumentContentProvider("tollgate-explain", {
      provideTextDocumentContent: explain,
    }),
    commands.registerCommand("tollgate.restart", async () => {
      await stop();
      await start();
    }),
    workspace.onDidChangeConfiguration(async (change) => {
      if (["tollgate.path", "tollgate.arguments"].some((name) => change.affectsConfiguration(name))) {
        await stop();
        await start();
      }
    }),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
