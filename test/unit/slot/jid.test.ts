import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { bareJid, parseJid, prepareDomain, prepareLocal } from "../../../src/slot/jid.ts";

const prepared = (text: string): string | undefined => {
  const jid = parseJid(text);
  return jid && bareJid(jid);
};

describe("one account has one bare JID, however it is written:", () => {
  test.each([
    ["alice@example.org", "alice@example.org"],
    ["Alice@EXAMPLE.org/Phone", "alice@example.org"],
    ["alice@example.org.", "alice@example.org"],
    ["\uff21lice@example.org", "alice@example.org"],
    ["al\xadice@example.org", "alice@example.org"],
    ["ju\u0308rgen@mu\u0308nchen.example", "jürgen@münchen.example"],
    ["JÜRGEN@XN--MNCHEN-3YA.example", "jürgen@münchen.example"],
    ["alice@example\u3002org\uff0e", "alice@example.org"],
    ["xn--bcher-kva.example.", "bücher.example"],
    ["BÜCHER.example/service", "bücher.example"],
  ])("%p", (text, bare) => expect(prepared(text)).toBe(bare));

  test.each([
    ["strasse@example.org", "straße@example.org"],
    ["alice@strasse.example", "alice@straße.example"],
    ["alice@1.2", "alice@1.0.0.2"],
    ["alice@xn--a", "alice@xn--b"],
    ["\u0646\u0627\u0645\u0647\u0627@example.org", "\u0646\u0627\u0645\u0647\u200c\u0627@example.org"],
  ])("%p and %p are two accounts", (one, other) => expect(prepared(one)).not.toBe(prepared(other)));

  test("what is prepared stays as it is", () => {
    const text = fc.string({ unit: "binary", maxLength: 12 });
    fc.assert(
      fc.property(text, text, (local, domain) => {
        expect(prepareLocal(prepareLocal(local))).toBe(prepareLocal(local));
        expect(prepareDomain(prepareDomain(domain))).toBe(prepareDomain(domain));
      }),
      { numRuns: 3_000 },
    );
  });
});

test.each([
  ["no domain", "alice@"],
  ["a domain of dots", "alice@."],
  ["an empty local part", "@example.org"],
  ["a local part of which nothing is left", "\xad@example.org"],
  ["a separator in disguise", "alice\uff20victim.example@example.org"],
  ["another one", "a\uff0fb@example.org"],
  ["two domains", "a@b@c"],
  ["an empty resource", "alice@example.org/"],
  ["more than 3,071 characters", `${"a".repeat(3_071)}@example.org`],
])("a JID with %s is none", (_, text) => expect(parseJid(text)).toBeUndefined());
