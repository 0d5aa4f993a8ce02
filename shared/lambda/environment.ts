/** The settings that the stack gives every function. This folder is the only one that reads the environment. */

/** A setting by its name. @throws when the stack does not give it to this function. */
export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new Error(`The function lacks the setting ${name}. serverless.yml gives it.`);
  return value;
}

/** The hub: its account, Region and bus. */
export function hubSettings(): { account: string; region: string; busName: string } {
  return { account: setting('HUB_ACCOUNT'), region: setting('AWS_REGION'), busName: setting('BUS_NAME') };
}
