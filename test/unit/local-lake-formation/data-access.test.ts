import { describe, expect, it } from 'vitest';
import { AwsError } from '../../../local/core/aws-error.ts';
import { allBut, as, asAdmin, CONSUMER, columns, createFixture, error, filter, HUB, role, table } from './fixture.ts';

const analyst = role('Analyst', CONSUMER);
const { caller } = as('Analyst', CONSUMER);
const everything = ['origin', 'delay', 'passenger', 'year'];

function prepare() {
  const lake = createFixture();
  const read = () => lake.dataAccess.selectable(caller, HUB, 'ops', 'flights');
  return { ...lake, read };
}

describe('what one may select', () => {
  it('is nothing without a grant, and nothing of a table that is not there', () => {
    const { read, grant, dataAccess } = prepare();
    expect(read()).toEqual({ unrestricted: false, grants: [] });
    grant(analyst, table, ['DESCRIBE', 'INSERT']);
    expect(read()).toEqual({ unrestricted: false, grants: [] });
    expect(dataAccess.selectable(caller, HUB, 'ops', 'nobody')).toEqual({ unrestricted: false, grants: [] });
  });

  it("is a filter's columns with the partition keys, and its rows", () => {
    const { read, grant, createFilter } = prepare();
    createFilter('f', { ColumnNames: ['delay'], RowFilter: { FilterExpression: "origin = 'OSL'" } });
    grant(analyst, filter('f'), ['SELECT']);
    expect(read().grants).toEqual([{ columns: ['delay', 'year'], rowFilter: "origin = 'OSL'" }]);
  });

  it('is one grant for each filter, and the whole table if that is granted beside them', () => {
    const { read, grant, createFilter, revoke } = prepare();
    createFilter('f', { ColumnNames: ['delay'], RowFilter: { FilterExpression: 'delay > 5' } });
    createFilter('g', { ColumnWildcard: { ExcludedColumnNames: ['passenger'] } });
    grant(analyst, filter('f'), ['SELECT']);
    grant(analyst, filter('g'), ['SELECT']);
    expect(read().grants).toEqual([
      { columns: ['delay', 'year'], rowFilter: 'delay > 5' },
      { columns: ['origin', 'delay', 'year'], rowFilter: null },
    ]);
    grant(analyst, table, ['SELECT']);
    expect(read().grants).toEqual([{ columns: everything, rowFilter: null }]);
    revoke(analyst, table, ['SELECT']);
    expect(read().grants).toHaveLength(2);
  });

  it('are listed columns, or all but some', () => {
    const { read, grant, revoke, dataAccess } = prepare();
    grant(analyst, columns('passenger', 'delay'), ['SELECT']);
    expect(read().grants).toEqual([{ columns: ['delay', 'passenger', 'year'], rowFilter: null }]);
    revoke(analyst, columns('passenger'), ['SELECT']);
    expect(read().grants).toEqual([{ columns: ['delay', 'year'], rowFilter: null }]);
    grant(role('Analyst'), allBut('passenger'), ['SELECT']);
    const own = dataAccess.selectable(as('Analyst').caller, HUB, 'ops', 'flights');
    expect(own.grants).toEqual([{ columns: ['origin', 'delay', 'year'], rowFilter: null }]);
  });

  it('is nothing for an administrator of the data lake', () => {
    const { dataAccess } = prepare();
    expect(dataAccess.selectable(asAdmin.caller, HUB, 'ops', 'flights')).toEqual({ unrestricted: false, grants: [] });
  });

  it('is not decided here for a location that is not registered', () => {
    const { read, run } = prepare();
    run('DeregisterResource', { ResourceArn: 'arn:aws:s3:::trellis-aviation' });
    expect(read()).toEqual({ unrestricted: true, grants: [] });
  });

  it("is not decided here while IAM_ALLOWED_PRINCIPALS has the table, within the owner's account", () => {
    const { read, grant, dataAccess } = prepare();
    grant('IAM_ALLOWED_PRINCIPALS', table, ['ALL']);
    expect(dataAccess.selectable(as('Analyst').caller, HUB, 'ops', 'flights').unrestricted).toBe(true);
    expect(read()).toEqual({ unrestricted: false, grants: [] });
  });
});

