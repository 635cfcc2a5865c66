// `posthorn start`: the server for production, which says little and logs JSON.
import { join } from "node:path";
import { defineCommand, flag, text } from "./command.ts";
import { API_KEY_FILE } from "./connection.ts";
import { serve, serveOptions } from "./serve.ts";

export const start = defineCommand({
  name: "start",
  summary: "Start the server for production.",
  description:
    "Every setting is an environment variable; docs/configuration.md lists them. The log goes to stderr, one JSON object a line.\n" +
    "SIGTERM and Ctrl-C stop it gracefully within POSTHORN_SHUTDOWN_GRACE_MS; a second one stops it at once.",
  options: {
    ...serveOptions,
    roles: text("roles", "What this node does of ingest, api and worker, by commas; the same as POSTHORN_ROLES."),
    json: flag("print one JSON object with the URL on stdout when the server is ready"),
  },
  examples: [
    ["posthorn start", "listen on 127.0.0.1:4400 with data in ./posthorn-data"],
    [
      "POSTHORN_HOST=0.0.0.0 POSTHORN_API_KEY_FILE=/run/secrets/api-key posthorn start",
      "reachable from other machines, with a key of your own",
    ],
  ],
  async run(context, { options: { host, port, dataDir, roles, json } }) {
    return serve(context, {
      mode: "start",
      load: { flags: { host, port, dataDir, roles } },
      async ready(app, settings, log) {
        log.info({ url: app.url, dataDir: settings.dataDir }, "Posthorn is ready.");
        if (app.apiKeyIsNew) log.info(`A first API key was generated; it is in ${join(settings.dataDir, API_KEY_FILE)}.`);
        if (json) context.terminal.out(`${JSON.stringify({ url: app.url })}\n`);
      },
    });
  },
});
