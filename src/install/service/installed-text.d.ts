/** Files of `systemd/` imported `with { type: 'text' }`: embedded in the executable, written out by setup. */
declare module '*.service' {
  const text: string
  export default text
}
declare module '*.conf' {
  const text: string
  export default text
}
declare module '*.rules' {
  const text: string
  export default text
}
