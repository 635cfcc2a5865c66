// Buffers that carry bodies to the writer's thread and come back: made anew for every group, they would wait there as garbage.

// Groups of 64 small bodies fit the smallest; a buffer above the largest is for one large body, and is let go.
const SMALLEST_BYTES = 64 * 1024;
const KEPT_BYTES_MAX = 1024 ** 2;
const KEPT_MAX = 4;

export interface BodyBuffers {
  /** A buffer of at least so many bytes, its content undefined. */
  take(bytes: number): ArrayBuffer;
  giveBack(buffer: ArrayBuffer): void;
}

export function createBodyBuffers(): BodyBuffers {
  const kept: ArrayBuffer[] = [];
  return {
    take(bytes) {
      const index = kept.findIndex((buffer) => buffer.byteLength >= bytes);
      if (index >= 0) return kept.splice(index, 1)[0]!;
      const capacity = bytes > KEPT_BYTES_MAX ? bytes : Math.max(SMALLEST_BYTES, 2 ** Math.ceil(Math.log2(Math.max(1, bytes))));
      // The unsafe kind skips filling with zeros; every byte that is read was written before.
      return Buffer.allocUnsafeSlow(capacity).buffer;
    },
    giveBack(buffer) {
      if (kept.length < KEPT_MAX && buffer.byteLength <= KEPT_BYTES_MAX) kept.push(buffer);
    },
  };
}
