import { directDecisions } from './direct-decisions.ts';
import { accountsOf, type Mesh } from './mesh.ts';
import { type StackResources, stackTopics } from './stack-topics.ts';

/** What serverless.yml takes from a stage of mesh.yml: who may put which events, and what the hub's roles may reach. */
export interface StackSettings {
  hub: string;
  /** `arn:aws:iam::A:root` of each domain's account, each once. */
  domainRoots: string[];
  /** The same for accounts that only consume. */
  consumerRoots: string[];
  /** The same for each account of the mesh but the hub. */
  spokeRoots: string[];
  /** Whether a domain takes decisions as direct puts of its stewards alone: `true` or `false`, as a template's condition compares text. */
  isAnyDirect: string;
  /** The same as `domainRoots` for such domains; the hub's where there is none, as no list of principals may be empty. */
  directRoots: string[];
  /** The stewards of such domains; the hub's root where there are none. */
  directStewards: string[];
  /** What the bus policy holds to, for the function that takes decisions: marks with blanks between them, or `none`. */
  directMarks: string;
  /** The role `trellis-spoke` of each account of the mesh but the hub. */
  spokeRoles: string[];
  producerRoles: string[];
  /** The default bus of each account of the mesh. */
  spokeBuses: { 'Fn::Sub': string }[];
  /** The default bus of each domain's account. */
  producerBuses: { 'Fn::Sub': string }[];
  /** Buckets and objects under the domains' prefixes, for the role that reads data on behalf of Lake Formation. */
  dataBuckets: string[];
  dataObjects: string[];
  /** The keys of the domains' accounts, for buckets that are encrypted with one. Their key policies have to agree. */
  dataKeys: string[];
  /** What the stack has for each domain and each account. */
  topics: { Resources: StackResources };
}

export function stackSettings(mesh: Mesh): StackSettings {
  const domainAccounts = [...new Set(Object.values(mesh.domains).map(domain => domain.account))];
  const spokes = accountsOf(mesh).filter(account => account !== mesh.hub);
  const root = (account: string) => `arn:aws:iam::${account}:root`;
  const orHub = (accounts: string[]) => (accounts.length > 0 ? accounts : [mesh.hub]);
  const role = (account: string) => `arn:aws:iam::${account}:role/trellis-spoke`;
  const bus = (account: string) => ({ 'Fn::Sub': `arn:aws:events:\${AWS::Region}:${account}:event-bus/default` });
  const direct = directDecisions(mesh);
  const paths = Object.values(mesh.domains)
    .flatMap(domain => domain.prefixes)
    .map(prefix => prefix.replace(/^s3[an]?:\/\//, ''));
  return {
    hub: mesh.hub,
    domainRoots: domainAccounts.map(root),
    consumerRoots: spokes.filter(account => !domainAccounts.includes(account)).map(root),
    spokeRoots: spokes.map(root),
    isAnyDirect: String(direct.accounts.length > 0),
    directRoots: orHub(direct.accounts).map(root),
    directStewards: direct.stewards.length > 0 ? direct.stewards : [root(mesh.hub)],
    directMarks: direct.marks.join(' ') || 'none',
    spokeRoles: spokes.map(role),
    producerRoles: domainAccounts.map(role),
    spokeBuses: spokes.map(bus),
    producerBuses: domainAccounts.map(bus),
    dataBuckets: [...new Set(paths.map(path => `arn:aws:s3:::${path.split('/')[0]}`))],
    dataObjects: paths.map(path => `arn:aws:s3:::${path}*`),
    dataKeys: domainAccounts.map(account => `arn:aws:kms:*:${account}:key/*`),
    topics: { Resources: stackTopics(mesh) },
  };
}