describe('the records', () => {
  const tableArn = `arn:aws:glue:us-east-1:${HUB}:table/ops/flights`;
  const linkArn = `arn:aws:glue:us-east-1:${CONSUMER}:table/shared/flights`;
  const identity = {
    type: 'AssumedRole',
    principalId: expect.stringMatching(/^AROA\w{17}:session$/),
    arn: `arn:aws:sts::${CONSUMER}:assumed-role/Analyst/session`,
    accountId: CONSUMER,
    invokedBy: 'athena.amazonaws.com',
    sessionContext: { sessionIssuer: expect.objectContaining({ arn: analyst, userName: 'Analyst' }) },
  };

  it("of a link's query are the link's, the target's, and the owner's copy that names no principal", () => {
    const { dataAccess, events } = prepare();
    dataAccess.recordAccess({ caller, owner: HUB, tableArn, linkArn, queryId: 'q-1' });
    expect(events.map(({ account, detail }) => [account, detail.requestParameters.tableArn])).toEqual([
      [CONSUMER, linkArn],
      [CONSUMER, tableArn],
      [HUB, tableArn],
    ]);
    const [link, target, copy] = events.map(event => event.detail);
    expect(events[1]).toMatchObject({ source: 'aws.lakeformation', 'detail-type': 'AWS API Call via CloudTrail' });
    expect(target).toMatchObject({
      eventVersion: '1.11',
      userIdentity: identity,
      eventTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      eventSource: 'lakeformation.amazonaws.com',
      eventName: 'GetDataAccess',
      awsRegion: 'us-east-1',
      requestParameters: {
        tableArn,
        permissions: ['SELECT'],
        auditContext: { additionalAuditContext: '{queryId: q-1}' },
        cellLevelSecurityEnforced: true,
      },
      additionalEventData: {
        requesterService: 'ATHENA',
        lakeFormationPrincipal: analyst,
        lakeFormationRoleSessionName: expect.stringMatching(`^AWSLF-00-AT-${CONSUMER}-`),
      },
      readOnly: true,
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: CONSUMER,
    });
    expect(copy.userIdentity).toEqual({
      type: 'AWSAccount',
      principalId: target.userIdentity.principalId,
      accountId: CONSUMER,
    });
    expect(JSON.stringify(copy)).not.toContain(analyst);
    expect(copy).toMatchObject({ recipientAccountId: HUB, readOnly: true, sharedEventID: target.sharedEventID });
    expect(link.sharedEventID).toBeUndefined();
    expect(new Set(events.map(event => event.detail.eventID)).size).toBe(3);
  });

  it('name the principal to an owner that the consumer trusts', () => {
    const { dataAccess, events, run } = prepare();
    run('PutDataLakeSettings', { DataLakeSettings: { TrustedResourceOwners: [HUB] } }, as('Admin', CONSUMER));
    events.length = 0;
    dataAccess.recordAccess({ caller, owner: HUB, tableArn, linkArn, queryId: 'q-1' });
    expect(events[2]?.detail.additionalEventData.lakeFormationPrincipal).toBe(analyst);
  });

  it("of one's own table is one", () => {
    const { dataAccess, events } = prepare();
    dataAccess.recordAccess({ caller: as('Analyst').caller, owner: HUB, tableArn, linkArn: undefined, queryId: 'q' });
    expect(events.map(event => event.account)).toEqual([HUB]);
  });

  it('of grants and revocations, done or failed, go to the account that called', () => {
    const { grant, revoke, events, run, createFilter } = prepare();
    grant(analyst, table, ['SELECT']);
    expect(() => revoke(role('Nobody'), table, ['SELECT'])).toThrow();
    run('BatchGrantPermissions', { Entries: [{ Id: 'a', Permissions: ['DROP'] }] });
    createFilter('f');
    run('ListPermissions', {});
    run('GetDataLakeSettings', {});
    const details = events.map(event => event.detail);
    expect(events.map(event => event.account)).toEqual([HUB, HUB, HUB, HUB]);
    expect(details[0]).toMatchObject({
      eventName: 'GrantPermissions',
      userIdentity: { type: 'AssumedRole', arn: `arn:aws:sts::${HUB}:assumed-role/Admin/session` },
      requestParameters: {
        principal: { dataLakePrincipalIdentifier: analyst },
        resource: { table: { databaseName: 'ops', name: 'flights' } },
        permissions: ['SELECT'],
        permissionsWithGrantOption: [],
      },
      responseElements: null,
      readOnly: false,
    });
    expect(details[0].errorCode).toBeUndefined();
    expect(details[1]).toMatchObject({
      eventName: 'RevokePermissions',
      errorCode: 'InvalidInputException',
      errorMessage: expect.stringContaining('No permissions revoked'),
    });
    expect(details[2]).toMatchObject({
      eventName: 'BatchGrantPermissions',
      requestParameters: { entries: [{ id: 'a', permissions: ['DROP'] }] },
      responseElements: { failures: [{ requestEntry: { id: 'a' }, error: { errorCode: 'InvalidInputException' } }] },
    });
    expect(details[2].errorCode).toBeUndefined();
    expect(details[3].eventName).toBe('CreateDataCellsFilter');
  });

  it('of a failure that was ordered is one, and the next call is done', () => {
    const { grant, run, failNext, events, held } = prepare();
    failNext('GrantPermissions', new AwsError('ConcurrentModificationException', 'Permission update/Delete failed'));
    failNext('ListResources', new AwsError('OperationTimeoutException', 'Timed out'));
    expect(() => grant(analyst, table, ['DROP'])).toThrow(error('ConcurrentModificationException', 'failed'));
    expect(() => run('ListResources', {})).toThrow(error('OperationTimeoutException', ''));
    expect(held(analyst)).toEqual([]);
    grant(analyst, table, ['DROP']);
    run('ListResources', {});
    expect(events.map(event => event.detail.errorCode)).toEqual(['ConcurrentModificationException', undefined]);
  });
});
