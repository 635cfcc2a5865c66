// `posthorn dev`: the same server, friendly: loopback receivers allowed, a curl that works, and the flow live on the terminal.
import { join } from "node:path";
import { type Context, defineCommand, flag, type RunningApp } from "./command.ts";
import { API_KEY_FILE } from "./connection.ts";
import { serve, serveOptions } from "./serve.ts";
import { followTail } from "./tail.ts";
import { renderPairs, type Cell } from "./table.ts";

export const dev = defineCommand({
  name: "dev",
  summary: "Start the server for trying things out on this machine.",
  description:
    "Deliveries may go to this machine and over plain http. A source named dev is kept ready, and what happens is shown as it happens.\n" +
    "Everything else is as with start, settings included; data is kept in ./posthorn-data.",
  options: {
    ...serveOptions,
    quiet: flag("do not show events as they happen"),
    json: flag("JSON lines: first the URL, key and ingest URL, then what happens"),
  },
  examples: [
    ["posthorn dev", "start, and follow the printed curl"],
    ["posthorn dev --port 4500 --data-dir /tmp/hooks", "another port and a place of its own"],
    ["posthorn dev --json | jq .", "for programs"],
  ],
  async run(context, { options: { host, port, dataDir, quiet, json } }) {
    const { terminal } = context;
    return serve(context, {
      mode: "dev",
      load: {
        flags: { host, port, dataDir },
        defaults: { logLevel: "warn", logFormat: terminal.errIsTerminal ? "pretty" : "json", outboundPlainHttp: true },
      },
      adjust: (settings) => ({ ...settings, outboundAllow: [...new Set([...settings.outboundAllow, "loopback"])] }),
      async ready(app, settings, _log, signal) {
        const key = app.apiKey ?? settings.apiKey;
        terminal.out(
          json
            ? `${JSON.stringify({ kind: "ready", url: app.url, apiKey: app.apiKey, ingestUrl: app.devSource?.url ?? null })}\n`
            : welcome(context, app, settings.dataDir),
        );
        if (!quiet && key !== null) await followTail(context, { url: app.url, apiKey: key }, { json, query: {}, signal });
      },
    });
  },
});

function welcome({ terminal }: Context, app: RunningApp, dataDir: string): string {
  const { bold, dim } = terminal.outStyle;
  const keyFile = join(dataDir, API_KEY_FILE);
  // A preset key is its owner's business: it is not printed, and the commands below take it from where it was set.
  const keyText: Cell = app.apiKey === null ? { text: "as set in POSTHORN_API_KEY" } : { text: app.apiKey };
  const keyInShell = app.apiKey === null ? "$POSTHORN_API_KEY" : `$(cat ${shellQuoted(keyFile)})`;
  const pairs = renderPairs(terminal, [
    ["URL", app.url],
    ["API key", keyText],
    ["Ingest URL", app.devSource?.url],
  ]);
  const lines = [bold("Posthorn is running."), "", indent(pairs), ""];
  if (app.apiKeyIsNew) lines.push(dim(`The API key is new; it is kept in ${keyFile}.`), "");
  if (app.devSource !== null) lines.push("Send it a webhook:", "", indent(ingestCurl(app.devSource.url)), "");
  lines.push("Next: have events delivered to your program, here on port 3000.", "");
  lines.push(
    indent(apiCurl(app.url, keyInShell, "/v1/destinations", { name: "my program", type: "http", url: "http://127.0.0.1:3000/webhooks" })),
  );
  lines.push(indent(apiCurl(app.url, keyInShell, "/v1/subscriptions", { destinationId: "dst_..." })), "");
  lines.push(dim('dst_... is the "id" of the first answer. Ctrl-C stops the server; "posthorn --help" shows every command.'), "");
  return `${lines.join("\n")}\n`;
}

function ingestCurl(url: string): string {
  return `curl -X POST ${shellQuoted(url)} -H 'content-type: application/json' -d '{"type":"hello","message":"from curl"}'`;
}

function apiCurl(url: string, keyInShell: string, path: string, body: Record<string, string>): string {
  return `curl -X POST ${shellQuoted(`${url}${path}`)} -H "authorization: Bearer ${keyInShell}" -H 'content-type: application/json' -d ${shellQuoted(JSON.stringify(body))}`;
}

/** Text as one word of a POSIX shell. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, "  ");
}
