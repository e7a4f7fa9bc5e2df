import type { Bytes, Seconds } from "../slot/slot.ts";

/** Everything that is in force for one served domain: defaults, file, environment and overrides applied, `@HOST@` replaced. */
export interface DomainConfig {
  /** The served XMPP domain, lowercase. */
  readonly domain: string;
  /** The component's JID. */
  readonly host: string;
  readonly backend: "s3" | "disk";
  /** 1 to 604800. */
  readonly expirationTime: Seconds;
  /** Random bytes in a token; its hex form has twice as many characters. */
  readonly tokenBytes: number;
  /** undefined: no limit. */
  readonly maxFileSize: Bytes | undefined;
  /** Domains and bare JIDs that may request slots; "*" is everyone. */
  readonly access: readonly string[];
  readonly xmpp: {
    readonly address: { readonly host: string; readonly port: number };
    readonly secret: string;
    readonly tls: boolean;
    /** A PEM file of the authorities to trust instead of the system's. */
    readonly tlsCa: string | undefined;
  };
  /** Set when `backend` is "s3". */
  readonly s3: S3Config | undefined;
  readonly disk: { readonly path: string };
  readonly http: {
    readonly listen: ListenAddress;
    /** What clients reach `listen` by; no trailing slash. */
    readonly publicUrl: string;
  };
}

export interface S3Config {
  /** Scheme, port and path prefix as given; no trailing slash. */
  readonly bucketUrl: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly addAcl: boolean;
}

export interface ListenAddress {
  /** An IP address or name, without brackets. */
  readonly host: string;
  /** 0 to 65535; 0 takes a free one. */
  readonly port: number;
}

/** The whole configuration of one slotd. */
export interface Config {
  /** At least one, in the order of `domains`. */
  readonly domains: readonly DomainConfig[];
  readonly log: {
    readonly level: "debug" | "info" | "warn" | "error";
    /** "auto": text on a terminal, JSON elsewhere. */
    readonly format: "auto" | "text" | "json";
  };
}
