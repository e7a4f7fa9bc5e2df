import type { Attack } from "./attack.ts";
import { manyDomainsAttack } from "./many-domains.ts";

export const uploadsAttacks: readonly Attack[] = [manyDomainsAttack];
