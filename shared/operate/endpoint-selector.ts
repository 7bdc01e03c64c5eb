/** A host as the table's URLs have it, and the port if one was given. */
export type HostSelector = { host: string; port: number | undefined };

const WEB_PORT = /:(\d{1,5})$/;

/**
 * Reads what people give as a host: a name or address in any case, with or without brackets, a final dot or a port, or a whole
 * URL, which is taken as its host. Undefined if it cannot be a host.
 */
export function readHost(text: string): HostSelector | undefined {
  const trimmed = text.trim();
  if (/^https?:\/\//i.test(trimmed)) {
    const url = URL.parse(trimmed);
    return url === null ? undefined : hostOf(url, url.port === '' ? undefined : url.port);
  }
  if (trimmed === '' || /[\s/\\?#@%]/.test(trimmed)) return undefined;
  // An IPv6 address without brackets has no port.
  const isBare = (trimmed.match(/:/g)?.length ?? 0) > 1 && !trimmed.startsWith('[');
  const port = isBare ? undefined : WEB_PORT.exec(trimmed)?.[1];
  const name = port === undefined ? trimmed : trimmed.slice(0, -port.length - 1);
  const url = URL.parse(isBare ? `http://[${name}]/` : `http://${name}/`);
  return url === null ? undefined : hostOf(url, port);
}

/** The URL of an endpoint: normalised as enqueue stores it, without its query. Undefined if it is no absolute http(s) URL. */
export function readEndpoint(text: string): string | undefined {
  const url = URL.parse(text.trim());
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined;
  if (url.username !== '' || url.password !== '') return undefined;
  return url.origin + url.pathname;
}

function hostOf(url: URL, port: string | undefined): HostSelector | undefined {
  const host = url.hostname.replace(/\.$/, '');
  const isHost = host.startsWith('[') || /^(?!-)[\w-]{1,63}(?:\.[\w-]{1,63})*$/.test(host);
  const number = port === undefined ? undefined : Number(port);
  if (!isHost || host.length > 253 || (number !== undefined && (number < 1 || number > 65_535))) return undefined;
  return { host, port: number };
}
