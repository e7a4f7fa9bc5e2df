import { type Discovery, discover } from "./discovery.ts";
import { type Asker, type AskOptions, type OwnRequests, sendOwnRequests } from "./own-requests.ts";

/** What was seen through the server with a component that is online. */
export interface SeenThroughServer {
  readonly requests: OwnRequests;
  /** undefined: not looked at, for answers go to another service of the same name too. */
  readonly discovery: Discovery | undefined;
}

/** Looks through the server with a component that is online; takes up to 15 s, and mostly a fraction of one. */
export async function lookThroughServer(asker: Asker, options: AskOptions): Promise<SeenThroughServer> {
  const requests = await sendOwnRequests(asker, options);
  const isAlone = requests.others.length === 0 && options.signal?.aborted !== true;
  return { requests, discovery: isAlone ? await discover(asker) : undefined };
}
