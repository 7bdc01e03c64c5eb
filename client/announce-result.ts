/** What became of one announced delivery. */
export type AnnounceResult = {
  /** In lower case. */
  delivery_uuid: string;
  /**
   * `sent`: its message is on its way. `left_to_sweep`: it is due more than 12 hours ahead, or its message could not be sent; the
   * sweep sends it. `under_way`: somebody has taken it already, or it is being retried or held. `over`: it has ended. `not_found`: no
   * such row is committed.
   */
  result: 'sent' | 'left_to_sweep' | 'under_way' | 'over' | 'not_found';
  /** RFC 3339; of one that nobody has taken yet: its first attempt is not before it. */
  scheduled_for?: string;
};
