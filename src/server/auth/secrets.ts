import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** What is kept of a secret that a machine made: 256 random bits need no salt and no slow hash. */
export const hashOf = (secret: string): Buffer => createHash("sha256").update(secret).digest();

/** 256 random bits, for URLs. */
export const newSecret = (): string => randomBytes(32).toString("base64url");

/** Whether two hashes are one, in a time that does not tell where they differ. */
export const isSame = (one: Buffer, other: Buffer): boolean =>
  one.length === other.length && timingSafeEqual(one, other);

/** HMAC-SHA256. */
export const sign = (secret: string, text: string): Buffer =>
  createHmac("sha256", secret).update(text).digest();
