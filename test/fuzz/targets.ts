import { mongooseimFiles } from "./mongooseim-files.ts";
import { optionFiles } from "./option-files.ts";
import { stanzas } from "./stanzas.ts";
import type { FuzzTarget } from "./target.ts";

/** Everything that is fuzzed. */
export const fuzzTargets: readonly FuzzTarget[] = [stanzas, optionFiles, mongooseimFiles];
