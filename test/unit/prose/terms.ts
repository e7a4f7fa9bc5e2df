/**
 * Phrases and terms that the documents and the help do not use, as patterns that match in any case, each with what to
 * write instead; docs/STYLE.md has the reasons. A space also matches a line break.
 */
const phrases: readonly (readonly [pattern: string, instead: string])[] = [
  // Phrases that read like a translation.
  ["anew", "again"],
  ["puts? in force", "apply"],
  ["(?:is|are|was|were|be|stays?|remains?) in force", "active"],
  ["what is in effect", "the active options"],
  ["lets? (?:it|him|them|slotd|the component|one component|one|a second one) in", "accepts"],
  ["(?:stands|lies) (?:in|at|between|behind|before|under|here|there)", "is in"],
  ["(?:stands|standing) by", "is on standby"],
  ["for ever", "indefinitely"],
  ["(?:is|are) to be had", "is available"],
  ["can(?:not| not)? be had", "is available"],
  ["of one user", "for each user"],
  ["of one name", "with the same name"],
  ["a hard name", "a name with special characters"],
  ["deeds?", "actions"],
  ["in each other's way", "conflict"],
  ["(?:for real|in earnest)", "with real requests"],
  ["gives? way", "is evicted"],
  ["tak(?:es|en) at its word", "is verified"],
  ["(?:proxy|proxies|CDN|cache|nginx) before", "proxy in front of"],
  ["(?:is|are|was|were) answered [1-5]\\d\\d", "responds with"],
  ["one more is", "refuses further"],
  ["need not be", "does not have to"],
  ["all the same", "still"],
  ["(?:must|may|should|do|does|did|can) not be there", "must be absent"],
  ["where that folder is there", "if that folder exists"],
  ["(?:has|have|had|having) it that", "states"],
  ["whom to tell", "the contact"],
  ["comes? of it", "happens"],
  ["says? so", "reports this"],
  ["thereof|therein|thereby|herein|hereby|whereof", "of it"],
  ["one (?:cause|finding|line|event),? one", "one for each"],
  // One term for one thing.
  ["under way", "in progress"],
  ["(?:ends?|ending) with (?:[012]|130)", "exits with"],
  ["pace", "rate"],
  ["the former", "the previous"],
  ["the one before", "the previous one"],
  ["void", "invalid"],
  ["upload links?", "slot"],
  ["doomed|lapsed|mended|premises|witness", "the term of docs/STYLE.md"],
  ["power cut", "power failure"],
];

const matchers = phrases.map(([pattern, instead]) => [new RegExp(`^(?:${pattern})$`, "i"), instead] as const);

/** All phrases as one term of textlint-rule-terminology: one pattern is many times as fast as one for each. */
export const terms: readonly (readonly [string, string])[] = [
  [
    `(?:${phrases
      .map(([pattern]) => pattern)
      .join("|")
      .replaceAll(" ", "\\s+")})`,
    "another term",
  ],
];

/** What to write instead of a phrase that was found, with its spaces as single spaces. */
export function insteadOf(phrase: string): string {
  return matchers.find(([matcher]) => matcher.test(phrase))?.[1] ?? "a term of docs/STYLE.md";
}
