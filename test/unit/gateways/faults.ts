/** A service's exception, as the SDK throws it. */
export function fault(name: string, message = name, more: object = {}): Error {
  return Object.assign(new Error(message), { name }, more);
}

/** What proves nothing and is nobody's to swallow. The SDK has tried throttled calls again before it throws this. */
export const SURFACING = ['AccessDeniedException', 'ThrottlingException', 'InternalServiceException'];
