// Coinbase Developer Platform webhooks, which Hook0 delivers. Of its two signatures the one over headers too is verified.
import type { Provider } from "../provider.ts";

export default {
  id: "coinbase-cdp",
  name: "Coinbase Developer Platform",
  docsUrl: "https://docs.cdp.coinbase.com/webhooks/verify-signatures",
  scheme: { kind: "canonical", layout: "hook0", toleranceSeconds: 300 },
  // The vendor's documentation has it in both spellings, depending on the event.
  eventId: ["json:eventId", "json:eventID"],
  // Onchain activity names its type in a header only.
  eventType: ["json:eventType", "header:x-event-type"],
  eventTime: [{ from: "json:timestamp", unit: "rfc3339" }],
  eventKey: ["json:data.transferId", "json:data.transactionHash", "json:transaction_hash"],
  bodyAuthenticated: true,
  setup: [
    "Create a webhook subscription through the CDP API, or its command line, with the URL of this source as target.url.",
    "Save the secret of the answer, metadata.secret, here as the secret.",
  ],
  secretHint: "metadata.secret in the answer to the request that created the subscription.",
  retry: "Up to 60 times with exponential backoff.",
  samples: [
    {
      type: "payments.transfers.completed",
      body: {
        eventId: "00000000-0000-4000-8000-000000000001",
        eventType: "payments.transfers.completed",
        timestamp: "2025-10-09T08:53:20Z",
        data: {
          transferId: "transfer_00000000-0000-4000-8000-000000000002",
          status: "completed",
          source: { accountId: "account_00000000-0000-4000-8000-000000000003", asset: "usd" },
          target: { address: "0x0000000000000000000000000000000000000001", network: "base", asset: "usdc" },
          sourceAmount: "103.50",
          sourceAsset: "usd",
          targetAmount: "100.00",
          targetAsset: "usdc",
          createdAt: "2025-10-09T08:50:00Z",
          updatedAt: "2025-10-09T08:53:20Z",
        },
      },
    },
    {
      type: "onchain.activity.detected",
      headers: { "x-event-id": "00000000-0000-4000-8000-000000000004", "x-event-type": "onchain.activity.detected" },
      body: {
        block_number: 40000001,
        contract_address: "0x0000000000000000000000000000000000000002",
        event_name: "Transfer",
        event_signature: "Transfer(address,address,uint256)",
        log_index: 29,
        network: "base-mainnet",
        parameters: {
          from: "0x0000000000000000000000000000000000000003",
          to: "0x0000000000000000000000000000000000000004",
          value: "1000000",
        },
        timestamp: "2025-10-09T08:53:20Z",
        transaction_hash: "0x0000000000000000000000000000000000000000000000000000000000000005",
      },
    },
  ],
} as const satisfies Provider;
