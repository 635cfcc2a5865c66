// A source as it is shown: with its ingest URL, and of its secrets only hints.
import type { Source, SourceAuth } from "../../core/source.ts";
import { secretHint } from "../../flow/catalog-keys.ts";
import type { SourceView } from "../schemas/source.ts";
import { INGEST_METHODS } from "../schemas/source.ts";
import { timeView, timeViewOrNull } from "./times.ts";

/** `secret` is given in the one answer that shows a secret we made. */
export function sourceView(source: Source, baseUrl: string, secret?: string): SourceView {
  const { token, secrets, auth, params, allowedMethods, createdAt, updatedAt, ...plain } = source;
  return {
    ...plain,
    url: `${baseUrl}/in/${token}`,
    params: params as SourceView["params"],
    ...(secret === undefined ? {} : { secret }),
    secrets: secrets.map(({ value, expiresAt, learned }) => ({
      hint: secretHint(value),
      expiresAt: timeViewOrNull(expiresAt),
      ...(learned === undefined ? {} : { learned }),
    })),
    auth: authView(auth),
    allowedMethods: INGEST_METHODS.filter((method) => allowedMethods.includes(method)),
    createdAt: timeView(createdAt),
    updatedAt: timeView(updatedAt),
  };
}

function authView(auth: SourceAuth): SourceView["auth"] {
  switch (auth.kind) {
    case "none":
      return auth;
    case "basic":
      return { ...auth, password: { hint: secretHint(auth.password) } };
    case "bearer":
      return { ...auth, token: { hint: secretHint(auth.token) } };
    case "apiKey":
      return { ...auth, value: { hint: secretHint(auth.value) } };
  }
}
