/** Bits that the random part of a path must be able to have. */
const leastBits = 128;

/** Of as many random characters fewer different ones do not come about. */
const leastDifferent = 8;

/** Whether a text is a path that a client asks for as it stands: absolute, of unreserved characters and "/". */
export function isPath(path: string): boolean {
  return /^\/[A-Za-z0-9._~/-]{0,1023}$/.test(path);
}

/**
 * Whether a path can be a secret: one of its segments can have 128 random bits by its length and by the kinds of
 * characters in it. Whether it was drawn at random nobody can see; what is plainly not, like one character again and
 * again, is refused.
 */
export function isSecretPath(path: string): boolean {
  return isPath(path) && path.split("/").some(canBeRandom);
}

function canBeRandom(segment: string): boolean {
  const bits = segment.length * Math.log2(alphabetOf(segment));
  return bits >= leastBits && new Set(segment).size >= leastDifferent;
}

function alphabetOf(segment: string): number {
  if (/^[0-9]+$/.test(segment)) return 10;
  if (/^(?:[0-9a-f]+|[0-9A-F]+)$/.test(segment)) return 16;
  if (/^(?:[0-9a-z]+|[0-9A-Z]+)$/.test(segment)) return 36;
  return 64;
}
