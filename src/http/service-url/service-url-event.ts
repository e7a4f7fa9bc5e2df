/** Why a request to a `service_url` listener was not taken for a question. */
export type UnaskedReason = "address" | "path" | "method" | "body" | "malformed" | "uri-too-long" | "busy";

/** What a `service_url` listener tells of a request, for log and metrics. No path, query or URL is in it. */
export type ServiceUrlEvent =
  /** A question was answered; the slot requests themselves are watched where they are decided. */
  | { readonly kind: "answered"; readonly status: number }
  | {
      readonly kind: "unasked";
      readonly status: number;
      readonly reason: UnaskedReason;
      /** An IP address; "unix" on a Unix socket. */
      readonly client: string;
      readonly reference: string;
    }
  /** A promise was broken; ejabberd was told 500. */
  | { readonly kind: "failed"; readonly status: 500; readonly reference: string; readonly error: unknown };
