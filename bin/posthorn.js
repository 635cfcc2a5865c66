#!/usr/bin/env node
// The command's entry. Written for any Node, so that an old one gets a sentence instead of a syntax error.
import { oldNodeMessage } from "./node-version.js";

const message = oldNodeMessage(process.versions.node);
if (message === null) {
  void import("../dist/main.js");
} else {
  process.stderr.write(message + "\n");
  process.exitCode = 1;
}
