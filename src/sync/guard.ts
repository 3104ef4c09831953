import type { Difference } from "./difference.ts";
import type { SourceList } from "./list.ts";
import { SyncError } from "./sync-error.ts";

/** Of fewer, half are soon gone. */
const smallestGuardedList = 10;

/**
 * Refuses what looks like an accident upstream: an empty database, a token whose user may not view the sources any more.
 * @throws SyncError
 */
export function refuseLosses({ added, changed, removed, unchanged }: Difference): void {
  const stored = changed.length + removed.length + unchanged;
  const upstream = added.length + changed.length + unchanged;
  const remedy = "nothing was written; where that is right, run once with --allow-removals (SYNC_ALLOW_REMOVALS=true)";
  if (upstream === 0 && stored > 0) {
    throw new SyncError(`authentik has no sources any more, of ${stored} in the store: ${remedy}`);
  }
  if (stored >= smallestGuardedList && removed.length > stored / 2) {
    throw new SyncError(`authentik has lost ${removed.length} of the ${stored} sources in the store: ${remedy}`);
  }
}

/** An icon may also be one of Font Awesome's, as authentik writes them. */
const schemes = { url: /^https?:$/, icon: /^(https?|fa):$/ };

/**
 * Finds URLs that no reader should be handed: clients put them into links and redirects. Text without a scheme is no URL
 * of another kind, and passes.
 * @returns one line each, as `readList` writes them
 */
export function unsafeUrls({ sources, types }: SourceList): string[] {
  const problems: string[] = [];
  const check = (where: string, value: unknown, allowed: RegExp) => {
    const scheme = typeof value === "string" ? URL.parse(value)?.protocol : undefined;
    if (scheme && !allowed.test(scheme)) problems.push(`${where}: has a URL of the scheme ${scheme}`);
  };
  for (const [i, source] of sources.entries()) {
    const row = `row ${i + 1} (slug ${JSON.stringify(source.slug)})`;
    check(`${row}: icon`, source.icon, schemes.icon);
    check(`${row}: request_token_url`, source.requestTokenUrl, schemes.url);
    check(`${row}: authorization_url`, source.authorizationUrl, schemes.url);
    check(`${row}: access_token_url`, source.accessTokenUrl, schemes.url);
    check(`${row}: profile_url`, source.profileUrl, schemes.url);
    check(`${row}: oidc_well_known_url`, source.oidcWellKnownUrl, schemes.url);
    check(`${row}: oidc_jwks_url`, source.oidcJwksUrl, schemes.url);
  }
  for (const [providerType, json] of types) {
    const type = Object.entries<unknown>(JSON.parse(json)).filter(([field]) => field.endsWith("_url"));
    for (const [field, value] of type) {
      check(`the type of ${JSON.stringify(providerType)}: ${field}`, value, schemes.url);
    }
  }
  return problems;
}
