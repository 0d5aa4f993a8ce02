/** The mesh of one stage, as `mesh.yml` describes it, and what can be said from it alone. */

/** A domain that publishes data: its account, and what of it belongs to the mesh. */
export interface Domain {
  /** Twelve digits. */
  account: string;
  /** The Glue databases that are synced: all of the account's, or those named. */
  databases: '*' | string[];
  /** `s3://bucket/path/`, each ending with a slash: where the domain's data may lie. */
  prefixes: string[];
  /** ARNs of the roles and users of the domain's account that may decide on access. */
  stewards: string[];
  /** The folder of the domain's Cedar policies, from the project's root. */
  policies: string;
  /** How the owner's decisions arrive: forwarded by the account's bus, or only as direct puts of a steward (proof of who decided). */
  decisions: 'events' | 'direct';
  /** ARNs of roles and users of the domain's account that get the governed copy of its central tables: what the mesh's readers see. */
  shareBack?: string[];
}

/** An account whose people read the data of others. Domains' accounts may do so too without being listed. */
export interface Consumer {
  /** Twelve digits. */
  account: string;
  /** The account is no member of the hub's organization: shares wait for an invitation to be accepted. */
  outsideOrganization?: boolean;
}

export interface Caps {
  /** The largest share (0 to 1) of a domain's tables that one reconcile may remove on inference alone. */
  inferredRemovalShare: number;
}

export interface Mesh {
  stage: string;
  /** The governance account, twelve digits. */
  hub: string;
  /** `o-...`; without it no account shares an organization with the hub. */
  organization?: string;
  domains: Record<string, Domain>;
  consumers: Record<string, Consumer>;
  /** How long a table that is gone at its source stays in the central catalog. */
  graceHours: number;
  /** How long before its end a grant is announced with `Access Expiring`. */
  noticeHours: number;
  /** How long an owner may take to answer a request or an extension. */
  answerWithinHours: number;
  caps: Caps;
  /** The council's list of the purposes for which personal data may be read. */
  piiPurposes: string[];
}

/** A table's place in the mesh: `database` is the producer's own name. */
export interface CentralTable {
  domain: string;
  database: string;
  table: string;
}

/** Every account of the mesh once: the hub first, then domains, then consumers. */
export function accountsOf(mesh: Mesh): string[] {
  const members = [...Object.values(mesh.domains), ...Object.values(mesh.consumers)];
  return [...new Set([mesh.hub, ...members.map(member => member.account)])];
}

export function isInMesh(mesh: Mesh, account: string): boolean {
  return accountsOf(mesh).includes(account);
}

/** The names of the domains that an account holds: often one, several where domains share an account, none for a consumer. */
export function domainOfAccount(mesh: Mesh, account: string): string[] {
  return Object.keys(mesh.domains).filter(name => mesh.domains[name]!.account === account);
}

/** The names of the consumers that an account is listed as. */
export function consumerOfAccount(mesh: Mesh, account: string): string[] {
  return Object.keys(mesh.consumers).filter(name => mesh.consumers[name]!.account === account);
}

/** The names under which policies know an account: its consumers' and its domains', sorted. */
export function teamsOfAccount(mesh: Mesh, account: string): string[] {
  return [...new Set([...consumerOfAccount(mesh, account), ...domainOfAccount(mesh, account)])].sort();
}

/** Whether shares to the account need an invitation to be accepted. */
export function isOutsideOrganization(mesh: Mesh, account: string): boolean {
  if (account === mesh.hub) return false;
  if (mesh.organization === undefined) return true;
  return consumerOfAccount(mesh, account).some(name => mesh.consumers[name]!.outsideOrganization === true);
}

/** The central catalog's database for a producer's database. */
export function centralDatabase(domain: string, database: string): string {
  return `${domain}_${database}`;
}

/**
 * The place of a central table by its name, `<domain>_<db>.<table>`. A domain's name has no underscore, so the first one ends it.
 * Undefined when the name has another form or no domain of the mesh. Glue's names are lower-case: so is the answer.
 */
export function parseCentralTable(mesh: Mesh, name: string): CentralTable | undefined {
  const parts = /^([a-z][a-z0-9]*)_([^.]+)\.([^.]+)$/.exec(name.toLowerCase());
  const [, domain, database, table] = parts ?? [];
  if (!domain || !database || !table || !Object.hasOwn(mesh.domains, domain)) return undefined;
  return { domain, database, table };
}

/** Whether a producer's database belongs to the mesh. Databases `trellis_*` hold links into the mesh and never do. */
export function isSyncedDatabase(domain: Domain, database: string): boolean {
  if (database.startsWith('trellis_')) return false;
  return domain.databases === '*' || domain.databases.includes(database);
}

/** Whether the council's list has the purpose; case and outer blanks do not matter. */
export function isPiiPurpose(mesh: Mesh, purpose: string): boolean {
  const asked = purpose.trim().toLowerCase();
  return mesh.piiPurposes.some(listed => listed.trim().toLowerCase() === asked);
}

/**
 * Whether a location lies under one of the domain's prefixes, at the boundary of a path segment. The schemes s3, s3a and s3n name the
 * same object. A path that some readers would resolve to another one (`.`, `..`, also percent-encoded, backslashes, control characters) lies nowhere.
 */
export function isWithinPrefixes(domain: Pick<Domain, 'prefixes'>, location: string): boolean {
  const place = parseLocation(location);
  if (!place) return false;
  return domain.prefixes.some(prefix => {
    const allowed = parseLocation(prefix);
    return allowed !== undefined && place.bucket === allowed.bucket && place.path.startsWith(allowed.path);
  });
}

/** The bucket, and the key with a slash at its end (empty for the bucket's root). */
function parseLocation(location: string): { bucket: string; path: string } | undefined {
  const parts = /^s3[an]?:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/is.exec(location);
  const bucket = parts?.[1];
  // Bucket names are lower-case; only the scheme's case does not matter.
  if (!bucket || bucket !== bucket.toLowerCase()) return undefined;
  const key = parts[2] ?? '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (/[\u0000-\u001f\u007f\\]/.test(key)) return undefined;
  // Hive writes special characters of partition values as %XX; an encoded dot or slash has no use but to hide one.
  const decoded = key.replace(/%2e/gi, '.').replace(/%2f/gi, '/');
  if (decoded.split('/').some(segment => segment === '.' || segment === '..')) return undefined;
  return { bucket, path: key === '' || key.endsWith('/') ? key : `${key}/` };
}
