// The settings table: defaults, files, all errors at once, redaction, and what looks like a mistake.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadClientSettings, loadSettings, redactedSettings, settingDocs, SettingsError } from "../../src/config.ts";

const HEX_KEY = "ab".repeat(32);

function problems(environment: Record<string, string>): string[] {
  try {
    loadSettings(environment);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

function fileWith(content: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "posthorn-settings-")), "value");
  writeFileSync(path, content);
  return path;
}

describe("loadSettings", () => {
  test("needs nothing", () => {
    const { settings, warnings } = loadSettings({});
    expect(settings).toMatchObject({
      host: "127.0.0.1",
      port: 4400,
      dataDir: "./posthorn-data",
      apiKey: null,
      retentionBytesMax: 10 * 1024 ** 3,
      outboundAllow: [],
      outboundPlainHttp: false,
    });
    expect(warnings).toEqual([]);
  });

  test("every default passes its own parser", () => {
    const defaults = Object.fromEntries(
      settingDocs("server").flatMap((doc) => (doc.default === null || doc.default === "" ? [] : [[doc.env, doc.default]])),
    );
    expect(loadSettings(defaults).settings).toEqual(loadSettings({}).settings);
  });

  test("reads values of every kind", () => {
    const { settings } = loadSettings({
      POSTHORN_PORT: "0",
      POSTHORN_INGEST_BODY_BYTES_MAX: "2MiB",
      POSTHORN_TRUSTED_PROXIES: "10.0.0.0/8, ::1",
      POSTHORN_OUTBOUND_ALLOW: "loopback,payments.internal:8080,192.168.0.0/16",
      POSTHORN_OUTBOUND_PLAIN_HTTP: "yes",
      POSTHORN_SECRET_KEY: HEX_KEY,
      POSTHORN_PUBLIC_URL: "https://hooks.example.com/",
    });
    expect(settings.port).toBe(0);
    expect(settings.ingestBodyBytesMax).toBe(2 * 1024 ** 2);
    expect(settings.trustedProxies).toEqual(["10.0.0.0/8", "::1"]);
    expect(settings.outboundAllow).toEqual(["loopback", "payments.internal:8080", "192.168.0.0/16"]);
    expect(settings.outboundPlainHttp).toBe(true);
    expect(settings.secretKey).toEqual(new Uint8Array(32).fill(0xab));
    expect(settings.publicUrl).toBe("https://hooks.example.com");
  });

  test("takes the key as base64 too", () => {
    const text = Buffer.alloc(32, 7).toString("base64");
    expect(loadSettings({ POSTHORN_SECRET_KEY: text }).settings.secretKey).toEqual(new Uint8Array(32).fill(7));
  });

  test.each([
    ["POSTHORN_PORT", "4400x"],
    ["POSTHORN_PORT", "65536"],
    ["POSTHORN_PORT", "0x10"],
    ["POSTHORN_PORT", "1e3"],
    ["POSTHORN_HOST", "not a host"],
    ["POSTHORN_INGEST_BODY_BYTES_MAX", "26MiB"],
    ["POSTHORN_TRUSTED_PROXIES", "10.0.0.0/33"],
    ["POSTHORN_TRUSTED_PROXIES", "proxy.internal"],
    ["POSTHORN_OUTBOUND_ALLOW", "10.0.0.256"],
    ["POSTHORN_OUTBOUND_PROXY", "socks5://proxy:1080"],
    ["POSTHORN_OUTBOUND_PROXY", "http://user:hunter2@proxy/path"],
    ["POSTHORN_OUTBOUND_PLAIN_HTTP", "maybe"],
    ["POSTHORN_LOG_LEVEL", "loud"],
    ["POSTHORN_SECRET_KEY", "c2hvcnQ="],
    ["POSTHORN_SECRET_KEY", `${HEX_KEY}zz`],
    ["POSTHORN_PUBLIC_URL", "ftp://example.com"],
    ["POSTHORN_PUBLIC_URL", "https://user:pass@example.com"],
    ["POSTHORN_API_KEY", "short"],
    ["POSTHORN_API_KEY", "sixteen characters with spaces"],
    ["POSTHORN_DATABASE_URL", "mysql://localhost/posthorn"],
    ["POSTHORN_DATABASE_READ_URL", "localhost:5432"],
    ["POSTHORN_DATABASE_POOL_MAX", "1"],
    ["POSTHORN_ROLES", "ingest,cook"],
    ["POSTHORN_ROLES", ","],
    ["POSTHORN_NODE_NAME", "two words"],
  ])("refuses %s=%s with a sentence that names it", (env, value) => {
    const found = problems({ [env]: value });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(new RegExp(`^${env} .*\\.$`));
  });

  test("reports all bad settings at once", () => {
    expect(problems({ POSTHORN_PORT: "x", POSTHORN_RETENTION_DAYS: "-1", POSTHORN_LOG_LEVEL: "loud" })).toHaveLength(3);
  });

  test("roles are read in any order and case, each once", () => {
    expect(loadSettings({ POSTHORN_ROLES: "Worker, api,worker" }).settings.roles).toEqual(["api", "worker"]);
    expect(loadSettings({}).settings.roles).toEqual(["ingest", "api", "worker"]);
  });

  test("never shows the password of a database's URL", () => {
    const url = "postgres://user:hunter2@localhost/posthorn";
    expect(problems({ POSTHORN_DATABASE_URL: url.replace("postgres", "oracle") }).join()).not.toContain("hunter2");
    const { settings } = loadSettings({ POSTHORN_DATABASE_URL: url });
    expect(settings.databaseUrl).toBe(url);
    expect(JSON.stringify(redactedSettings(settings))).not.toContain("hunter2");
  });

  test("a bad secret stays out of the sentence about it", () => {
    expect(problems({ POSTHORN_API_KEY: "hunter2" }).join()).not.toContain("hunter2");
    expect(problems({ POSTHORN_OUTBOUND_PROXY: "http://user:hunter2@proxy/path" }).join()).not.toContain("hunter2");
  });

  test("an empty variable is unset", () => {
    expect(loadSettings({ POSTHORN_PORT: "", POSTHORN_API_KEY: "" }).settings).toMatchObject({ port: 4400, apiKey: null });
  });

  test("flags win over the environment, and errors name the flag", () => {
    expect(loadSettings({ POSTHORN_PORT: "1" }, { flags: { port: "2" } }).settings.port).toBe(2);
    expect(() => loadSettings({}, { flags: { port: "x" } })).toThrow(/--port must be a whole number/);
  });

  test("a caller's defaults give way to what is set", () => {
    expect(loadSettings({}, { defaults: { logLevel: "warn" } }).settings.logLevel).toBe("warn");
    expect(loadSettings({ POSTHORN_LOG_LEVEL: "debug" }, { defaults: { logLevel: "warn" } }).settings.logLevel).toBe("debug");
  });
});

