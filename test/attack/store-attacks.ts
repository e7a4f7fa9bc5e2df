import type { Attack } from "./attack.ts";

export const storeAttacks: readonly Attack[] = [];
