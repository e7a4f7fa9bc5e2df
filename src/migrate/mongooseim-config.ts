/**
 * One option as it was given: its dotted name, its value (undefined for what is no text, number or boolean), its line.
 */
export interface Given {
  readonly key: string;
  readonly value: string | number | boolean | undefined;
  readonly line: number;
}

/** A section of modules; of other modules than mod_http_upload nothing is kept. */
export interface ModuleSection {
  /** Undefined when mod_http_upload is not in it. */
  readonly upload: readonly Given[] | undefined;
  /** Whether it is added to the general section, in place of standing for it. */
  readonly isAddition: boolean;
}

/** What is set for one host, or for the hosts of one type. */
export interface HostSection {
  readonly name: string;
  readonly isType: boolean;
  readonly line: number;
  readonly modules: ModuleSection | undefined;
}

/** What of a MongooseIM configuration matters to slotd, read from either form. */
export interface MongooseConfig {
  readonly hosts: readonly string[];
  readonly hostTypes: readonly string[];
  readonly modules: ModuleSection | undefined;
  readonly hostSections: readonly HostSection[];
  /** The listeners for components, each with its options. */
  readonly components: readonly (readonly Given[])[];
}
