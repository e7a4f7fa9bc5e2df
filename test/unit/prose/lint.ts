import { TextlintKernel } from "@textlint/kernel";
import markdown from "@textlint/textlint-plugin-markdown";
import type { TextlintRuleModule } from "@textlint/types";
import terminology from "textlint-rule-terminology";
import { insteadOf, terms } from "./terms.ts";

/** In characters. Longer sentences are split, or become a list. */
const longest = 300;

const sentenceLength: TextlintRuleModule = ({ Syntax, getSource, report, RuleError, locator }) => ({
  [Syntax.Paragraph](node) {
    let start = 0;
    for (const sentence of getSource(node).split(/(?<=[.!?:;]["`)*]*\s)/)) {
      if (sentence.length > longest) {
        const message = `A sentence of ${sentence.length} characters; ${longest} is the limit.`;
        report(node, new RuleError(message, { padding: locator.at(start) }));
      }
      start += sentence.length;
    }
  },
});

const descriptor = {
  ext: ".md",
  plugins: [{ pluginId: "markdown", plugin: markdown }],
  rules: [
    { ruleId: "terms", rule: terminology, options: { defaultTerms: false, terms } },
    { ruleId: "sentence-length", rule: sentenceLength },
  ],
};

/**
 * Checks prose in Markdown with textlint: the phrases and terms of terms.ts, and the length of sentences. Text in code
 * is exempt.
 *
 * @returns one line for each problem, with the name of the document and the line in it.
 */
export async function lintProse(name: string, text: string): Promise<readonly string[]> {
  const { messages } = await new TextlintKernel().lintText(text, descriptor);
  return messages.map(({ message, loc }) => {
    const phrase = /“(.*?)”/s.exec(message)?.[1]?.replace(/\s+/g, " ");
    const said = phrase === undefined ? message : `"${phrase}": write "${insteadOf(phrase)}".`;
    return `${name}:${loc.start.line}: ${said}`;
  });
}
