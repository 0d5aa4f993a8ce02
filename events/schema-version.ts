/** The version of the events' schemas that this code writes. */
export const SCHEMA_VERSION = '1.0';
