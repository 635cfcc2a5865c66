// How the URL of the forward proxy is read.
import { expect, test } from "vitest";
import { parseForwardProxy } from "./proxy.ts";

const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString("base64")}`;

test.each([
  ["http://proxy.example:3128", { host: "proxy.example", port: 3128, secure: false, authorization: null }],
  ["https://proxy.example", { host: "proxy.example", port: 443, secure: true, authorization: null }],
  ["http://10.0.0.1/", { host: "10.0.0.1", port: 80, secure: false, authorization: null }],
  ["http://[::1]:8080", { host: "::1", port: 8080, secure: false, authorization: null }],
  ["http://user:p%40ss@proxy", { host: "proxy", port: 80, secure: false, authorization: basic("user:p@ss") }],
  ["http://user@proxy", { host: "proxy", port: 80, secure: false, authorization: basic("user:") }],
  ["http://j%C3%B6rg:x@proxy", { host: "proxy", port: 80, secure: false, authorization: basic("j\u00f6rg:x") }],
])("%s", (text, expected) => expect(parseForwardProxy(text)).toEqual(expected));

test.each([
  "",
  "proxy:3128",
  "socks5://proxy:1080",
  "ftp://proxy",
  "http://",
  "http://proxy:0",
  "http://proxy:70000",
  "http://proxy/path",
  "http://proxy/?a",
  "http://proxy/#a",
  "http://%ff@proxy",
])("%j is none", (text) => expect(parseForwardProxy(text)).toBeNull());
