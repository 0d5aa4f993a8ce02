/** A small mesh.yml to break, line by line. */
export const MESH_TEXT = `stages:
  local:
    hub: '111111111111'
    organization: o-trellislocal
    domains:
      aviation:
        account: '222222222222'
        databases: '*'
        prefixes: [s3://trellis-aviation/]
        stewards: [arn:aws:iam::222222222222:role/Steward]
        policies: policies/aviation
        decisions: events
      climate:
        account: '333333333333'
        databases: [daily, hourly]
        prefixes: [s3://trellis-climate/, s3://shared/climate/]
        stewards: [arn:aws:iam::333333333333:user/keeper]
        policies: policies/climate
        decisions: direct
    consumers:
      analytics:
        account: '444444444444'
      auditor:
        account: '555555555555'
        outsideOrganization: true
    graceHours: 24
    noticeHours: 168
    answerWithinHours: 168
    caps:
      inferredRemovalShare: 0.1
    piiPurposes: [fraud-investigation]
  prod:
    hub: '012345678901'
    domains: {}
`;

/** The text with one line replaced (by its number, from 1); with undefined the line is gone. */
export function withLine(line: number, replacement: string | undefined): string {
  const lines = MESH_TEXT.split('\n');
  lines.splice(line - 1, 1, ...(replacement === undefined ? [] : [replacement]));
  return lines.join('\n');
}
