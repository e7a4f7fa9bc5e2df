import type { FormerKindName } from "../../../../src/address/former-kinds.ts";
import type { XmppServer } from "../xmpp-server.ts";

/** An XMPP server whose own module takes and serves uploads, as it is before a move to slotd. */
export interface FormerService {
  readonly name: string;
  readonly kind: FormerKindName;
  /** What `slotd import KIND` reads. */
  readonly folder: string;
  /** HTTPS on loopback. */
  readonly port: number;
  /** Every base that its URLs have had; the first is to name the address space. */
  readonly urls: readonly string[];
  readonly xmpp: XmppServer;
  /** The JID that a user of this domain asks for slots. */
  component(domain: string): string;
  /** Its domains that may upload. */
  readonly domains: readonly string[];
  /** Whether real clients reach its HTTP server by the names in its URLs. */
  readonly isReachable: boolean;
  /** Ends it in good order; its files stay. */
  shutDown(): Promise<void>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}
