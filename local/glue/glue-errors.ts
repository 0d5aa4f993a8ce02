import { AwsError } from '../core/aws-error.ts';

export const invalidInput = (message: string) => new AwsError('InvalidInputException', message);

/** What Glue answers when a request breaks its model: a required member missing, a list too long. */
export const brokenConstraint = (member: string, constraint: string) =>
  new AwsError(
    'ValidationException',
    `1 validation error detected: Value at '${member.charAt(0).toLowerCase()}${member.slice(1)}' failed to satisfy constraint: Member must ${constraint}`,
  );

export const notFound = (message: string) => new AwsError('EntityNotFoundException', message);
export const databaseNotFound = (name: string) => notFound(`Database ${name} not found.`);
export const tableNotFound = (name: string) => notFound(`Table ${name} not found.`);
export const partitionNotFound = () => notFound('Cannot find partition.');
export const alreadyExists = (what: 'Database' | 'Table' | 'Partition') =>
  new AwsError('AlreadyExistsException', `${what} already exists.`);

/** An entry of a batch's `Errors`. */
export const errorDetail = (error: AwsError) => ({ ErrorCode: error.code, ErrorMessage: error.message });
