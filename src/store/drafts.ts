// Drafts on their way into a store and their outcomes on the way back, for adapters that gather them alike.
export { DUPLICATE_BODY_BYTES_MAX, type DuplicateMark, splitMessage } from "./sqlite/accept.ts";
export { type Pending, settleDrafts, splitItemsOf } from "./sqlite/drafts.ts";
