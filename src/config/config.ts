import type { MediaTypeRules } from "../slot/media-type-rules.ts";
import type { PurposeRules } from "../slot/policy.ts";
import type { Purpose } from "../slot/purpose.ts";
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
  /** Domains, `*.domain` and bare JIDs that may request slots; "*" is everyone. */
  readonly access: readonly string[];
  /** In the same form: those that may not, even when `access` names them. */
  readonly deny: readonly string[];
  readonly types: MediaTypeRules;
  /** Retention and limits of each purpose, with the domain's own where the purpose has none. */
  readonly purposes: Readonly<Record<Purpose, PurposeRules>>;
  readonly quota: QuotaConfig;
  readonly rate: RateConfig;
  /** Where it is written down who holds how much. */
  readonly ledger: LedgerLocation;
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
    readonly listen: HttpListen;
    /** What clients reach `listen` by; no trailing slash. */
    readonly publicUrl: string;
  };
}

/** How much may be held, in bytes and in files; undefined: no limit. */
export interface QuotaConfig {
  /** By one bare JID. */
  readonly user: Limits;
  /** By one bare JID, of slots given in one day, from 00:00 UTC. */
  readonly userDaily: Limits;
  /** By all users of the served domain. */
  readonly domain: Limits;
  /** By everyone in the ledger. */
  readonly total: Limits;
  /** What happens to a request that would be over `user`, `domain`, `total` or the quota of a purpose. */
  readonly whenFull: "refuse" | "delete-oldest";
}

export interface Limits {
  readonly bytes: Bytes | undefined;
  readonly files: number | undefined;
}

/** How fast one bare JID, and one remote domain as a whole, may request slots. */
export interface RateConfig {
  /** undefined: no limit. */
  readonly slotsPerMinute: number | undefined;
  /** How many slots may be requested at once after a pause; at least 1. */
  readonly burst: number;
}

/** A database, or none: then slotd keeps no record. */
export type LedgerLocation =
  | { readonly kind: "none" }
  /** `path` is absolute. */
  | { readonly kind: "sqlite"; readonly path: string }
  /** `url` may hold a password. */
  | { readonly kind: "postgres"; readonly url: string };

export interface S3Config {
  /** Scheme, port and path prefix as given; no trailing slash. */
  readonly bucketUrl: string;
  readonly region: string;
  /** "public": the GET URL is the object. "private": it is on slotd's HTTP server, which redirects. */
  readonly access: "public" | "private";
  /** What GET URLs of a public bucket begin with; no trailing slash. */
  readonly publicUrl: string;
  /** How long what a private bucket's GET URL redirects to is valid: 10 to 604800. */
  readonly getExpirationTime: Seconds;
  /** "direct": clients PUT to the bucket. "proxy": to slotd's HTTP server, which streams to the bucket. */
  readonly upload: "direct" | "proxy";
  readonly credentials: S3Credentials;
  readonly addAcl: boolean;
}

/** Where the keys of a bucket come from. */
export type S3Credentials =
  | {
      readonly kind: "static";
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly sessionToken: string | undefined;
      /** The files that they were read from, absolute; undefined for what did not stand in a file. */
      readonly files: {
        readonly accessKeyId: string | undefined;
        readonly secretAccessKey: string | undefined;
        readonly sessionToken: string | undefined;
      };
    }
  /** A JSON file; absolute path. */
  | { readonly kind: "file"; readonly path: string }
  /** AWS's chain of credential providers. */
  | { readonly kind: "aws" };

/** What the disk stores of all domains have in common. */
export interface DiskConfig {
  /** Bytes that stay free on the file system; 0 is none. */
  readonly reserve: Bytes;
  readonly fsync: boolean;
}

/** What the HTTP listeners of all domains have in common. */
export interface HttpConfig {
  /** Absolute paths of PEM files; undefined: plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** Origins, or "*". */
  readonly corsOrigins: readonly string[];
  readonly inlineTypes: readonly string[];
  readonly cache: "public" | "private";
  readonly maxUploads: number;
  readonly maxUploadsPerAddress: number;
  readonly maxDownloads: number;
  readonly maxDownloadsPerAddress: number;
  /** Bytes a second; 0 is any. */
  readonly minRate: Bytes;
  readonly idleTimeout: Seconds;
  /** IP addresses and networks in CIDR notation. */
  readonly trustedProxies: readonly string[];
}

/** Where an HTTP server listens: a TCP address, or the absolute path of a Unix socket. */
export type HttpListen = ListenAddress | { readonly unix: string };

export interface ListenAddress {
  /** An IP address or name, without brackets. */
  readonly host: string;
  /** 0 to 65535; 0 takes a free one. */
  readonly port: number;
}

/** The whole configuration of one slotd. */
export interface Config {
  readonly disk: DiskConfig;
  readonly http: HttpConfig;
  /** At least one, in the order of `domains`. */
  readonly domains: readonly DomainConfig[];
  /** 0 to 3600: how long transfers under way may take to finish at the end. */
  readonly shutdownGrace: Seconds;
  readonly log: {
    readonly level: "debug" | "info" | "warn" | "error";
    /** "auto": text on a terminal, JSON elsewhere. */
    readonly format: "auto" | "text" | "json";
  };
  readonly ops: {
    /** undefined: nowhere. */
    readonly listen: ListenAddress | undefined;
    /** undefined: the default, where it can be had. */
    readonly socket: string | undefined;
  };
}
