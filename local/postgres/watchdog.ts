import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Waits for the end of its standard input, which comes when this process ends, and then ends the server: SIGQUIT (at once,
 * with all its backends; the log is replayed at the next start), and SIGKILL 5 s later. A shell, because it is there
 * everywhere, costs 1 MB, and outlives a `killall node`.
 */
const SCRIPT = `
while read -r line; do :; done
kill -QUIT "$1" 2>/dev/null || exit 0
tries=0
while [ "$tries" -lt 50 ]; do
  sleep 0.1
  kill -0 "$1" 2>/dev/null || exit 0
  tries=$((tries + 1))
done
kill -KILL "$1" 2>/dev/null
`;

/**
 * Ties the life of the process `pid` to this one. The watchdog has a session of its own, so that a signal to our process
 * group does not reach it.
 *
 * @returns a function that cancels the watch.
 */
export function watchOver(pid: number): () => void {
  let watchdog: ChildProcess;
  let calledOff = false;
  const start = (): void => {
    watchdog = spawn('/bin/sh', ['-c', SCRIPT, 'surehook-postgres-watchdog', String(pid)], {
      detached: true,
      cwd: '/',
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    watchdog.unref();
    watchdog.stdin?.on('error', () => undefined);
    if (watchdog.stdin !== null && 'unref' in watchdog.stdin && typeof watchdog.stdin.unref === 'function') {
      watchdog.stdin.unref();
    }
    watchdog.once('error', () => undefined);
    watchdog.once('exit', () => {
      if (!calledOff) start();
    });
  };
  start();
  return () => {
    calledOff = true;
    watchdog.kill('SIGKILL');
  };
}
