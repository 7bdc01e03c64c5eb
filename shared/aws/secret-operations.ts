/** The operation of Secrets Manager that is used, as far as it is. */
export type SecretOperations = {
  GetSecretValue: {
    input: { SecretId: string; VersionStage: string };
    /** A binary secret has no `SecretString`. */
    output: { SecretString?: string };
  };
};
