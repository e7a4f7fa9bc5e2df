import { formatProblems } from "../config/problem.ts";
import { readToml } from "../config/sources/toml.ts";
import { readTerms, TermError } from "./erlang-terms.ts";
import { configFromTerms } from "./from-terms.ts";
import { configFromToml } from "./from-toml.ts";
import { type TakenOver, takeOver } from "./take-over.ts";

/** Why nothing was taken over: a text with the place, for people. */
export interface NotRead {
  readonly problem: string;
}

/**
 * Reads a MongooseIM configuration or a part of one, in Erlang terms (up to 3.7) or TOML (from 4.0).
 *
 * @param file its name, for the messages and, by its ending, for its form.
 */
export function readMongooseim(text: string, file: string): TakenOver | NotRead {
  const taken = isErlang(text, file) ? readErlang(text, file) : readTomlForm(text, file);
  if (taken === undefined) {
    return { problem: `${file}: there is no mod_http_upload in it, neither for all hosts nor for one.` };
  }
  return taken;
}

function readErlang(text: string, file: string): TakenOver | NotRead | undefined {
  try {
    return takeOver(configFromTerms(readTerms(text)));
  } catch (error) {
    if (!(error instanceof TermError)) throw error;
    return { problem: `${file}:${error.line}: ${error.message}. Nothing was taken over.` };
  }
}

function readTomlForm(text: string, file: string): TakenOver | NotRead | undefined {
  const toml = readToml(text, file, true);
  if ("entries" in toml) return takeOver(configFromToml(toml.entries));
  return { problem: `${formatProblems([toml.problem])}\nNothing was taken over.` };
}

/**
 * Told by the file's name, or else by how it begins: no TOML begins with a brace, a percent sign or an atom and a dot.
 */
function isErlang(text: string, file: string): boolean {
  if (/\.toml$/i.test(file)) return false;
  if (/\.(cfg|config|erl)$/i.test(file)) return true;
  const begin = text.replace(/^\uFEFF?(?:\s+|[#%][^\n]*)+/, "");
  return /^(?:[%{]|\[\s*\{|[a-z]\w*\.(?:\s|$))/.test(begin);
}
