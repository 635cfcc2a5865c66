// The SDK as an edge runtime runs it: in a realm that has web globals only, with neither `process` nor `Buffer`.
import { EdgeVM } from "@edge-runtime/vm";
import { filesOf, withCompiledSdk } from "./tsc.ts";

export interface EdgeRealm {
  /** Runs a script in which the SDK is `sdk`, and answers its value, a value of the realm. */
  evaluate(script: string): unknown;
}

export function openEdgeRealm(): EdgeRealm {
  const vm = new EdgeVM();
  const flags = ["--module", "commonjs", "--moduleResolution", "bundler", "--verbatimModuleSyntax", "false", "--declaration", "false"];
  const modules = withCompiledSdk(flags, filesOf).map(([path, code]) => `${JSON.stringify(path)}: (exports, require) => {${code}\n}`);
  vm.evaluate(`globalThis.sdk = (${String(load)})({${modules.join(",\n")}}, "index.js")`);
  return { evaluate: (script) => vm.evaluate(script) };
}

type Module = (exports: object, require: (specifier: string) => object) => void;

// A script of the realm cannot import files, and an edge runtime makes no code from texts: modules are functions here, that
// ask for each other by path.
function load(modules: Readonly<Record<string, Module>>, entry: string): object {
  const loaded: Record<string, object> = {};
  const find = (path: string): object => {
    const known = loaded[path];
    if (known !== undefined) return known;
    const exports = (loaded[path] = {});
    modules[path]?.(exports, (specifier) => find(new URL(specifier, `https://sdk.test/${path}`).pathname.slice(1)));
    return exports;
  };
  return find(entry);
}
