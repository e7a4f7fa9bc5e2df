import type { anyName, NamedTable } from "./options/named-table.ts";
import type { OptionName, OptionValue, optionalTables, options } from "./options/table.ts";

// The types of what is in force follow from the table of options: `http.max_uploads` is `http.maxUploads`.

type Entry<Name extends OptionName> = (typeof options)[Name];

type Camel<Text extends string> = Text extends `${infer First}_${infer Rest}`
  ? `${First}${Capitalize<Camel<Rest>>}`
  : Text;

/** The options whose value may stand in a file. */
type InFile = {
  [Name in OptionName]: Entry<Name> extends { readonly isSecret: true } | { readonly hasFile: true }
    ? Name
    : never;
}[OptionName];

/** The options of tables with names. */
type InNamed = Extract<OptionName, `${NamedTable}.${typeof anyName}.${string}`>;

/** What is the same for all domains. */
type Global = Exclude<
  { [Name in OptionName]: Entry<Name>["isPerDomain"] extends true ? never : Name }[OptionName],
  "domains" | InNamed
>;

/** `s3.session_token_file`: the absolute path of the file that a value was read from; undefined where it was not. */
type Key<Name extends OptionName> = Name | `${Name & InFile}_file`;

type ValueOf<FullKey extends string> = FullKey extends OptionName ? OptionValue<FullKey> : string | undefined;

type TableOf<Name extends string> = Name extends `${infer Table}.${string}` ? Table : never;

type Within<Table extends string, Name extends string> = Name extends `${Table}.${infer Rest}` ? Rest : never;

type Values<Name extends string, Prefix extends string = ""> = {
  readonly [Own in Name as Own extends `${string}.${string}`
    ? never
    : Camel<Own>]: ValueOf<`${Prefix}${Own}`>;
} & {
  readonly [Table in TableOf<Name>]:
    | Values<Within<Table, Name>, `${Prefix}${Table}.`>
    | (`${Prefix}${Table}` extends keyof typeof optionalTables ? undefined : never);
};

/**
 * Everything that is in force for one served domain, by the names of the options: defaults, file, environment and
 * overrides applied, paths absolute, `@HOST@` replaced. What is the same for all domains is in it too, and of the tables
 * with names those that belong to the domain.
 */
export type DomainConfig = Values<Key<Exclude<OptionName, "domains" | InNamed>>> &
  NamedTables & {
    /** The served XMPP domain, lowercase. */
    readonly domain: string;
  };

/** What is in force for one table with a name: `[former.old]` is a `NamedConfig<"former">` with the name "old". */
export type NamedConfig<Table extends NamedTable> = Table extends NamedTable
  ? Values<Within<`${Table}.${typeof anyName}`, Key<InNamed>>, `${Table}.${typeof anyName}.`> & {
      readonly name: string;
    }
  : never;

/** The tables with names, in the order of the file: `former` has one for each `[former.NAME]`. */
type NamedTables = { readonly [Table in NamedTable]: readonly NamedConfig<Table>[] };

/** The whole configuration of one slotd. */
export type Config = Values<Key<Global>> &
  NamedTables & {
    /** At least one, in the order of `domains`. */
    readonly domains: readonly DomainConfig[];
    /** What relative paths started from; absolute. */
    readonly folder: string;
  };

export type ReceiverConfig = NamedConfig<"receivers">;
export type FormerConfig = NamedConfig<"former">;
export type ServiceUrlConfig = NamedConfig<"service_url">;
export type S3Config = NonNullable<DomainConfig["s3"]>;
export type HttpConfig = Config["http"];
export type DiskConfig = Config["disk"];
