/** The version of package.json; a test checks that they agree. */
export const VERSION = '0.1.0';
