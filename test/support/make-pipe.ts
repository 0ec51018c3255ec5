/** Makes a named pipe that nobody writes into. */
export const makePipe = (path: string): void => {
  if (Bun.spawnSync(['mkfifo', path]).exitCode !== 0) throw new Error(`could not make the pipe ${path}`)
}
