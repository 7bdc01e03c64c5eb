/** What is asked of a receiver, from where webhooks are sent. */
export type ReceiverExamination = {
  endpointUrl: string;
  organizationId: number | undefined;
  credentialUuid: string | undefined;
  send: boolean;
};

/** One step of the way to a receiver. */
export type ReceiverStep = { step: string; ok: boolean; detail: string; ms: number };

/** Has a receiver examined where webhooks are sent: the same network, guard and credentials. */
export type Examiner = { examine(examination: ReceiverExamination): Promise<ReceiverStep[]> };
