import { afterEach, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { addressKey } from "../../../src/address/address-key.ts";
import { addressToken } from "../../../src/address/address-token.ts";
import { removeExpiredObjects } from "../../../src/admin/expired-objects.ts";
import { reconcile } from "../../../src/admin/reconcile.ts";
import { findFile, removeFile } from "../../../src/admin/remove.ts";
import {
  type Answered,
  type Hold,
  type ReceiverScene,
  secret,
  startReceivers,
  tokenOf,
  v1,
} from "./receiver-scene.ts";

const receiver = `[receivers.prosody]\nurl = "https://files.example.org/up/"\nprotocol = "v1"\nsecret = "${secret}"\n`;
const id = "4499ead9-541d-4736-bf1e-6f2d21158e38";

let scene: ReceiverScene;
afterEach(() => scene.stop());

function putV1(name: string, body: string, headers?: readonly string[], hold?: Hold) {
  const path = `${id}/${name}`;
  const encoded = `${id}/${encodeURIComponent(name)}`;
  return scene.put(`/up/${encoded}?v=${v1(path, Buffer.byteLength(body))}`, body, headers, hold);
}

function objectPath({ domains: [domain] }: ReceiverScene["config"], token: string): string {
  return join(domain?.disk.path ?? "", "objects", token.slice(0, 2), token);
}

function tokenOfSlot(slot: string): string {
  return addressToken("files.example.org/up", `slot ${slot}`);
}

function key(path: string): string {
  return addressKey("path", path) ?? "";
}

/** An upload of "hello" to a.txt that slotd has asked for, and whose body comes when it is released. */
async function beginUpload(): Promise<{ readonly slow: Promise<Answered>; readonly release: () => void }> {
  const begun = Promise.withResolvers<void>();
  const until = Promise.withResolvers<void>();
  const slow = putV1("a.txt", "hello", [], { begun: begun.resolve, until: until.promise });
  await begun.promise;
  return { slow, release: until.resolve };
}

async function removeAt(path: string): Promise<void> {
  await scene.command(async (open) => {
    const found = await findFile(open, tokenOf("/up", path), undefined);
    if (found === undefined) throw new Error("it is not there");
    await removeFile(found, () => new Date());
  });
}

test("an upload is stored under its address, and stands in the ledger under its domain", async () => {
  scene = await startReceivers(receiver);
  const answer = await putV1("très cool.jpg", "hello", [
    "Content-Type: image/jpeg",
    "Origin: https://chat.example",
  ]);
  expect(answer.status).toBe(201);
  expect(answer.head).toMatch(/access-control-allow-origin: \*/i);
  expect(answer.head).toMatch(new RegExp(`location: /up/${id}/tr%C3%A8s%20cool.jpg`, "i"));
  expect(await scene.stored("files.example.org/up", key(`${id}/très cool.jpg`))).toMatchObject({
    name: "très cool.jpg",
    type: "image/jpeg",
  });
  const file = await scene.ledger?.find(tokenOf("/up", `${id}/très cool.jpg`));
  expect(file).toMatchObject({ state: "complete", jid: "example.org", size: 5, purpose: "message" });
  expect(await scene.ledger?.audit()).toEqual([]);
});

test("however a path is spelt, it is one file", async () => {
  scene = await startReceivers(receiver);
  expect((await putV1("a b.txt", "hello")).status).toBe(201);
  const proof = v1(`${id}/a b.txt`, 5);
  for (const path of [
    `/up/${id}/a%20b.txt`,
    `/up/${id}/%61%20b.txt`,
    `/u%70/${id}/a%20b%2etxt`,
    `/up/${id}%2Fa%20b.txt`,
  ]) {
    expect([path, (await scene.put(`${path}?v=${proof}`, "hello")).status]).toEqual([path, 409]);
  }
});

test("the file is served under every spelling of its address, with its own name and type", async () => {
  scene = await startReceivers(receiver);
  expect((await putV1("a b.html", "hello", ["Content-Type: text/html"])).status).toBe(201);
  for (const path of [`/up/${id}/a%20b.html`, `/up/${id}/%61%20b.html?v=old`, `/u%70/${id}/a%20b%2ehtml`]) {
    const answer = await scene.request("GET", path);
    expect([path, answer.status, answer.text]).toEqual([path, 200, "hello"]);
    expect(answer.head).toMatch(/^content-type: text\/html\r?$/im);
    expect(answer.head).toMatch(/^content-disposition: attachment; filename="a b.html"/im);
    expect(answer.head).toMatch(/^x-content-type-options: nosniff\r?$/im);
  }
  const head = await scene.request("HEAD", `/up/${id}/a%20b.html`);
  expect([head.status, head.text]).toEqual([200, ""]);
  expect((await scene.request("GET", `/up/${id}/other.html`)).status).toBe(404);
  expect((await scene.request("GET", `/${tokenOf("/up", `${id}/a b.html`)}/file`)).status).toBe(404);
});

describe("one base with a former service", () => {
  const former =
    '[former.old]\nkind = "prosody"\nurls = ["https://old.example.org/up", "https://files.example.org/up"]\n';

  test("has one address space, named by the first URL of that one", async () => {
    scene = await startReceivers(receiver + former);
    expect((await putV1("a.txt", "hello")).status).toBe(201);
    expect(await scene.stored("old.example.org/up", key(`${id}/a.txt`))).toMatchObject({ name: "a.txt" });
    expect((await scene.request("GET", `/up/${id}/a.txt`)).text).toBe("hello");
  });

  test("takes no upload to an address that an imported file has, by either rule", async () => {
    scene = await startReceivers(receiver + former);
    await scene.store({ space: "old.example.org/up", key: `slot ${id}`, name: "imported.txt" }, "imported");
    expect((await putV1("a.txt", "hello")).status).toBe(409);
    expect((await scene.request("GET", `/up/${id}/a.txt`)).text).toBe("imported");
  });
});

test("what is not right is refused before the body is asked for", async () => {
  scene = await startReceivers(`${receiver}max_file_size = 10\n`);
  const put = (path: string, body: string) => scene.put(path, body, ["Expect: 100-continue"]);
  expect((await put(`/up/${id}/a.txt?v=${v1(`${id}/a.txt`, 6)}`, "hello")).status).toBe(403);
  expect((await put(`/up/${id}/a.txt`, "hello")).status).toBe(403);
  expect((await put(`/up/${id}/..?v=${v1(`${id}/..`, 5)}`, "hello")).status).toBe(400);
  expect((await put(`/up/${id}/a.txt?v=${v1(`${id}/a.txt`, 11)}`, "hello world")).status).toBe(413);
  expect((await put(`/other/${id}/a.txt?v=${v1(`${id}/a.txt`, 5)}`, "hello")).status).toBe(400);
  expect((await put(`/up/${id}/a.txt?X-Amz-Signature=0&v=${v1(`${id}/a.txt`, 5)}`, "hello")).status).toBe(
    405,
  );
  expect((await put(`/up/${id}/a.txt?v=${v1(`${id}/a.txt`, 5)}`, "hello")).status).toBe(201);
});

test("a base without a final slash is put before the slot as it is, or with one", async () => {
  scene = await startReceivers(receiver.replace("/up/", "/up"));
  for (const path of [`/up${id}/a.txt`, `/up/${id}/b.txt`]) {
    const signed = path.replace(/^\/up\/?/, "");
    expect((await scene.put(`${path}?v=${v1(signed, 5)}`, "hello")).status).toBe(201);
    expect((await scene.request("GET", path)).text).toBe("hello");
  }
  expect((await scene.request("GET", "/upper/a.txt")).status).toBe(404);
});

describe("a deleted file stays deleted", () => {
  test("through a restart of nothing but the request, reconcile, and the ledger's memory", async () => {
    scene = await startReceivers(receiver);
    expect((await putV1("a.txt", "hello")).status).toBe(201);
    await removeAt(`${id}/a.txt`);
    const again = await putV1("a.txt", "hello");
    expect([again.status, again.text]).toEqual([410, expect.stringContaining("was deleted")]);
    await scene.ledger?.forget([tokenOf("/up", `${id}/a.txt`)]);
    expect((await putV1("a.txt", "hello")).status).toBe(410);
    expect((await putV1("b.txt", "hello")).status).toBe(201);
  });

  test("when somebody has taken it out of the folder, and reconcile has found that", async () => {
    scene = await startReceivers(receiver);
    expect((await putV1("a.txt", "hello")).status).toBe(201);
    await rm(objectPath(scene.config, tokenOf("/up", `${id}/a.txt`)));
    const { isWhole } = await scene.command((open) =>
      reconcile(open, {
        ...{ now: () => new Date(), fix: true, deleteUnknown: false, forgetMany: true, deleteMany: false },
        ...{
          signal: new AbortController().signal,
          onDifference: () => undefined,
          onProgress: () => undefined,
        },
      }),
    );
    expect(isWhole).toBe(true);
    expect(await scene.ledger?.find(tokenOf("/up", `${id}/a.txt`))).toBeUndefined();
    expect((await putV1("a.txt", "hello")).status).toBe(410);
  });

  test("when its time is over, without a ledger", async () => {
    scene = await startReceivers(`ledger.url = "none"\n${receiver}retention = "1s"\n`);
    expect((await putV1("a.txt", "hello")).status).toBe(201);
    const later = new Date(Date.now() + 10_000);
    const options = { signal: new AbortController().signal, onProgress: () => undefined };
    const removed = await scene.command((open) => removeExpiredObjects(open, later, false, options));
    expect(removed.files).toBe(1);
    expect((await putV1("a.txt", "hello")).status).toBe(410);
  });

  test("without a ledger too", async () => {
    scene = await startReceivers(`ledger.url = "none"\n${receiver}`);
    expect((await putV1("a.txt", "hello")).status).toBe(201);
    await removeAt(`${id}/a.txt`);
    expect((await putV1("a.txt", "hello")).status).toBe(410);
  });

  test("also when another upload to it was under way meanwhile", async () => {
    scene = await startReceivers(receiver);
    const { slow, release } = await beginUpload();
    expect((await putV1("a.txt", "world")).status).toBe(201);
    await removeAt(`${id}/a.txt`);
    release();
    expect((await slow).status).toBe(410);
    expect(await scene.stored("files.example.org/up", key(`${id}/a.txt`))).toBeUndefined();
  });

  test("until the secret is another one, and again when it is the old one", async () => {
    scene = await startReceivers(receiver);
    expect((await putV1("a.txt", "hello")).status).toBe(201);
    await removeAt(`${id}/a.txt`);
    await scene.ledger?.forget([tokenOf("/up", `${id}/a.txt`)]);
    await scene.reload(receiver.replace(secret, "another secret"));
    expect((await putV1("a.txt", "hello")).status).toBe(403);
    await scene.reload(receiver);
    expect((await putV1("a.txt", "hello")).status).toBe(410);
    await scene.reload(receiver.replace(secret, "another secret"));
    const path = `${id}/a.txt`;
    expect((await scene.put(`/up/${path}?v=${v1(path, 5, "another secret")}`, "hello")).status).toBe(201);
    await removeAt(path);
    expect((await scene.put(`/up/${path}?v=${v1(path, 5, "another secret")}`, "hello")).status).toBe(410);
  });
});

describe("an upload that did not succeed", () => {
  test("may be tried again, and holds no room meanwhile", async () => {
    scene = await startReceivers(`${receiver}[quota]\ndomain = 8\n`);
    expect((await putV1("a.txt", "hello")).status).toBe(201);
    const full = await putV1("b.txt", "world");
    expect([full.status, full.text]).toEqual([507, expect.stringContaining("Quota reached")]);
    await removeAt(`${id}/a.txt`);
    expect((await putV1("b.txt", "world")).status).toBe(201);
    expect(await scene.ledger?.audit()).toEqual([]);
  });

  test("does not take away the other one to the same address", async () => {
    scene = await startReceivers(receiver);
    const { slow, release } = await beginUpload();
    const broken = await scene.put(`/up/${id}/a.txt?v=${v1(`${id}/a.txt`, 5)}`, "hello", [
      "Content-Type: a/b",
    ]);
    expect(broken.status).toBe(201);
    release();
    expect((await slow).status).toBe(409);
    expect(await scene.ledger?.find(tokenOf("/up", `${id}/a.txt`))).toMatchObject({ state: "complete" });
  });
});

describe("users are told apart", () => {
  const user = "a2170affb09b27ff0dcb3653ef12359da3096d4f";
  const ejabberd = `${receiver.replace("prosody", "ejabberd")}hosts = ["example.org"]\njid_in_url = "sha1"\n[quota]\nuser = 8\n`;
  const put = (path: string) => scene.put(`/up/${path}?v=${v1(path, 5)}`, "hello");

  test("by the hash in ejabberd's paths", async () => {
    scene = await startReceivers(ejabberd);
    expect((await put(`${user}/x/a.txt`)).status).toBe(201);
    expect((await put(`${user}/y/a.txt`)).status).toBe(507);
    expect((await put(`${user.replace("a", "b")}/y/a.txt`)).status).toBe(201);
    expect(await scene.ledger?.usage({ jid: `${user}@example.org` })).toMatchObject([{ bytes: 5, files: 1 }]);
  });

  test("and not at all without them: the quota of a user binds nobody", async () => {
    scene = await startReceivers(`${receiver}[quota]\nuser = 8\n`);
    expect((await putV1("a.txt", "hello")).status).toBe(201);
    expect((await putV1("b.txt", "hello")).status).toBe(201);
  });
});

describe("a JWT", () => {
  const jwt = receiver.replace('"v1"', '"jwt"');
  const seconds = () => Math.floor(Date.now() / 1000);
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const bearer = (claims: object) => {
    const all = {
      slot: "A9wQ6",
      filename: "notes.txt",
      filesize: 5,
      filetype: "text/plain",
      sub: "alice@example.org",
    };
    const signed = `${encode({ alg: "HS256" })}.${encode({ ...all, exp: seconds() + 300, ...claims })}`;
    return `Authorization: Bearer ${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
  };

  test("proves slot, size, type and user", async () => {
    scene = await startReceivers(`${jwt}[quota]\nuser = 8\n`);
    const expires = seconds() + 3600;
    const answer = await scene.put("/up/A9wQ6/other.txt", "hello", [
      bearer({ expires }),
      "Content-Type: image/png",
    ]);
    expect(answer.status).toBe(201);
    expect(await scene.stored("files.example.org/up", "slot A9wQ6")).toEqual({
      ...{ name: "notes.txt", type: "text/plain" },
      expiry: new Date(expires * 1000),
    });
    expect(await scene.ledger?.usage({ jid: "alice@example.org" })).toMatchObject([{ bytes: 5 }]);
    expect((await scene.put("/up/A9wQ6/x", "hello", [bearer({})])).status).toBe(409);
    for (const path of ["/up/A9wQ6", "/up/A9wQ6/", "/up/A9wQ6/anything"]) {
      expect([path, (await scene.request("GET", path)).text]).toEqual([path, "hello"]);
    }
    await scene.command((open) =>
      open.domains[0].inventory.remove([{ token: tokenOfSlot("A9wQ6"), filename: "" }]),
    );
    expect((await scene.request("GET", "/up/A9wQ6/anything")).status).toBe(410);
    expect((await scene.put("/up/A9wQ6/x", "hello", [bearer({})])).status).toBe(410);
    expect((await scene.put("/up/B9wQ6/x", "hello", [bearer({ slot: "B9wQ6" })])).status).toBe(507);
  });

  test("that is missing or wrong is asked for, to web clients too", async () => {
    scene = await startReceivers(jwt);
    for (const headers of [
      [],
      [`${bearer({})}x`],
      ["Authorization: Basic YTpi"],
      [`Authorization: Bearer ${"x".repeat(20_000)}`],
    ]) {
      const answer = await scene.put("/up/A9wQ6/a.txt", "hello", [
        ...headers,
        "Origin: https://chat.example",
      ]);
      expect(answer.status).toBe(401);
      expect(answer.head).toMatch(/^www-authenticate: Bearer\r?$/im);
      expect(answer.head).toMatch(/^access-control-allow-origin: \*\r?$/im);
    }
    expect((await scene.put("/up/A9wQ6/a.txt", "hello", [bearer({ exp: seconds() - 1 })])).status).toBe(410);
    expect(
      (await scene.put("/up/A9wQ6/a.txt", "hello", [`Authorization: Bearer ${"x".repeat(1_000_000)}`]))
        .status,
    ).toBe(431);
    const preflight = await scene.request("OPTIONS", "/up/A9wQ6/a.txt", [
      ...["Origin: https://chat.example", "Access-Control-Request-Method: PUT"],
      "Access-Control-Request-Headers: authorization, content-type",
    ]);
    expect(preflight.head).toMatch(/^access-control-allow-headers: Authorization,.*Content-Type/im);
  });
});

test("uploads and refusals are counted by receiver", async () => {
  scene = await startReceivers(receiver);
  await putV1("a.txt", "hello");
  await putV1("a.txt", "hello");
  await scene.put(`/up/${id}/b.txt?v=${"0".repeat(64)}`, "hello");
  await scene.put(`/elsewhere/b.txt`, "hello");
  const lines = (await scene.metrics()).split("\n").filter((line) => line.startsWith("slotd_receiver_"));
  expect(lines.sort()).toEqual([
    'slotd_receiver_refusals_total{receiver="prosody",reason="bad-signature"} 1',
    'slotd_receiver_refusals_total{receiver="prosody",reason="exists"} 1',
    'slotd_receiver_uploads_total{receiver="prosody",status="201"} 1',
    'slotd_receiver_uploads_total{receiver="prosody",status="403"} 1',
    'slotd_receiver_uploads_total{receiver="prosody",status="409"} 1',
  ]);
});

test("neither log nor metrics have a token, an address or a secret", async () => {
  scene = await startReceivers(receiver);
  await putV1("a.txt", "hello");
  await putV1("a.txt", "hello");
  await scene.put(`/up/${id}/b.txt?v=${"0".repeat(64)}`, "hello");
  await removeAt(`${id}/a.txt`);
  await putV1("a.txt", "hello");
  const told = scene.log + (await scene.metrics());
  expect(told).toContain("bad-signature");
  for (const hidden of [
    secret,
    id,
    v1(`${id}/a.txt`, 5),
    tokenOf("/up", `${id}/a.txt`),
    "files.example.org/up",
  ]) {
    expect(told).not.toContain(hidden);
  }
});
