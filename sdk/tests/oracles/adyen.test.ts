// Adyen's own package on payment notifications, whose items each hold the signature of some of their fields.
import type { NotificationRequestItem } from "@adyen/api-library/lib/src/typings/notification/notificationRequestItem.js";
import fc from "fast-check";
import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import { accepted, describeOracle, freezeClock, ourVerdict, refused, sample, textOf, theirVerdict, type Oracle } from "./both-ways.ts";

freezeClock();

// The module of the one class: the whole package takes seconds to load, and offers this file only to require().
const { default: HmacValidator } = createRequire(import.meta.url)(
  "@adyen/api-library/lib/src/utils/hmacValidator.js",
) as typeof import("@adyen/api-library/lib/src/utils/hmacValidator.js");
const adyen = new HmacValidator();

type Item = Readonly<Record<string, unknown>>;
const typed = (item: Item): NotificationRequestItem => item as unknown as NotificationRequestItem;

interface Notification {
  readonly notificationItems: readonly { readonly NotificationRequestItem: Item }[];
}

const itemsOf = (body: string | Uint8Array): Item[] =>
  (JSON.parse(textOf(body)) as Notification).notificationItems.map((each) => each.NotificationRequestItem);
const bodyOf = (items: readonly Item[]): Buffer =>
  Buffer.from(JSON.stringify({ live: "false", notificationItems: items.map((each) => ({ NotificationRequestItem: each })) }));

const reference = fc.string({ minLength: 1, maxLength: 16, unit: "grapheme" });
const unsignedItem = fc.record({
  additionalData: fc.constant({}),
  amount: fc.record({ value: fc.integer({ min: 0, max: 10 ** 12 }), currency: fc.constantFrom("EUR", "USD", "JPY") }),
  eventCode: fc.constantFrom("AUTHORISATION", "CAPTURE", "REFUND"),
  eventDate: fc.constant("2026-09-21T10:00:00+02:00"),
  merchantAccountCode: reference,
  merchantReference: reference,
  originalReference: fc.option(reference, { nil: undefined }),
  paymentMethod: fc.constant("visa"),
  pspReference: reference,
  reason: fc.constant(""),
  success: fc.constantFrom("true", "false"),
});

const payments: Oracle = {
  name: "@adyen/api-library, payments",
  provider: "adyen",
  bodyUnsigned: true,
  secret: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((key) => Buffer.from(key).toString("hex")),
  body: fc.array(unsignedItem, { minLength: 1, maxLength: 3 }).map((items) => bodyOf(items)),
  sign: ({ secret, body }) =>
    bodyOf(itemsOf(body).map((item) => ({ ...item, additionalData: { hmacSignature: adyen.calculateHmac(typed(item), secret) } }))),
  verify: ({ secret, body }) => itemsOf(body).every((item) => adyen.validateHMAC(typed(item), secret)),
};

describeOracle(payments);

describe("adyen: fields", () => {
  const key = "ab".repeat(32);
  const items = fc.sample(unsignedItem, { numRuns: 2, seed: 1 });

  async function withItem(change: object): Promise<{ theirs: boolean; ours: boolean }[]> {
    const delivery = await sample(payments, { secret: key, body: bodyOf(items) });
    // Whichever item is changed, the other one does not vouch for it.
    const changed = [0, 1].map((index) => {
      const changedItems = itemsOf(delivery.body).map((item, at) => (at === index ? { ...item, ...change } : item));
      return { ...delivery, body: bodyOf(changedItems) };
    });
    return Promise.all(
      changed.map(async (each) => ({ theirs: await theirVerdict(payments, each), ours: await ourVerdict(payments, each) })),
    );
  }

  test.each([
    { pspReference: "changed" },
    { originalReference: "changed" },
    { merchantAccountCode: "changed" },
    { merchantReference: "changed" },
    { amount: { value: 1, currency: "EUR" } },
    { amount: { value: 10 ** 13, currency: "EUR" } },
    { eventCode: "CHARGEBACK" },
    { success: "changed" },
    { additionalData: { hmacSignature: Buffer.alloc(32).toString("base64") } },
    { additionalData: {} },
  ])("%j is signed", async (change) => {
    expect(await withItem(change)).toEqual([refused, refused]);
  });

  test.each([{ reason: "changed" }, { eventDate: "2030-01-01T00:00:00+00:00" }, { paymentMethod: "changed" }])(
    "%j is not signed",
    async (change) => {
      expect(await withItem(change)).toEqual([accepted, accepted]);
    },
  );
});
