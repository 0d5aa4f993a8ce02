/** A template says something that the local mesh does not have, or that is wrong. Stops the boot; names the stack and the resource. */
export class TemplateError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TemplateError';
  }
}