describe("secrets from files", () => {
  test("are read without the line break at their end", () => {
    expect(loadSettings({ POSTHORN_API_KEY_FILE: fileWith("a-key-of-sixteen-c\n") }).settings.apiKey).toBe("a-key-of-sixteen-c");
  });

  test("are refused when the file is not there or empty, or both forms are set", () => {
    expect(problems({ POSTHORN_API_KEY_FILE: "/nowhere/key" })[0]).toContain("cannot be read (ENOENT)");
    expect(problems({ POSTHORN_API_KEY_FILE: fileWith("\n") })[0]).toContain("is empty");
    expect(problems({ POSTHORN_API_KEY: "a".repeat(20), POSTHORN_API_KEY_FILE: fileWith("x") })[0]).toContain("both set");
  });

  test("exist for secrets only", () => {
    expect(loadSettings({ POSTHORN_PORT_FILE: fileWith("1") })).toMatchObject({
      settings: { port: 4400 },
      warnings: [expect.stringContaining("POSTHORN_PORT_FILE")],
    });
  });
});

describe("around the table", () => {
  test("a mistyped name is warned about, with the name that was meant", () => {
    expect(loadSettings({ POSTHORN_PROT: "1" }).warnings).toEqual([
      "POSTHORN_PROT is no setting of Posthorn and does nothing. Did you mean POSTHORN_PORT?",
    ]);
    expect(loadSettings({ POSTHORN_URL: "http://127.0.0.1:1", POSTHORN_VERIFY_SECRET_FILE: "x" }).warnings).toEqual([]);
  });

  test("the redacted view shows no secret", () => {
    const { settings } = loadSettings({ POSTHORN_API_KEY: "a-key-of-sixteen-c", POSTHORN_SECRET_KEY: HEX_KEY });
    const view = redactedSettings(settings);
    expect(view).toMatchObject({ POSTHORN_API_KEY: "[redacted]", POSTHORN_SECRET_KEY: "[redacted]", POSTHORN_PORT: "4400" });
    expect(JSON.stringify(view)).not.toMatch(/a-key-of|171/);
  });

  test("a client command does not stumble over a setting of the server", () => {
    expect(loadClientSettings({ POSTHORN_PORT: "x", POSTHORN_URL: "http://127.0.0.1:4400/" }).url).toBe("http://127.0.0.1:4400");
  });

  test("names are unique and say their unit last", () => {
    const names = [...settingDocs("server"), ...settingDocs("client")].map((doc) => doc.env);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names.filter((each) => each.includes("BYTES"))) expect(name).toMatch(/_BYTES_MAX$/);
  });
});
