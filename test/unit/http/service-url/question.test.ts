import { describe, expect, test } from "bun:test";
import { plainName, plainUrl } from "../../../../src/http/service-url/plain-name.ts";
import {
  readQuestion,
  type Unreadable,
  withDeclaredType,
} from "../../../../src/http/service-url/question.ts";
import { replyTo } from "../../../../src/http/service-url/reply.ts";
import { isSamePath } from "../../../../src/http/service-url/same-path.ts";

const hosts = new Set(["example.org", "bücher.example"]);
const read = (query: string) => readQuestion(query, hosts);

describe("a question of ejabberd's", () => {
  test("is read as ejabberd 23.01 sends it", () => {
    const query =
      "jid=alice%40example.org&name=a%2Bb%2520c%20tr%C3%A8s%20%26%20100%25%20/x%3D%3F%23.txt&size=5&content_type=text/plain%3B%20charset%3Dutf-8";
    expect(read(query)).toEqual({
      requester: { bareJid: "alice@example.org", domain: "example.org" },
      request: {
        filename: "a_b_20c_très___100___x___.txt",
        size: 5,
        contentType: "text/plain; charset=utf-8",
        purpose: "message",
      },
    });
  });

  test.each([
    ["another user of the same server", "jid=carol%40example.org", "carol@example.org"],
    ["a JID that is not prepared", "jid=ALICE%40Example.ORG.", "alice@example.org"],
    ["a resource, which is left out", "jid=alice%40example.org/phone", "alice@example.org"],
    ["a domain in punycode", "jid=a%40xn--bcher-kva.example", "a@bücher.example"],
  ])("takes %s", (_, jid, bareJid) => {
    expect(read(`${jid}&name=a&size=1&content_type=`)).toMatchObject({ requester: { bareJid } });
  });

  test.each([
    ["a user of another host", "jid=alice%40example.net"],
    ["a host that ends like one of them", "jid=alice%40evil-example.org"],
    ["a host below one of them", "jid=alice%40sub.example.org"],
  ])("of %s is forbidden", (_, jid) => {
    expect(read(`${jid}&name=a&size=1`)).toMatchObject({ refusal: { kind: "forbidden" } });
  });

  test.each([
    ["no jid", "name=a&size=1", "bad-request"],
    ["an empty jid", "jid=&name=a&size=1", "bad-request"],
    ["two at signs in the jid", "jid=a%40b%40example.org&name=a&size=1", "bad-request"],
    ["a host in disguise", "jid=a%40example.net%EF%BC%A0example.org&name=a&size=1", "bad-request"],
    ["a second jid", "jid=a%40example.org&jid=b%40example.org&name=a&size=1", "bad-request"],
    ["a plus for a space", "jid=a%40example.org&name=a+b&size=1", "bad-request"],
    ["what is no UTF-8", "jid=a%40example.org&name=%ff&size=1", "bad-request"],
    ["half an escape", "jid=a%40example.org&name=%4&size=1", "bad-request"],
    ["17 parameters", `jid=a%40example.org&name=a&size=1${"&x=1".repeat(14)}`, "bad-request"],
    ["no name", "jid=a%40example.org&size=1", "bad-filename"],
    ["an empty name", "jid=a%40example.org&name=&size=1", "bad-filename"],
    ["the name ..", "jid=a%40example.org&name=..&size=1", "bad-filename"],
    ["256 bytes", `jid=a%40example.org&name=${"a".repeat(256)}&size=1`, "bad-filename"],
    ["no size", "jid=a%40example.org&name=a", "bad-size"],
    ["a negative size", "jid=a%40example.org&name=a&size=-1", "bad-size"],
    ["a size in hex", "jid=a%40example.org&name=a&size=0x10", "bad-size"],
    ["a type that is none", "jid=a%40example.org&name=a&size=1&content_type=x%0d%0aY:1", "bad-content-type"],
  ])("with %s is refused", (_, query, kind) => {
    expect(read(query)).toMatchObject({ refusal: { kind } });
  });

  test("says nothing by which another parameter could steer it", () => {
    const one = read("purpose=permanent&jid=a%40example.org&expire-before=1&name=a&size=1&Jid=x");
    expect(one).toMatchObject({ request: { purpose: "message" }, requester: { bareJid: "a@example.org" } });
  });

  test("is refused in a text that is short and has no line end, whatever it holds", () => {
    const { refusal } = read(`jid=${"%0a%e2%80%ae".repeat(500)}&name=a&size=1`) as Unreadable;
    expect(refusal.text).not.toMatch(/[\n\u202e]/);
    expect(refusal.text.length).toBeLessThan(600);
  });
});

