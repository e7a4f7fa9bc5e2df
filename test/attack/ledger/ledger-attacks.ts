import { refusalCosts } from "../../scale/refusal-costs.ts";
import { ScaleScene } from "../../scale/scene.ts";
import type { Attack } from "../attack.ts";

export const ledgerAttacks: readonly Attack[] = [
  {
    name: "ledger-refusals",
    promise:
      "asking for slots that are refused costs no more than slots that are given, however many files, unused slots and " +
      "expired files of others the ledger has",
    needs: [],
    async run(options) {
      const files = options.isShort ? 30_000 : 1_000_000;
      const scene = await ScaleScene.start({ kind: "SQLite", files, hasObjects: false });
      try {
        return await refusalCosts(scene, options);
      } finally {
        await scene.stop();
      }
    },
  },
];
