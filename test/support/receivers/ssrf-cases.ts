import { readFileSync } from 'node:fs';

/** One line of `data/ssrf.jsonl`: what must become of a URL, and the latest stage at which a blocked one is caught. */
export type SsrfCase = {
  id: string;
  url: string;
  /** What a resolver answers for the host. */
  resolved: string[];
  /** What it answers when asked again. */
  resolved_next?: string[];
  /** The host as the URL parser gives it, addresses of IPv6 in brackets; null where it gives none. */
  parsed_host: string | null;
  verdict: 'allowed' | 'blocked';
  why: string;
  stage: 'raw-chars' | 'parse' | 'scheme' | 'userinfo' | 'host' | 'port' | 'ip' | 'dns';
};

export const ssrfCases: readonly SsrfCase[] = readFileSync(new URL('../../data/ssrf.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as SsrfCase);
