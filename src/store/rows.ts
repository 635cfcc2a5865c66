// Rows to domain values and back, for adapters whose rows are laid out alike.
export * from "./sqlite/rows.ts";
