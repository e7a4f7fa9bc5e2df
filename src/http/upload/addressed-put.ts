import type { Candidate } from "../addressed/addresses.ts";
import { type Answer, refusalAnswer } from "../answers.ts";
import { clientKey } from "../client-address.ts";
import type { Exchange } from "../exchange.ts";
import { type HttpEvent, shortToken } from "../http-event.ts";

/**
 * Refuses a PUT to an address that nobody may upload to any more, without reading the body: 409 where its file is there,
 * and else 405. Whether it is costs what a GET of it does; where that cannot be found out, it is 405 too.
 *
 * @param candidates as `Addresses.at` gives them.
 */
export async function refuseAddressedPut(
  exchange: Exchange,
  candidates: readonly Candidate[],
): Promise<HttpEvent> {
  const client = clientKey(exchange.client);
  for (const candidate of candidates) {
    if (await isThere(candidate, client)) return exchange.refuse(existsAnswer, shortToken(candidate.token));
  }
  return exchange.refuse(readOnlyAnswer, candidates[0] && shortToken(candidates[0].token));
}

async function isThere({ token, files: { store } }: Candidate, client: string): Promise<boolean> {
  if (store.kind === "bucket") {
    const found = store.objects.find(token, client);
    if (typeof found === "string") return false;
    return (await found.catch(() => undefined)) !== undefined;
  }
  const object = await store.open(token);
  await object?.close();
  return object !== undefined;
}

const existsAnswer = refusalAnswer({ kind: "exists", text: "There is a file at this address already." });

const readOnlyAnswer: Answer = {
  ...refusalAnswer({
    kind: "not-allowed",
    text: "No file can be uploaded to this address any more: its service was replaced. Request a new slot.",
  }),
  headers: { Allow: "GET, HEAD, OPTIONS" },
};
