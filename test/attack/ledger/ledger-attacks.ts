import type { Attack } from "../attack.ts";

export const ledgerAttacks: readonly Attack[] = [];
