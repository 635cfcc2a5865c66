// The resolver against a small name server of our own: records of both families, chains, and its refusals.
import { createSocket, type Socket } from "node:dgram";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseAddress } from "../../src/outbound/address.ts";
import { createDnsResolver, type Resolver } from "../../src/outbound/resolve.ts";
import { startRawReceiver } from "../kit/receiver.ts";
import { openTransport, outcome } from "./transport-under-test.ts";

interface Zone {
  a?: string[];
  aaaa?: string[];
  cname?: string;
  /** 2 is SERVFAIL, 3 is NXDOMAIN. */
  rcode?: number;
}

const TYPE = { a: 1, cname: 5, aaaa: 28 } as const;
const ZONES: Record<string, Zone> = {
  "both.example.com": { a: ["192.0.2.1", "192.0.2.2"], aaaa: ["2001:db8::1"] },
  "four.example.com": { a: ["192.0.2.1"] },
  "six.example.com": { aaaa: ["2001:db8::1"] },
  "broken.example.com": { rcode: 2 },
  "chain.example.com": { cname: "alias.example.com" },
  "alias.example.com": { cname: "db.internal" },
  "db.internal": { a: ["10.1.2.3"] },
  "inside.example.com": { a: ["127.0.0.1"] },
  "many.example.com": { a: Array.from({ length: 25 }, (_, i) => `127.0.1.${i + 1}`) },
};

let server: Socket;
let resolver: Resolver;

function encodeName(name: string): Buffer {
  return Buffer.concat([...name.split(".").map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])), Buffer.of(0)]);
}

function record(name: string, type: number, data: Uint8Array): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([encodeName(name), fixed, data]);
}

function answersFor(name: string, type: number): Buffer[] {
  const zone = ZONES[name];
  if (zone?.cname !== undefined) return [record(name, TYPE.cname, encodeName(zone.cname)), ...answersFor(zone.cname, type)];
  const addresses = (type === TYPE.a ? zone?.a : zone?.aaaa) ?? [];
  return addresses.map((address) => record(name, type, parseAddress(address) ?? new Uint8Array()));
}

function reply(query: Buffer): Buffer {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const name = labels.join(".").toLowerCase();
  const answers = answersFor(name, query.readUInt16BE(at + 1));
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8180 | (ZONES[name] === undefined ? 3 : (ZONES[name]?.rcode ?? 0)), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(answers.length, 6);
  return Buffer.concat([head, query.subarray(12, at + 5), ...answers]);
}

beforeAll(async () => {
  server = createSocket("udp4");
  server.on("message", (query, peer) => server.send(reply(query), peer.port, peer.address));
  await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
  resolver = createDnsResolver({ servers: [`127.0.0.1:${server.address().port}`] });
});
afterAll(() => void server.close());

test.each([
  ["both.example.com", ["192.0.2.1", "192.0.2.2", "2001:db8::1"]],
  ["four.example.com", ["192.0.2.1"]],
  ["six.example.com", ["2001:db8::1"]],
  ["chain.example.com", ["10.1.2.3"]],
])("%s gives every record of both families", async (name, expected) => {
  expect((await resolver(name)).toSorted()).toEqual(expected.toSorted());
});

test.each([["missing.example.com"], ["broken.example.com"]])("%s is dns_error", async (name) => {
  const { post, transport } = openTransport({ resolver });
  expect(outcome(await post(`http://${name}/`))).toBe("dns_error");
  await transport.close();
});

test.each([["inside.example.com"], ["chain.example.com"], ["many.example.com"]])("%s leads inside and is blocked", async (name) => {
  const canary = await startRawReceiver();
  const { post, transport } = openTransport({ resolver });
  expect(outcome(await post(`http://${name}:${canary.port}/`))).toBe("blocked_address");
  expect(canary.connections).toBe(0);
  await transport.close();
  await canary.close();
});
