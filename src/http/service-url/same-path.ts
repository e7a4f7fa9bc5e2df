import { createHash, timingSafeEqual } from "node:crypto";

/** Compares a secret path with what a request asks for; the time that it takes tells nothing of the secret. */
export function isSamePath(secret: string, given: string): boolean {
  return timingSafeEqual(digest(secret), digest(given));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