describe("the default type", () => {
  const request = {
    filename: "a",
    size: 1,
    contentType: "application/octet-stream",
    purpose: "message",
  } as const;
  test("stands for none", () => {
    expect(withDeclaredType(request, { allowed: undefined, denied: [] }).contentType).toBeUndefined();
  });
  test("is a type where types are looked at", () => {
    for (const types of [
      { allowed: ["application/*"], denied: [] },
      { allowed: undefined, denied: ["text/html"] },
    ])
      expect(withDeclaredType(request, types).contentType).toBe("application/octet-stream");
  });
  test("does not take other types away", () => {
    const image = { ...request, contentType: "image/png" };
    expect(withDeclaredType(image, { allowed: undefined, denied: [] })).toBe(image);
  });
});

/** What ejabberd up to 25.07 makes of every URL; seen on 23.01. */
function encodedByEjabberd(url: string): string {
  return Buffer.from(url).reduce((text, byte) => {
    const character = String.fromCharCode(byte);
    const hex = byte.toString(16).toUpperCase().padStart(2, "0");
    return text + (/[A-Za-z0-9_./:-]/.test(character) ? character : `%${hex}`);
  }, "");
}

describe("a plain name", () => {
  test.each([
    ["très cool.jpg", "très_cool.jpg"],
    ["tre\u0300s-nfd.jpg", "très-nfd.jpg"],
    ["a+b%20c.txt", "a_b_20c.txt"],
    ["😀😀.png", "__.png"],
    ["a/../b\u0000\n.txt", "a_.._b__.txt"],
    ["..", ".."],
  ])("of %j is %j", (name, plain) => expect(plainName(name)).toBe(plain));

  test("makes a URL that is the same before and after ejabberd's encoder", () => {
    const url = `https://up.example.org:5443/up/0123abcd-17/${encodeURIComponent("très_cool-1.jpg")}`;
    expect(encodedByEjabberd(plainUrl(url))).toBe(url);
    expect(plainUrl(`${url}?a=%2F&b=%25`)).toEndWith("/très_cool-1.jpg?a=%2F&b=%25");
  });
});

describe("a reply", () => {
  const slot = { putUrl: "https://h/0/a.txt?X=1", getUrl: "https://h/0/a.txt" };
  test("has two lines for a slot", () => {
    expect(replyTo(slot)).toEqual({ status: 200, text: "https://h/0/a.txt?X=1\nhttps://h/0/a.txt\n" });
  });
  test.each([
    [{ kind: "over-quota", text: "x", retryAt: undefined }, 402],
    [{ kind: "too-fast", text: "x", retryAt: undefined }, 402],
    [{ kind: "ledger-away", text: "x", retryAt: undefined }, 402],
    [{ kind: "unavailable", text: "x" }, 402],
    [{ kind: "forbidden", text: "x" }, 403],
    [{ kind: "too-large", text: "x", maxFileSize: 1 }, 413],
    [{ kind: "type-not-allowed", text: "x" }, 413],
    [{ kind: "bad-filename", text: "x" }, 400],
    [{ kind: "purpose-off", text: "x" }, 501],
  ] as const)("to %j is %d", (refusal, status) => {
    expect(replyTo(refusal)).toEqual({ status, text: "x\n" });
  });
});

test("a path is compared whole", () => {
  const same = [isSamePath("/ab", "/ab"), isSamePath("/ab", "/a"), isSamePath("/ab", "/ab/")];
  expect(same).toEqual([true, false, false]);
});
