// SHA-1 and SHA-256 (FIPS 180-4) and their HMAC (RFC 2104) in plain arithmetic.
//
// Handshakes and Braintree's keys need a few hundred bytes hashed, synchronously and on every runtime, where Web Crypto
// only has promises. It makes 25 MB/s; what verifies requests is the runtime's own. Nothing here branches on data.
import { utf8 } from "./encoding.ts";

type Words = Uint32Array<ArrayBuffer>;

// The constants are the fractions of roots of the first primes; 32 bits of them are exact in a double.
const primes = Array.from({ length: 310 }, (_, index) => index + 2).filter((n) => {
  for (let factor = 2; factor * factor <= n; factor++) if (n % factor === 0) return false;
  return true;
});
const fraction = (root: number): number => Math.floor((root % 1) * 2 ** 32);
const sha256Rounds = Uint32Array.from(primes.slice(0, 64), (prime) => fraction(Math.cbrt(prime)));
const sha256Start = Uint32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
const sha1Start = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);

const left = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));
const right = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));

export function sha1(bytes: Uint8Array): Uint8Array {
  return digest(bytes, sha1Start, sha1Block, new Uint32Array(80));
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return digest(bytes, sha256Start, sha256Block, new Uint32Array(64));
}

export function hmac(alg: "hmac-sha1" | "hmac-sha256", key: Uint8Array, content: Uint8Array | string): Uint8Array {
  const hash = alg === "hmac-sha1" ? sha1 : sha256;
  const block = new Uint8Array(64);
  block.set(key.length > 64 ? hash(key) : key);
  const inner = hash(
    joined(
      block.map((byte) => byte ^ 0x36),
      typeof content === "string" ? utf8(content) : content,
    ),
  );
  return hash(
    joined(
      block.map((byte) => byte ^ 0x5c),
      inner,
    ),
  );
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

function digest(bytes: Uint8Array, start: Words, block: (state: Words, words: Words) => void, words: Words): Uint8Array {
  // One bit, zeros, and the length in bits as 64 bits fill the last block of 64 bytes.
  const padded = new Uint8Array((((bytes.length + 8) >> 6) + 1) << 6);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(padded.length - 4, (bytes.length << 3) >>> 0);
  const state = start.slice();
  for (let offset = 0; offset < padded.length; offset += 64) {
    for (let index = 0; index < 16; index++) words[index] = view.getUint32(offset + index * 4);
    block(state, words);
  }
  const result = new DataView(new ArrayBuffer(state.length * 4));
  for (const [index, word] of state.entries()) result.setUint32(index * 4, word);
  return new Uint8Array(result.buffer);
}

const at = (words: Words, index: number): number => words[index] ?? 0;

function add(state: Words, words: readonly number[]): void {
  for (const [index, word] of words.entries()) state[index] = at(state, index) + word;
}

function sha1Block(state: Words, words: Words): void {
  for (let index = 16; index < 80; index++)
    words[index] = left(at(words, index - 3) ^ at(words, index - 8) ^ at(words, index - 14) ^ at(words, index - 16), 1);
  let [a = 0, b = 0, c = 0, d = 0, e = 0] = state;
  for (let index = 0; index < 80; index++) {
    const round = Math.floor(index / 20);
    const mixed = round === 0 ? (b & c) | (~b & d) : round === 2 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
    const constant = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6][round] ?? 0;
    const next = (left(a, 5) + mixed + e + constant + at(words, index)) | 0;
    [a, b, c, d, e] = [next, a, left(b, 30), c, d];
  }
  add(state, [a, b, c, d, e]);
}

function sha256Block(state: Words, words: Words): void {
  for (let index = 16; index < 64; index++) {
    const [early, late] = [at(words, index - 15), at(words, index - 2)];
    const first = right(early, 7) ^ right(early, 18) ^ (early >>> 3);
    const second = right(late, 17) ^ right(late, 19) ^ (late >>> 10);
    words[index] = at(words, index - 16) + first + at(words, index - 7) + second;
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let index = 0; index < 64; index++) {
    const chosen = (e & f) ^ (~e & g);
    const sum = (h + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) + chosen + at(sha256Rounds, index) + at(words, index)) | 0;
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const next = (sum + (right(a, 2) ^ right(a, 13) ^ right(a, 22)) + majority) | 0;
    [a, b, c, d, e, f, g, h] = [next, a, b, c, (d + sum) | 0, e, f, g];
  }
  add(state, [a, b, c, d, e, f, g, h]);
}
